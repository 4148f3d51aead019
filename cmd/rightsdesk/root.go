package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes of every command.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2 // wrong usage or a wrong setting
	exitFound   = 3 // verify, doctor or feeds check found something wrong
	exitRefused = 4 // refused for safety: held, or a second person is needed
)

const exitHelp = `
Every flag can be set by an environment variable: --base-url is RIGHTSDESK_BASE_URL.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 found something wrong, 4 refused for safety.
`

// A commandError is an error with the exit code and the next step it calls for.
type commandError struct {
	code int
	hint string
	err  error
}

func (e *commandError) Error() string { return e.err.Error() }
func (e *commandError) Unwrap() error { return e.err }

// usageError is wrong usage, with what to do instead.
func usageError(hint, format string, args ...any) error {
	return &commandError{exitUsage, hint, fmt.Errorf(format, args...)}
}

// hinted adds the next step to an error.
func hinted(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &commandError{0, hint, err}
}

// errFound ends a command that printed what it found wrong.
var errFound = errors.New("something is wrong")

// report prints an error for a person and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	var ce *commandError
	code, hint := 0, ""
	if errors.As(err, &ce) {
		code, hint = ce.code, ce.hint
	}
	if code == 0 {
		code = codeOf(err)
	}
	if err != errFound {
		fmt.Fprintf(a.stderr, "error: %v\n", err)
	}
	if hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", hint)
	}
	return code
}

func codeOf(err error) int {
	switch {
	case errors.Is(err, errFound):
		return exitFound
	case errors.Is(err, news.ErrRefused):
		return exitRefused
	}
	return exitFailed
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "rightsdesk",
		Short:         "a desk for human-rights news",
		Long:          "rightsdesk reads human-rights news, puts it before curators, and mails and publishes what they chose.\n" + exitHelp,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.fromEnvironment(cmd.Flags())
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(helpFor(cmd), "%v", err)
	})
	root.AddCommand(
		a.serveCommand(),
		a.backupCommand(),
		a.bouncesCommand(),
		a.restoreCommand(),
		a.migrateCommand(),
		a.doctorCommand(),
		a.genTestDataCommand(),
		a.demoCommand(),
		a.evalCommand(),
		a.feedsCommand(),
		a.fetchCommand(),
		a.inspectCommand(),
		a.issueCommand(),
		a.keysCommand(),
		a.pdfCommand(),
		a.queueCommand(),
		a.readersCommand(),
		a.usersCommand(),
		a.verifyCommand(),
		a.versionCommand(),
	)
	strictUsage(root)
	return root
}

// strictUsage makes wrong arguments and unknown subcommands errors of usage
// rather than a page of help and success.
func strictUsage(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError(helpFor(cmd), "%v", err)
			}
			return nil
		}
	}
	if c.HasSubCommands() && !c.Runnable() {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError(helpFor(cmd), "%s has no command %q", cmd.CommandPath(), args[0])
			}
			if !cmd.HasParent() {
				return cmd.Help()
			}
			return usageError(helpFor(cmd), "%s needs one of its commands", cmd.CommandPath())
		}
	}
	for _, sub := range c.Commands() {
		strictUsage(sub)
	}
}

// helpFor is the command line that explains c.
func helpFor(c *cobra.Command) string {
	return strings.TrimSpace("rightsdesk help" + strings.TrimPrefix(c.CommandPath(), "rightsdesk"))
}

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "RIGHTSDESK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets every flag that was not given from its variable.
func (a *app) fromEnvironment(flags *pflag.FlagSet) error {
	var bad error
	flags.VisitAll(func(f *pflag.Flag) {
		v := a.getenv(variable(f.Name))
		if f.Changed || v == "" || f.Name == "help" || bad != nil {
			return
		}
		if err := flags.Set(f.Name, v); err != nil {
			bad = usageError("", "setting --%s (%s): %v", f.Name, variable(f.Name), err)
		}
	})
	return bad
}

// badSetting is a setting that parses as a flag but says something impossible.
func badSetting(flag, hint, format string, args ...any) error {
	return usageError(hint, "setting --%s (%s): %s", flag, variable(flag), fmt.Sprintf(format, args...))
}
