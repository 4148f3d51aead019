package main

import (
	"context"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// startDemo runs the demo and returns its address and the link that makes the
// first administrator.
func startDemo(t *testing.T) (base, invitation string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out := &greeting{link: make(chan string, 1)}
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"demo"}, noEnv, strings.NewReader(""), out, io.Discard) }()
	t.Cleanup(func() {
		stop()
		if code := <-done; code != exitDone {
			t.Errorf("the demo ended with %d", code)
		}
	})
	select {
	case invitation = <-out.link:
	case <-time.After(time.Minute):
		t.Fatal("the demo did not greet us")
	}
	base, _, _ = strings.Cut(invitation, "/desk/")
	return base, strings.TrimPrefix(invitation, base)
}

// A greeting waits for the link in what the demo prints.
type greeting struct {
	mu   sync.Mutex
	all  strings.Builder
	link chan string
	seen bool
}

var invitationLink = regexp.MustCompile(`http://\S+/desk/invitation/\S+`)

func (g *greeting) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all.Write(p)
	if link := invitationLink.FindString(g.all.String()); link != "" && !g.seen && strings.HasSuffix(g.all.String(), "\n") {
		g.seen = true
		g.link <- link
	}
	return len(p), nil
}

// signIn takes the invitation as a person would.
func signIn(b *webtest.Browser, invitation string) {
	b.Open(invitation)
	b.Do(chromedp.SendKeys(`input[name="name"]`, "Anna", chromedp.ByQuery),
		chromedp.SendKeys(`input[type="password"]`, "four words in a row", chromedp.ByQuery),
		chromedp.Submit(`main form`, chromedp.ByQuery))
	b.Until("the desk", `location.pathname === "/desk" || location.pathname === "/admin"`)
}

// dragSecondUp drags the second story of an issue above the first.
const dragSecondUp = `(() => {
	const [one, two] = document.querySelectorAll(".arrange > li");
	const dataTransfer = new DataTransfer(), at = one.getBoundingClientRect().top + 1;
	const send = (to, name) => to.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer, clientY: at }));
	send(two, "dragstart"); send(one, "dragover"); send(one, "drop"); send(two, "dragend");
})()`

const rows = `document.querySelectorAll(".queue > li[data-story]").length`

// TestAnHourInTheBrowser walks the desk's hour with the keyboard and the few
// buttons an editor presses: triage, comment, arrange, preview, send, read.
func TestAnHourInTheBrowser(t *testing.T) {
	for width, phone := range map[string]bool{"wide": false, "phone": true} {
		t.Run(width, func(t *testing.T) { anHour(t, phone) })
	}
}

