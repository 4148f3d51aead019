package analyze

import "strings"

// telling are letters by which neighbours tell each other apart.
var telling = func() map[rune][]string {
	m := map[rune][]string{}
	for tag, letters := range map[string]string{
		"cs": "řěů", "sk": "ľĺŕô", "pl": "łśżźćą", "hu": "őű", "ro": "șțăţ", "tr": "ğış", "az": "ə", "lt": "ėųįū", "lv": "ķļņģ",
		"et": "õ", "is": "ðþ", "de": "ß", "es": "ñ¿¡", "pt": "ãõ", "fr": "œùê", "ca": "ŀ", "sq": "ë", "hr": "đ", "vi": "ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệ",
		"uk": "іїєґ", "be": "ўі", "sr": "ђћљњџј", "mk": "ѓќѕљњџј", "kk": "әғқңөұүһі", "ky": "ңөү", "tg": "ғӣқӯҳҷ", "mn": "өү", "ru": "ыэё",
		"ur": "ٹڈڑںےھہ", "fa": "پچژگی", "ps": "ټډړږښګڼېۍ", "ckb": "ێۆڕڵە", "ug": "ېۇۈۋە", "sd": "ڄٻٿڀ", "ar": "ةىؤإأ",
		"yo": "ẹọṣ", "ig": "ịụọṅ", "ha": "ɗɓƙ",
	} {
		for _, r := range letters {
			m[r] = append(m[r], tag)
		}
	}
	return m
}()

// tellByLetters strengthens the languages whose own letters stand in the line.
// A letter counts in proportion: one name with a foreign letter is no proof.
func tellByLetters(scores map[string]float64, line string) {
	counts, letters := map[string]int{}, 0
	for _, r := range line {
		if r == ' ' {
			continue
		}
		letters++
		if r < 0x80 {
			continue
		}
		for _, tag := range telling[r] {
			counts[tag]++
		}
	}
	for tag, n := range counts {
		if share := float64(n) / float64(letters); scores[tag] > 0 && share > 0.01 {
			scores[tag] *= 1 + min(40*share, 4)
		}
	}
}

