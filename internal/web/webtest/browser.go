package webtest

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A Browser is one tab of a headless Chromium. It remembers what no page of
// ours may do: ask another origin, break the policy, fail in script.
type Browser struct {
	t    testing.TB
	ctx  context.Context
	base string

	mu     sync.Mutex
	faults []string
}

// OpenBrowser opens a browser on the site at base. The test is left out where
// there is no Chromium, and in short runs; it fails at its end for what the
// pages did that they may not.
func OpenBrowser(t testing.TB, base string) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("left out: no browser in a short run")
	}
	path := chromium()
	if path == "" {
		t.Skip("left out: chromium is missing")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.WindowSize(1280, 900), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	ctx, timeout := context.WithTimeout(ctx, 5*time.Minute)
	b := &Browser{t: t, ctx: ctx, base: base}
	chromedp.ListenTarget(ctx, b.hear)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser is gone; its folder can go
		timeout()
		stop()
		stopAlloc()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			t.Error(fault)
		}
	})
	// The first run starts the browser and ties its life to this context.
	if err := chromedp.Run(ctx, log.Enable(), network.Enable()); err != nil {
		t.Fatal(err)
	}
	return b
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (b *Browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
			b.faults = append(b.faults, "the browser complains: "+e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, "a script failed: "+e.ExceptionDetails.Error())
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || (u.Scheme == "http" || u.Scheme == "https") && "http://"+u.Host != b.base {
			b.faults = append(b.faults, "a page asked "+e.Request.URL)
		}
	}
}

// Do runs actions and ends the test where one fails; what the page showed is
// in the message.
func (b *Browser) Do(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.fail("%v", err)
	}
}

// patience is how long one step may take, on a busy machine too.
const patience = time.Minute

// fail ends the test with what the page shows.
func (b *Browser) fail(format string, args ...any) {
	b.t.Helper()
	var at, body string
	ctx, stop := context.WithTimeout(b.ctx, 5*time.Second)
	defer stop()
	_ = chromedp.Run(ctx, chromedp.Location(&at), chromedp.Text("body", &body, chromedp.ByQuery)) // said if it can be
	b.t.Fatalf(format+" at %s:\n%s", append(args, at, body)...)
}

// Open goes to a path of the site.
func (b *Browser) Open(path string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(b.base+path), chromedp.WaitReady("body", chromedp.ByQuery))
}

// Press sends keys to whatever has the focus.
func (b *Browser) Press(keys string) { b.t.Helper(); b.Do(chromedp.KeyEvent(keys)) }

// Key presses one key that is a command. Press would type it, too, into
// whatever the command gives the focus.
func (b *Browser) Key(key string) {
	b.t.Helper()
	b.Do(input.DispatchKeyEvent(input.KeyRawDown).WithKey(key), input.DispatchKeyEvent(input.KeyUp).WithKey(key))
}

// Until waits until a page is whole and an expression true, over as many as it
// takes.
func (b *Browser) Until(what, expression string) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		var yes bool
		// An error is a page that is just going: the next will say.
		if err := chromedp.Run(ctx, chromedp.Evaluate(`document.readyState === "complete" && Boolean(`+expression+")", &yes)); err == nil && yes {
			return
		}
		select {
		case <-ctx.Done():
			b.fail("%s never came (%s)", what, expression)
		case <-again.C:
		}
	}
}

// Follow clicks and waits for the page that comes of it.
func (b *Browser) Follow(query string) {
	b.t.Helper()
	b.Do(chromedp.Evaluate(`window.leaving = true`, nil), chromedp.Click(query, chromedp.ByQuery))
	b.Until("the next page after "+query, `!window.leaving && document.readyState === "complete"`)
}

// Read returns what a script's expression gives as JSON into v.
func (b *Browser) Read(expression string, v any) {
	b.t.Helper()
	b.Do(chromedp.Evaluate(expression, v))
}

// Phone makes the window as narrow as a small phone, or wide again.
func (b *Browser) Phone(on bool) {
	b.t.Helper()
	width := int64(1280)
	if on {
		width = 390
	}
	b.Do(chromedp.EmulateViewport(width, 844))
}

// Dark asks for the dark colours, or for the light ones.
func (b *Browser) Dark(on bool) {
	b.t.Helper()
	value := "light"
	if on {
		value = "dark"
	}
	b.Do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}))
}

// Scripts turns the pages' scripts on or off from the next page on.
func (b *Browser) Scripts(on bool) {
	b.t.Helper()
	b.Do(emulation.SetScriptExecutionDisabled(!on))
}

// Picture writes the page, as long as it is, to a PNG file where
// RIGHTSDESK_PICTURES names a folder.
func (b *Browser) Picture(name string) {
	b.t.Helper()
	dir := os.Getenv("RIGHTSDESK_PICTURES")
	if dir == "" {
		return
	}
	b.Do(chromedp.ActionFunc(func(ctx context.Context) error {
		png, err := page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatPng).WithCaptureBeyondViewport(false).Do(ctx)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}))
}

// AxeFile is axe-core, put there by .ci/needs.
const AxeFile = ".ci/tools/axe-core-4.14.1.js"

// Axe reads axe-core from the repository's root, or leaves the test out.
func Axe(t testing.TB, root string) string {
	t.Helper()
	code, err := os.ReadFile(filepath.Join(root, AxeFile))
	if err != nil {
		t.Skip("left out: axe-core is missing, .ci/needs brings it")
	}
	return string(code)
}

// Judge reports what axe finds on the page that is open, and whether the page
// is wider than its window.
func (b *Browser) Judge(name, axe string) {
	b.t.Helper()
	var wide string
	b.Read(`(() => { const d = document.documentElement; if (d.scrollWidth <= d.clientWidth) return "";
		const out = [...document.querySelectorAll("body *")].filter(e => { const r = e.getBoundingClientRect(); return (r.right > d.clientWidth + 1 || r.left < -1) && !e.closest(".scroll, .skip, .visually-hidden"); });
		return d.scrollWidth + " > " + d.clientWidth + ": " + out.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(" | ") })()`, &wide)
	if wide != "" {
		b.t.Errorf("%s is wider than its window: %s", name, wide)
	}
	b.Do(chromedp.Evaluate(axe+"\n;0", nil))
	var found string
	b.Do(chromedp.Evaluate(`axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, resultTypes: ["violations"]})
		.then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + (n.failureSummary || ""))}))))`,
		&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s: axe %s: %s\n\t%s", name, v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}

// Reopen opens a path until an expression is true of it: for what work in the
// background brings.
func (b *Browser) Reopen(what, path, expression string) {
	b.t.Helper()
	for end := time.Now().Add(patience); ; {
		b.Open(path)
		var yes bool
		b.Read(`Boolean(`+expression+`)`, &yes)
		if yes {
			return
		}
		if time.Now().After(end) {
			b.fail("%s never came (%s)", what, expression)
		}
	}
}

// Settle waits for the page after a form was sent (the script that sends it
// sets window.leaving), or until the form plainly stays.
func (b *Browser) Settle(most time.Duration) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(most); time.Now().Before(end); <-tick.C {
		var yes bool
		if err := chromedp.Run(b.ctx, chromedp.Evaluate(`!window.leaving && document.readyState === "complete"`, &yes)); err == nil && yes {
			return
		}
	}
}
