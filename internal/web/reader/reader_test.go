package reader

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/token"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
	"github.com/ifhhro/rightsdesk/templates/words"
)

func TestPages(t *testing.T) {
	t.Parallel()
	evil := webtest.Hostile
	var forms []any
	for _, lang := range audience.Languages() {
		page := newForm(words.In(lang), audience.Preferences{Language: lang, Format: "lite", Topics: []news.Slug{"torture"}})
		page.Address, page.Wrong = evil, evil
		forms = append(forms, newForm(words.In(lang), audience.Preferences{}), page)
	}
	w := words.In("ar")
	keyed := newChoices(w, evil, signup.Chosen{Discreetly: true, Key: &signup.Key{Fingerprint: evil, Expires: time.Now()}}, false)
	keyed.WrongKey = evil
	webtest.Pages(t, "reader", map[string][]any{
		"reader/subscribe": forms,
		"reader/choices":   {keyed, newChoices(w, evil, signup.Chosen{}, false), newChoices(w, evil, signup.Chosen{Paused: time.Now()}, true)},
		"reader/lost":      {&lostPage{spoken: spoken{w}}, &lostPage{spoken{w}, evil, evil}},
		"reader/manage":    {&managePage{spoken: spoken{w}}, &managePage{spoken{w}, webtest.HostileLink, evil, evil}},
		"reader/button":    {&buttonPage{spoken: spoken{w}}, &buttonPage{spoken{w}, evil, evil, evil}},
		"reader/message":   {&messagePage{spoken: spoken{w}}, &messagePage{spoken{w}, evil, evil, evil, webtest.HostileLink}},
	})
}

// Every sentence of these pages exists in every language.
func TestNoWordIsMissing(t *testing.T) {
	t.Parallel()
	english := words.In("en")
	keys := []string{"reader.archive", "reader.again", "reader.privacy", "reader.email", "reader.language", "reader.format", "reader.topics",
		"reader.topics-hint", "reader.wrong-address", "reader.format-html", "reader.format-text", "reader.format-lite", "reader.subscribe-button",
		"reader.confirm-button", "reader.leave-button", "reader.choices-button", "reader.choices-saved", "reader.pause", "reader.pause-none",
		"reader.pause-until", "reader.pause-1", "reader.pause-3", "reader.pause-6", "reader.data-button", "reader.data-sent", "reader.lost-button",
		"reader.lost-sent", "reader.manage-title", "reader.export-button", "reader.move-button", "reader.erase-button", "link.subject", "link.asked",
		"link.press", "link.not-you", "reader.discreet", "reader.discreet-hint", "reader.key-title", "reader.key-hint", "reader.key-file", "reader.key-paste", "reader.key-button", "reader.key-remove", "reader.key-now", "reader.key-until", "reader.key-broken", "reader.key-help", "reader.key-too-large", "reader.key-unreadable", "reader.key-secret", "reader.key-expired", "reader.key-revoked", "reader.key-signs-only", "manage.subject", "manage.asked", "manage.press", "manage.not-you"}
	for _, page := range []string{"subscribe", "busy", "sent", "confirm", "confirmed", "gone", "leave", "left", "broken", "choices", "data",
		"not-reading", "lost", "export", "move", "erase", "erased", "expired"} {
		keys = append(keys, "reader."+page, "reader."+page+"-title")
	}
	for _, lang := range audience.Languages() {
		w := words.In(lang)
		for _, key := range keys {
			if said := w.Say(key); said == key || lang != "en" && said == english.Say(key) {
				t.Errorf("%s is not said in %s", key, lang)
			}
		}
		for _, topic := range news.Topics() {
			for _, key := range []string{"topic." + string(topic.Slug), "group." + topic.Group} {
				if lang != "en" && w.Say(key) == key {
					t.Errorf("%s has no name in %s", key, lang)
				}
			}
		}
	}
}

// A house is the readers' pages over a real store, with a clock to turn and
// the mails it sent.
type house struct {
	http.Handler
	readers *signup.Service
	store   *store.Store
	db      *sql.DB // looks at the rows
	now     time.Time
	links   []string
	log     bytes.Buffer
}

func (h *house) Send(_ context.Context, m smtpout.Message) (smtpout.Reply, error) {
	h.links = append(h.links, string(m.Body))
	return smtpout.Reply{Stage: smtpout.Dot, Code: 250}, nil
}

