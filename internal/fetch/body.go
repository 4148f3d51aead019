package fetch

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// read takes a body whole within the limits and decodes it. cancel is called
// with errSlow when it comes too slowly.
func (l *limits) read(body io.Reader, encoding string, most int64, cancel context.CancelCauseFunc) ([]byte, int64, error) {
	wire := &counter{from: body, most: l.wire}
	stop := l.watch(&wire.n, cancel)
	defer stop()
	from, done, err := decoder(wire, encoding)
	if err != nil {
		return nil, wire.n.Load(), cutShort(err)
	}
	defer done()
	var out bytes.Buffer
	for {
		n, err := io.CopyN(&out, from, 64<<10)
		switch size := int64(out.Len()); {
		case size > most:
			return nil, wire.n.Load(), errTooLarge
		case size > l.ratioFrom && size > l.ratio*wire.n.Load():
			return nil, wire.n.Load(), errBomb
		case err == io.EOF, errors.Is(err, gzip.ErrHeader) && out.Len() > 0 && n >= 0:
			// Some servers leave padding behind a gzip stream: it is no loss.
			return out.Bytes(), wire.n.Load(), nil
		case err != nil:
			return nil, wire.n.Load(), cutShort(err)
		}
	}
}

// cutShort names the commonest damage.
func cutShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", errCut, err)
	}
	return err
}

// A counter counts what it reads and ends with errTooLarge past most.
type counter struct {
	from io.Reader
	most int64
	n    atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if c.n.Add(int64(n)) > c.most {
		return n, errTooLarge
	}
	return n, err
}

// watch calls cancel when a window passes in which fewer bytes came than must.
func (l *limits) watch(n *atomic.Int64, cancel context.CancelCauseFunc) (stop func()) {
	var mu sync.Mutex
	var last int64
	var timer *time.Timer
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(l.slowWindow, func() {
		mu.Lock()
		defer mu.Unlock()
		now := n.Load()
		if now-last < l.slowBytes {
			cancel(errSlow)
			return
		}
		last = now
		timer.Reset(l.slowWindow)
	})
	return func() { timer.Stop() }
}

// decoder unpacks what we asked for, and gzip also when nobody said so: some
// servers send it to everyone.
func decoder(from io.Reader, encoding string) (io.Reader, func(), error) {
	br := bufio.NewReader(from)
	none := func() {}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity", "gzip", "x-gzip":
		// The bytes say it, not the header: some declare gzip and send text.
		if head, _ := br.Peek(3); !bytes.Equal(head, []byte{0x1f, 0x8b, 8}) {
			return br, none, nil
		}
		zr, err := gzip.NewReader(br)
		return zr, none, err
	case "br":
		return brotli.NewReader(br), none, nil
	case "zstd":
		zr, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, none, err
		}
		return zr, zr.Close, nil
	}
	return nil, none, errEncoding
}
