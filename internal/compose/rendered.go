package compose

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"slices"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Limits of MAIL.md, "Looks". HTML is measured decoded, lite as it travels.
const (
	MaxHTML = 80 << 10
	MaxLite = 15_000
)

// headerAllowance is what the header of a copy takes at most, for MaxLite.
const headerAllowance = 3_000

// A Rendered is an issue in all languages and forms, in pieces that wait for a
// variant and a reader. It does not change; any number of goroutines may
// append copies.
type Rendered struct {
	meta     meta
	editions map[edition]*pieces
}

type edition struct {
	language string
	form     audience.Format
}

// meta is what all copies share beside the pieces.
type meta struct {
	Languages []string
	Boundary  string
	Heads     map[string]head // by language
	Discreet  map[string]head // the same; empty without a neutral sender
	Sealed    map[string]note // what a reader gets whose key does not work
	Pieces    []string        // all names in order, each edition after its encoding
}

// metaName is the part that says how the others go together.
const metaName = "meta"

func (in *Input) meta() meta {
	sum := sha256.Sum256([]byte(in.Issue.Name)) // tells a discreet copy's outside nothing new
	// "=_" occurs in neither of our transfer encodings.
	return meta{Boundary: "=_" + hex.EncodeToString(sum[:12]), Heads: map[string]head{}, Discreet: map[string]head{}, Sealed: map[string]note{}}
}

// Parts returns all pieces for safe keeping. Load gives back a Rendered that
// appends the same bytes.
func (r *Rendered) Parts() []audience.Part {
	var out []audience.Part
	m := r.meta
	for _, lang := range m.Languages {
		for _, f := range forms {
			p := r.editions[edition{lang, f.name}]
			m.Pieces = append(m.Pieces, p.head())
			for _, pc := range p.list {
				m.Pieces = append(m.Pieces, pc.name)
				out = append(out, audience.Part{Language: lang, Format: f.name, Name: pc.name, Body: pc.body})
			}
		}
	}
	b, err := json.Marshal(m)
	if err != nil { // strings and maps of strings
		panic(fmt.Sprintf("compose: %v", err))
	}
	return append(out, audience.Part{Name: metaName, Body: b})
}

// Load puts stored parts together again, in whatever order they come.
func Load(parts []audience.Part) (*Rendered, error) {
	r := &Rendered{editions: map[edition]*pieces{}}
	at := make(map[string][]byte, len(parts))
	for _, p := range parts {
		at[p.Language+" "+string(p.Format)+" "+p.Name] = p.Body
	}
	if err := json.Unmarshal(at["  "+metaName], &r.meta); err != nil {
		return nil, fmt.Errorf("load a frozen issue: its meta part: %w", err)
	}
	left := r.meta.Pieces
	r.meta.Pieces = nil
	for _, lang := range r.meta.Languages {
		for _, f := range forms {
			p, names, err := loadHead(f.name, left)
			if err != nil {
				return nil, err
			}
			left = left[1+len(names):]
			for _, name := range names {
				body, ok := at[lang+" "+string(f.name)+" "+name]
				if !ok {
					return nil, fmt.Errorf("load a frozen issue: %s %s %s: %w", lang, f.name, name, news.ErrNotFound)
				}
				p.list = append(p.list, piece{name: name, body: body, size: p.decodedSize(name, body)})
			}
			p.index()
			r.editions[edition{lang, f.name}] = p
		}
	}
	return r, nil
}

// pieces is one edition: an issue in one language and form.
type pieces struct {
	form     audience.Format
	encoding string
	delSp    bool // text lines join without the soft break's blank
	list     []piece

	order []news.StoryID // of the issue
	at    map[news.StoryID]storyPieces
	fixed int // cost of what stands in every copy
}

// A piece is a run of whole encoded lines; the tail alone is kept as it is,
// with its marks, and encoded for each copy.
type piece struct {
	name string
	body []byte
	size int // decoded
	kind string
	id   news.StoryID // of toc, story and brief; of count how many
}

type storyPieces struct{ toc, story, brief int } // costs

// head is the line that says how an edition is encoded.
func (p *pieces) head() string {
	return fmt.Sprintf("%s %s %t %d", p.form, p.encoding, p.delSp, len(p.list))
}

