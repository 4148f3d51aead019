package analyze

import (
	"strings"
	"testing"
	"unicode"
)

// firstArticle is the first article of the Universal Declaration of Human
// Rights.
var firstArticle = map[string]string{
	"af": "Alle menslike wesens word vry, met gelyke waardigheid en regte, gebore. Hulle het rede en gewete en behoort in die gees van broederskap teenoor mekaar op te tree.",
	"am": "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው። የተፈጥሮ ማስተዋልና ሕሊና ስላለው አንዱ ሌላውን በወንድማማችነት መንፈስ መመልከት ይገባዋል።",
	"ar": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميرًا وعليهم أن يعامل بعضهم بعضًا بروح الإخاء.",
	"az": "Bütün insanlar ləyaqət və hüquqlarına görə azad və bərabər doğulurlar. Onların şüurları və vicdanları var və bir-birlərinə münasibətdə qardaşlıq ruhunda davranmalıdırlar.",
	"be": "Усе людзі нараджаюцца свабоднымі і роўнымі ў сваёй годнасці і правах. Яны надзелены розумам і сумленнем і павінны ставіцца адзін да аднаго ў духу брацтва.",
	"bg": "Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест и следва да се отнасят помежду си в дух на братство.",
	"bn": "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। তাঁদের বিবেক এবং বুদ্ধি আছে; সুতরাং সকলেরই একে অপরের প্রতি ভ্রাতৃত্বসুলভ মনোভাব নিয়ে আচরণ করা উচিত।",
	"ca": "Tots els éssers humans neixen lliures i iguals en dignitat i en drets. Són dotats de raó i de consciència, i han de comportar-se fraternalment els uns amb els altres.",
	"cs": "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím a mají spolu jednat v duchu bratrství.",
	"da": "Alle mennesker er født frie og lige i værdighed og rettigheder. De er udstyret med fornuft og samvittighed, og de bør handle mod hverandre i en broderskabets ånd.",
	"de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.",
	"el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση.",
	"en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.",
	"es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.",
	"et": "Kõik inimesed sünnivad vabadena ja võrdsetena oma väärikuselt ja õigustelt. Neile on antud mõistus ja südametunnistus ja nende suhtumist üksteisesse peab kandma vendluse vaim.",
	"fa": "تمام افراد بشر آزاد به دنیا می\u200cآیند و از لحاظ حیثیت و حقوق با هم برابرند. همه دارای عقل و وجدان هستند و باید نسبت به یکدیگر با روح برادری رفتار کنند.",
	"fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä.",
	"fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
	"ha": "Su dai 'yan-adam, ana haifuwarsu ne duka 'yantattu, kuma kowannensu na da mutunci da hakkoki daidai da na kowa. Suna da hankali da tunani, saboda haka duk abin da za su aikata wa juna, ya kamata su yi shi a cikin 'yan-uwanci.",
	"he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה.",
	"hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।",
	"hr": "Sva ljudska bića rađaju se slobodna i jednaka u dostojanstvu i pravima. Ona su obdarena razumom i sviješću i trebaju jedna prema drugima postupati u duhu bratstva.",
	"hu": "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek.",
	"hy": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։ Նրանք ունեն բանականություն ու խիղճ։",
	"id": "Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama. Mereka dikaruniai akal dan hati nurani dan hendaknya bergaul satu sama lain dalam semangat persaudaraan.",
	"is": "Hver maður er borinn frjáls og jafn öðrum að virðingu og réttindum. Menn eru gæddir vitsmunum og samvisku, og ber þeim að breyta bróðurlega hverjum við annan.",
	"it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
	"ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。",
	"ka": "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით. მათ მინიჭებული აქვთ გონება და სინდისი.",
	"kk": "Барлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары тең болып дүниеге келеді. Адамдарға ақыл-парасат, ар-ождан берілген.",
	"ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.",
	"ky": "Бардык адамдар өз беделинде жана укуктарында эркин жана тең укуктуу болуп жаралат. Алардын аң-сезими менен абийири бар жана бири-бирине бир туугандык мамиле кылууга тийиш.",
	"lt": "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Jiems suteiktas protas ir sąžinė ir jie turi elgtis vienas kito atžvilgiu kaip broliai.",
	"lv": "Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā un tiesībās. Viņi ir apveltīti ar saprātu un sirdsapziņu, un viņiem jāizturas citam pret citu brālības garā.",
	"mk": "Сите човечки суштества се раѓаат слободни и еднакви по достоинство и права. Тие се обдарени со разум и совест и треба да се однесуваат еден кон друг во духот на општочовечката припадност.",
	"my": "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊ တူညီလွတ်လပ်သော အခွင့်အရေးများဖြင့် လည်းကောင်း၊ မွေးဖွားလာသူများ ဖြစ်သည်။",
	"ne": "सबै व्यक्तिहरू जन्मजात स्वतन्त्र हुन् ती सबैको समान अधिकार र महत्व छ। निजहरूमा विचार शक्ति र सद्विचार भएकोले निजहरूले आपसमा भातृत्वको भावनाबाट व्यवहार गर्नु पर्छ।",
	"nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
	"no": "Alle mennesker er født frie og med samme menneskeverd og menneskerettigheter. De er utstyrt med fornuft og samvittighet og bør handle mot hverandre i brorskapets ånd.",
	"pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.",
	"ps": "ټول انسانان آزاد نړۍ ته راځي او د حيثيت او حقوقو له پلوه سره برابر دي. ټول د عقل او وجدان خاوندان دي او يو له بل سره د ورورۍ په روحيې سره بايد چلند کړي.",
	"pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de consciência, devem agir uns para com os outros em espírito de fraternidade.",
	"ro": "Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele sunt înzestrate cu rațiune și conștiință și trebuie să se comporte unele față de altele în spiritul fraternității.",
	"ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.",
	"si": "සියලු මනුෂ්\u200dයයෝ නිදහස්ව උපත ලබා ඇත. ගරුත්වයෙන් හා අයිතිවාසිකම්වලින් සමාන වෙති.",
	"sk": "Všetci ľudia sa rodia slobodní a sebe rovní, čo sa týka ich dôstojnosti a práv. Sú obdarení rozumom a majú navzájom jednať v bratskom duchu.",
	"sl": "Vsi ljudje se rodijo svobodni in imajo enako dostojanstvo in enake pravice. Obdarjeni so z razumom in vestjo in bi morali ravnati drug z drugim kakor bratje.",
	"so": "Aadanaha dhammaantiis wuxuu dhashaa isagoo xor ah kana siman xagga sharafta iyo xuquuqada. Waxaa Alle siiyay aqoon iyo wacyi, waana in qof la arkaa qofka kale ula dhaqmaa si walaaltinimo ah.",
	"sq": "Të gjithë njerëzit lindin të lirë dhe të barabartë në dinjitet dhe në të drejta. Ata kanë arsye dhe ndërgjegje dhe duhet të sillen ndaj njëri tjetrit me frymë vëllazërimi.",
	"sr": "Сва људска бића рађају се слободна и једнака у достојанству и правима. Она су обдарена разумом и свешћу и треба једни према другима да поступају у духу братства.",
	"sv": "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och bör handla gentemot varandra i en anda av broderskap.",
	"sw": "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. Wote wamejaliwa akili na dhamiri, hivyo yapasa watendeane kindugu.",
	"ta": "மனிதப் பிறிவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும் உரிமைகளிலும் சமமானவர்கள்.",
	"te": "ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు.",
	"tg": "Тамоми одамон озод ва аз лиҳози шарафу ҳуқуқ бо ҳам баробар ба дунё меоянд. Онҳо соҳиби ақлу виҷдонанд ва бояд нисбат ба якдигар муносибати бародарона дошта бошанд.",
	"th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ",
	"tl": "Ang lahat ng tao'y isinilang na malaya at pantay-pantay sa karangalan at mga karapatan. Sila'y pinagkalooban ng katwiran at budhi at dapat magpalagayan ang isa't isa sa diwa ng pagkakapatiran.",
	"tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
	"uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства.",
	"ur": "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔ انہیں ضمیر اور عقل ودیعت ہوئی ہے۔ اس لیے انہیں ایک دوسرے کے ساتھ بھائی چارے کا سلوک کرنا چاہیئے۔",
	"uz": "Barcha odamlar erkin, qadr-qimmat va huquqlarda teng bo'lib tug'iladilar. Ular aql va vijdon sohibidirlar va bir-birlari ila birodarlarcha muomala qilishlari zarur.",
	"vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu.",
	"xh": "Bonke abantu bazalwa bekhululekile belingana ngesidima nangokweemfanelo. Bonke abantu banesiphiwo sesazela nesizathu sokwenza isenzo ongathanda ukuba senziwe kumzalwane wakho.",
	"yo": "Gbogbo ènìyàn ni a bí ní òmìnira; iyì àti ẹ̀tọ́ kọ̀ọ̀kan sì dọ́gba. Wọ́n ní ẹ̀bùn ti làákàyè àti ti ẹ̀rí-ọkàn, ó sì yẹ kí wọn ó máa hùwà sí ara wọn gẹ́gẹ́ bí ọmọ ìyá.",
	"zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
	"zu": "Bonke abantu bazalwa bekhululekile belingana ngesithunzi nangamalungelo. Bahlanganiswe wumcabango nangunembeza futhi kufanele baphathane ngomoya wobunye.",
}

