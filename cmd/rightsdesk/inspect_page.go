package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/ifhhro/rightsdesk/internal/clean"
	"github.com/ifhhro/rightsdesk/internal/extract"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/spf13/cobra"
)

// pageAnswer is an article as the contract prints it. What is unknown is
// absent.
type pageAnswer struct {
	Warnings     []string      `json:"warnings"`
	Title        string        `json:"title,omitempty"`
	Text         string        `json:"text,omitempty"`
	Published    string        `json:"published,omitempty"`
	Updated      string        `json:"updated,omitempty"`
	Authors      []news.Person `json:"authors"`
	Language     string        `json:"language,omitempty"`
	Dir          string        `json:"dir,omitempty"`
	CanonicalURL string        `json:"canonical_url,omitempty"`
	UNSymbols    []string      `json:"un_symbols"`
	PDFLinks     []string      `json:"pdf_links"`
	Pages        []pdfPage     `json:"pages,omitempty"`
	Scanned      bool          `json:"scanned,omitempty"`
}

// pdfPage is one page of a PDF.
type pdfPage struct {
	Page int    `json:"page"` // from 1
	Text string `json:"text"`
}

func (a *app) pageStage() stage {
	return stage{
		name:   "page",
		short:  "a saved web page or PDF to its article",
		answer: inspectPage,
		file:   documentFile,
		print:  printPage,
	}
}

func inspectPage(ctx context.Context, raw json.RawMessage) (any, error) {
	in, err := readDocument(raw)
	if err != nil {
		return nil, err
	}
	reader, err := pageReader()
	if err != nil {
		return nil, err
	}
	article, err := reader.Read(ctx, extract.Input{Body: in.Body, URL: in.URL, Header: in.Header})
	if err != nil {
		return nil, err
	}
	return pageAnswerOf(&article), nil
}

// pageReader reads PDFs in another process of this program.
func pageReader() (*extract.Reader, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return &extract.Reader{PDF: []string{self, pdfCommandName}}, nil
}

const pdfCommandName = "extract-pdf"

// pdfCommand is the other side of pageReader; people have no use for it.
func (a *app) pdfCommand() *cobra.Command {
	return &cobra.Command{
		Use:    pdfCommandName,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if extract.PDFMain(a.stdin, a.stdout) != 0 {
				return fmt.Errorf("write the text of the PDF")
			}
			return nil
		},
	}
}

func pageAnswerOf(art *extract.Article) pageAnswer {
	out := pageAnswer{
		Warnings: orNone(art.Warnings), Title: art.Title, Text: art.Text, Published: instant(art.Published), Updated: instant(art.Updated),
		Authors: orNone(art.Authors), Dir: art.Dir, UNSymbols: orNone(art.UNSymbols), PDFLinks: orNone(art.PDFLinks), Scanned: art.Scanned,
	}
	if art.Language != "und" {
		out.Language = art.Language
	}
	if key, err := clean.URL(art.Canonical); err == nil {
		out.CanonicalURL = key
	}
	for i, text := range art.Pages {
		out.Pages = append(out.Pages, pdfPage{i + 1, text})
	}
	return out
}

func printPage(w io.Writer, answer any) error {
	out := answer.(pageAnswer)
	fmt.Fprintf(w, "%s\n%s  %s  %s\n", cmp.Or(out.Title, "(no title)"), cmp.Or(out.Published, "(no date)"), cmp.Or(out.Language, "und"), out.CanonicalURL)
	for _, p := range out.Authors {
		fmt.Fprintf(w, "by %s\n", p.Name)
	}
	for _, warning := range out.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	printList(w, "symbols", out.UNSymbols)
	printList(w, "PDFs", out.PDFLinks)
	if len(out.Pages) == 0 {
		_, err := fmt.Fprintf(w, "\n%s\n", out.Text)
		return err
	}
	for _, p := range out.Pages {
		if _, err := fmt.Fprintf(w, "\n[page %d]\n%s\n", p.Page, p.Text); err != nil {
			return err
		}
	}
	return nil
}
