package clean_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ifhhro/rightsdesk/internal/clean"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestURLKey holds, for each page, its key and other addresses of it.
func TestURLKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key string
		same      []string
	}{
		{"scheme, host, port, dots", "https://press.example/a/b", []string{
			"http://press.example/a/b", "HTTPS://WWW.PRESS.EXAMPLE:443/a/b", "http://press.example:80/a/b", "https://press.example./a/b",
			"https://press.example/a/./x/../b", "https://press.example/a//b/", `https:\\press.example\a\b`, " https://press.example/a/b\n",
			"https://user:secret@press.example/a/b", "https://press.example/a/b#top", "https://press.example/a/b#:~:text=x",
			"https://press.example/a/b?", "https://press.example/a/b?&", "https://press.example/%61/%62", "https://press.example/a/b/index.html",
			"https://press.example/a/b/index.php?", "https://press.example/a/b/Default.aspx", "https://m.press.example/a/b",
			"https://mobile.press.example/a/b", "https://www.m.press.example/a/b",
		}},
		{"root", "https://press.example/", []string{"http://www.press.example", "https://press.example/index.html", "https://press.example//", "https://press.example/?utm_source=x", "https://press.example/#", "https://press.example/#!"}},
		{"percent-encoding", "https://press.example/caf%C3%A9/~a/x(1)'%2F%3Fb", []string{
			"https://press.example/café/~a/x(1)'%2f%3fb", "https://press.example/caf%c3%a9/%7Ea/x%281%29%27%2f%3Fb",
		}},
		{"international name", "https://xn--bcher-kva.example/a", []string{"https://bücher.example/a", "http://www.BÜCHER.example/a", "https://b%C3%BCcher.example/a"}},
		{"parameters", "https://press.example/?a=1&b=x%20y&c", []string{
			"https://press.example/?b=x+y&a=1&c", "https://press.example/?c=&b=x%20y&a=1", "https://press.example/?a=1&amp;b=x+y&amp;c", "https://press.example?&&a=1&c&b=x%20y&",
		}},
		{"escaped values", "https://press.example/?a=x/y=z&b=u@v", []string{"https://press.example/?a=x%2Fy%3Dz&b=u%40v", "https://press.example/?b=u@v&a=x/y%3dz"}},
		{"repeated parameters keep their order", "https://press.example/?a=2&a=1&b=3", []string{"https://press.example/?b=3&a=2&a=1"}},
		{"tracking", "https://press.example/a?id=7", []string{
			"https://press.example/a?id=7&utm_source=rss&utm_medium=feed&UTM_Campaign=x", "https://press.example/a?fbclid=AbC&id=7", "https://press.example/a?id=7&gclid=1&mc_cid=2&mc_eid=3",
			"https://press.example/a?id=7&ref=rss", "https://press.example/a?source=newsletter&id=7", "https://press.example/a?id=7&mtm_campaign=1&_hsenc=2&_ga=3",
			"https://press.example/a?id=7&PHPSESSID=0123456789abcdef", "https://press.example/a;jsessionid=AB12?id=7", "https://press.example/a?id=7&sid=0123456789abcdef0123",
			"https://press.example/a?id=7&cmpid=x&xtor=RSS-1", "https://press.example/a?rss=yes&id=7&af=R", "https://press.example/a?id=7&traffic_source=rss&replytocom=9", "https://press.example/a?id=7&WT.mc_id=3&igshid=4&msclkid=5",
		}},
		{"hash-bang", "https://press.example/app#!/story/7", []string{"http://www.press.example/app#!/story/7", "https://press.example/app/#!/story/7"}},
		{"AMP", "https://press.example/2022/02/a-story", []string{
			"https://press.example/2022/02/a-story/?amp=1", "https://press.example/2022/02/a-story?amp", "https://press.example/2022/02/a-story/amp/", "https://press.example/2022/02/a-story/amp",
			"https://amp.press.example/2022/02/a-story", "https://press.example/amp/2022/02/a-story", "https://press.example/2022/02/a-story?outputType=amp",
			"https://www.google.com/amp/s/press.example/2022/02/a-story/amp/", "https://www.google.de/amp/press.example/2022/02/a-story",
			"https://press-example.cdn.ampproject.org/c/s/press.example/2022/02/a-story", "https://press-example.cdn.ampproject.org/v/s/www.press.example/2022/02/a-story?amp_js_v=0.1&usqp=mq331",
		}},
		{"AMP file", "https://press.example/a/story.html", []string{"https://press.example/a/story.amp.html", "https://press.example/a/story.html?amp=true"}},
		{"wrappers", "https://press.example/a-b/c_d?id=7&x=y", []string{
			"https://www.google.com/url?rct=j&sa=t&url=https://press.example/a-b/c_d%3Fid%3D7%26x%3Dy&ct=ga&cd=CAIyGg&usg=AOv", "https://www.google.co.uk/url?q=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy&sa=U",
			"https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy&data=05%7C01&sdata=z&reserved=0",
			"https://l.facebook.com/l.php?u=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy%26fbclid%3DIwAR&h=AT0", "https://lm.facebook.com/l.php?u=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy",
			"https://l.instagram.com/?u=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy&e=AT", "https://www.linkedin.com/redir/redirect?url=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy&urlhash=Z",
			"https://www.linkedin.com/safety/go?url=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy",
			"https://urldefense.proofpoint.com/v2/url?u=https-3A__press.example_a-2Db_c-5Fd-3Fid-3D7-26x-3Dy&d=DwMF&c=x", "https://urldefense.com/v3/__https://press.example/a-b/c_d?id=7&x=y__;!!abc!def$",
			"https://urldefense.com/v3/__https:/press.example/a-b*c_d?id=7&x=y__;Lw!!abc!def$", "https://web.archive.org/web/20220101000000/https://press.example/a-b/c_d?id=7&x=y",
			"http://web.archive.org/web/20220101000000id_/http://www.press.example:80/a-b/c_d?id=7&x=y", "https://web.archive.org/web/2022*/https://press.example/a-b/c_d?id=7&x=y", "https://archive.ph/20220101/https://press.example/a-b/c_d?id=7&x=y",
			"https://webcache.googleusercontent.com/search?q=cache:AbCd_ef:https://press.example/a-b/c_d%3Fid%3D7%26x%3Dy+nurse&hl=en", "https://t.umblr.com/redirect?z=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy&t=1",
			"https://out.reddit.com/t3_x?url=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy&token=A", "https://www.youtube.com/redirect?event=d&q=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy",
			"https://duckduckgo.com/l/?uddg=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy&rut=1", "https://href.li/?https://press.example/a-b/c_d?id=7&x=y",
			"https://secure-web.cisco.com/1AbC/https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy", "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fpress.example%2fa-b%2fc_d%3fid%3d7%26x%3dy&c=E,1",
			"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Furldefense.proofpoint.com%2Fv2%2Furl%3Fu%3Dhttps-3A__press.example_a-2Db_c-5Fd-3Fid-3D7-26x-3Dy%26d%3DD&data=1",
			"https://vk.com/away.php?to=https%3A%2F%2Fpress.example%2Fa-b%2Fc_d%3Fid%3D7%26x%3Dy",
		}},
		{"UN News", "https://news.un.org/en/story/2022/04/1115242", []string{"https://news.un.org/feed/view/en/story/2022/04/1115242", "http://news.un.org/en/story/2022/04/1115242?utm_source=UN+News"}},
		{"old UN news", "https://un.org/apps/news/story.asp?newsid=49789", []string{"http://www.un.org/apps/news/story.asp?NewsID=49789&Cr=health&Cr1=", "http://www.un.org/apps/news/story.asp?NewsID=49789#.VJ0"}},
		{"OHCHR", "https://ohchr.org/en/newsevents/pages/displaynews.aspx?langid=E&newsid=24000", []string{
			"https://www.ohchr.org/EN/NewsEvents/Pages/DisplayNews.aspx?NewsID=24000&LangID=E", "http://www.ohchr.org/EN/NewsEvents/Pages/DisplayNews.aspx?NewsID=24000", "https://www.ohchr.org/en/newsevents/pages/displaynews.aspx?LangID=E&NewsID=24000",
		}},
		{"UN document", "https://docs.un.org/en/A/HRC/48/13", []string{
			"https://undocs.org/A/HRC/48/13", "https://undocs.org/en/A/HRC/48/13", "http://www.undocs.org/a/hrc/48/13", "https://docs.un.org/en/A/HRC/48/13?direct=true", "https://www.un.org/ga/search/view_doc.asp?symbol=A/HRC/48/13",
			"https://www.un.org/en/ga/search/view_doc.asp?symbol=A%2FHRC%2F48%2F13&Lang=E", "https://daccess-ods.un.org/access.nsf/Get?Open&DS=A/HRC/48/13&Lang=E", "https://undocs.org/Home/Mobile?FinalSymbol=A%2FHRC%2F48%2F13&Language=E&DeviceType=Desktop",
			"https://documents.un.org/symbol-explorer?s=A/HRC/48/13", "https://ap.ohchr.org/documents/dpage_e.aspx?si=A/HRC/48/13", "https://undocs.org/en/A%2FHRC%2F48%2F13",
		}},
		{"Security Council resolution", "https://docs.un.org/en/S/RES/2286", []string{"https://undocs.org/S/RES/2286(2016)", "https://undocs.org/en/S/RES/2286%20(2016)", "https://docs.un.org/en/S/RES/2286%282016%29"}},
		{"DOI", "https://doi.org/10.1016/s0140-6736(20)30183-5", []string{
			"http://dx.doi.org/10.1016/S0140-6736(20)30183-5", "https://doi.org/10.1016/s0140-6736%2820%2930183-5", "doi:10.1016/S0140-6736(20)30183-5", "https://www.doi.org/10.1016%2FS0140-6736(20)30183-5?nosfx=y", "https://doi.org/doi:10.1016/S0140-6736(20)30183-5",
			"https://journals.example/doi/full/10.1016/S0140-6736(20)30183-5", "https://journals.example/doi/10.1016/S0140-6736(20)30183-5?af=R",
		}},
		{"video", "https://youtube.com/watch?v=dQw4w9WgXcQ", []string{"https://youtu.be/dQw4w9WgXcQ?si=abc", "https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=share", "https://www.youtube.com/embed/dQw4w9WgXcQ", "https://www.youtube.com/watch?t=10&v=dQw4w9WgXcQ"}},
		{"tweet", "https://x.com/UN/status/123", []string{"https://twitter.com/UN/status/123?s=20&t=abc", "https://mobile.twitter.com/UN/status/123/photo/1", "https://x.com/UN/status/123"}},
		{"wikipedia", "https://en.wikipedia.org/wiki/Right_to_health", []string{"https://en.m.wikipedia.org/wiki/Right_to_health#History", "http://en.wikipedia.org/w/index.php?title=Right_to_health"}},
		{"WHO", "https://iris.who.int/handle/10665/331492", []string{"https://apps.who.int/iris/handle/10665/331492"}},
		{"medline", "https://pubmed.ncbi.nlm.nih.gov/31986264", []string{"https://www.ncbi.nlm.nih.gov/pubmed/31986264", "https://pubmed.ncbi.nlm.nih.gov/31986264/?from=x"}},
		{"news alert with the address in its id", "https://press.example/a-story-about-health", []string{
			"https://news.google.com/rss/articles/CBMiKmh0dHBzOi8vcHJlc3MuZXhhbXBsZS9hLXN0b3J5LWFib3V0LWhlYWx0aNIBAA?oc=5",
		}},
		{"address", "https://192.168.0.1/a", []string{"http://0xc0.0250.01/a", "http://192.168.0.1./a/"}},
		{"odd port", "https://press.example:8443/a", []string{"http://press.example:8443/a/"}},
	}
	n := 0
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, in := range append(tt.same, tt.key) {
				n++
				if got, err := clean.URL(in); got != tt.key {
					t.Errorf("URL(%q)\n got %q, %v\nwant %q", in, got, err, tt.key)
				}
			}
		})
	}
	t.Logf("%d addresses", n)
}