func loadHead(form audience.Format, names []string) (*pieces, []string, error) {
	bad := fmt.Errorf("load a frozen issue: its meta part: %w", news.ErrInvalid)
	if len(names) == 0 {
		return nil, nil, bad
	}
	p, n := &pieces{}, 0
	if _, err := fmt.Sscanf(names[0], "%s %s %t %d", &p.form, &p.encoding, &p.delSp, &n); err != nil || p.form != form || n < 1 || n >= len(names) {
		return nil, nil, bad
	}
	return p, names[1 : 1+n], nil
}

func (p *pieces) add(name string, body []byte) {
	p.list = append(p.list, piece{name: name, body: body, size: len(body)})
}

// encode chooses the encoding that is shorter for the whole edition and
// encodes every piece but the tail.
func (p *pieces) encode() {
	var asQP, asBase64 [][]byte
	qp, b64 := 0, 0
	for i := range p.list {
		asQP = append(asQP, appendQP(nil, p.list[i].body))
		asBase64 = append(asBase64, appendBase64(nil, p.aligned(p.list[i].body)))
		qp, b64 = qp+len(asQP[i]), b64+len(asBase64[i])
	}
	p.encoding = quotedPrintable
	encoded := asQP
	if b64 < qp {
		p.encoding, encoded = base64Encoding, asBase64
	}
	for i := range p.list {
		if p.list[i].name != "tail" {
			p.list[i].body = encoded[i]
		}
	}
	p.index()
}

// aligned fills a piece up to a multiple of three bytes, so that base64 of
// pieces can be joined: HTML with blanks after it, text with no-break spaces
// before its last line end, for a blank there would mean something in flowed
// text.
func (p *pieces) aligned(b []byte) []byte {
	short := (3 - len(b)%3) % 3
	if short == 0 {
		return b
	}
	if p.form == audience.FormatHTML {
		return append(bytes.Clone(b), "  "[:short]...)
	}
	fill := strings.Repeat("\u00a0", map[int]int{2: 1, 1: 2}[short])
	return append(append(bytes.Clone(b[:len(b)-2]), fill...), "\r\n"...)
}

func (p *pieces) decodedSize(name string, body []byte) int {
	return len(p.decoded(piece{name: name, body: body}))
}

func (p *pieces) decoded(pc piece) []byte {
	if pc.name == "tail" {
		return pc.body
	}
	r := io.Reader(quotedprintable.NewReader(bytes.NewReader(pc.body)))
	if p.encoding == base64Encoding {
		r = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(pc.body))
	}
	b, err := io.ReadAll(r)
	if err != nil { // we wrote it, or its MAC did not hold
		return nil
	}
	return b
}

// index reads the names and adds up what every copy holds.
func (p *pieces) index() {
	p.at = map[news.StoryID]storyPieces{}
	for i := range p.list {
		pc := &p.list[i]
		kind, id, _ := strings.Cut(pc.name, "/")
		pc.kind = kind
		if n, err := strconv.ParseInt(id, 10, 64); err == nil && kind != "section" {
			pc.id = news.StoryID(n)
		}
		if kind == "count" || kind == "pre" || kind == "quiet" {
			continue // a few bytes
		}
		c := p.at[pc.id]
		switch kind {
		case "toc":
			c.toc = p.cost(pc)
		case "story":
			c.story = p.cost(pc)
			p.order = append(p.order, pc.id)
		case "brief":
			c.brief = p.cost(pc)
		default:
			p.fixed += p.cost(pc)
			continue
		}
		p.at[pc.id] = c
	}
}

// cost is what a piece counts for the edition's limit; the tail, which is
// encoded with the reader's addresses in it, at its worst.
func (p *pieces) cost(pc *piece) int {
	switch {
	case pc.kind == "tail":
		return 3 * pc.size
	case p.form == audience.FormatHTML:
		return pc.size
	}
	return len(pc.body)
}

func (p *pieces) limit() int {
	switch p.form {
	case audience.FormatHTML:
		return MaxHTML
	case audience.FormatLite:
		return MaxLite - headerAllowance
	}
	return 0
}

// A plan says how each story of a variant stands in an edition.
type plan struct {
	form map[news.StoryID]byte // absent: not at all
	cut  bool                  // something is shortened or left to the web
}

const (
	whole   = 'w'
	asBrief = 'b'
)

