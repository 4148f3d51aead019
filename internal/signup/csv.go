package signup

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Columns are what an import may hold and an export does hold, in its order.
// Only email is needed.
var Columns = []string{"email", "language", "topics", "format", "discreet", "openpgp", "consent_at", "consent_text"}

// batch is how many readers one transaction takes in.
const batch = 500

// An Imported says what became of a file.
type Imported struct {
	Added   int // new, or pending until now
	Known   int // readers already: their own choices stand
	Barred  int // left, suppressed or erased: an import brings nobody back
	Badness []LineError
}

// A LineError says what is wrong with one line. It never holds an address.
type LineError struct {
	Line int // as an editor counts, from 1
	Err  error
}

func (e LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Import takes in the readers of a CSV file (RFC 4180; comma or semicolon;
// UTF-8). Every bad line is reported and left out; the good ones are taken in,
// so that the same file, mended, can be given again. progress is called with
// the number of lines read so far. The error wraps news.ErrInvalid when the
// file as a whole cannot be read.
func (s *Service) Import(ctx context.Context, r io.Reader, progress func(lines int)) (Imported, error) {
	var done Imported
	rows, index, err := openCSV(r)
	if err != nil {
		return done, err
	}
	var lines []wish
	n := 0
	for ; ; n++ {
		record, err := rows.Read()
		if err == io.EOF {
			break
		}
		if !errors.Is(err, csv.ErrFieldCount) && err != nil {
			var bad *csv.ParseError
			if !errors.As(err, &bad) {
				return done, fmt.Errorf("read the file: %w", err)
			}
			done.Badness = append(done.Badness, LineError{bad.StartLine, fmt.Errorf("%w: %w", bad.Err, news.ErrInvalid)})
			continue
		}
		line, _ := rows.FieldPos(0)
		w, err := s.readWish(record, index)
		if err != nil {
			done.Badness = append(done.Badness, LineError{line, err})
			continue
		}
		if lines = append(lines, w); len(lines) == batch {
			if err := s.take(ctx, lines, &done); err != nil {
				return done, err
			}
			lines = lines[:0]
			progress(n + 1)
		}
	}
	if err := s.take(ctx, lines, &done); err != nil {
		return done, err
	}
	progress(n)
	return done, nil
}

// openCSV reads the header and returns which column stands where.
func openCSV(r io.Reader) (*csv.Reader, map[string]int, error) {
	br := bufio.NewReader(r)
	if bom, _ := br.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = br.Discard(3) // peeked, so it is there
	}
	head, _ := br.Peek(br.Size())
	head, _, _ = bytes.Cut(head, []byte("\n"))
	rows := csv.NewReader(br)
	if bytes.ContainsRune(head, ';') && !bytes.ContainsRune(head, ',') {
		rows.Comma = ';'
	}
	header, err := rows.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("line 1: a header with the column email is needed: %w", news.ErrInvalid)
	}
	index := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(Columns, name) {
			if strings.Contains(name, "@") {
				return nil, nil, fmt.Errorf("line 1: the first line must name the columns, one of them email: %w", news.ErrInvalid)
			}
			return nil, nil, fmt.Errorf("line 1: column %q is not one of %s: %w", name, strings.Join(Columns, ", "), news.ErrInvalid)
		}
		if _, twice := index[name]; twice {
			return nil, nil, fmt.Errorf("line 1: column %q stands there twice: %w", name, news.ErrInvalid)
		}
		index[name] = i
	}
	if _, ok := index["email"]; !ok {
		return nil, nil, fmt.Errorf("line 1: there is no column email: %w", news.ErrInvalid)
	}
	return rows, index, nil
}

// A wish is one line of an import.
type wish struct {
	address     audience.Address
	preferences audience.Preferences
	key         audience.PublicKey
	consent     audience.Consent
}

func (s *Service) readWish(record []string, index map[string]int) (wish, error) {
	var w wish
	cell := func(column string) string {
		i, ok := index[column]
		if !ok || i >= len(record) {
			return ""
		}
		return unquote(strings.TrimSpace(record[i]))
	}
	if len(record) != len(index) {
		return w, fmt.Errorf("it has %d cells, the header has %d: %w", len(record), len(index), news.ErrInvalid)
	}
	for _, c := range record {
		if !utf8.ValidString(c) {
			return w, fmt.Errorf("it is not UTF-8: %w", news.ErrInvalid)
		}
	}
	var err error
	if w.address, err = audience.ParseAddress(cell("email")); err != nil {
		return w, err
	}
	w.preferences = audience.Preferences{Language: cmp.Or(strings.ToLower(cell("language")), "en"), Format: audience.Format(cmp.Or(strings.ToLower(cell("format")), "html"))}
	for _, topic := range strings.Fields(cell("topics")) {
		if slug := news.Slug(topic); !slices.Contains(w.preferences.Topics, slug) {
			w.preferences.Topics = append(w.preferences.Topics, slug)
		}
	}
	if err := checkCells(w.preferences); err != nil {
		return w, err
	}
	now := s.o.Now()
	if w.preferences.Discreet, err = readYes(cell("discreet")); err != nil {
		return w, err
	}
	if w.key, err = readKey(cell("openpgp"), now); err != nil {
		return w, err
	}
	w.consent = audience.Consent{Asked: now, Confirmed: now, Text: cmp.Or(cell("consent_text"), "import "+now.UTC().Format(time.DateOnly))}
	if at := cell("consent_at"); at != "" {
		t, err := readTime(at)
		if err != nil || t.After(now) {
			return w, fmt.Errorf("consent_at is not a time in the past like 2024-05-01 or 2024-05-01T12:00:00Z: %w", news.ErrInvalid)
		}
		w.consent.Asked, w.consent.Confirmed = t, t
	}
	return w, nil
}

