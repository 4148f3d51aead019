package symbols

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// A Description is what a symbol says of its document, to those who can read
// symbols. Empty fields are not said by it.
type Description struct {
	Symbol  string
	Body    string // English: "Human Rights Council"
	Session string // "48", "28 (special)", "III"; a year where the body counts so
	What    string // English: "resolution", "concluding observations"
	Country string // ISO 3166-1 alpha-2 of the State it is about
	Title   string // of the few that everybody in our field should know
	Mandate string // of the expert who wrote it, where the text around it says so
	URL     string
}

// Describe reads a symbol as InText returns it. It knows what is written in the
// symbol and nothing else; an unknown organ has an address only.
func Describe(symbol string) Description {
	d := Description{Symbol: symbol, URL: Address(symbol, "en"), Title: wellKnown[symbol]}
	parts := strings.Split(symbol, "/")
	switch organ := parts[0]; {
	case strings.HasPrefix(symbol, "A/HRC/"):
		d.council(parts[2:])
	case organ == "A":
		d.assembly(parts[1:])
	case organ == "S":
		d.security(parts[1:])
	case organ == "E":
		d.economic(parts[1:])
	case committees[organ] != "":
		d.Body = committees[organ]
		d.committee(parts[1:])
	default:
		d.Body = organs[organ]
	}
	for _, p := range parts[1:] {
		if what, ok := strings.CutPrefix(p, "Add."); ok {
			d.What = strings.TrimSpace(d.What + " addendum " + what)
		}
		if n, ok := strings.CutPrefix(p, "Corr."); ok {
			d.What = strings.TrimSpace(d.What + " corrigendum " + n)
		}
	}
	return d
}

// Address is where a document can be read, in one of the six languages of the
// United Nations; in English for any other.
func Address(symbol, lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	switch base {
	case "ar", "zh", "en", "fr", "ru", "es":
	default:
		base = "en"
	}
	return "https://docs.un.org/" + base + "/" + strings.ReplaceAll(symbol, " ", "")
}

// acts are documents that are numbered as one kind.
var acts = map[string]string{"RES": "resolution", "DEC": "decision", "PRST": "presidential statement", "INF": "information note"}

func (d *Description) council(parts []string) {
	d.Body = "Human Rights Council"
	switch {
	case len(parts) == 0:
	case parts[0] == "WG.6" && len(parts) > 1:
		d.Body, d.Session = "Working Group on the Universal Periodic Review", parts[1]
		if len(parts) > 2 {
			d.Country = country(parts[2])
		}
		if len(parts) > 3 {
			d.What = map[string]string{"1": "national report", "2": "compilation by the United Nations", "3": "summary of stakeholders' submissions"}[parts[3]]
		}
	case parts[0] == "WGAD" && len(parts) > 2:
		d.Body, d.Session, d.What = "Working Group on Arbitrary Detention", parts[1], "opinion No. "+parts[2]+"/"+parts[1]
	case parts[0] == "WGEID":
		d.Body = "Working Group on Enforced or Involuntary Disappearances"
	case parts[0] == "AC":
		d.Body = "Advisory Committee of the Human Rights Council"
	case acts[parts[0]] != "" && len(parts) > 1:
		d.What, d.Session = acts[parts[0]], session(parts[1])
	default:
		d.Session = session(parts[0])
		if len(parts) > 1 && strings.HasPrefix(parts[1], "L.") {
			d.What = "draft"
		}
		if len(parts) > 1 && strings.HasPrefix(parts[1], "NGO") {
			d.What = "written statement of an organisation"
		}
	}
}

func (d *Description) assembly(parts []string) {
	d.Body = "General Assembly"
	switch {
	case len(parts) == 0:
		return
	case acts[parts[0]] != "" && len(parts) > 1:
		d.What = acts[parts[0]]
		d.Session = session(parts[1])
		if m := roman.FindStringSubmatch(parts[1]); m != nil {
			d.Session = m[1]
		}
		return
	case strings.HasPrefix(parts[0], "C.") && len(parts) > 1:
		if name := mainCommittees[parts[0]]; name != "" {
			d.Body = name + " of the General Assembly"
		}
		d.Session = session(parts[1])
	case strings.HasPrefix(parts[0], "CONF."):
		d.Body = "United Nations conference"
	case strings.HasPrefix(parts[0], "PV."):
		d.What = "record of a meeting"
	default:
		d.Session = session(parts[0])
	}
	if last := parts[len(parts)-1]; strings.HasPrefix(last, "L.") || len(parts) > 2 && strings.HasPrefix(parts[2], "L.") {
		d.What = "draft"
	}
}