// plan fits a variant's stories into the edition's limit: what does not fit
// whole stands as a headline with its link, and what does not fit so either is
// left to the web. The tail, where the reader finds the way out, is always
// there.
func (p *pieces) plan(stories []news.StoryID) plan {
	pl := plan{form: make(map[news.StoryID]byte, len(stories))}
	room := p.limit() - p.fixed
	if p.limit() == 0 {
		room = 1 << 40
	}
	var chosen []news.StoryID
	for _, id := range p.order {
		if !slices.Contains(stories, id) {
			continue
		}
		if least := p.at[id].toc + p.at[id].brief; least <= room {
			room -= least
			chosen = append(chosen, id)
		} else {
			pl.cut = true
			break
		}
	}
	for _, id := range chosen {
		pl.form[id] = asBrief
		if more := p.at[id].story - p.at[id].brief; more <= room {
			room -= more
			pl.form[id] = whole
		} else {
			pl.cut = true
		}
	}
	return pl
}

// leads is how many headlines stand in the line that lists of mails show.
const leads = 3

// each calls do for every piece a variant holds, the tail last. Lists of mails
// show nothing of a discreet one.
func (p *pieces) each(stories []news.StoryID, discreet bool, do func(*piece)) {
	pl := p.plan(stories)
	var section *piece
	led := 0
	for i := range p.list {
		pc := &p.list[i]
		switch pc.kind {
		case "section":
			section = pc
			continue
		case "toc":
			if pl.form[pc.id] == 0 {
				continue
			}
		case "story", "brief":
			if want := pl.form[pc.id]; want == 0 || (want == whole) != (pc.kind == "story") {
				continue
			}
			if section != nil {
				do(section)
				section = nil
			}
		case "pre":
			if pl.form[pc.id] == 0 || discreet || led == leads {
				continue
			}
			led++
		case "quiet":
			if !discreet {
				continue
			}
		case "count":
			if int(pc.id) != len(pl.form) {
				continue
			}
		case "rest":
			if !pl.cut {
				continue
			}
		}
		do(pc)
	}
}

// Append appends one reader's message, CRLF throughout. It allocates little
// beside dst.
func (r *Rendered) Append(dst []byte, v audience.Variant, c Copy) []byte {
	lang := r.language(v.Language)
	h := r.head(lang, c)
	dst = append(append(dst, h.Fields...), h.Subject...)
	dst = appendOwn(dst, c)
	dst = appendField(dst, "MIME-Version", "1.0")
	return r.appendEntity(dst, lang, v, c, "")
}

func (r *Rendered) head(lang string, c Copy) head {
	if h, ok := r.meta.Discreet[lang]; ok && c.Discreet {
		return h
	}
	return r.meta.Heads[lang]
}

// appendEntity appends the message's MIME fields and its text. param goes into
// its Content-Type.
func (r *Rendered) appendEntity(dst []byte, lang string, v audience.Variant, c Copy, param string) []byte {
	dst = appendField(dst, "Content-Language", lang)
	if v.Format == audience.FormatText || v.Format == audience.FormatLite {
		return r.appendPart(dst, edition{lang, v.Format}, v.Stories, c, param)
	}
	dst = append(dst, "Content-Type: multipart/alternative;\r\n boundary=\""+r.meta.Boundary+"\""+param+"\r\n\r\n"...)
	for _, form := range [...]audience.Format{audience.FormatText, audience.FormatHTML} {
		dst = append(dst, "--"+r.meta.Boundary+"\r\n"...)
		dst = r.appendPart(dst, edition{lang, form}, v.Stories, c, "")
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "--"+r.meta.Boundary+"--\r\n"...)
}

// language is the one asked for, or the first rendered.
func (r *Rendered) language(lang string) string {
	if slices.Contains(r.meta.Languages, lang) {
		return lang
	}
	return r.meta.Languages[0]
}

// appendOwn appends the header fields that are a reader's own.
func appendOwn(dst []byte, c Copy) []byte {
	dst = append(append(append(dst, "To: <"...), c.To.Reveal()...), ">\r\n"...)
	dst = append(append(append(dst, "Message-ID: <"...), c.MessageID...), ">\r\n"...)
	dst = append(append(append(dst, "List-Unsubscribe: <"...), c.Unsubscribe...), '>')
	if c.UnsubscribeMail != "" {
		dst = append(append(append(dst, ",\r\n <mailto:"...), c.UnsubscribeMail...), '>')
	}
	return append(dst, "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"...)
}