func newHouse(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.NewKeyring(s.Key(store.KeyLinks))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, store.File))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(); _ = s.Close() })
	h := &house{store: s, db: db, now: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)}
	log := slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	site, err := web.New(web.Options{BaseURL: webtest.Base, Name: "The digest", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h.readers = signup.New(s, signup.Options{Keys: keys, Send: h, Link: site.Link, Log: log, Now: func() time.Time { return h.now },
		Write: func(_ audience.Letter, link string) (smtpout.Message, error) {
			return smtpout.Message{Body: []byte(link)}, nil
		}})
	h.Handler = site.Handler(New(site, h.readers).Routes())
	return h
}

// path is the path of the last mail's link.
func (h *house) path() string { return strings.TrimPrefix(h.links[len(h.links)-1], webtest.Base) }

func signUp(address string) string {
	return url.Values{"email": {address}, "language": {"en"}, "format": {"html"}}.Encode()
}

// ask signs an address up on the page and lets the job answer.
func (h *house) ask(t *testing.T, address string) *httptest.ResponseRecorder {
	t.Helper()
	w := webtest.Post(h, "/subscribe", "", signUp(address))
	if err := h.readers.SendLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// active makes an address an active reader and returns their unsubscribe path.
func (h *house) active(t *testing.T, address string) string {
	t.Helper()
	h.ask(t, address)
	if w := webtest.Post(h, h.path(), "", ""); w.Code != 200 {
		t.Fatalf("confirming = %d: %s", w.Code, w.Body)
	}
	r, _, err := h.readers.Find(t.Context(), address)
	if err != nil || r.State != audience.Active {
		t.Fatalf("after confirming: %s, %v", r.State, err)
	}
	return strings.TrimPrefix(h.readers.UnsubscribeLink(r.Token), webtest.Base)
}

// choices is the path of a reader's choices.
func (h *house) choices(t *testing.T, address string) string {
	t.Helper()
	r, _, err := h.readers.Find(t.Context(), address)
	if err != nil || r.ID == 0 {
		t.Fatalf("find reader: %v", err)
	}
	return strings.TrimPrefix(h.readers.PreferencesLink(r.Token), webtest.Base)
}

// rows is every row of every table, as text.
func (h *house) rows(t *testing.T) string {
	t.Helper()
	tables, err := h.db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND sql NOT LIKE '%VIRTUAL%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer tables.Close()
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	var out strings.Builder
	for _, name := range names {
		rows, err := h.db.Query(`SELECT * FROM ` + name)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(&out, name)
			for _, v := range values {
				fmt.Fprintf(&out, "|%v", *v.(*any))
			}
			fmt.Fprintln(&out)
		}
		rows.Close()
	}
	return out.String()
}

// B8: GET, HEAD and OPTIONS on every address that was ever mailed or printed
// change no row.
func TestSafeMethodsChangeNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	leave := h.active(t, "active@example.org")
	left := h.active(t, "left@example.org")
	used := h.path()
	if w := webtest.Post(h, left, "", ""); w.Code != 200 {
		t.Fatal(w.Code)
	}
	h.ask(t, "pending@example.org")
	pending := h.path()
	choices := h.choices(t, "active@example.org")
	if w := webtest.Post(h, choices+"/manage", "", ""); w.Code != 200 {
		t.Fatal(w.Code)
	}
	if err := h.readers.SendLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	manage := h.path()
	paths := []string{leave, left, used, pending, choices, choices + "/manage", manage, manage + "/export", manage + "/move", manage + "/erase", leave[:len(leave)-1], "/unsubscribe/x", "/confirm/x", "/subscribe", "/subscribe/sent",
		"/subscribe?email=x@example.org&language=en&format=html"}
	for _, route := range New(nil, nil).Routes() {
		_, path, _ := strings.Cut(route.Pattern, " ")
		paths = append(paths, path)
	}
	before := h.rows(t)
	for _, path := range paths {
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			for _, prefix := range []string{"", "/fr"} {
				w := webtest.Do(h, httptest.NewRequest(method, webtest.Base+prefix+path, nil), "")
				if w.Code >= 500 {
					t.Errorf("%s %s%s = %d", method, prefix, path, w.Code)
				}
			}
		}
	}
	if diff := cmp.Diff(before, h.rows(t)); diff != "" {
		t.Errorf("looking changed rows:\n%s", diff)
	}
	if h.rows(t) == "" {
		t.Error("no rows were looked at")
	}
}

