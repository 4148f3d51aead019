package main

import (
	"context"
	"time"

	"filippo.io/age"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/spf13/pflag"
)

// backupSettings are those of the backups a serving desk makes by itself.
type backupSettings struct {
	dir   string
	to    []string
	every time.Duration
	keep  int

	recipients []age.Recipient
}

func (b *backupSettings) flags(f *pflag.FlagSet) {
	f.StringVar(&b.dir, "backup-dir", b.dir, "directory for backups by the clock; without it there are none")
	f.StringArrayVar(&b.to, "backup-recipient", b.to, "age public key they are encrypted to, age1… (repeatable)")
	f.DurationVar(&b.every, "backup-every", 24*time.Hour, "time between two backups")
	f.IntVar(&b.keep, "backup-keep", 14, "how many of them stay")
}

func (s *settings) checkBackups() (err error) {
	b := &s.backups
	switch {
	case b.dir == "":
		return nil
	case b.every < time.Hour:
		return badSetting("backup-every", "24h is a good time", "%v is less than an hour", b.every)
	case b.keep < 1:
		return badSetting("backup-keep", "14 is a good number", "%d keeps none", b.keep)
	}
	if b.recipients, err = keep.ParseRecipients(b.to); err != nil {
		return badSetting("backup-recipient", "say --backup-recipient age1…, the public line that age-keygen prints", "%v", err)
	}
	return nil
}

// backUp makes the backups that are due until ctx is done. One that fails is
// tried again at the next look; the desk goes on meanwhile.
func (h *house) backUp(ctx context.Context) error {
	b := &h.s.backups
	schedule := keep.Schedule{Backup: *h.s.backuper(h.store, b.recipients), Dir: b.dir, Every: b.every, Keep: b.keep}
	look := time.NewTicker(10 * time.Minute)
	defer look.Stop()
	for {
		if err := schedule.Scheduled(ctx); err != nil && ctx.Err() == nil {
			h.log.ErrorContext(ctx, "backup not made", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}