// TestURLDifferent holds sets of addresses that all lead to different pages.
func TestURLDifferent(t *testing.T) {
	t.Parallel()
	sets := [][]string{
		{"https://press.example/a", "https://press.example/A", "https://press.example/b", "https://press.example/", "https://other.example/a", "https://sub.press.example/a", "https://press.example:8080/a", "https://press.example/a%2Fb", "https://press.example/a/b", "https://press.example/a%3Fb", "https://press.example/a?b"},
		{"https://press.example/?p=705", "https://press.example/?p=706", "https://press.example/?page=2", "https://press.example/?id=705", "https://press.example/?page_id=705", "https://press.example/?NewsID=705", "https://press.example/?start=35", "https://press.example/?start=40"},
		{"https://press.example/en/story", "https://press.example/fr/story", "https://press.example/story?lang=en", "https://press.example/story?lang=fr", "https://press.example/story"},
		{"https://undocs.org/A/HRC/48/13", "https://undocs.org/A/HRC/48/13/Add.1", "https://undocs.org/A/HRC/48/13/Rev.1", "https://undocs.org/A/HRC/48/13/Add.2", "https://undocs.org/fr/A/HRC/48/13", "https://undocs.org/ar/A/HRC/48/13", "https://undocs.org/A/HRC/48/14", "https://undocs.org/A/RES/48/13"},
		{"https://news.un.org/en/story/2022/04/1115242", "https://news.un.org/fr/story/2022/04/1115242", "https://news.un.org/en/story/2022/04/1115252", "https://news.un.org/en/interview/2022/04/1115242"},
		{"https://press.example/app#!/story/7", "https://press.example/app#!/story/8", "https://press.example/app", "https://press.example/app#/story/7"},
		{"https://doi.org/10.1016/a", "https://doi.org/10.1016/b", "https://doi.org/10.1017/a"},
		{"https://tbinternet.ohchr.org/_layouts/15/treatybodyexternal/SessionDetails1.aspx?SessionID=1234&Lang=en", "https://tbinternet.ohchr.org/_layouts/15/treatybodyexternal/SessionDetails1.aspx?SessionID=1235&Lang=en"},
		{"https://www.ohchr.org/EN/NewsEvents/Pages/DisplayNews.aspx?NewsID=24000&LangID=E", "https://www.ohchr.org/EN/NewsEvents/Pages/DisplayNews.aspx?NewsID=24000&LangID=F", "https://www.ohchr.org/EN/NewsEvents/Pages/DisplayNews.aspx?NewsID=24001&LangID=E"},
		{"https://m.blogspot.com/a", "https://blogspot.com/a", "https://n.blogspot.com/a"},
		{"https://m.co.uk/", "https://co.uk/"},
		{"https://en.wikipedia.org/wiki/AMP", "https://en.wikipedia.org/wiki", "https://en.wikipedia.org/wiki/amp", "https://fr.wikipedia.org/wiki/AMP"},
		{"https://press.example/amp", "https://press.example/", "https://press.example/topics/amp", "https://press.example/topics"},
		{"https://press.example/a?ref=rss&id=1", "https://press.example/a?ref=v2&id=1", "https://press.example/a?source=who&id=1", "https://press.example/a?channel=4&id=1"},
		{"https://www.google.com/url?q=https://press.example/a", "https://www.google.com/url?q=https://press.example/b", "https://www.google.com/search?q=https://press.example/a"},
		{"https://web.archive.org/web/2020/https://press.example/a", "https://web.archive.org/web/2020/https://press.example/b", "https://web.archive.org/about"},
		{"https://www.youtube.com/watch?v=a", "https://www.youtube.com/watch?v=b", "https://www.youtube.com/@UN", "https://www.youtube.com/playlist?list=a"},
		{"https://press.example/a?x=1&x=2", "https://press.example/a?x=2&x=1", "https://press.example/a?x=1"},
		{"https://press.example/a+b", "https://press.example/a%20b", "https://press.example/ab"},
		{"https://press.example/?q=a%26b=c", "https://press.example/?q=a&b=c", "https://press.example/?q%3Da=b"},
		{"https://press.example/?pk_id=1", "https://press.example/?pk_id=2"},
		{"https://press.example/?q=a%2Bb", "https://press.example/?q=a+b", "https://press.example/?q=a%26b"},
		{"https://x.com/UN/status/1", "https://x.com/UN/status/2", "https://x.com/WHO"},
		{"https://t.co/abc", "https://t.co/abd"},
		{"https://journals.example/doi/pdf/10.1016/a1", "https://journals.example/doi/abs/10.1016/a1", "https://journals.example/doi/full/10.1016/a1"},
	}
	for _, set := range sets {
		by := map[string]string{}
		for _, in := range set {
			got, err := clean.URL(in)
			if err != nil {
				t.Errorf("URL(%q): %v", in, err)
			}
			if other := by[got]; other != "" {
				t.Errorf("%q and %q share the key %q", in, other, got)
			}
			by[got] = in
		}
	}
}

func TestURLRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "x", "/a", "javascript:alert(1)", "data:text/html,x", "ftp://press.example/", "https://", "http://[::1", "http://a b/", "mailto:a@b.example", "https://press.example:99999/", "https://" + strings.Repeat("a", 20_000)} {
		if got, err := clean.URL(in); err == nil || !errors.Is(err, news.ErrInvalid) {
			t.Errorf("URL(%.50q) = %.50q, %v", in, got, err)
		}
	}
}

func TestURLIdempotent(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		"a", "B", "é", "%41", "%2f", "%2F", "%", "%zz", "..", ".", "//", "/", `\`, "?", "&", "=", "#", "#!", ";", "+", " ", "amp", "/amp", ".amp", "index.html", "index.php",
		"utm_source=x", "id=7", "ref=rss", "www.", "m.", "example", ".org", ".", ":80", ":443", ":8080", "@", "https://", "http://", "https%3A%2F%2F", "url=", "/l.php?u=", "l.facebook.com",
		"/web/2020/", "web.archive.org", "/v3/__", "__;!!", "urldefense.com", "google.com/url?q=", "google.com/amp/s/", "undocs.org/", "A/HRC/1/2", "doi.org/", "10.1000/x", "doi:", "jsessionid=1", "news.un.org/feed/view/", "youtu.be/", ".asp", "%2e", "xn--", "1", "0x", "[", "]", "::1",
	})
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SampledFrom([]string{"https://", "http://", "https://press.example", "http://www.press.example/a?", "https://web.archive.org/web/2020/", "https://l.facebook.com/l.php?u="}).Draw(t, "start")
		for _, p := range rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces") {
			in += p
		}
		idempotent(t, in)
	})
}

func idempotent(t interface {
	Errorf(string, ...any)
}, in string) {
	once, err := clean.URL(in)
	if err != nil {
		return
	}
	twice, err := clean.URL(once)
	if err != nil || twice != once {
		t.Errorf("URL(%q) = %q, of which the key is %q, %v", in, once, twice, err)
	}
	rest, ok := strings.CutPrefix(once, "https://")
	authority, _, _ := strings.Cut(rest, "/")
	if !ok || authority == "" || strings.Contains(authority, "@") {
		t.Errorf("URL(%q) = %q is no plain https address", in, once)
	}
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{
		"https://www.press.example:443/a/../b?utm_source=x&b=2&a=1#x", "https://l.facebook.com/l.php?u=https%3A%2F%2Fpress.example", "https://urldefense.com/v3/__https:/press.example/*__;JQ!!a!b$",
		"https://undocs.org/A/HRC/48/13", "doi:10.1000/x", "http://0x7f.1", "http://[::1]:80/", "https://web.archive.org/web/2020/press.example/a", "https://news.google.com/articles/CBMiKmh0dHBzOi8vcHJlc3MuZXhhbXBsZS9hLXN0b3J5LWFib3V0LWhlYWx0aNIBAA",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) { idempotent(t, in) })
}

func BenchmarkURL(b *testing.B) {
	for _, bm := range []struct{ name, in string }{
		{"plain", "https://press.example/en/press-releases/2022/04/a-long-title-of-a-story"},
		{"tracked", "http://www.press.example/2022/04/a-story/?utm_source=rss&utm_medium=feed&utm_campaign=x&id=7&fbclid=IwAR0"},
		{"wrapped", "https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Fpress.example%2Fa&data=05%7C01"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := clean.URL(bm.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