// B10: nobody learns from us who subscribes.
func TestEverybodyGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, "active@example.org")
	if w := webtest.Post(h, h.active(t, "left@example.org"), "", ""); w.Code != 200 {
		t.Fatal(w.Code)
	}
	h.active(t, "barred@example.org")
	h.active(t, "erased@example.org")
	if err := h.readers.Suppress(t.Context(), "barred@example.org"); err != nil {
		t.Fatal(err)
	}
	if err := h.readers.Erase(t.Context(), "erased@example.org"); err != nil {
		t.Fatal(err)
	}
	h.ask(t, "pending@example.org")
	for _, path := range []string{"/subscribe", "/preferences"} {
		h.sameFor(t, path, "fresh", "active", "left", "barred", "erased", "pending")
	}
}

// sameFor fails where a form answers somebody otherwise than somebody else.
func (h *house) sameFor(t *testing.T, path string, people ...string) {
	t.Helper()
	var answers, wrote []string
	for _, who := range people {
		before := strings.Split(h.rows(t), "\n")
		w := webtest.Post(h, path, "", signUp(who+"@example.org"))
		w.Header().Del("X-Request-Id")
		answers = append(answers, fmt.Sprint(w.Code, w.Header(), w.Body))
		// What is written is the same too, one row of wishes, so that the time
		// cannot differ.
		var added []string
		for _, row := range strings.Split(h.rows(t), "\n") {
			if !slices.Contains(before, row) {
				table, _, _ := strings.Cut(row, "|")
				added = append(added, table)
			}
		}
		wrote = append(wrote, fmt.Sprint(added))
	}
	for i := range answers {
		if answers[i] != answers[0] || wrote[i] != "[asks]" {
			t.Errorf("%s: answer %d differs: %s, wrote %s; the first was %s", path, i, answers[i], wrote[i], answers[0])
		}
	}
}

func TestSubscribeConfirmLeave(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if w := webtest.Get(h, "/subscribe", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `value="torture"`) {
		t.Fatalf("the form = %d", w.Code)
	}
	w := webtest.Post(h, "/ar/subscribe", "", url.Values{"email": {"ann@example.org"}, "language": {"ar"}, "format": {"text"}, "topic": {"torture", "abortion"}}.Encode())
	if w.Code != 303 || w.Header().Get("Location") != "/ar/subscribe/sent" {
		t.Fatalf("signing up = %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if w := webtest.Get(h, "/ar/subscribe/sent", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `<html lang="ar" dir="rtl">`) {
		t.Errorf("the page after = %d: %s", w.Code, w.Body)
	}
	if err := h.readers.SendLetters(t.Context()); err != nil || len(h.links) != 1 {
		t.Fatalf("%d letters, %v", len(h.links), err)
	}
	confirm := h.path()
	if w := webtest.Get(h, confirm, ""); w.Code != 200 || !strings.Contains(w.Body.String(), `lang="ar"`) || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("the confirm page is not in the language they chose: %d\n%s", w.Code, w.Body)
	}
	if w := webtest.Post(h, confirm, "", ""); w.Code != 200 {
		t.Fatalf("confirming = %d", w.Code)
	}
	if w := webtest.Post(h, confirm, "", ""); w.Code != 404 {
		t.Errorf("confirming twice = %d, want 404", w.Code)
	}
	r, _, err := h.readers.Find(t.Context(), "ann@example.org")
	want := audience.Preferences{Language: "ar", Format: "text", Topics: []news.Slug{"torture", "abortion"}}
	if diff := cmp.Diff(want, r.Preferences); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestOneClick(t *testing.T) {
	t.Parallel()
	var parts bytes.Buffer
	mw := multipart.NewWriter(&parts)
	if err := mw.WriteField("List-Unsubscribe", "One-Click"); err != nil {
		t.Fatal(err)
	}
	mw.Close()
	for _, tt := range []struct{ name, contentType, body, origin string }{
		{"form-encoded", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", ""},
		{"multipart", mw.FormDataContentType(), parts.String(), ""},
		{"nothing", "", "", ""},
		{"nonsense", "application/json", strings.Repeat("{", 1<<20), ""},
		{"from a web mailer", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click", "https://mail.example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			leave := h.active(t, "ann@example.org")
			for range 3 {
				r := httptest.NewRequest("POST", webtest.Base+leave, strings.NewReader(tt.body))
				r.Header.Set("Content-Type", tt.contentType)
				if tt.origin != "" {
					r.Header.Set("Origin", tt.origin)
					r.Header.Set("Sec-Fetch-Site", "cross-site")
				}
				w := webtest.Do(h, r, "")
				if w.Code != 200 || len(w.Result().Cookies()) != 0 {
					t.Fatalf("one-click = %d", w.Code)
				}
				h.now = h.now.AddDate(3, 0, 0)
			}
			if r, _, err := h.readers.Find(t.Context(), "ann@example.org"); r.State != audience.Left || err != nil {
				t.Errorf("they are %s, %v", r.State, err)
			}
		})
	}
}

func TestWrongForms(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, form := range map[string]url.Values{
		"no address": {"language": {"en"}, "format": {"html"}},
		"no such":    {"email": {"ann"}, "language": {"en"}, "format": {"html"}},
		"language":   {"email": {"a@example.org"}, "language": {"xx"}, "format": {"html"}},
		"topic":      {"email": {"a@example.org"}, "language": {"en"}, "format": {"html"}, "topic": {"nonsense"}},
		"endless":    {"email": {strings.Repeat("a", 60000) + "@example.org"}, "language": {"en"}, "format": {"html"}},
	} {
		if w := webtest.Post(h, "/subscribe", "", form.Encode()); w.Code != 422 {
			t.Errorf("%s = %d, want 422", name, w.Code)
		}
	}
	for _, path := range []string{"/confirm/x", "/unsubscribe/x", "/confirm/" + strings.Repeat("A", 54)} {
		if w := webtest.Post(h, path, "", ""); w.Code != 404 {
			t.Errorf("POST %s = %d, want 404", path, w.Code)
		}
	}
}

// B4: no address in the log, whatever happens, and no token either.
func TestNothingPersonalInTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	leave := h.active(t, "canary@clinic.example.org")
	webtest.Get(h, leave, "")
	webtest.Post(h, leave, "", "")
	webtest.Post(h, "/subscribe", "", signUp("canary@@x"))
	log := h.log.String()
	token := leave[strings.LastIndexByte(leave, '/')+1:]
	if strings.Contains(log, "canary") || strings.Contains(log, token) || strings.Contains(log, token[:20]) {
		t.Errorf("the log tells:\n%s", log)
	}
	if !strings.Contains(log, "GET /unsubscribe/{token}") {
		t.Errorf("requests were not logged:\n%s", log)
	}
}