// appendPart appends a part's own header and its text.
func (r *Rendered) appendPart(dst []byte, e edition, stories []news.StoryID, c Copy, param string) []byte {
	p := r.editions[e]
	dst = appendField(dst, "Content-Type", p.contentType()+param)
	dst = append(append(dst, "Content-Transfer-Encoding: "...), p.encoding...)
	dst = append(dst, "\r\n\r\n"...)
	p.each(stories, c.Discreet, func(pc *piece) {
		if pc.kind == "tail" {
			dst = appendEncoded(dst, p.ownTail(pc.body, c.Unsubscribe, c.Preferences), p.encoding)
			return
		}
		dst = append(dst, pc.body...)
	})
	return dst
}

func (p *pieces) contentType() string {
	switch {
	case p.form == audience.FormatHTML:
		return "text/html; charset=utf-8"
	case p.delSp:
		return "text/plain; charset=utf-8; format=flowed; delsp=yes"
	}
	return "text/plain; charset=utf-8; format=flowed"
}

// ownTail puts a reader's addresses where their marks stand.
func (p *pieces) ownTail(tail []byte, unsubscribe, preferences string) []byte {
	if p.form == audience.FormatHTML {
		unsubscribe, preferences = html.EscapeString(unsubscribe), html.EscapeString(preferences)
	}
	out := make([]byte, 0, len(tail)+len(unsubscribe)+len(preferences))
	for {
		n := bytes.Index(tail, []byte("https://"))
		if n < 0 {
			return append(out, tail...)
		}
		out = append(out, tail[:n]...)
		tail = tail[n:]
		switch {
		case bytes.HasPrefix(tail, []byte(unsubscribeMark)):
			out, tail = append(out, unsubscribe...), tail[len(unsubscribeMark):]
		case bytes.HasPrefix(tail, []byte(preferencesMark)):
			out, tail = append(out, preferences...), tail[len(preferencesMark):]
		default:
			out, tail = append(out, tail[:8]...), tail[8:]
		}
	}
}

// HTML is a variant as a page, decoded, for the desk's preview; its links for
// readers lead nowhere.
func (r *Rendered) HTML(v audience.Variant) string { return r.read(v, audience.FormatHTML) }

// Text is a variant as text, decoded, in the form it asks for: the lite
// edition for lite, else the full one.
func (r *Rendered) Text(v audience.Variant) string {
	if v.Format == audience.FormatLite {
		return r.read(v, audience.FormatLite)
	}
	return r.read(v, audience.FormatText)
}

func (r *Rendered) read(v audience.Variant, form audience.Format) string {
	p := r.editions[edition{r.language(v.Language), form}]
	var b strings.Builder
	p.each(v.Stories, false, func(pc *piece) {
		if pc.kind == "tail" {
			b.Write(p.ownTail(pc.body, "#unsubscribe", "#preferences"))
			return
		}
		b.Write(p.decoded(*pc))
	})
	return strings.ReplaceAll(b.String(), "\r\n", "\n")
}

// A Size is how large a variant becomes, beside what it may be.
type Size struct {
	HTML    int // bytes of decoded HTML without the reader's addresses; MaxHTML is the most
	Message int // bytes on the wire, about; MaxLite is the most for lite
	Short   int // stories that stand as a headline with a link
	Left    int // stories that are left to the web
}

// Size measures a variant.
func (r *Rendered) Size(v audience.Variant) Size {
	form := v.Format
	if form != audience.FormatText && form != audience.FormatLite {
		form = audience.FormatHTML
	}
	lang := r.language(v.Language)
	p := r.editions[edition{lang, form}]
	pl := p.plan(v.Stories)
	s := Size{Message: len(r.Append(nil, v, Copy{})), Left: len(v.Stories) - len(pl.form)}
	for _, f := range pl.form {
		if f == asBrief {
			s.Short++
		}
	}
	if form == audience.FormatHTML {
		s.HTML = len(r.HTML(v))
	}
	return s
}

// MessageID is a copy's identity over every attempt, without angle brackets:
// the issue and a keyed hash of the reader. Nobody without the key can tell
// whose it is, or that two issues' ids are one reader's.
func MessageID(issue string, key []byte, reader audience.Token, domain string) string {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "message-id %d %s %s ", len(issue), issue, domain)
	h.Write(reader[:])
	id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:16])
	return issue + "." + strings.ToLower(id) + "@" + domain
}
