package admin

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/textproto"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A caught is one message of the mail catcher as the list shows it.
type caught struct {
	Name    string // of its file
	To      string
	Subject string
	At      time.Time
}

const mailsAPage = 50

// mailPage is what admin/mail shows.
type mailPage struct {
	Catching bool
	Messages []caught
	Older    string // name to go on after; empty at the end
}

func (s *Server) mail(w http.ResponseWriter, r *http.Request) error {
	page := mailPage{Catching: s.caught != ""}
	files, err := caughtFiles(s.caught)
	if err != nil {
		return err
	}
	if after := r.FormValue("after"); after != "" {
		for len(files) > 0 && path.Base(files[0]) >= after {
			files = files[1:]
		}
	}
	if len(files) > mailsAPage {
		page.Older = path.Base(files[mailsAPage-1])
		files = files[:mailsAPage]
	}
	for _, file := range files {
		c, err := s.readHead(file)
		if err != nil {
			return err
		}
		page.Messages = append(page.Messages, c)
	}
	return s.site.Render(w, r, "admin/mail", page)
}

// countCaught counts the messages of a maildir; none where there is no
// catcher.
func countCaught(dir string) (int, error) {
	files, err := caughtFiles(dir)
	return len(files), err
}

// caughtFiles lists the messages of a maildir, new/… or cur/…, the latest
// first: their names begin with when they came.
func caughtFiles(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	var files []string
	for _, sub := range []string{"new", "cur"} {
		entries, err := os.ReadDir(path.Join(dir, sub))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("caught mail: %w", err)
		}
		for _, e := range entries {
			files = append(files, sub+"/"+e.Name())
		}
	}
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(path.Base(b), path.Base(a)) })
	return files, nil
}

// open reads one message. The root keeps a name from leading out of the
// maildir.
func (s *Server) open(file string) ([]byte, error) {
	if s.caught == "" {
		return nil, fmt.Errorf("caught mail: nothing is caught here: %w", news.ErrNotFound)
	}
	root, err := os.OpenRoot(s.caught)
	if err != nil {
		return nil, fmt.Errorf("caught mail: %w", err)
	}
	defer root.Close()
	body, err := root.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("caught mail: %w: %w", err, news.ErrNotFound)
	}
	return body, nil
}

// find reads the message of that file name, wherever in the maildir it is.
func (s *Server) find(name string) ([]byte, error) {
	if strings.ContainsAny(name, "/\\") || name == "" || name == "." || name == ".." {
		return nil, fmt.Errorf("caught mail: %w", news.ErrNotFound)
	}
	body, err := s.open("new/" + name)
	if err != nil {
		return s.open("cur/" + name)
	}
	return body, nil
}

func (s *Server) readHead(file string) (caught, error) {
	body, err := s.open(file)
	if err != nil {
		return caught{}, err
	}
	c := caught{Name: path.Base(file)}
	m, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		c.Subject = "(cannot be read)"
		return c, nil
	}
	c.To, c.Subject = strings.Trim(m.Header.Get("To"), "<>"), decodeHeader(m.Header.Get("Subject"))
	c.At, _ = m.Header.Date() // zero when it says none
	return c, nil
}

func decodeHeader(s string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

// messagePage is what admin/message shows.
type messagePage struct {
	caught
	From    string
	Headers []headerLine
	Text    string
	HasHTML bool
	Links   []string // the http(s) addresses in the text, to follow
}

type headerLine struct{ Name, Value string }

// shownHeaders are those a person looks for first; the source has all.
var shownHeaders = []string{"From", "To", "Subject", "Date", "Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-Id"}

func (s *Server) message(w http.ResponseWriter, r *http.Request) error {
	body, err := s.find(r.PathValue("name"))
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("this message cannot be read, look at its source: %w", news.ErrInvalid)
	}
	page := messagePage{caught: caught{Name: r.PathValue("name"), Subject: decodeHeader(m.Header.Get("Subject"))}}
	for _, name := range shownHeaders {
		if v := m.Header.Get(name); v != "" {
			page.Headers = append(page.Headers, headerLine{name, decodeHeader(v)})
		}
	}
	parts, err := readParts(m)
	if err != nil {
		return err
	}
	page.Text, page.HasHTML = parts["text/plain"], parts["text/html"] != ""
	page.Links = links(page.Text)
	return s.site.Render(w, r, "admin/message", page)
}

var linkInText = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)]`)

func links(text string) []string {
	found := linkInText.FindAllString(text, 50)
	slices.Sort(found)
	return slices.Compact(found)
}

// readParts decodes the text parts of a message of ours by media type.
func readParts(m *mail.Message) (map[string]string, error) {
	parts := map[string]string{}
	return parts, readPart(textproto.MIMEHeader(m.Header), m.Body, parts, 0)
}

func readPart(h textproto.MIMEHeader, body io.Reader, parts map[string]string, depth int) error {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		media = "text/plain"
	}
	if !strings.HasPrefix(media, "multipart/") {
		text, err := io.ReadAll(decoded(h, body))
		if err != nil {
			return fmt.Errorf("this message cannot be decoded, look at its source: %w", news.ErrInvalid)
		}
		if _, seen := parts[media]; !seen {
			parts[media] = string(text)
		}
		return nil
	}
	if depth > 5 {
		return nil
	}
	for mr := multipart.NewReader(body, params["boundary"]); ; {
		p, err := mr.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("this message cannot be decoded, look at its source: %w", news.ErrInvalid)
		}
		if err := readPart(p.Header, p, parts, depth+1); err != nil {
			return err
		}
	}
}

func decoded(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}

// messageHTML is the HTML of a message as a document of its own.
func (s *Server) messageHTML(w http.ResponseWriter, r *http.Request) error {
	body, err := s.find(r.PathValue("name"))
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("this message cannot be read, look at its source: %w", news.ErrInvalid)
	}
	parts, err := readParts(m)
	if err != nil {
		return err
	}
	html, ok := parts["text/html"]
	if !ok {
		return fmt.Errorf("HTML of this message: %w", news.ErrNotFound)
	}
	return web.Mail(w, []byte(html))
}

// messageSource is a message byte for byte.
func (s *Server) messageSource(w http.ResponseWriter, r *http.Request) error {
	body, err := s.find(r.PathValue("name"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(body) // the browser went away: nobody to tell
	return nil
}