func TestLanguageOfParagraphs(t *testing.T) {
	t.Parallel()
	right := 0
	for want, text := range firstArticle {
		got := DetectLanguage(text, "")
		if sameLanguage(got.Tag, want) {
			right++
		} else {
			t.Logf("%s: taken for %s with %.2f", want, got.Tag, got.Confidence)
		}
		if got.Dir != Direction(want) {
			t.Errorf("%s runs %s", want, got.Dir)
		}
	}
	if share := float64(right) / float64(len(firstArticle)); share < 0.95 {
		t.Errorf("%d of %d paragraphs right", right, len(firstArticle))
	} else {
		t.Logf("%d of %d paragraphs right", right, len(firstArticle))
	}
}

// TestLanguageOfHeadlines takes the first eight words of each paragraph, or
// the first 24 letters of those that write no blanks.
func TestLanguageOfHeadlines(t *testing.T) {
	t.Parallel()
	right := 0
	for want, text := range firstArticle {
		words := strings.Fields(text)
		if len(words) < 8 || unicode.Is(unicode.Thai, []rune(text)[0]) {
			words = []string{string([]rune(text)[:24])}
		}
		got := DetectLanguage(strings.Join(words[:min(8, len(words))], " "), "")
		if sameLanguage(got.Tag, want) {
			right++
		} else {
			t.Logf("%s: taken for %s with %.2f", want, got.Tag, got.Confidence)
		}
	}
	if share := float64(right) / float64(len(firstArticle)); share < 0.85 {
		t.Errorf("%d of %d headlines right", right, len(firstArticle))
	} else {
		t.Logf("%d of %d headlines right", right, len(firstArticle))
	}
}

func TestDetectLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, declared string
		want                 Language // Confidence is not compared
	}{
		{"empty", "", "", Language{Tag: "und", Script: "Zyyy", Dir: "ltr"}},
		{"no letters, declared", "2022", "ar", Language{Tag: "ar", Script: "Zyyy", Dir: "rtl"}},
		{"a name alone", "Gaza", "", Language{Tag: "und", Script: "Latn", Dir: "ltr"}},
		{"a name, declared", "Gaza", "fr-CA", Language{Tag: "fr", Script: "Latn", Dir: "ltr"}},
		{"declared wrongly", "Le gouvernement doit protéger les soignants et les malades", "en-US", Language{Tag: "fr", Script: "Latn", Dir: "ltr"}},
		{"declared nonsense", "The nurses were released after two years", "??", Language{Tag: "en", Script: "Latn", Dir: "ltr"}},
		{"declared in the wrong script", "Врачи требуют освобождения коллег", "en", Language{Tag: "ru", Script: "Cyrl", Dir: "ltr"}},
		{"variant as declared", "Sva ljudska bića rađaju se slobodna i jednaka", "bs", Language{Tag: "bs", Script: "Latn", Dir: "ltr"}},
		{"capitals", "LES MÉDECINS DEMANDENT LA PAIX POUR LES HÔPITAUX", "", Language{Tag: "fr", Script: "Latn", Dir: "ltr"}},
		{"Chinese with names", "世卫组织 Tedros Adhanom Ghebreyesus Emergency", "", Language{Tag: "zh", Script: "Hans", Dir: "ltr"}},
		{"traditional Chinese", "聯合國人權事務高級專員辦事處對醫護人員被拘留表示關切", "", Language{Tag: "zh", Script: "Hant", Dir: "ltr"}},
		{"Japanese", "医療従事者への攻撃を非難", "", Language{Tag: "ja", Script: "Jpan", Dir: "ltr"}},
		{"Arabic with acronyms", "منظمة الصحة العالمية WHO تدين الهجوم على المستشفى", "en", Language{Tag: "ar", Script: "Arab", Dir: "rtl"}},
		{"addresses are no language", "https://www.example.org/the/of/and x@y.example", "es", Language{Tag: "es", Script: "Zyyy", Dir: "ltr"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := DetectLanguage(tt.text, tt.declared)
			if got.Confidence < 0 || got.Confidence > 1 || (got.Tag == Und) != (got.Confidence == 0) {
				t.Errorf("confidence %v of %s", got.Confidence, got.Tag)
			}
			got.Confidence = 0
			if got != tt.want {
				t.Errorf("DetectLanguage(%q, %q) = %+v, want %+v", tt.text, tt.declared, got, tt.want)
			}
		})
	}
}

