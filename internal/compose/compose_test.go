package compose_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	gomail "github.com/emersion/go-message/mail"
	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		f.Value.Set("15") // every check renders an issue
	}
	os.Exit(m.Run())
}

var house = compose.House{
	Name: "IFHHRO digest", BaseURL: "https://digest.example.org",
	From: "IFHHRO digest <digest@weekly.example.org>", ReplyTo: "desk@example.org",
	Postal: "IFHHRO, P.O. Box 1, 3500 AA Utrecht, the Netherlands", ListDomain: "weekly.example.org",
	Complaints: "fbl@weekly.example.org",
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// sample is an issue of three stories, one of them in another language too.
func sample() compose.Input {
	return compose.Input{
		House: house, Preferences: true,
		Issue: news.Issue{
			ID: 1, Name: "2026-48", Number: 12, Title: "Doctors on trial, and a new right to clean air", Language: "en",
			Introduction: "Three stories this week. **Write to us** if you know more about the second one.",
			Slot:         time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC), Frozen: time.Date(2026, 11, 23, 6, 0, 4, 0, time.UTC),
			Texts: []news.IssueText{
				{Language: "fr", Title: "Des soignants au tribunal, et un nouveau droit à l’air pur", Introduction: "Trois articles cette semaine. **Écrivez-nous** si vous en savez plus sur le deuxième.", Headings: []string{"Personnel de santé", "Conditions de vie"}},
				{Language: "ar", Title: "أطباء أمام المحكمة، وحق جديد في الهواء النظيف", Introduction: "ثلاث مواد هذا الأسبوع. **راسلونا** إن كنتم تعرفون المزيد عن الثانية.", Headings: []string{"العاملون الصحيون", "ظروف الحياة"}},
			},
			Sections: []news.Section{
				{Heading: "Health workers", Stories: []news.StoryID{1, 2}},
				{Heading: "Conditions of life", Stories: []news.StoryID{3}},
			},
			Closing: []news.Closing{
				{Date: "2026-12-01", Title: "Comments on the draft guidance about detention", Language: "en", URL: "https://news.example/comments"},
				{Date: "2026-12-04", Title: "Bourses pour jeunes médecins", Language: "fr", URL: "https://news.example/bourses"},
			},
			Days: []news.Observance{
				{Date: "2026-11-25", Names: map[string]string{"en": "International Day for the Elimination of Violence against Women", "fr": "Journée internationale pour l’élimination de la violence à l’égard des femmes", "ar": "اليوم الدولي للقضاء على العنف ضد المرأة"}, URL: "https://www.un.org/en/observances/ending-violence-against-women-day"},
			},
			Corrections: []news.Correction{{Issue: "2026-47", Text: "The hospital has *sixty* beds, not six hundred.", Language: "en", URL: "https://digest.example.org/stories/2026-11-12-hospital"}},
			Blocks: []news.Block{
				{Kind: news.TrainingMaterials, URL: "https://www.example.org/manual", Texts: []news.BlockText{
					{Language: "en", Text: "A manual of human rights for health workers, in four languages."},
					{Language: "fr", Text: "Un manuel des droits humains pour le personnel de santé, en quatre langues."},
					{Language: "ar", Text: "دليل حقوق الإنسان للعاملين الصحيين، بأربع لغات."},
					{Language: "zh", Text: "面向医护人员的人权手册，共四种语言。"},
				}},
				{Kind: news.FeaturedTopic, URL: "https://digest.example.org/topics/torture", From: "2026-11-01", Until: "2026-11-30", Texts: []news.BlockText{{Language: "en", Text: "What a doctor can write down when a prisoner shows the marks of torture."}}},
				{Kind: news.SupportCampaign, Until: "2026-10-31", Texts: []news.BlockText{{Language: "en", Text: "This campaign is over."}}},
			},
		},
		Stories: []news.Story{
			{
				ID: 1, State: news.StoryApproved, Language: "en", Headline: "Court sends four nurses to prison for treating protesters",
				Summary:    "A court in the capital sentenced four nurses to three years. They had opened a first-aid post near the square.\n\nThe judges called the post *support of a banned assembly*.",
				Commentary: "Treating the wounded is a duty, not a crime. We have written to the minister:\n\n- to free the nurses,\n- to let the association of nurses see them.\n\nRead [our letter](https://www.example.org/letter).",
				By:         "Adriaan", Link: "https://news.example/nurses?id=7&lang=en", SourceName: "Rights Wire",
				Topics: []news.Slug{"health-workers-at-risk"}, Countries: []string{"SD"}, Published: day("2026-11-18"), ApprovedAt: day("2026-11-21"), Slug: "court-sends-four-nurses",
				Quotes:  []news.Quote{{Text: "Who bleeds is a patient. There is no second question.", Speaker: "the head of the nurses’ association"}},
				Further: []news.Reference{{Title: "The judgment, in full (PDF)", URL: "https://news.example/judgment.pdf"}, {Title: "Des infirmières témoignent", URL: "https://news.example/fr/temoins", Language: "fr"}},
				Credits: []news.Credit{{Name: "Rights Wire", URL: "https://news.example/nurses?id=7&lang=en", Language: "en", Published: day("2026-11-18")}, {Name: "Le Fil", URL: "https://news.example/fr/7", Language: "fr", Published: day("2026-11-19")}},
				Also:    []news.Alternate{{Language: "ar", URL: "https://news.example/ar/7"}, {Language: "fr", URL: "https://news.example/fr/7"}},
				Texts:   []news.StoryText{{Language: "fr", Headline: "Quatre infirmières condamnées pour avoir soigné des manifestants", Summary: "Un tribunal de la capitale a condamné quatre infirmières à trois ans de prison."}},
			},
			{
				ID: 2, State: news.StoryApproved, Language: "ar", Headline: "قصف مستشفى في المدينة القديمة",
				Summary: "قال مدير المستشفى إن القذيفة أصابت قسم الطوارئ.", Link: "https://news.example/ar/9", SourceName: "صحيفة المدينة",
				Topics: []news.Slug{"attacks-on-health-care"}, Published: day("2026-11-19"), ApprovedAt: day("2026-11-21"), Slug: "hospital",
			},
			{
				ID: 3, State: news.StoryApproved, Language: "en", Headline: "Call for papers: clean air as a right",
				Summary: "The journal asks for articles on air, health & rights <of children>.", SourceName: "Journal of Rights",
				Link: "https://journal.example/call", Topics: []news.Slug{"environment-climate", "children"}, Deadline: "2027-01-15",
				Published: day("2026-11-20"), ApprovedAt: day("2026-11-22"), Slug: "call-for-papers",
			},
		},
	}
}