func TestChoices(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	leave := h.active(t, "canary@example.org")
	path := h.choices(t, "canary@example.org")
	if w := webtest.Get(h, path, ""); w.Code != 200 || strings.Contains(w.Body.String(), "canary") || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("the choices = %d %v\n%s", w.Code, w.Header(), w.Body)
	}
	w := webtest.Post(h, path, "", url.Values{"language": {"fr"}, "format": {"lite"}, "topic": {"torture"}, "pause": {"3"}}.Encode())
	if w.Code != 303 {
		t.Fatalf("saving = %d: %s", w.Code, w.Body)
	}
	r, _, err := h.readers.Find(t.Context(), "canary@example.org")
	if err != nil || r.Preferences.Language != "fr" || r.Preferences.Format != "lite" || len(r.Preferences.Topics) != 1 || !r.Paused.After(time.Now().AddDate(0, 2, 0)) {
		t.Errorf("saved %+v, %v", r, err)
	}
	page := webtest.Get(h, path+"?saved=1", "").Body.String()
	if !strings.Contains(page, `lang="fr"`) || !strings.Contains(page, `value="keep" selected`) || !strings.Contains(page, "enregistré") {
		t.Errorf("the page after saving:\n%s", page)
	}
	if w := webtest.Post(h, path, "", url.Values{"language": {"fr"}, "format": {"lite"}, "pause": {"keep"}}.Encode()); w.Code != 303 {
		t.Errorf("keeping the pause = %d", w.Code)
	}
	if w := webtest.Post(h, path, "", url.Values{"language": {"xx"}, "format": {"lite"}}.Encode()); w.Code != 422 {
		t.Errorf("an unknown language = %d", w.Code)
	}
	if w := webtest.Post(h, leave, "", ""); w.Code != 200 {
		t.Fatal(w.Code)
	}
	for _, answer := range []*httptest.ResponseRecorder{webtest.Get(h, path, ""), webtest.Post(h, path, "", url.Values{"language": {"en"}, "format": {"html"}}.Encode())} {
		if answer.Code != 200 || !strings.Contains(answer.Body.String(), "/subscribe") || strings.Contains(answer.Body.String(), `name="pause"`) {
			t.Errorf("who left sees %d:\n%s", answer.Code, answer.Body)
		}
	}
	for _, bad := range []string{"/preferences/x", strings.Replace(leave, "unsubscribe", "preferences", 1), "/manage/x"} {
		if w := webtest.Get(h, bad, ""); w.Code != 404 {
			t.Errorf("GET %s = %d, want 404", bad, w.Code)
		}
	}
}