func anHour(t *testing.T, phone bool) {
	base, invitation := startDemo(t)
	b := webtest.OpenBrowser(t, base)
	b.Phone(phone)
	signIn(b, invitation)
	b.Open("/desk")
	b.Until("seven stories", rows+` === 7`)
	b.Picture("queue")

	// Reject with a reason, take it back, keep for later.
	b.Press("j")
	b.Press("r")
	b.Until("the reasons", `document.querySelector("#why-not").open`)
	b.Press("3")
	b.Until("one less", rows+` === 6 && document.querySelector(".done").textContent.includes("Too old")`)
	b.Press("u")
	b.Until("all again", rows+` === 7`)
	b.Press("l")
	b.Until("one kept", rows+` === 6`)

	// Open the next, comment it, approve it.
	b.Until("the focus on the next", `document.activeElement.closest("li[data-story]") !== null`)
	b.Press("o")
	b.Until("the story", `location.pathname.startsWith("/desk/stories/")`)
	b.Key("c")
	b.Until("the commentary", `document.activeElement.id === "commentary"`)
	b.Press("IFHHRO is **deeply concerned**.")
	b.Until("the preview", `document.querySelector("#preview strong")?.textContent === "deeply concerned"`)
	b.Picture("story")
	b.Press(kb.Escape)
	b.Press("a")
	b.Until("the queue", `location.pathname === "/desk" && `+rows+` === 5`)
	b.Press("j")
	b.Press("a")
	b.Until("one less", rows+` === 4`)
	b.Press("?")
	b.Until("the help", `document.querySelector("#help").open`)
	b.Picture("keys")

	// Compose, preview, approve, send.
	b.Open("/desk/issues")
	b.Do(chromedp.Click(`form[action="/desk/issues"] button`, chromedp.ByQuery))
	b.Until("the draft", `document.querySelectorAll(".arrange > li").length === 2`)
	b.Do(chromedp.SendKeys("#introduction", "Two stories this week.", chromedp.ByQuery), chromedp.Click(`.arrange > li:nth-child(2) [value^="up:"]`, chromedp.ByQuery))
	b.Until("the text kept while moving", `document.querySelector("#introduction").value === "Two stories this week." && document.querySelector("[name=revision]").value !== "1"`)
	b.Picture("issue")
	first := `document.querySelector(".arrange > li a").textContent`
	headline := ""
	b.Read(first, &headline)
	revision := "" // the rows move at once; what is saved has another revision
	b.Read(`document.querySelector("[name=revision]").value`, &revision)
	b.Do(chromedp.Evaluate(dragSecondUp, nil))
	b.Until("the second dragged up", first+` !== `+strconv.Quote(headline)+` && document.querySelector("[name=revision]").value !== `+strconv.Quote(revision))
	b.Do(chromedp.Focus(`.arrange > li:nth-child(2) a`, chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowUp, chromedp.KeyModifiers(input.ModifierAlt)))
	b.Until("moved back by the keyboard", first+` === `+strconv.Quote(headline))
	b.Do(chromedp.Click(`#undo-edit`, chromedp.ByQuery))
	b.Until("undone", first+` !== `+strconv.Quote(headline))
	path := ""
	b.Read(`location.pathname`, &path)
	b.Open(path + "/preview")
	b.Until("the mail in its frame", `document.querySelector("iframe").getBoundingClientRect().height > 300`)
	b.Picture("preview")
	b.Open(path + "/preview?format=text")
	b.Until("the mail as text", `document.querySelector(".mailtext").textContent.includes("Two stories this week.")`)
	b.Open(path)
	b.Do(chromedp.Click(`[value="approve"]`, chromedp.ByQuery))
	b.Until("the approval", `document.querySelector('[value="send"]') !== null`)
	b.Do(chromedp.Click(`[value="send"]`, chromedp.ByQuery))
	b.Until("the end of the sending", `document.querySelector(".state.finished") !== null`)
	b.Picture("books")

	// Read it in the catcher, and where everybody does.
	b.Open("/admin/mail")
	b.Do(chromedp.Click("table a", chromedp.ByQuery))
	b.Until("a caught mail", `document.querySelector("iframe, pre") !== null`)
	b.Open("/")
	b.Until("the issue in public", `document.body.textContent.includes("Two stories this week.") && document.querySelector(".commentary strong").textContent === "deeply concerned"`)
	b.Picture("public")
}

// TestThePagesInABrowser: axe finds nothing, nothing is wider than its window,
// wide and light as on a phone and dark, left to right and right to left.
func TestThePagesInABrowser(t *testing.T) {
	axe := webtest.Axe(t, filepath.Join("..", ".."))
	base, invitation := startDemo(t)
	b := webtest.OpenBrowser(t, base)
	signIn(b, invitation)
	b.Open("/desk/topics/torture/en")
	b.Do(chromedp.SendKeys("#introduction", "Never **justified**.\n\n## Who treats\n\nA doctor's duty is to the person.", chromedp.ByQuery), chromedp.SendKeys("#notes", "1. [The Protocol](https://example.org/protocol)", chromedp.ByQuery), chromedp.SendKeys("#author", "Anna", chromedp.ByQuery))
	b.Until("the introduction as it will look", `document.querySelector("#preview strong") !== null && document.querySelector("#notes-preview li a") !== null`)
	b.Follow(`form.sheet [value="save"]`)
	b.Until("the introduction saved", `document.querySelector(".history li") !== null`)
	b.Do(chromedp.SendKeys("#introduction", "Mine. ", chromedp.ByQuery), chromedp.Evaluate(`document.querySelector("form.sheet [name=seen]").value = "0"`, nil))
	b.Follow(`form.sheet [value="save"]`)
	b.Until("both introductions", `document.querySelector(".theirs strong").textContent === "justified" && document.querySelector("#introduction").value.includes("Mine.")`)
	b.Judge("two introductions", axe)
	b.Picture("introduction-conflict")
	paths := []string{"/", "/ar/", "/issues", "/stories", "/topics", "/topics/torture", "/ar/topics", "/feeds", "/about", "/zh/privacy", "/subscribe", "/ar/subscribe", "/nothing",
		"/desk", "/desk?q=prison", "/desk?state=approved", "/desk?topic=abortion", "/desk/stories/1", "/desk/stories/9", "/desk/new", "/desk/issues", "/desk/issues/1", "/desk/issues/1/words?language=ar", "/desk/issues/1/checks", "/desk/issues/1/preview?scheme=dark&width=phone&topic=torture&topic=abortion", "/desk/blocks", "/desk/blocks/0",
		"/desk/issues/1/preview", "/desk/issues/1/preview?format=text", "/desk/sources", "/desk/lexicon", "/desk/lexicon/torture/en", "/desk/lexicon/torture/ar?from=shipped", "/desk/topics", "/desk/topics/torture/en", "/desk/topics/torture/ar?from=en", "/fr/topics/torture", "/ar/topics/torture", "/desk/stories/1/why?topic=torture",
		"/desk/stories/2/why?topic=attacks-on-health-care", "/desk/account", "/admin", "/admin/mail", "/admin/people", "/admin/readers", "/admin/audit"}
	for _, phone := range []bool{false, true} {
		b.Phone(phone)
		b.Dark(phone)
		for _, path := range paths {
			b.Open(path)
			name := path + map[bool]string{true: " on a dark phone"}[phone]
			b.Judge(name, axe)
			b.Picture(regexp.MustCompile(`\W+`).ReplaceAllString(strings.Trim(name, "/"), "-"))
		}
	}
}

