package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/ifhhro/rightsdesk/internal/inbox"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/token"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/robfig/cron/v3"
	"github.com/spf13/pflag"
)

// settings are the flags every command that opens the house understands. Each
// is checked once, by check, before anything is opened.
type settings struct {
	dataDir         string
	database        string
	only            []string
	metrics         string
	backups         backupSettings
	listen          string
	baseURL         string
	feeds           string
	slot            string
	zone            string
	from            string
	replyTo         string
	discreetFrom    string
	discreetBaseURL string
	returns         string
	returnsMailbox  string
	lmtpListen      string
	resolver        string
	postalAddress   string
	name            string
	relays          []string
	catch           bool
	solo            bool
	allowCIDR       []string
	connections     int
	pace            int
	domainPace      int
	logFormat       string

	base         *url.URL
	loc          *time.Location
	sender       mail.Address
	answers      string // the address of --reply-to
	inbox        inbox.Mailbox
	neutral      *mail.Address // of discreet mails; nil without --discreet-from
	discreetBase *url.URL
	relay        []smtpout.Relay
	allow        []netip.Prefix
}

// defaultFrom is an address that no server takes.
const defaultFrom = "digest@localhost.localdomain"

func defaultSettings() settings {
	return settings{
		dataDir:     "data",
		listen:      "127.0.0.1:8080",
		baseURL:     "http://localhost:8080",
		feeds:       "feeds.yaml",
		slot:        "0 7 * * 1",
		zone:        "Europe/Amsterdam",
		from:        "IFHHRO digest <" + defaultFrom + ">",
		name:        "IFHHRO digest",
		connections: 4,
		logFormat:   "text",
	}
}

// dataFlags are what a command needs that only looks at the books.
func (s *settings) dataFlags(f *pflag.FlagSet) {
	f.StringVar(&s.dataDir, "data-dir", s.dataDir, "directory that holds the database and the caught mail")
	f.StringVar(&s.database, "database", s.database, "address of a PostgreSQL database, postgres://user@host/name; without it SQLite in the data directory")
}

// houseFlags are what a command needs that composes or sends.
func (s *settings) houseFlags(f *pflag.FlagSet) {
	s.dataFlags(f)
	f.StringVar(&s.baseURL, "base-url", s.baseURL, "address under which readers reach this desk; links in mails begin with it")
	f.StringVar(&s.feeds, "feeds", s.feeds, "the list of sources")
	f.StringVar(&s.slot, "slot", s.slot, "when an issue is due, as a cron expression")
	f.StringVar(&s.zone, "zone", s.zone, "time zone of the slot and of dates in issues")
	f.StringVar(&s.name, "name", s.name, "name of the digest, as its readers know it")
	f.StringVar(&s.from, "from", s.from, "From of the digest")
	f.StringVar(&s.replyTo, "reply-to", s.replyTo, "where answers of readers go")
	f.StringVar(&s.returns, "returns", s.returns, "mailbox of ours that takes returned mail, also at name+anything@; without it nobody hears of what comes back")
	f.StringVar(&s.discreetFrom, "discreet-from", s.discreetFrom, "From of discreet mails, of another domain, that says nothing of the digest; without it none are offered")
	f.StringVar(&s.discreetBaseURL, "discreet-base-url", s.discreetBaseURL, "address of the same name under which readers of discreet mails reach their links")
	f.StringVar(&s.postalAddress, "postal-address", s.postalAddress, "postal address in the foot of every mail")
	f.StringArrayVar(&s.relays, "relay", nil, "mail server, smtp[s]://user@host:port (repeatable)")
	f.BoolVar(&s.catch, "catch", s.catch, "keep mail in a maildir under the data directory instead of sending it")
	f.BoolVar(&s.solo, "solo", s.solo, "let one person both compose and approve an issue")
	f.StringArrayVar(&s.allowCIDR, "fetch-allow-cidr", nil, "private network the fetcher may ask, for tests and intranets (repeatable)")
	f.IntVar(&s.pace, "pace", s.pace, "at most so many mails a minute (0 = as fast as the relay takes them)")
	f.IntVar(&s.domainPace, "domain-pace", s.domainPace, "at most so many mails a minute to one receiving domain (0 = no limit)")
	f.IntVar(&s.connections, "connections", s.connections, "connections to the mail server at a time")
	f.StringVar(&s.logFormat, "log-format", s.logFormat, "text or json")
}

