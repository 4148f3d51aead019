package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
	"unicode"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// Bounds on the subprocess that reads a PDF.
const (
	MaxPDF       = 25 << 20 // bytes of a document
	pdfWall      = 20 * time.Second
	pdfCPU       = 10        // seconds
	pdfMemory    = 512 << 20 // bytes of data
	maxPDFPages  = 500
	maxPDFText   = 4 << 20 // bytes of text of all pages
	maxPDFAnswer = 32 << 20
)

// A pdfAnswer is what the subprocess says.
type pdfAnswer struct {
	Title    string   `json:"title,omitempty"`
	Language string   `json:"language,omitempty"`
	Author   string   `json:"author,omitempty"`
	Pages    []string `json:"pages"`
	Pictures bool     `json:"pictures,omitempty"` // there are images on its pages
	Cut      bool     `json:"cut,omitempty"`      // there was more than may be read
	Broken   int      `json:"broken,omitempty"`   // pages that could not be read
	Error    string   `json:"error,omitempty"`
}

var errNoPDF = errors.New("PDFs are not read here")

func (r *Reader) readPDF(ctx context.Context, in Input) (Article, error) {
	if len(r.PDF) == 0 {
		return Article{}, fmt.Errorf("read page: %w: %w", errNoPDF, news.ErrInvalid)
	}
	if len(in.Body) > MaxPDF {
		return Article{}, fmt.Errorf("read PDF: it is longer than %d MiB: %w", MaxPDF>>20, news.ErrInvalid)
	}
	wall := r.PDFTime
	if wall == 0 {
		wall = pdfWall
	}
	ctx, cancel := context.WithTimeout(ctx, wall)
	defer cancel()
	answer, err := runPDF(ctx, r.PDF, in.Body)
	if err != nil {
		return Article{}, fmt.Errorf("read PDF: %w: %w", err, news.ErrInvalid)
	}
	return answer.article(in.URL), nil
}

// runPDF hands the document to ourselves in another process and waits until
// ctx is over.
func runPDF(ctx context.Context, command []string, body []byte) (pdfAnswer, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin = bytes.NewReader(body)
	cmd.Env = []string{"GOMAXPROCS=1", fmt.Sprintf("GOMEMLIMIT=%d", pdfMemory*3/4), "GOTRACEBACK=none"}
	cmd.WaitDelay = time.Second
	out := &capped{limit: maxPDFAnswer}
	cmd.Stdout = out
	err := cmd.Run()
	var answer pdfAnswer
	if jErr := json.Unmarshal(out.Bytes(), &answer); jErr != nil {
		switch {
		case ctx.Err() != nil:
			return answer, fmt.Errorf("it took too long: %w", ctx.Err())
		case err != nil:
			return answer, fmt.Errorf("its reader broke off: %w", err)
		}
		return answer, fmt.Errorf("its reader's answer: %w", jErr)
	}
	if answer.Error != "" {
		return answer, errors.New(answer.Error)
	}
	return answer, nil
}

// A capped buffer takes up to limit bytes and refuses more.
type capped struct {
	bytes.Buffer
	limit int
}

func (c *capped) Write(p []byte) (int, error) {
	if c.Len()+len(p) > c.limit {
		return 0, io.ErrShortBuffer
	}
	return c.Buffer.Write(p)
}

func (p *pdfAnswer) article(page string) Article {
	a := Article{Title: prose.Cut(prose.Line(p.Title), news.MaxTitleBytes), Canonical: absolute(nil, page)}
	letters := 0
	for _, text := range p.Pages {
		text = prose.Text(text)
		a.Pages = append(a.Pages, text)
		letters += letterCount(text)
	}
	a.Text = prose.Cut(strings.TrimSpace(strings.Join(a.Pages, "\n\n")), news.MaxBodyBytes)
	if name := prose.Line(p.Author); name != "" {
		a.Authors = []news.Person{{Name: name}}
	}
	if letters < 20*len(p.Pages) && p.Pictures {
		a.Scanned = true
		a.Warnings = append(a.Warnings, "the PDF consists of pictures: its text cannot be read")
	}
	if p.Cut {
		a.Warnings = append(a.Warnings, "the PDF is longer than may be read: the rest was not")
	}
	if p.Broken > 0 {
		a.Warnings = append(a.Warnings, fmt.Sprintf("%d pages of the PDF could not be read", p.Broken))
	}
	return a
}

func letterCount(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
