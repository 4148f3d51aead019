# Everything a person does with this repository. `make` alone lists it.

GO      ?= go
DATA    ?= data
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
BUILT   ?= $(shell git log -1 --format=%cI 2>/dev/null)
LDFLAGS  = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.builtAt=$(BUILT)

.PHONY: help build run demo test quick check bench fuzz golden release crash

help:
	@echo "make run     start the desk on SQLite in ./$(DATA)"
	@echo "make demo    the whole line offline, in a directory that is thrown away"
	@echo "make test    every test; installs Chromium where it may"
	@echo "make quick   the tests that need no service and no browser"
	@echo "make check   format, vet, staticcheck, floors, tidy, tree unchanged"
	@echo "make bench   the benchmarks"
	@echo "make crash   the long runs of kills, cuts and full disks, with figures; as root it mounts disks of its own"
	@echo "make fuzz    each fuzz target for FUZZTIME (default 30s)"
	@echo "make release the binary with its bill of materials, in ./dist"
	@echo "make golden  rewrite the golden files; read the diff"

build:
	@test -x rightsdesk || echo "building; the first time takes a few minutes"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o rightsdesk ./cmd/rightsdesk

# What stands in the binary, as CycloneDX JSON, from what the toolchain wrote
# into it. The hashes are those of go.sum.
SBOM = {bomFormat: "CycloneDX", specVersion: "1.5", version: 1, metadata: {component: {type: "application", name: .Path, version: $$v}}, \
  components: ([{type: "library", name: "stdlib", version: .GoVersion, purl: "pkg:golang/stdlib@\(.GoVersion)"}] + [.Deps[] | (.Replace // {}) as $$r | {type: "library", name: .Path, \
  version: .Version, purl: "pkg:golang/\(.Path)@\(.Version)", properties: [{name: "go.sum", value: (.Sum // "replaced by \($$r.Path)")}]}])}

# The same source, VERSION, COMMIT and BUILT with the same Go make the same
# bytes, wherever they are built. It needs jq.
release:
	@rm -rf dist && mkdir -p dist
	@CGO_ENABLED=0 GOFLAGS=-buildvcs=false $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/rightsdesk ./cmd/rightsdesk
	@$(GO) version -m -json dist/rightsdesk | jq --arg v '$(VERSION)' '$(SBOM)' > dist/rightsdesk.cdx.json
	@cd dist && sha256sum rightsdesk rightsdesk.cdx.json | tee SHA256SUMS

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

crash:
	@.ci/needs
	@.ci/with-postgres .ci/crash

golden:
	@$(GO) test ./... -update
	@git diff --stat
