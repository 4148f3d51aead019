package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/emersion/go-message/mail"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// TestAReaderInArabic walks a reader's way in Arabic on a phone, with script
// and without: ask, confirm, choose, ask for the link of one's data, leave.
// The links come from the mails that were caught.
func TestAReaderInArabic(t *testing.T) {
	axe := webtest.Axe(t, filepath.Join("..", ".."))
	for name, script := range map[string]bool{"with script": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			feed := &publisher{}
			feed.publish(1, "Prisoners say they were tortured", "Twelve prisoners say that they were tortured.")
			source := httptest.NewServer(feed)
			t.Cleanup(source.Close)
			d, base, invitation := serveForBrowser(t, source.URL)
			b := webtest.OpenBrowser(t, base)
			b.Scripts(script)
			b.Phone(true)
			judge := func(page string) {
				t.Helper()
				b.Until("a page in Arabic", `document.documentElement.lang === "ar" && document.documentElement.dir === "rtl"`)
				if script { // axe is one
					b.Judge(page, axe)
				}
				b.Picture("reader-" + page)
			}

			b.Open("/ar/subscribe")
			judge("subscribe")
			b.Do(chromedp.SendKeys("#email", "amal@reader.example", chromedp.ByQuery))
			tick(b, "torture")
			b.Follow("form.sheet button")
			judge("sent")
			b.Open(linkIn(d, "confirm"))
			judge("confirm")
			b.Follow("main form button")
			judge("confirmed")
			b.Open("/ar/preferences")
			judge("lost")
			b.Do(chromedp.SendKeys(`input[type="email"]`, "amal@reader.example", chromedp.ByQuery))
			b.Follow("main form button")
			b.Open(linkIn(d, "preferences"))
			judge("choices")
			tick(b, "abortion")
			b.Follow("form.sheet button")
			judge("saved")
			if out := d.data(0, "readers", "show", "amal@reader.example"); !strings.Contains(out, "abortion") || !strings.Contains(out, "torture") {
				t.Errorf("the choice was not kept:\n%s", out)
			}
			b.Follow(`form[action$="/manage"] button`)
			judge("asked")
			b.Open(linkIn(d, "manage"))
			judge("manage")
			signIn(b, invitation)
			d.queued("Prisoners say they were tortured")
			d.sendAlone("torture")
			b.Open(linkIn(d, "unsubscribe"))
			judge("leave")
			b.Follow("main form button")
			judge("left")
			if out := d.data(0, "readers", "show", "amal@reader.example"); strings.Contains(out, "active") {
				t.Errorf("the reader is still there:\n%s", out)
			}
		})
	}
}

// tick opens the list of topics and ticks one.
func tick(b *webtest.Browser, topic string) {
	b.Read(`document.querySelector(".topics summary").click()`, new(any))
	b.Until("the topics", `document.querySelector(".topics").open`)
	b.Do(chromedp.Click(`input[value="`+topic+`"]`, chromedp.ByQuery))
	b.Until("the tick", `document.querySelector('input[value="`+topic+`"]').checked`)
}

// sendAlone approves whatever is queued for one topic, or as it is with none,
// and sends it as Anna, who works alone.
func (d *testDesk) sendAlone(topics string, flags ...string) {
	d.t.Helper()
	for _, story := range lines[listedStory](d.t, d.data(0, "queue", "list", "--json")) {
		args := []string{"queue", "approve", fmt.Sprint(story.ID), "--as", "Anna"}
		if topics != "" {
			args = append(args, "--topics", topics)
		}
		d.data(0, append(args, flags...)...)
	}
	issue := fmt.Sprint(lines[listedIssue](d.t, d.house(0, "issue", "draft", "--json", "--as", "Anna"))[0].ID)
	d.house(0, "issue", "approve", issue, "--as", "Anna")
	d.house(0, "issue", "send", issue, "--as", "Anna")
	until(d.t, "the issue is finished", func() bool {
		return lines[listedIssue](d.t, d.house(0, "issue", "status", issue, "--json"))[0].State == "finished"
	})
}

// linkIn waits for a caught mail with a link of one kind and returns its path.
func linkIn(d *testDesk, kind string) (path string) {
	d.t.Helper()
	link := regexp.MustCompile(`/` + kind + `/[A-Za-z0-9_-]+`)
	until(d.t, "a mail with a link to "+kind, func() bool {
		path = link.FindString(caughtText(d))
		return path != ""
	})
	return path
}

// caughtText is what all caught mails say, decoded, with their lists' headers.
func caughtText(d *testDesk) string {
	d.t.Helper()
	var text strings.Builder
	dir := filepath.Join(d.where[slices.Index(d.where, "--data-dir")+1], mailDirectory)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(filepath.Dir(path)) == "tmp" {
			return nil // a mail that is just moving comes again
		}
		f, err := os.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		r, err := mail.CreateReader(f)
		if err != nil {
			return err
		}
		text.WriteString(r.Header.Get("List-Unsubscribe") + "\n")
		for {
			p, err := r.NextPart()
			if err != nil {
				return nil
			}
			if _, err := io.Copy(&text, p.Body); err != nil {
				return err
			}
		}
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return text.String()
}