func (d *Description) security(parts []string) {
	d.Body = "Security Council"
	switch {
	case len(parts) == 0:
	case parts[0] == "RES" && len(parts) > 1:
		d.What = "resolution"
		if m := inYear.FindStringSubmatch(parts[1]); m != nil {
			d.Session = m[1]
		}
	case acts[parts[0]] != "" && len(parts) > 1:
		d.What, d.Session = acts[parts[0]], parts[1]
	case strings.HasPrefix(parts[0], "PV."):
		d.What = "record of a meeting"
	case len(parts[0]) == 4:
		d.Session = parts[0]
	}
}

func (d *Description) economic(parts []string) {
	d.Body = "Economic and Social Council"
	switch {
	case len(parts) == 0:
	case parts[0] == "C.12":
		d.Body = committees["CESCR"]
		d.committee(parts)
	case commissions[parts[0]] != "":
		d.Body = commissions[parts[0]]
		if len(parts) > 1 {
			d.Session = session(parts[1])
		}
	case acts[parts[0]] != "" && len(parts) > 1:
		d.What, d.Session = acts[parts[0]], session(parts[1])
	default:
		d.Session = session(parts[0])
	}
}

// committee reads what stands behind the name of a treaty body, with its first
// part, "C" or "C.12", still there.
func (d *Description) committee(parts []string) {
	if parts[0] == "OP" {
		d.Body = "Subcommittee on Prevention of Torture"
	}
	if len(parts) < 2 {
		return
	}
	rest := parts[1:]
	switch {
	case rest[0] == "GC" && len(rest) > 1:
		kind := "general comment"
		if strings.HasPrefix(d.Symbol, "CEDAW/") || strings.HasPrefix(d.Symbol, "CERD/") {
			kind = "general recommendation"
		}
		d.What = kind + " No. " + rest[1]
	case rest[0] == "OP":
		d.Body = "Subcommittee on Prevention of Torture"
	case country(rest[0]) != "":
		d.Country, d.What = country(rest[0]), "report of the State"
		if len(rest) > 1 {
			switch {
			case rest[1] == "CO":
				d.What = "concluding observations"
			case rest[1] == "Q":
				d.What = "list of issues"
			case rest[1] == "QPR":
				d.What = "list of issues prior to reporting"
			}
		}
	case len(rest) > 3 && rest[1] == "D":
		d.Session, d.What = session(rest[0]), "decision on communication No. "+rest[2]+"/"+rest[3]
	default:
		d.Session = session(rest[0])
	}
}

var (
	special = regexp.MustCompile(`^(ES|S)-([0-9]+)$`)
	roman   = regexp.MustCompile(`^[0-9]+\(([IVXL]+)\)$`)
	inYear  = regexp.MustCompile(`\(([0-9]{4})\)$`)
)

// session reads a session: a number, "S-28" or a year; empty for what is none.
func session(part string) string {
	if m := special.FindStringSubmatch(part); m != nil {
		kind := " (special)"
		if m[1] == "ES" {
			kind = " (emergency special)"
		}
		return m[2] + kind
	}
	if _, err := strconv.Atoi(part); err != nil {
		return ""
	}
	return part
}

// country turns the three letters of a State into its two.
func country(three string) string {
	if len(three) != 3 || three != strings.ToUpper(three) {
		return ""
	}
	r, err := language.ParseRegion(three)
	if err != nil || !r.IsCountry() {
		return ""
	}
	return r.String()
}

