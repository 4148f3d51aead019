package main

import (
	"context"
	"net/http"

	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/web/private"
)

// private answers the machines that watch the house: /healthz, /readyz and
// /metrics. It belongs on a listener that readers cannot reach.
func (h *house) private() http.Handler {
	return private.New(private.Options{
		Version: version, Commit: commit, Now: h.now, Log: h.log, Figures: h.store.Figures,
		Ready: func(ctx context.Context) error { return keep.Ready(ctx, h.store, h.s.dataDir) },
	}).Handler()
}
