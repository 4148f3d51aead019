package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/spf13/cobra"
)

// byHand is who the audit log says did it when no account was named.
const byHand = "command line"

// invitationPath is where a one-time link leads, before its secret.
const invitationPath = "/desk/invitation/"

// people are the settings of the users commands.
type people struct {
	settings
	asJSON bool
}

func (a *app) usersCommand() *cobra.Command {
	p := &people{settings: defaultSettings()}
	c := &cobra.Command{Use: "users", Short: "accounts of the desk: add, list, reset, disable"}
	f := c.PersistentFlags()
	p.dataFlags(f)
	f.StringVar(&p.baseURL, "base-url", p.baseURL, "address under which the desk is reached; the link begins with it")
	f.BoolVar(&p.asJSON, "json", false, "print JSON")
	var roles []string
	add := &cobra.Command{
		Use:   "add NAME --role ROLE",
		Short: "add an account and print its one-time link (the first account holds all roles)",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withAccess(cmd.Context(), p, true, func(ctx context.Context, s *access.Service) error {
				return a.addUser(ctx, p, s, args[0], roles)
			})
		},
	}
	add.Flags().StringSliceVar(&roles, "role", nil, fmt.Sprintf("a role it holds, one of %v (repeatable)", staff.Roles()))
	list := &cobra.Command{
		Use: "list", Short: "list the accounts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withAccess(cmd.Context(), p, false, func(ctx context.Context, s *access.Service) error { return a.listUsers(ctx, p, s) })
		},
	}
	reset := &cobra.Command{
		Use: "reset NAME", Short: "take an account's password away, end its sessions and print a new one-time link", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withAccess(cmd.Context(), p, false, func(ctx context.Context, s *access.Service) error {
				secret, err := s.Reset(ctx, args[0], byHand)
				if err != nil {
					return err
				}
				return a.printLink(p, args[0], secret)
			})
		},
	}
	disable := &cobra.Command{
		Use: "disable NAME", Short: "keep an account out and end its sessions; reset lets it in again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withAccess(cmd.Context(), p, false, func(ctx context.Context, s *access.Service) error {
				return s.Disable(ctx, args[0], byHand)
			})
		},
	}
	c.AddCommand(add, list, reset, disable)
	return c
}

// withAccess opens the books for one command. begin makes them where there are
// none yet.
func (a *app) withAccess(ctx context.Context, p *people, begin bool, do func(context.Context, *access.Service) error) error {
	if _, err := web.ParseBase(p.baseURL); err != nil {
		return badSetting("base-url", "say for example --base-url https://digest.example.org", "%v", err)
	}
	open := p.openBooks
	if begin {
		open = p.openStore
	}
	s, err := open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(ctx, access.New(s, access.Options{}))
}

func (a *app) addUser(ctx context.Context, p *people, s *access.Service, name string, roles []string) error {
	if len(roles) == 0 {
		return usageError(fmt.Sprintf("rightsdesk users add %q --role curator", name), "users add needs --role, one of %v", staff.Roles())
	}
	var held []staff.Role
	for _, r := range roles {
		held = append(held, staff.Role(r))
	}
	secret, err := s.Invite(ctx, name, held, byHand)
	if err != nil {
		return err
	}
	return a.printLink(p, strings.TrimSpace(name), secret)
}

func (a *app) printLink(p *people, name, secret string) error {
	link := strings.TrimSuffix(p.baseURL, "/") + invitationPath + secret
	if p.asJSON {
		return json.NewEncoder(a.stdout).Encode(struct {
			Name string `json:"name"`
			Link string `json:"link"`
		}{name, link})
	}
	_, err := fmt.Fprintln(a.stdout, link)
	fmt.Fprintf(a.stderr, "give %s this link; it works once, for %d hours\n", name, int(access.InvitationLife.Hours()))
	return err
}

func (a *app) listUsers(ctx context.Context, p *people, s *access.Service) error {
	all, err := s.Accounts(ctx)
	if err != nil {
		return err
	}
	if p.asJSON {
		return listUsersJSON(a.stdout, all)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tROLES\tSTATE\tSINCE")
	for _, u := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Name, strings.Join(roleNames(u), " "), u.Standing(), u.Created.Format(time.DateOnly))
	}
	return w.Flush()
}

func listUsersJSON(w io.Writer, all []staff.Account) error {
	enc := json.NewEncoder(w)
	for _, u := range all {
		err := enc.Encode(struct {
			Name    string    `json:"name"`
			Roles   []string  `json:"roles"`
			State   string    `json:"state"`
			Created time.Time `json:"created"`
		}{u.Name, roleNames(u), u.Standing(), u.Created})
		if err != nil {
			return err
		}
	}
	return nil
}

func roleNames(u staff.Account) []string {
	names := make([]string, len(u.Roles))
	for i, r := range u.Roles {
		names[i] = string(r)
	}
	return names
}
