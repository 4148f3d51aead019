package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/pflag"
)

// shaping are the settings that decide what an issue looks like and who may
// release it. What the serving process says of them holds for every command
// beside it: a frozen text must not depend on which shell froze it.
var shaping = []string{"base-url", "slot", "zone", "name", "from", "reply-to", "returns", "discreet-from", "discreet-base-url", "postal-address", "solo"}

// shape lists those settings as their flags print them.
func (s *settings) shape() map[string]string {
	now := *s
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	now.houseFlags(flags)
	out := map[string]string{}
	for _, name := range shaping {
		out[name] = flags.Lookup(name).Value.String()
	}
	return out
}

// asServed takes the shaping settings from the desk as it was served last. One
// that was given and says otherwise is refused.
func (s *settings) asServed(ctx context.Context, flags *pflag.FlagSet) (err error) {
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	served, err := st.Served(ctx)
	if err != nil {
		return err
	}
	for name, value := range served {
		f := flags.Lookup(name)
		switch {
		case f == nil || !slices.Contains(shaping, name) || f.Value.String() == value:
		case f.Changed:
			return badSetting(name, "leave it out here; to change it, start serve with it", "the desk is served with %q, not %q", value, f.Value.String())
		default:
			if err := f.Value.Set(value); err != nil {
				return badSetting(name, "start serve again", "%v", err)
			}
		}
	}
	return nil
}