// organs by the first part of their symbols.
var organs = map[string]string{
	"HRI": "International Human Rights Instruments", "ST": "Secretariat", "DP": "United Nations Development Programme", "TD": "United Nations Conference on Trade and Development",
	"UNEP": "United Nations Environment Programme", "FCCC": "Framework Convention on Climate Change", "CBD": "Convention on Biological Diversity",
	"ECE": "Economic Commission for Europe", "NPT": "Conference on the Treaty on the Non-Proliferation of Nuclear Weapons", "PBC": "Peacebuilding Commission",
	"UNW": "UN-Women", "ICC-ASP": "Assembly of States Parties to the Rome Statute", "WFP": "World Food Programme", "JIU": "Joint Inspection Unit", "CD": "Conference on Disarmament",
}

// committees are the treaty bodies.
var committees = map[string]string{
	"CCPR": "Human Rights Committee", "CESCR": "Committee on Economic, Social and Cultural Rights", "CERD": "Committee on the Elimination of Racial Discrimination",
	"CEDAW": "Committee on the Elimination of Discrimination against Women", "CAT": "Committee against Torture", "CRC": "Committee on the Rights of the Child",
	"CMW": "Committee on Migrant Workers", "CRPD": "Committee on the Rights of Persons with Disabilities", "CED": "Committee on Enforced Disappearances",
}

var mainCommittees = map[string]string{
	"C.1": "First Committee", "C.2": "Second Committee", "C.3": "Third Committee", "C.4": "Fourth Committee", "C.5": "Fifth Committee", "C.6": "Sixth Committee",
}

var commissions = map[string]string{
	"CN.3": "Statistical Commission", "CN.4": "Commission on Human Rights", "CN.5": "Commission for Social Development", "CN.6": "Commission on the Status of Women",
	"CN.7": "Commission on Narcotic Drugs", "CN.9": "Commission on Population and Development", "CN.15": "Commission on Crime Prevention and Criminal Justice",
	"ICEF": "Executive Board of UNICEF", "ESCAP": "Economic and Social Commission for Asia and the Pacific", "ESCWA": "Economic and Social Commission for Western Asia",
	"ECA": "Economic Commission for Africa", "ECLAC": "Economic Commission for Latin America and the Caribbean",
}

// wellKnown are documents our field goes back to again and again.
var wellKnown = map[string]string{
	"A/RES/217(III)": "Universal Declaration of Human Rights", "A/RES/2200(XXI)": "International Covenants on human rights",
	"A/RES/39/46": "Convention against Torture", "A/RES/57/199": "Optional Protocol to the Convention against Torture",
	"A/RES/44/25": "Convention on the Rights of the Child", "A/RES/34/180": "Convention on the Elimination of All Forms of Discrimination against Women",
	"A/RES/61/106": "Convention on the Rights of Persons with Disabilities", "A/RES/53/144": "Declaration on Human Rights Defenders",
	"A/RES/37/194": "Principles of Medical Ethics on the protection of prisoners", "A/RES/46/119": "Principles for the protection of persons with mental illness",
	"A/RES/43/173": "Body of Principles for all persons under detention or imprisonment", "A/RES/70/175": "Nelson Mandela Rules", "A/RES/65/229": "Bangkok Rules",
	"A/RES/70/1": "2030 Agenda for Sustainable Development", "A/RES/60/251": "Human Rights Council is established", "A/RES/74/2": "Political declaration on universal health coverage",
	"A/RES/76/300": "Right to a clean, healthy and sustainable environment", "A/HRC/RES/48/13": "Right to a clean, healthy and sustainable environment",
	"S/RES/2286(2016)": "Protection of the wounded and sick, and of medical personnel", "A/HRC/RES/6/29": "Mandate on the right to health",
	"E/C.12/2000/4": "General comment No. 14: the right to health", "E/C.12/GC/22": "The right to sexual and reproductive health", "E/C.12/GC/25": "Science and economic, social and cultural rights",
	"CRC/C/GC/15": "The right of the child to health", "CRPD/C/GC/1": "Equal recognition before the law", "CRPD/C/GC/5": "Living independently in the community",
	"CEDAW/C/GC/35": "Gender-based violence against women", "CCPR/C/GC/36": "The right to life", "CCPR/C/GC/35": "Liberty and security of person", "CCPR/C/GC/37": "Peaceful assembly",
	"CAT/C/GC/3": "Redress for victims of torture", "CAT/C/GC/4": "No return to torture",
}
