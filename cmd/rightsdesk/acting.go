package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// mayAct checks that the account named by --as exists and may do p: the rules
// of the desk hold on the command line too.
func mayAct(ctx context.Context, st *store.Store, who string, p staff.Permission) error {
	if who == "" {
		return usageError("name a desk account with --as USER", "this command acts for somebody")
	}
	account, err := accountNamed(ctx, st, who)
	if err != nil {
		return err
	}
	if !account.May(p) {
		return hinted(fmt.Errorf("%s may not do this (%s): %w", who, p, news.ErrRefused), "ask an administrator for the role")
	}
	return nil
}

// accountNamed finds the desk account that --as names.
func accountNamed(ctx context.Context, st *store.Store, who string) (staff.Account, error) {
	account, err := st.AccountByName(ctx, who)
	if errors.Is(err, news.ErrNotFound) {
		return account, hinted(fmt.Errorf("no desk account is called %q", who), "rightsdesk users list")
	}
	return account, err
}