// functionWords gives the languages of the commonest small words: languages the
// model does not know or is weak in, and English, which it sees everywhere.
var functionWords = func() map[string][]string {
	m := map[string][]string{}
	for tag, words := range map[string]string{
		"en":  "the of and to in for a is are was were on with by from as at that this be has have an it not or after over new says how who their his will",
		"ha":  "da na ta ya a cikin wajen ne ce ba su shi yana ana za don domin wannan yin kan kuma ko duk mai wanda wata wani kowa sai har daga cewa suna suka kasar bayan tare",
		"ig":  "na nke ndị ga bụ ka ha maka ya dị ahụ ọ nwere onye ihe oke mmadụ niile ma site gị anyị nwe",
		"zu":  "ukuthi futhi noma kanye ngoba kodwa uma wonke bonke umuntu abantu lokhu yonke kufanele izwe uhulumeni emva ngemva",
		"xh":  "ukuba kwaye okanye wonke bonke umntu abantu kunye ukuze ngokuba kufuneka xa nokuba onke ilizwe urhulumente emva",
		"rw":  "kandi ko mu ku na cyangwa umuntu wese uburenganzira abantu bose afite agomba nta iyo ibyo ari ngo kuri muri bya",
		"om":  "fi kan akka irraa keessa hin isaa ta'e waan namni mirga ykn kanaan yeroo itti kun jiru biyya nama hunduu",
		"ny":  "ndi kuti kwa wa mu pa za ya aliyense munthu ali ufulu anthu kapena koma chifukwa onse ayenera",
		"sn":  "uye kuti munhu wese kodzero vanhu nekuti pasina kana ane zvese kwete iyo ari vose anofanira",
		"ln":  "na ya ba ezali moto nyonso makoki bato mpe oyo te lokola mpo azali baoyo to nzela bango",
		"wo":  "ak ci la nit ñu bu mu ay nekk bépp moo yi gi ko am ngir walla waa",
		"mi":  "te o nga ki he i ka ngā tangata katoa mana kua mō me hoki rātou tika nei",
		"so":  "iyo ee ka ku la oo in ay ayaa waxaa uu qof wuxuu waa ah inuu isagoo dadka leeyahay kasta kale siiyay sida kala soo",
		"sw":  "na ya wa kwa ni katika za la watu wote wote yake hiyo huo cha vya kuwa kama au ili mtu kila haki hii bila pia zao wake serikali baada",
		"uz":  "va bilan uchun bu bir ham ega har inson huquqi bo'lgan bo'lishi lozim yoki zarur barcha o'z deb edi haqida",
		"sl":  "je in na za da se so v ki po kot bi ne ali pri vsi biti ima tudi ni svoje",
		"st":  "le ho ba e ka ya tsa motho mang tokelo batho hore kapa bohle na o ha sa",
		"tn":  "le go ba ya ka motho mongwe tshwanelo batho gore kgotsa botlhe na mo a fa di",
		"yo":  "ni ti àti tí lati sí ó wọn gbogbo ènìyàn kan nínú fún pẹ̀lú bá ọ̀kan kò wọ́n kí",
		"da":  "af og ikke på til er det en blev efter deres de har kan sig nogle også",
		"no":  "av og ikke på til er det en ble etter deres de har kan seg noen også bør",
		"ti":  "ኣብ እዩ ናይ ከምኡውን ኣሎ እዚ ዝኾነ ሰብ መሰል ኣለዎ ዘለዎ ንኩሉ ብዘይ ወይ ካብ ኣይ ኣለዎም እዮም",
		"am":  "ነው እና ላይ ውስጥ ሰው መብት አለው ወይም ማንኛውም እያንዳንዱ ያለው ናቸው ጋር ግን ወደ እንደ ሁሉ",
		"ar":  "في من على إلى الى أن عن مع هذا هذه التي الذي بعد قبل بين كل حول ما لا لم قد كما أو و أي ضد خلال",
		"fa":  "در به از که این است با را برای می آن و تا بر شد شده کرد های یک خود",
		"ur":  "کے کی میں اور سے کا ہے کو نے پر ہیں اس کہ نہیں بھی گیا",
		"ps":  "د په او چې کې ته له سره دی شوی یو دا نه هم",
		"pcm": "di dey na wey don dem fit no go say im wetin pipo una",
	} {
		for w := range strings.FieldsSeq(words) {
			m[w] = append(m[w], tag)
		}
	}
	return m
}()

// fewWords is how short a line is too short to miss the small words in.
const fewWords = 7

// tellByWords strengthens the languages whose small words fill the line, and
// doubts English where there are none of its own.
func tellByWords(scores map[string]float64, words []string, script string) {
	if len(words) < 3 && script == "Latn" {
		return
	}
	hits, distinct := map[string]int{}, map[string]map[string]bool{}
	for _, w := range words {
		for _, tag := range functionWords[w] {
			hits[tag]++
			if distinct[tag] == nil {
				distinct[tag] = map[string]bool{}
			}
			distinct[tag][w] = true
		}
		if script == "Arab" && arabicArticle(w) {
			hits["ar"]++
		}
	}
	if hits["en"] == 0 && len(words) >= fewWords {
		scores["en"] *= 0.3
	}
	for tag, n := range hits {
		share := float64(n) / float64(len(words))
		switch {
		case defaultScript(tag) != script:
		case scores[tag] > 0.005:
			scores[tag] *= 1 + 4*share
		case len(distinct[tag]) >= 3 && share >= 0.3:
			scores[tag] += share
		}
	}
}

// arabicArticle reports a word that begins with the article, alone or behind
// the small words that are written on it.
func arabicArticle(w string) bool {
	for _, prefix := range []string{"ال", "بال", "وال", "لل", "كال"} {
		if strings.HasPrefix(w, prefix) {
			return true
		}
	}
	return false
}

func setOf(list string) map[string]bool {
	m := map[string]bool{}
	for s := range strings.FieldsSeq(list) {
		m[s] = true
	}
	return m
}
