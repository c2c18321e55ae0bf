# Each target says what it does; `make` lists them.
STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
MODULES = . golden/databases golden/databases/servers dialects/oracle/yardstick examples/quickstart examples/adk-go bench
VERSIONS = postgres-14 postgres-16 postgres-17 postgres-18 mariadb-10.6 mariadb-11.8 mysql-8.0 mysql-8.4 sqlite-mattn
# Databases and files of tests are kept in memory, where there is room for them: 8 GB.
IN_MEMORY := $(shell test "$$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)" -gt 8000000 2>/dev/null && echo TMPDIR=/dev/shm GOTMPDIR=/tmp)
# These take long, and start no goroutines that the others do not: they run once, without the race detector.
ONCE = ^(TestBothBuilds|TestPhasesApart|TestSQLCCompilesEveryTree|TestEveryStatementParses|TestOwnersHaveTheColumnsType)$$
GENERATED = examples/quickstart examples/adk-go golden/databases golden/databases/service

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z\/]+:.*## / {printf "%-14s %s\n", $$1, $$2}' Makefile

.PHONY: build
build: ## build bin/adkgen, with a C compiler and without
	go build -o bin/adkgen ./cmd/adkgen
	CGO_ENABLED=0 go build -o bin/adkgen-purego ./cmd/adkgen

.PHONY: test
test: ## run all tests; databases that are not installed are skipped
	$(IN_MEMORY) go test -race -skip '$(ONCE)' ./...
	$(IN_MEMORY) go test -run '$(ONCE)' ./dialects/postgres ./golden
	CGO_ENABLED=0 go test -skip '$(ONCE)' ./cmd/... ./generator/... ./dialects/postgres
	CGO_ENABLED=0 go test -run 'TestCases|TestEveryStatementParses' ./golden
	set -e; for module in $(filter-out .,$(MODULES)); do (cd $$module && $(IN_MEMORY) go test -timeout 40m $$(go list ./... | grep -v 'databases/service$$')); done
	cd golden/databases && $(IN_MEMORY) go test -race ./service

.PHONY: test/matrix
test/matrix: ## run migrations, queries and service on the other versions of the servers, which it installs: half an hour
	$(IN_MEMORY) golden/databases/matrix.sh $(VERSIONS)

.PHONY: golden/update
golden/update: ## rewrite golden files; read the diff before you commit it
	go test ./golden -run TestCases -update
	for dialect in postgres mysql sqlite oracle; do go test ./dialects/$$dialect -run TestDialect -update || exit 1; done

.PHONY: lint
lint: ## gofmt, go vet and staticcheck, which rewrite nothing
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	set -e; for module in $(MODULES); do (cd $$module && go vet ./... && $(STATICCHECK) ./... && go mod tidy -diff); done

.PHONY: verify
verify: ## regenerate the examples and the tests' code: nothing may change
	set -e; for folder in $(GENERATED); do go run ./cmd/adkgen generate --check -c $$folder/adkgen.yaml; go tool sqlc diff -f $$folder/sqlc.yaml; done

.PHONY: bench
bench: ## run the benchmarks six times, for benchstat
	go test -run XXX -bench . -count 6 -cpu 1,2 ./cmd/adkgen ./dialects/...

.PHONY: bench-peer
bench-peer: ## measure the session service against ADK's own; bench/README.md tells how to read it
	cd bench && go run . -o results.txt

.PHONY: fuzz
fuzz: ## fuzz each parser boundary for a minute
	for dialect in postgres mysql sqlite oracle; do for target in FuzzParseOwner FuzzReadSchema FuzzParseBackfill; do \
		go test ./dialects/$$dialect -run XXX -fuzz $$target -fuzztime 1m -fuzzminimizetime 10x || exit 1; done; done
	cd golden/databases && go test ./service/sqlitedb -run XXX -fuzz FuzzDecodeEvent -fuzztime 1m -fuzzminimizetime 10x
	for target in FuzzLocate FuzzParseConfig FuzzOwnerSQL; do go test ./generator/internal/pipeline -run XXX -fuzz $$target -fuzztime 1m -fuzzminimizetime 10x || exit 1; done

.PHONY: ci
ci: test build lint verify ## everything that CI runs