func address(t testing.TB, s string) audience.Address {
	t.Helper()
	a, err := audience.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func copyFor(t testing.TB, to string) compose.Copy {
	t.Helper()
	return compose.Copy{
		To:              address(t, to),
		MessageID:       compose.MessageID("2026-48", []byte("a key of the house"), audience.Token{1}, "weekly.example.org"),
		Unsubscribe:     "https://digest.example.org/unsubscribe/AQAAAAAAAAAAAAAAAAAAAGKXy0Yr0Zl9vX1mE2n3o4p",
		Preferences:     "https://digest.example.org/preferences/AQAAAAAAAAAAAAAAAAAAAGKXy0Yr0Zl9vX1mE2n3o4p",
		UnsubscribeMail: "unsubscribe@weekly.example.org?subject=AQAAAAAAAAAAAAAAAAAAAGKXy0Yr0Zl9vX1mE2n3o4p",
	}
}

func render(t testing.TB, in compose.Input) *compose.Rendered {
	t.Helper()
	r, err := compose.Render(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var all = []news.StoryID{1, 2, 3}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("message differs from %s; run with -update, then read the diff\n%s", file, cmp.Diff(string(want), string(got)))
	}
}

// TestGolden: whole messages, kept byte for byte.
func TestGolden(t *testing.T) {
	t.Parallel()
	r := render(t, sample())
	for _, lang := range audience.Languages() {
		for _, format := range audience.Formats() {
			name := lang + "-" + string(format) + ".eml"
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				msg := r.Append(nil, audience.Variant{Language: lang, Format: format, Stories: all}, copyFor(t, "reader@mail.example"))
				golden(t, name, msg)
				checkMessage(t, msg)
			})
		}
	}
}