func TestDirection(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"ar": "rtl", "fa-IR": "rtl", "he": "rtl", "ur": "rtl", "az": "ltr", "az-Arab": "rtl", "en": "ltr", "": "ltr", "und": "ltr", "??": "ltr"} {
		if got := Direction(tag); got != want {
			t.Errorf("Direction(%q) = %q, want %q", tag, got, want)
		}
	}
}

// TestReadModel: the shipped model reads, and one cut short or changed is an
// error, not a crash.
func TestReadModel(t *testing.T) {
	t.Parallel()
	m, err := readModel(lid176)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.labels) != 176 {
		t.Errorf("%d languages", len(m.labels))
	}
	for n := 0; n < len(lid176); n += 10_007 {
		if _, err := readModel(lid176[:n]); err == nil {
			t.Errorf("a model of %d bytes reads", n)
		}
	}
}

func FuzzReadModel(f *testing.F) {
	f.Add(lid176[:400])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := readModel(b); err == nil {
			m.guesses("health workers", 0.01)
		}
	})
}

func FuzzDetectLanguage(f *testing.F) {
	for _, s := range firstArticle {
		f.Add(s, "en")
	}
	f.Fuzz(func(t *testing.T, text, declared string) {
		l := DetectLanguage(text, declared)
		if l.Tag == "" || l.Script == "" || l.Dir != "ltr" && l.Dir != "rtl" || l.Confidence < 0 || l.Confidence > 1 {
			t.Errorf("DetectLanguage(%q, %q) = %+v", text, declared, l)
		}
	})
}

func BenchmarkDetectLanguage(b *testing.B) {
	for _, bm := range []struct{ name, text string }{
		{"headline", "Le gouvernement doit protéger les soignants et les malades"},
		{"page", strings.Repeat(firstArticle["en"]+" ", 12)},
	} {
		b.Run(bm.name, func(b *testing.B) {
			for b.Loop() {
				DetectLanguage(bm.text, "")
			}
		})
	}
}

func BenchmarkReadModel(b *testing.B) {
	for b.Loop() {
		if _, err := readModel(lid176); err != nil {
			b.Fatal(err)
		}
	}
}