// returnsFlags are where returned mail is found.
func returnsFlags(f *pflag.FlagSet, s *settings) {
	f.StringVar(&s.returnsMailbox, "returns-mailbox", "", "IMAP mailbox of returned mail, imaps://user:password@host:993/INBOX")
}

// check reads every setting and names the flag and the variable of the first
// that cannot be.
func (s *settings) check() error {
	var err error
	if s.base, err = web.ParseBase(s.baseURL); err != nil {
		return badSetting("base-url", "say for example --base-url https://digest.example.org", "%v", err)
	}
	if _, _, err := net.SplitHostPort(s.listen); err != nil {
		return badSetting("listen", "say for example --listen 127.0.0.1:8080", "%q is not host:port", s.listen)
	}
	if s.loc, err = time.LoadLocation(s.zone); err != nil {
		return badSetting("zone", "say for example --zone Europe/Amsterdam", "%q is not a time zone", s.zone)
	}
	if _, err := cron.ParseStandard(s.slot); err != nil {
		return badSetting("slot", `Monday at seven is --slot "0 7 * * 1"`, "%q is not a cron expression: %v", s.slot, err)
	}
	if s.logFormat != "text" && s.logFormat != "json" {
		return badSetting("log-format", "say text or json", "%q is neither text nor json", s.logFormat)
	}
	if s.pace < 0 || s.domainPace < 0 {
		return badSetting("pace", "600 is a good number for a small server, 0 is no limit", "it cannot be less than 0")
	}
	if s.connections < 1 || s.connections > 64 {
		return badSetting("connections", "4 is a good number", "%d is not between 1 and 64", s.connections)
	}
	return errors.Join(s.checkMail(), s.checkAllow())
}

func (s *settings) checkMail() error {
	s.relay = nil
	from, err := mail.ParseAddress(s.from)
	if err != nil {
		return badSetting("from", `say for example --from "IFHHRO digest <digest@example.org>"`, "%q is not a mail address", s.from)
	}
	s.sender = *from
	if s.replyTo != "" {
		to, err := mail.ParseAddress(s.replyTo)
		if err != nil {
			return badSetting("reply-to", "say for example --reply-to office@example.org", "%q is not a mail address", s.replyTo)
		}
		s.answers = to.Address
	}
	if s.returns != "" {
		if _, err := token.NewMailbox(nil, s.returns); err != nil {
			return badSetting("returns", "say for example --returns bounces@example.org", "%v", err)
		}
	}
	if s.returnsMailbox != "" {
		if s.inbox, err = inbox.ParseMailbox(s.returnsMailbox); err != nil {
			return badSetting("returns-mailbox", "say for example --returns-mailbox imaps://bounces:password@mail.example.org/INBOX", "%v", err)
		}
	}
	if s.returns == "" && (s.returnsMailbox != "" || s.lmtpListen != "") {
		return badSetting("returns", "say for example --returns bounces@example.org", "returned mail needs an address")
	}
	if err := s.checkDiscreet(); err != nil {
		return err
	}
	if s.catch && len(s.relays) > 0 {
		return badSetting("catch", "leave one of the two out", "mail cannot be both caught and sent to a relay")
	}
	for _, r := range s.relays {
		relay, err := smtpout.ParseRelay(r)
		if err != nil {
			return badSetting("relay", "say for example --relay smtps://user:password@mail.example.org:465", "%v", err)
		}
		s.relay = append(s.relay, relay)
	}
	return nil
}

