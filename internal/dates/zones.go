package dates

// zones are the names of zones in seconds east of Greenwich. Where a name is
// used in more than one place the reading of RFC 5322 wins, then the one most
// people live in.
var zones = map[string]int{
	"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "uct": 0, "zulu": 0,
	"est": -5 * hour, "edt": -4 * hour, "cst": -6 * hour, "cdt": -5 * hour,
	"mst": -7 * hour, "mdt": -6 * hour, "pst": -8 * hour, "pdt": -7 * hour,
	"et": -5 * hour, "ct": -6 * hour, "mt": -7 * hour, "pt": -8 * hour,
	"akst": -9 * hour, "akdt": -8 * hour, "hst": -10 * hour, "hdt": -9 * hour,
	"ast": -4 * hour, "adt": -3 * hour, "nst": -3*hour - half, "ndt": -2*hour - half,
	"brt": -3 * hour, "brst": -2 * hour, "art": -3 * hour, "clt": -4 * hour, "clst": -3 * hour,
	"cot": -5 * hour, "pet": -5 * hour, "bot": -4 * hour, "vet": -4 * hour, "uyt": -3 * hour, "ect": -5 * hour,
	"bst": hour, "ist": 5*hour + half, "west": hour, "wat": hour, "cet": hour, "cest": 2 * hour,
	"met": hour, "mest": 2 * hour, "mez": hour, "mesz": 2 * hour, "cat": 2 * hour, "sast": 2 * hour,
	"eet": 2 * hour, "eest": 3 * hour, "idt": 3 * hour, "eat": 3 * hour, "msk": 3 * hour, "msd": 4 * hour, "мск": 3 * hour,
	"trt": 3 * hour, "irst": 3*hour + half, "irdt": 4*hour + half, "gst": 4 * hour, "amt": 4 * hour, "azt": 4 * hour,
	"get": 4 * hour, "aft": 4*hour + half, "pkt": 5 * hour, "uzt": 5 * hour, "npt": 5*hour + 45*60, "bdt": 6 * hour,
	"almt": 6 * hour, "mmt": 6*hour + half, "ict": 7 * hour, "wib": 7 * hour, "wita": 8 * hour, "wit": 9 * hour,
	"hkt": 8 * hour, "sgt": 8 * hour, "myt": 8 * hour, "pht": 8 * hour, "awst": 8 * hour, "jst": 9 * hour, "kst": 9 * hour,
	"acst": 9*hour + half, "acdt": 10*hour + half, "aest": 10 * hour, "aedt": 11 * hour, "nzst": 12 * hour, "nzdt": 13 * hour,
}

const (
	hour = 3600
	half = 1800
)

// clockWords turn a twelve-hour time: false is before noon, true after.
var clockWords = map[string]bool{
	"am": false, "pm": true, "上": false, "下": true, "오전": false, "오후": true,
	"ص": false, "م": true, "صباحا": false, "مساء": true, "öö": false, "ös": true, "oo": false, "os": true,
	"قظ": false, "بظ": true, "πμ": false, "μμ": true,
}
