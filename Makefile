# Everything a person does with this repository. `make` alone lists it.

GO      ?= go
DATA    ?= data
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

.PHONY: help build run demo test quick check bench fuzz golden

help:
	@echo "make run     start the desk on SQLite in ./$(DATA)"
	@echo "make demo    the whole line offline, in a directory that is thrown away"
	@echo "make test    every test; installs Chromium where it may"
	@echo "make quick   the tests that need no service and no browser"
	@echo "make check   format, vet, staticcheck, floors, tidy, tree unchanged"
	@echo "make bench   the benchmarks"
	@echo "make fuzz    each fuzz target for FUZZTIME (default 30s)"
	@echo "make golden  rewrite the golden files; read the diff"

build:
	@test -x rightsdesk || echo "building; the first time takes a few minutes"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o rightsdesk ./cmd/rightsdesk

run: build
	@./rightsdesk serve --data-dir $(DATA) --catch --solo

demo: build
	@./rightsdesk demo

test:
	@.ci/needs
	@.ci/with-postgres .ci/test

quick:
	@$(GO) test -short ./...

check:
	@.ci/check

bench:
	@$(GO) test -run '^$$' -bench . -benchmem ./...

FUZZTIME ?= 30s
fuzz:
	@.ci/fuzz $(FUZZTIME)

golden:
	@$(GO) test ./... -update
	@git diff --stat