// TestKey: a key comes as a file or pasted, what is wrong with it is said, and
// nobody sees whose it is.
func TestKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, "canary@example.org")
	path := h.choices(t, "canary@example.org")
	secret, err := crypto.PGP().KeyGeneration().AddUserId("Canary", "canary@example.org").GenerationTime(h.now.Add(-time.Hour).Unix()).New().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := secret.GetArmoredPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	private, err := secret.Armor()
	if err != nil {
		t.Fatal(err)
	}
	has := func() int {
		r, _, err := h.readers.Find(t.Context(), "canary@example.org")
		if err != nil {
			t.Fatal(err)
		}
		return len(r.OpenPGP)
	}
	for wrong, say := range map[string]string{"": "not one public key", "hello": "not one public key", private: "secret key", strings.Repeat("x", 40<<10): "32 KB"} {
		w := h.upload(t, path, wrong)
		if w.Code != 422 || !strings.Contains(w.Body.String(), say) || strings.Contains(w.Body.String(), "PRIVATE") || has() != 0 {
			t.Errorf("a wrong key = %d, kept %d bytes, should say %q:\n%s", w.Code, has(), say, w.Body)
		}
	}
	if w := h.upload(t, path, public); w.Code != 303 || has() == 0 {
		t.Fatalf("uploading = %d: %s", w.Code, w.Body)
	}
	page := webtest.Get(h, path, "").Body.String()
	if !strings.Contains(page, "encrypted to the key") || strings.Contains(strings.ToLower(page), "canary") {
		t.Errorf("the page with a key:\n%s", page)
	}
	if w := webtest.Post(h, path+"/key", "", url.Values{"remove": {"yes"}}.Encode()); w.Code != 303 || has() != 0 {
		t.Errorf("taking it away = %d, kept %d bytes", w.Code, has())
	}
	if w := webtest.Post(h, path+"/key", "", url.Values{"key": {public}}.Encode()); w.Code != 303 || has() == 0 {
		t.Errorf("pasting = %d: %s", w.Code, w.Body)
	}
	if w := webtest.Post(h, "/preferences/x/key", "", url.Values{"key": {public}}.Encode()); w.Code != 404 {
		t.Errorf("a link that is not ours = %d, want 404", w.Code)
	}
	if strings.Contains(strings.ToLower(h.log.String()), "canary") {
		t.Errorf("the log tells:\n%s", h.log.String())
	}
}

// upload sends a key as a file.
func (h *house) upload(t *testing.T, path, key string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	f, err := mw.CreateFormFile("keyfile", "key.asc")
	if err == nil {
		_, err = f.Write([]byte(key))
	}
	if err != nil {
		t.Fatal(err)
	}
	mw.Close()
	r := httptest.NewRequest("POST", webtest.Base+path+"/key", &body)
	r.Header.Set("Content-Type", mw.FormDataContentType())
	return webtest.Do(h, r, "")
}

// letter lets the job answer and returns the path of the one letter it sent,
// "" for none.
func (h *house) letter(t *testing.T) string {
	t.Helper()
	before := len(h.links)
	if err := h.readers.SendLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	switch len(h.links) - before {
	case 0:
		return ""
	case 1:
		return h.path()
	}
	t.Fatalf("%d letters were sent", len(h.links)-before)
	return ""
}

func TestLostTheMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	leave := h.active(t, "ann@example.org")
	if w := webtest.Get(h, "/preferences", ""); w.Code != 200 {
		t.Errorf("the form = %d", w.Code)
	}
	for i, want := range []bool{true, false} {
		if w := webtest.Post(h, "/preferences", "", "email=ann@example.org"); w.Code != 200 {
			t.Fatalf("asking = %d", w.Code)
		}
		if path := h.letter(t); (path != "") != want || want && path != h.choices(t, "ann@example.org") {
			t.Errorf("time %d brought %q", i, path)
		}
	}
	if w := webtest.Post(h, leave, "", ""); w.Code != 200 {
		t.Fatal(w.Code)
	}
	h.now = h.now.AddDate(0, 2, 0)
	webtest.Post(h, "/preferences", "", "email=ann@example.org")
	webtest.Post(h, "/preferences", "", "email=nobody@example.org")
	if path := h.letter(t); path != "" {
		t.Errorf("who left, or never was, got %q", path)
	}
}

func TestOneHourLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, "old@example.org")
	ask := func() string {
		t.Helper()
		if w := webtest.Post(h, h.choices(t, "old@example.org")+"/manage", "", ""); w.Code != 200 {
			t.Fatalf("asking for the link = %d", w.Code)
		}
		return h.letter(t)
	}
	manage := ask()
	if w := webtest.Get(h, manage, ""); w.Code != 200 {
		t.Fatalf("the page = %d", w.Code)
	}
	if w := webtest.Post(h, manage+"/export", "", ""); !strings.Contains(w.Body.String(), `"address": "old@example.org"`) || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("the export:\n%s", w.Body)
	}
	if w := webtest.Post(h, manage+"/move", "", "email=nonsense"); w.Code != 422 {
		t.Errorf("moving to nonsense = %d", w.Code)
	}
	if w := webtest.Post(h, manage+"/move", "", "email=new@example.org"); w.Code != 200 {
		t.Errorf("moving = %d", w.Code)
	}
	confirm := h.letter(t)
	if r, _, err := h.readers.Find(t.Context(), "old@example.org"); err != nil || r.State != audience.Active {
		t.Errorf("before the new address is confirmed the old one is %s, %v", r.State, err)
	}
	if w := webtest.Post(h, confirm, "", ""); w.Code != 200 {
		t.Fatalf("confirming = %d", w.Code)
	}
	if r, _, err := h.readers.Find(t.Context(), "new@example.org"); err != nil || r.State != audience.Active {
		t.Errorf("the new address is %s, %v", r.State, err)
	}
	if r, _, err := h.readers.Find(t.Context(), "old@example.org"); err != nil || r.State != "" {
		t.Errorf("the old address is %s, %v", r.State, err)
	}
	if w := webtest.Get(h, manage, ""); w.Code != 404 {
		t.Errorf("the link of who moved = %d", w.Code)
	}
}

func TestEraseSelf(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, "ann@example.org")
	path := h.choices(t, "ann@example.org") + "/manage"
	var links []string
	for range 5 {
		webtest.Post(h, path, "", "")
		if link := h.letter(t); link != "" {
			links = append(links, link)
		}
		h.now = h.now.Add(time.Minute)
	}
	if len(links) != 3 {
		t.Fatalf("asking five times brought %d links, want 3", len(links))
	}
	h.now = h.now.Add(audience.ManageWithin - 4*time.Minute)
	if w := webtest.Post(h, links[0]+"/erase", "", ""); w.Code != 404 {
		t.Errorf("after an hour = %d", w.Code)
	}
	if w := webtest.Post(h, links[2]+"/erase", "", ""); w.Code != 200 {
		t.Errorf("within the hour = %d", w.Code)
	}
	if rows := h.rows(t); strings.Contains(rows, "ann@example.org") {
		t.Errorf("the address is still kept:\n%s", rows)
	}
}

// A link that was used shows that its reader has left, not the button again;
// who came back sees the button.
func TestAUsedUnsubscribeLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	leave := h.active(t, "ada@example.org")
	button := func() bool {
		return strings.Contains(webtest.Get(h, leave, "").Body.String(), "<button>Unsubscribe</button>")
	}
	if !button() {
		t.Fatal("an active reader sees no button")
	}
	webtest.Post(h, leave, "", "")
	if body := webtest.Get(h, leave, "").Body.String(); button() || !strings.Contains(body, "You have left") {
		t.Errorf("who has left sees\n%s", body)
	}
	if w := webtest.Post(h, leave, "", ""); w.Code != 200 {
		t.Errorf("the link a second time = %d", w.Code)
	}
	h.now = h.now.Add(48 * time.Hour)
	leave = h.active(t, "ada@example.org")
	if !button() {
		t.Error("who came back sees no button")
	}
}
