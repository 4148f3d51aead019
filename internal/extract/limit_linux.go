package extract

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// limitProcess makes the kernel end this process should it ask for more.
func limitProcess(memory, seconds uint64) error {
	for what, limit := range map[int]uint64{unix.RLIMIT_DATA: memory, unix.RLIMIT_CPU: seconds, unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("limit the process: %w", err)
		}
	}
	return nil
}