// checkDiscreet reads the neutral sender. It is all or nothing: an address of
// the digest's own domain, or links to it, would tell what the mail is.
func (s *settings) checkDiscreet() error {
	s.neutral, s.discreetBase = nil, nil
	if s.discreetFrom == "" && s.discreetBaseURL == "" {
		return nil
	}
	from, err := mail.ParseAddress(s.discreetFrom)
	if err != nil || from.Name == "" {
		return badSetting("discreet-from", `say for example --discreet-from "Weekly update <post@post.example>"`, "%q is not a name and a mail address", s.discreetFrom)
	}
	if domainOf(from.Address) == domainOf(s.sender.Address) {
		return badSetting("discreet-from", "use a domain that nobody connects with the digest", "it is of the same domain as --from, which would tell what the mail is")
	}
	if _, err := token.NewMailbox(nil, from.Address); s.returns != "" && err != nil {
		return badSetting("discreet-from", `say for example --discreet-from "Weekly update <post@post.example>"`, "%v", err)
	}
	if s.discreetBase, err = web.ParseBase(s.discreetBaseURL); err != nil {
		return badSetting("discreet-base-url", "say for example --discreet-base-url https://post.example", "%v", err)
	}
	if s.discreetBase.Host == s.base.Host {
		return badSetting("discreet-base-url", "use a name that nobody connects with the digest", "it is the same as --base-url, which would tell what the mail is")
	}
	s.neutral = from
	return nil
}

func (s *settings) checkAllow() error {
	s.allow = nil
	for _, c := range s.allowCIDR {
		p, err := netip.ParsePrefix(c)
		if err != nil {
			return badSetting("fetch-allow-cidr", "say for example --fetch-allow-cidr 127.0.0.0/8", "%q is not a network", c)
		}
		s.allow = append(s.allow, p)
	}
	return nil
}

// dns is where names are looked up: at the server of --resolver, or where the
// system does.
func (s *settings) dns() keep.Resolver {
	if s.resolver == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.resolver)
	}}
}

// openBooks opens the store of an existing data directory; a command that only
// looks must not make an empty one and report that all is well.
func (s *settings) openBooks(ctx context.Context) (*store.Store, error) {
	if s.database != "" {
		return s.openStore(ctx)
	}
	if err := s.begun(); err != nil {
		return nil, err
	}
	return s.openStore(ctx)
}

// openStore opens the database of the settings, making what is missing.
func (s *settings) openStore(ctx context.Context) (*store.Store, error) {
	if s.database == "" {
		return store.Open(ctx, s.dataDir)
	}
	st, err := store.OpenPostgres(ctx, s.database)
	if err != nil {
		return nil, &commandError{databaseCode(err), "say for example --database postgres://rightsdesk@localhost/rightsdesk",
			fmt.Errorf("setting --database (%s): %w", variable("database"), err)}
	}
	if err := s.keepJournal(ctx, st); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// keepJournal keeps the suppression journal of a PostgreSQL in the data
// directory. A command on a machine that has none only looks; what it changes
// is in the journals of those that serve within a minute.
func (s *settings) keepJournal(ctx context.Context, st *store.Store) error {
	if _, err := os.Stat(s.dataDir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return st.KeepJournal(ctx, filepath.Join(s.dataDir, store.JournalFile))
}

// begun reports an error unless the data directory holds a desk.
func (s *settings) begun() error {
	if s.database != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(s.dataDir, store.File)); errors.Is(err, fs.ErrNotExist) {
		return hinted(fmt.Errorf("no desk in %s", s.dataDir), "name its directory with --data-dir, or begin one with: rightsdesk serve")
	}
	return nil
}

// databaseCode is wrong usage for an address that can be none, else whatever
// the error calls for: a server that is down is no wrong setting.
func databaseCode(err error) int {
	if errors.Is(err, news.ErrInvalid) {
		return exitUsage
	}
	return codeOf(err)
}

// logger writes to stderr in the form that was asked for.
func (a *app) logger(s *settings) *slog.Logger {
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, nil))
	}
	return slog.New(slog.NewTextHandler(a.stderr, nil))
}
