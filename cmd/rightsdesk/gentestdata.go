package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/spf13/cobra"
)

// testDataFile says what a directory made by gentestdata holds.
const testDataFile = "gentestdata.json"

// A testData is what the database of a directory must be found to hold.
type testData struct {
	Version string `json:"version"`
	Step    int64  `json:"step"`
	Digest  string `json:"digest"`
}

func (a *app) genTestDataCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "gentestdata DIR",
		Short: "make a data directory of this version, for tests that upgrade it later",
		Long: "gentestdata runs the demo's line into DIR, lets a reader leave, be barred and be erased, and leaves the directory\n" +
			"there with " + testDataFile + ", which holds its digest. It needs no network and has nobody's data in it.\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.genTestData(cmd.Context(), args[0]) },
	}
}

func (a *app) genTestData(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, store.File)); err == nil {
		return hinted(fmt.Errorf("%s holds a desk already: %w", dir, news.ErrConflict), "name a new directory")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := a.fillTestData(ctx, dir); err != nil {
		return err
	}
	step, digest, err := store.Examine(ctx, filepath.Join(dir, store.File))
	if err != nil {
		return err
	}
	said, err := json.Marshal(testData{version, step, digest})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, testDataFile), append(said, '\n'), 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", said)
	return err
}

func (a *app) fillTestData(ctx context.Context, dir string) (err error) {
	feeds := httptest.NewServer(demoFeeds(time.Now()))
	defer feeds.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // names a port in the links, answers nobody
	if err != nil {
		return err
	}
	defer listener.Close()
	s, err := demoSettings(dir, feeds.URL, listener)
	if err != nil {
		return err
	}
	h, err := a.openHouse(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close(), os.Remove(s.feeds)) }()
	if _, err := h.demoLine(ctx); err != nil {
		return err
	}
	return errors.Join(deskWork(ctx, h), endings(ctx, h.signup))
}

// deskWork leaves what the demo's line does not: a standing block, a word of a
// topic.
func deskWork(ctx context.Context, h *house) error {
	_, err := h.publish.SaveBlock(ctx, news.Block{Kind: news.AboutUs, URL: "https://weekly.example/about",
		Texts: []news.BlockText{{Language: "en", Text: "A network of doctors and nurses."}}}, demoCurator)
	return errors.Join(err, h.reader.EditLexicon(ctx, news.LexiconEdit{Topic: "torture", Language: "en", Lines: "3 forced standing", Who: demoCurator}, 0))
}

// endings gives the readers of test data each end a reader can come to.
func endings(ctx context.Context, readers *signup.Service) error {
	return errors.Join(readers.Erase(ctx, "amal@reader.example"), readers.Suppress(ctx, "bruno@reader.example"),
		readers.Suppress(ctx, "stranger@elsewhere.example"))
}