// checkCells is Preferences.Check without repeating what stands in the cells:
// a shifted column may hold an address.
func checkCells(p audience.Preferences) error {
	switch {
	case !slices.Contains(audience.Languages(), p.Language):
		return fmt.Errorf("the language is not one of %v: %w", audience.Languages(), news.ErrInvalid)
	case !p.Format.Known():
		return fmt.Errorf("the format is not one of %v: %w", audience.Formats(), news.ErrInvalid)
	case news.CheckTopics(p.Topics) != nil:
		return fmt.Errorf("a topic is not one of ours, see rightsdesk help readers: %w", news.ErrInvalid)
	}
	return nil
}

// readYes reads yes or no; nothing is no.
func readYes(cell string) (bool, error) {
	switch strings.ToLower(cell) {
	case "yes":
		return true, nil
	case "", "no":
		return false, nil
	}
	return false, fmt.Errorf("discreet is neither yes nor no: %w", news.ErrInvalid)
}

// readKey reads an OpenPGP public key, armored or in base64. One that expired
// is taken: its reader gets a notice where one without a key would get clear
// text.
func readKey(cell string, now time.Time) (audience.PublicKey, error) {
	if cell == "" {
		return nil, nil
	}
	b := []byte(cell)
	if raw, err := base64.StdEncoding.DecodeString(cell); err == nil {
		b = raw
	}
	k, err := compose.ReadKey(b, now)
	if k == nil || err != nil && !errors.Is(err, compose.KeyExpired) && !errors.Is(err, compose.KeyRevoked) {
		return nil, fmt.Errorf("openpgp: %w: %w", err, news.ErrInvalid)
	}
	return k.Bytes()
}

func readTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, news.ErrInvalid
}

// take stores a batch in one step.
func (s *Service) take(ctx context.Context, lines []wish, done *Imported) error {
	if len(lines) == 0 {
		return nil
	}
	addresses := make([]audience.Address, len(lines))
	for i := range lines {
		addresses[i] = lines[i].address
	}
	now, counts := s.o.Now(), *done
	err := s.store.ImportReaders(ctx, addresses, func(i int, r *audience.Reader, barred bool) bool {
		switch {
		case barred:
			counts.Barred++
		case r.Import(lines[i].preferences, lines[i].key, lines[i].consent, now):
			counts.Added++
			return true
		case r.State == audience.Active:
			counts.Known++
		default:
			counts.Barred++
		}
		return false
	})
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	*done = counts
	return nil
}

// formula is what a spreadsheet may take for one at the start of a cell.
const formula = "=+-@\t\r"

// quote keeps a spreadsheet from running a cell, unquote takes that back.
func quote(cell string) string {
	if cell != "" && strings.ContainsRune(formula, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func unquote(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formula, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

// Export writes every active reader as CSV that Import reads. progress is
// called with the number of readers written so far.
func (s *Service) Export(ctx context.Context, w io.Writer, progress func(lines int)) error {
	out := csv.NewWriter(w)
	if err := out.Write(Columns); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	var last audience.ReaderID
	lines := 0
	for {
		readers, err := s.store.ReadersAfter(ctx, last, batch)
		if err != nil {
			return err
		}
		if len(readers) == 0 {
			break
		}
		for _, r := range readers {
			last = r.ID
			if r.State != audience.Active {
				continue
			}
			lines++
			if err := out.Write(row(r)); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
		progress(lines)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func row(r audience.Reader) []string {
	topics := make([]string, len(r.Preferences.Topics))
	for i, t := range r.Preferences.Topics {
		topics[i] = string(t)
	}
	discreet := "no"
	if r.Preferences.Discreet {
		discreet = "yes"
	}
	cells := []string{r.Address.Reveal(), r.Preferences.Language, strings.Join(topics, " "), string(r.Preferences.Format),
		discreet, base64.StdEncoding.EncodeToString(r.OpenPGP),
		r.Consent.Confirmed.UTC().Format(time.RFC3339), r.Consent.Text}
	for i := range cells {
		cells[i] = quote(cells[i])
	}
	return cells
}
