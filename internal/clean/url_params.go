package clean

import (
	"regexp"
	"strings"
)

func setOf(list string) map[string]bool {
	m := map[string]bool{}
	for s := range strings.FieldsSeq(list) {
		m[s] = true
	}
	return m
}

// tracking are parameters, in small letters, that only say which link, mail or
// advertisement brought a reader. None of them chooses a page.
var tracking = setOf(`fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh li_fat_id
	rb_clickid wickedid mc_cid mc_eid mc_tc _openstat mkt_tok elqtrackid elqtrack elqaid elqat elqcampaignid elq
	_hsenc _hsmi __hssc __hstc __hsfp hsctatracking vero_id vero_conv oly_anon_id oly_enc_id s_cid s_kwcid
	wt.mc_id wt_mc wt_zmc wt.nav wt.mc xtor xtref xts at_xt cmp cmpid ncid ocid icid intcid ito
	srnd sr_share spm scm smid smtyp smprod emc soc_src soc_trk trk trkcampaign trkemail trkinfo mbid cn-reloaded
	__twitter_impression __tn__ __xts__ __cft__ fb_action_ids fb_action_types fb_source fb_ref fb_comment_id
	action_object_map action_type_map action_ref_map guccounter guce_referrer guce_referrer_sig _branch_match_id
	_branch_referrer mkevt mkcid mkrid ref_src ref_url referrer referer refsrc
	_ga _gl _gac _ke _kx _bta_tid _bta_c trk_contact trk_msg trk_module trk_sid dm_i dm_t epik pp_source
	sc_campaign sc_channel sc_content sc_medium sc_outcome sc_geo sc_country nr_email_referer ml_subscriber
	ml_subscriber_hash sfmc_id sfmc_sub sfmc_activityid j_subscriber ck_subscriber_id bbeml bbid
	unlocked_article_code wprov wpsrc
	nocache cachebuster __cf_chl_tk cf_chl_jschl_tk cx_click cx_recswidget cx_artpos
	ns_campaign ns_source ns_linkname ns_fee __s maca traffic_source replytocom spref pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid pk_vid cm_mmc cm_ven cm_cat cm_ite ftcamp ftag fromrss rss_source dicbo tblci obclid amp_js_v amp_gsa usqp`)

// trackingPrefixes begin such parameters.
var trackingPrefixes = []string{"utm_", "utm-", "piwik_", "matomo_", "mtm_", "hsa_", "at_", "ga_", "stm_", "itm_", "ns_m", "bsft_", "vgo_", "uta_"}

// referring are parameters that tell where a reader came from when their value
// is a channel, and may choose a page when it is anything else.
var referring = setOf("ref source src from via origin medium channel partner cid nl feature share shared platform s_src campaign output_source tag_source context referral sender mod nsrc entry app")

var channels = setOf(`rss rss2 atom feed feeds rssfeed feedburner twitter x facebook fb linkedin instagram whatsapp telegram
	reddit youtube google googlenews gnews bing newsletter news_letter email e-mail mail homepage home hp social
	socialmedia social_media share sharebar share_button sharing sms copy copylink link permalink web app mobile desktop
	android ios push notification alert alerts flipboard pocket apple applenews tw ig li tg wa topbar footer header
	sidebar related recommended trending search nav menu em eml nl_daily dlvr.it ifttt hootsuite buffer youtu.be messenger
	slack mastodon bluesky bsky threads`)

// sessions are parameters that say who a reader is.
var sessions = setOf("phpsessid jsessionid aspsessionid cfid cftoken oscsid zenid asp.net_sessionid __requestverificationtoken")

// maybeSessions may also number the sessions of a committee: there the value
// decides.
var maybeSessions = setOf("sid s session sessionid session_id sessid sess_id xsid token_id")

var (
	sessionPath  = regexp.MustCompile(`(?i);(?:jsessionid|phpsessid|sessionid|sid)=[^/;]*`)
	aspPath      = regexp.MustCompile(`(?i)/\([A-Z]\([a-z0-9]{20,32}\)\)`)
	sessionValue = regexp.MustCompile(`(?i)^(?:[0-9a-f]{16,}|[0-9a-z]{26,})$`)
	aspSession   = regexp.MustCompile(`^aspsessionid[a-z]{8}$`)
)

// dropSessions takes out what names a visit.
func (p *page) dropSessions() {
	p.path = sessionPath.ReplaceAllString(p.path, "")
	p.path = aspPath.ReplaceAllString(p.path, "")
	if p.path == "" {
		p.path = "/"
	}
	p.drop(func(k, v string) bool {
		return sessions[k] || aspSession.MatchString(k) || maybeSessions[k] && sessionValue.MatchString(v)
	})
}

// dropTracking takes out what names a way here, and the marks of AMP and
// mobile twins.
func (p *page) dropTracking() {
	p.drop(func(k, v string) bool {
		if marks(k) || referring[k] && (v == "" || channels[strings.ToLower(v)]) {
			return true
		}
		if k == "rss" && (v == "" || v == "1" || v == "yes" || v == "true") || k == "af" && v == "R" {
			return true // journals mark the links of their feeds so
		}
		return twinParam(k, strings.ToLower(v))
	})
}

// twinParam reports a parameter that asks for the AMP or mobile form of the
// same page.
func twinParam(k, v string) bool {
	switch k {
	case "amp", "_amp", "isamp", "is_amp":
		return v == "" || v == "1" || v == "true" || v == "yes"
	case "outputtype", "output", "view", "mode", "display":
		return v == "amp"
	case "mobile", "ismobile", "mobileview":
		return v == "" || v == "1" || v == "true"
	}
	return false
}