// TestAFormThatWasWrongInABrowser: what was typed is still there, the field
// that is wrong has the focus, and the page can be read by all.
func TestAFormThatWasWrongInABrowser(t *testing.T) {
	axe := webtest.Axe(t, filepath.Join("..", ".."))
	base, invitation := startDemo(t)
	b := webtest.OpenBrowser(t, base)
	signIn(b, invitation)
	for path, button := range map[string]string{"/desk/new": "form.sheet .end button", "/desk/stories/9": `#decide [value="save"]`} {
		b.Open(path)
		b.Do(chromedp.SetValue("#headline", strings.Repeat("x", 301), chromedp.ByQuery), chromedp.SetValue("#summary", "Mine", chromedp.ByQuery))
		b.Follow(button)
		b.Until("the form again", `document.activeElement.id === "headline" && document.querySelector("#headline").value.length === 301 && document.querySelector("#summary").value === "Mine" && document.querySelector("#headline-wrong") !== null`)
		b.Judge(path+" when it was wrong", axe)
		b.Picture("wrong" + regexp.MustCompile(`\W+`).ReplaceAllString(path, "-"))
	}
}

// TestTheDeskWithoutScript: every decision can be made by hand.
func TestTheDeskWithoutScript(t *testing.T) {
	for width, phone := range map[string]bool{"wide": false, "phone": true} {
		t.Run(width, func(t *testing.T) { anHourWithoutScript(t, phone) })
	}
}

func anHourWithoutScript(t *testing.T, phone bool) {
	base, invitation := startDemo(t)
	b := webtest.OpenBrowser(t, base)
	b.Phone(phone)
	b.Scripts(false)
	b.Open(invitation)
	b.Do(chromedp.SendKeys(`input[name="name"]`, "Anna", chromedp.ByQuery), chromedp.SendKeys(`input[type="password"]`, "four words in a row", chromedp.ByQuery))
	b.Follow("main form button")
	b.Open("/desk")
	b.Follow(`.queue > li [name="approve"]`)
	b.Follow(`#undo [name="undo"]`)
	b.Until("all seven again", rows+` === 7`)
	b.Do(chromedp.Click(`.queue > li input[type="checkbox"]`, chromedp.ByQuery))
	b.Follow(`#bulk [value="reject"]`)
	b.Until("one rejected", rows+` === 6 && document.querySelector("#undo") !== null`)
	b.Follow(`.row-head a`)
	b.Do(chromedp.SendKeys("#commentary", "By hand.", chromedp.ByQuery))
	b.Follow(`#decide [value="approve"]`)
	b.Open("/desk/issues")
	b.Follow(`form[action="/desk/issues"] button`)
	b.Until("the draft", `document.querySelectorAll(".arrange > li").length === 1`)
	b.Follow(`[value="approve"]`)
	b.Follow(`[value="send"]`)
	b.Until("the books", `document.querySelector("#books") !== null`)
	b.Picture("without-script")
}
