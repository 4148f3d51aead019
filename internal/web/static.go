package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// An asset is one static file.
type asset struct {
	name string // as templates call it: app.css
	mime string
	body []byte
}

// readAssets reads static/ and names each file after its content:
// app.css becomes app.0123456789ab.css, which may be kept for ever.
func readAssets(root fs.FS) (map[string]asset, error) {
	files, err := fs.ReadDir(root, "static")
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	assets := map[string]asset{}
	for _, f := range files {
		body, err := fs.ReadFile(root, "static/"+f.Name())
		if err != nil {
			return nil, fmt.Errorf("static file %s: %w", f.Name(), err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(f.Name())
		public := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		assets[public] = asset{f.Name(), mime.TypeByExtension(ext), body}
	}
	return assets, nil
}

// assetPath is the address of a static file. A file that is not there is a
// fault of the template, which its test finds.
func (s *Site) assetPath(name string) (string, error) {
	for public, a := range s.static {
		if a.name == name {
			return "/static/" + public, nil
		}
	}
	return "", fmt.Errorf("static file %q: there is none", name)
}

func (s *Site) serveStatic(w http.ResponseWriter, r *http.Request) {
	requestInfo(r.Context()).route = "GET /static/{file}"
	a, ok := s.static[r.PathValue("file")]
	if !ok {
		s.fail(w, r, &Problem{Status: http.StatusNotFound})
		return
	}
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d, immutable", int(staticAge.Seconds())))
	w.Header().Set("Content-Type", a.mime)
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.body))
}