func TestGoldenConfirmation(t *testing.T) {
	t.Parallel()
	for _, lang := range audience.Languages() {
		msg, err := compose.Confirm(house, compose.Confirmation{
			To: address(t, "reader@mail.example"), Language: lang, URL: "https://digest.example.org/confirm/AQAAAAAAAAAAAAAAAAAAAGKXy0Yr0Zl9vX1mE2n3o4p",
			Until: time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC), Date: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC), MessageID: "confirm.x@weekly.example.org",
		})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "confirm-"+lang+".eml", msg)
		checkMessage(t, msg)
		if !bytes.Contains(msg, []byte("\r\nAuto-Submitted: auto-generated\r\n")) {
			t.Error("a confirmation says it is automatic")
		}
	}
}

// checkMessage holds a message to MAIL.md, "Form", and reads it with two
// parsers that must agree.
func checkMessage(t rapid.TB, msg []byte) {
	t.Helper()
	lines := bytes.Split(msg, []byte("\r\n"))
	if len(lines[len(lines)-1]) != 0 {
		t.Error("the last line has no end")
	}
	inHeader := true
	for _, line := range lines {
		inHeader = inHeader && len(line) > 0
		switch {
		case bytes.ContainsAny(line, "\r\n\x00"):
			t.Errorf("bare CR, LF or NUL in %q", line)
		case len(line) > 998:
			t.Errorf("a line of %d octets", len(line))
		case bytes.Contains(line, []byte("=?utf-8?")) && inHeader && len(line) > 76:
			t.Errorf("a header line with an encoded-word has %d octets: %q", len(line), line)
		}
		for _, w := range regexp.MustCompile(`=\?[^ ?]+\?[BQ]\?[^ ?]*\?=`).FindAll(line, -1) {
			if len(w) > 75 {
				t.Errorf("an encoded-word of %d octets", len(w))
			}
		}
	}
	ours, theirs := readStd(t, msg), readGoMessage(t, msg)
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Errorf("two parsers read it differently (-net/mail +go-message)\n%s", diff)
	}
	for _, name := range []string{"From", "To", "Date", "Message-Id", "Subject", "Mime-Version"} {
		if n := strings.Count(strings.ToLower(string(msg[:bytes.Index(msg, []byte("\r\n\r\n"))])), "\r\n"+strings.ToLower(name)+":"); n > 1 {
			t.Errorf("%d fields %s", n, name)
		}
	}
}

// A reading is what a parser makes of a message.
type reading struct {
	Subject, From, To, ID, Date string
	Types                       []string
	Bodies                      []string
}

func readStd(t rapid.TB, msg []byte) reading {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(msg))
	if err != nil {
		t.Fatal(err)
	}
	var r reading
	dec := new(mime.WordDecoder)
	if r.Subject, err = dec.DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Error(err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 {
		t.Fatalf("From: %v, %v", from, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 {
		t.Fatalf("To: %v, %v", to, err)
	}
	date, err := m.Header.Date()
	if err != nil {
		t.Error(err)
	}
	r.From, r.To, r.ID, r.Date = from[0].String(), to[0].Address, m.Header.Get("Message-Id"), date.UTC().String()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		r.Types = append(r.Types, kind)
		r.Bodies = append(r.Bodies, decode(t, m.Header.Get("Content-Transfer-Encoding"), m.Body))
		return r
	}
	mr := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		r.Types = append(r.Types, kind)
		r.Bodies = append(r.Bodies, decode(t, p.Header.Get("Content-Transfer-Encoding"), p))
	}
}

func decode(t rapid.TB, encoding string, body io.Reader) string {
	t.Helper()
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	default:
		t.Errorf("encoding %q", encoding)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func readGoMessage(t rapid.TB, msg []byte) reading {
	t.Helper()
	m, err := gomail.CreateReader(bytes.NewReader(msg))
	if err != nil {
		t.Fatal(err)
	}
	var r reading
	if r.Subject, err = m.Header.Subject(); err != nil {
		t.Error(err)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 {
		t.Fatalf("From: %v, %v", from, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 {
		t.Fatalf("To: %v, %v", to, err)
	}
	date, err := m.Header.Date()
	if err != nil {
		t.Error(err)
	}
	r.From, r.To, r.ID, r.Date = (*mail.Address)(from[0]).String(), to[0].Address, m.Header.Get("Message-Id"), date.UTC().String()
	for {
		p, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		r.Types = append(r.Types, kind)
		r.Bodies = append(r.Bodies, string(b))
	}
}
