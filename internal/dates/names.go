package dates

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// monthNames are full names, January first, one line a language or a form of
// it. Shorter writings are found as prefixes; those that are none stand in
// monthShort.
var monthNames = []string{
	"january february march april may june july august september october november december",
	"janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
	"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
	"janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
	"januar februar märz april mai juni juli august september oktober november dezember",
	"jänner feber maerz april mai juno julei august september oktober november dezember",
	"januari februari maart april mei juni juli augustus september oktober november december",
	"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
	"январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
	"января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
	"січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень",
	"січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
	"يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
	"جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر",
	"كانون٢ شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين١ تشرين٢ كانون١",
	"ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
	"ژانویه فبروری مارچ اپریل می جون جولای آگوست سپتمبر اکتوبر نومبر دسمبر",
	"ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
	"ιανουάριος φεβρουάριος μάρτιος απρίλιος μάιος ιούνιος ιούλιος αύγουστος σεπτέμβριος οκτώβριος νοέμβριος δεκέμβριος",
	"ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου",
	"január február március április május június július augusztus szeptember október november december",
	"januari februari mars april maj juni juli augusti september oktober november december",
	"stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
	"ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
	"januari februari maret april mei juni juli agustus september oktober november desember",
	"ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
}

// monthShort are writings that begin no full name, or too few letters of one.
var monthShort = map[string]int{
	"mrt": 3, "mrz": 3, "mär": 3, "sept": 9, "sett": 9, "sbr": 9, "dic": 12, "dez": 12, "gen": 1, "ene": 1, "févr": 2, "juil": 7, "jui": 7,
	"apl": 4, "abl": 4, "okt": 10, "out": 10, "ago": 8, "set": 9, "mag": 5, "giu": 6, "lug": 7, "ott": 10,
	"янв": 1, "фев": 2, "мар": 3, "апр": 4, "авг": 8, "сен": 9, "сент": 9, "окт": 10, "ноя": 11, "нояб": 11, "дек": 12,
	"июн": 6, "июл": 7, "oca": 1, "şub": 2, "nis": 4, "haz": 6, "tem": 7, "ağu": 8, "eyl": 9, "eki": 10, "kas": 11, "ara": 12,
	"أيلول": 9, "ابريل": 4, "اغسطس": 8, "اكتوبر": 10, "يونية": 6, "يولية": 7, "يونيه": 6, "يوليه": 7, "ماى": 5, "mei": 5,
}

// jalaliNames are the months of the Persian solar year, Farvardin first.
const jalaliNames = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند"

// dayNames are weekdays: they carry nothing that the date does not say.
var dayNames = []string{
	"monday tuesday wednesday thursday friday saturday sunday",
	"lundi mardi mercredi jeudi vendredi samedi dimanche",
	"lunes martes miércoles jueves viernes sábado domingo",
	"segunda terça quarta quinta sexta sábado domingo feira",
	"montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag",
	"maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
	"lunedì martedì mercoledì giovedì venerdì sabato domenica",
	"понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс",
	"понеділок вівторок середа четвер пятниця субота неділя нд",
	"الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد اثنين ثلاثاء أربعاء خميس جمعة سبت أحد يوم",
	"دوشنبه سهشنبه سه‌شنبه چهارشنبه چهار شنبه پنجشنبه پنج جمعه شنبه یکشنبه یک",
	"pazartesi salı çarşamba perşembe cuma cumartesi pazar pzt çar per cum cmt paz",
	"δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή",
	"hétfő kedd szerda csütörtök péntek szombat vasárnap",
	"måndag tisdag onsdag torsdag fredag lördag söndag mandag tirsdag lørdag søndag",
	"poniedziałek wtorek środa czwartek piątek sobota niedziela",
	"월요일 화요일 수요일 목요일 금요일 토요일 일요일 월 화 수 목 금 토",
	"ראשון שני שלישי רביעי חמישי שישי שבת יום senin selasa rabu kamis jumat sabtu minggu",
}

// noise are words that stand in a written date and say nothing.
const noise = "t a at am on of the de del di do da le la el il o um uhr den der kl ob st nd rd th er e y i и в г года год року ч h " +
	"à às um om op uur posted published updated date datum gepubliceerd publié le von el dia día den dne klo klockan saat في سنة ساعة الساعة" +
	" 星 期 周 週 礼 拜 午 末"

type nameTable struct {
	month  map[string]int // 1 to 12
	jalali map[string]int // 1 to 12
	idle   map[string]bool
}

// names builds the lookup: each name and each beginning of it, of three
// letters or more (two for weekdays), where all languages agree on it.
var names = sync.OnceValue(func() nameTable {
	t := nameTable{month: map[string]int{}, jalali: map[string]int{}, idle: map[string]bool{}}
	for _, line := range monthNames {
		for i, name := range strings.Fields(line) {
			addPrefixes(t.month, name, i+1)
		}
	}
	for _, line := range monthNames { // a full name beats another's beginning
		for i, name := range strings.Fields(line) {
			t.month[fold(name)] = i + 1
		}
	}
	for name, m := range monthShort {
		t.month[fold(name)] = m
	}
	for i, name := range strings.Fields(jalaliNames) {
		t.jalali[fold(name)] = i + 1
	}
	for _, line := range dayNames {
		for name := range strings.FieldsSeq(line) {
			for p := range prefixes(fold(name), 2) {
				t.idle[p] = true
			}
		}
	}
	for w := range strings.FieldsSeq(noise) {
		t.idle[fold(w)] = true
	}
	return t
})

// addPrefixes enters the beginnings of a name; one that two months share is
// marked with 0 and means neither.
func addPrefixes(to map[string]int, name string, m int) {
	for p := range prefixes(fold(name), 3) {
		if old, ok := to[p]; ok && old != m {
			to[p] = 0
			continue
		}
		to[p] = m
	}
}

// prefixes yields the beginnings of s of at least n letters, s among them.
func prefixes(s string, n int) func(func(string) bool) {
	return func(yield func(string) bool) {
		count := 0
		for i := 0; i < len(s); {
			_, w := utf8.DecodeRuneInString(s[i:])
			i += w
			if count++; count >= n && !yield(s[:i]) {
				return
			}
		}
		if count < n {
			yield(s)
		}
	}
}
