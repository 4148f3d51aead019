package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Set by the linker; see the Makefile.
var (
	version = "development"
	commit  = "unknown"
)

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "version, commit, Go and modules",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			modules := map[string]string{}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, m := range info.Deps {
					modules[m.Path] = m.Version
				}
			}
			if asJSON {
				return json.NewEncoder(a.stdout).Encode(map[string]any{
					"version": version, "commit": commit, "go": runtime.Version(), "modules": modules,
				})
			}
			_, err := fmt.Fprintf(a.stdout, "rightsdesk %s\ncommit %s\n%s, %d modules (--json lists them)\n", version, commit, runtime.Version(), len(modules))
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
