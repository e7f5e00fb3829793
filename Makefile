# What people and CI type; `make help` lists it. Each target sets up what it
# needs (scripts/set-up), so a fresh clone needs only Rust and Python.

.DEFAULT_GOAL := help
.PHONY: run token import pay webhook replay contention chaos replay-orders test loadtest check scaling bench bench-lambda fuzz fuzz-api openapi openapi-publish build deploy rollback tools clean help

# What `make -C … token` prints is the token alone.
MAKEFLAGS += --no-print-directory

VENV := $(CURDIR)/.tools/venv
TARGET := $(or $(CARGO_TARGET_DIR),target)
export PATH := $(PATH):$(CURDIR)/.tools/bin
export SAM_CLI_TELEMETRY := 0

ARCH ?= arm64
# One shape of build for all targets: with other packages chosen, Cargo unites
# other features and compiles the dependencies again.
BUILD := cargo build --locked --workspace --bins
FUNCTIONS := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard functions/*/Cargo.toml)))))

# How functions are built to be shipped: $(call build-for-aws,FOLDER[,more options]).
# Always with the features of all of them. Each binary has a build id, by which Sentry
# finds the debug file of a panic's stack; what is shipped has neither names nor lines:
# $(call keep-debug-files,FOLDER,NAMES,FOLDER OF DEBUG FILES).
# Without the names of this machine's folders, so that another builds the same bytes.
remap = --remap-path-prefix=$(CURDIR)=/storefront --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=/cargo
build-for-aws = PATH="$(VENV)/bin:$$PATH" RUSTFLAGS="$$RUSTFLAGS -Clink-arg=-Wl,--build-id=sha1 $(remap)" \
  cargo lambda build --locked --release --$(ARCH:x86_64=x86-64) --lambda-dir $(1) $(FUNCTIONS:%=--package %) $(2)
keep-debug-files = @for name in $(2); do \
  program=$(1)/$$name/bootstrap; \
  scripts/keep-debug-file $$program $$program $(3)/$$name.debug || exit; \
done

# Arguments reach the recipes through the environment ("$$NAME"), so that the
# shell never reads their text as its own.

run: ## Run the system on port 3000: make run [PORT=3000] [FRESH=1]
	@scripts/set-up run
	$(BUILD)
	@exec $(TARGET)/debug/local run $${PORT:+--port "$$PORT"} $(if $(filter 1 yes true,$(FRESH)),--fresh)

token: ## Print a development token: make token USER=alice SCOPE="catalog:write"
	@$(if $(filter command line,$(origin USER)),,$(error say whose token: make token USER=alice [SCOPE="catalog:write"]))
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local token --user "$$USER" --scope "$${SCOPE-}"

import: ## Import a retail CSV into the running system: make import FILE=x.csv [CATEGORY=] [STOCK=] [URL=]
	@$(if $(FILE),,$(error say which file: make import FILE=catalogue.csv [CATEGORY=gifts] [STOCK=100] [URL=http://localhost:3000]))
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local import "$$FILE" $${CATEGORY:+--category "$$CATEGORY"} \
	  $${STOCK:+--stock "$$STOCK"} $${URL:+--url "$$URL"}

pay: ## Pay for an order in the running system: make pay ORDER=id [AMOUNT=minor units] [CURRENCY=]
	@$(if $(ORDER),,$(error say which order: make pay ORDER=id [AMOUNT=510] [CURRENCY=GBP]))
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local pay --order "$$ORDER" $${AMOUNT:+--amount "$$AMOUNT"} $${CURRENCY:+--currency "$$CURRENCY"}

webhook: ## Send a provider's event: make webhook TYPE=refunded ORDER=id [AMOUNT=] [CURRENCY=] [PROVIDER=stripe|standard] [ID=]
	@$(if $(and $(TYPE),$(ORDER)),,$(error say what happened to which order: make webhook TYPE=succeeded|failed|refunded ORDER=id))
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local webhook --type "$$TYPE" --order "$$ORDER" $${AMOUNT:+--amount "$$AMOUNT"} \
	  $${CURRENCY:+--currency "$$CURRENCY"} $${PROVIDER:+--provider "$$PROVIDER"} $${ID:+--id "$$ID"}

replay: ## List the events that failed, or apply one again: make replay [EVENT=stripe/evt_1]
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local replay $${EVENT:+--event "$$EVENT"}

contention: ## Let 1,000 buyers order the last 100 pieces at once: make contention [BUYERS=] [PIECES=]
	@scripts/set-up system
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local contention $${BUYERS:+--buyers "$$BUYERS"} $${PIECES:+--pieces "$$PIECES"}

# Not as SECONDS: bash counts in a variable of that name.
chaos: export CHAOS_SECONDS = $(SECONDS)
chaos: export CHAOS_SEED = $(SEED)
chaos: ## Trade for a minute while faults come and go, then check the books: make chaos [SECONDS=] [SEED=]
	@scripts/set-up system
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local chaos $${CHAOS_SECONDS:+--seconds "$$CHAOS_SECONDS"} $${CHAOS_SEED:+--seed "$$CHAOS_SEED"}

replay-orders: ## Replay a retail CSV as orders in a system of its own, and check it: make replay-orders FILE=x.csv [INVOICES=100]
	@$(if $(FILE),,$(error say which file: make replay-orders FILE=sales.csv [INVOICES=100]))
	@scripts/set-up system
	@$(BUILD) --quiet
	@exec $(TARGET)/debug/local replay-orders "$$FILE" $${INVOICES:+--limit-invoices "$$INVOICES"}

# End-to-end tests start the binaries, so these are built first; with the tests,
# because their own dependencies add features too.
test: ## Run every test, on free ports
	@scripts/set-up test
	$(BUILD) --tests
	cargo test --workspace --doc
	cargo nextest run --workspace
	scripts/fuzz-api 60
	BASE_URL= loadtest/run-load-tests.sh --smoke

# The smoke run is of what `make test` has built. Any other is of an optimised build, unless a
# deployed stage is to be loaded.
loadtest: ## Load the system, or a deployed stage: make loadtest [T=mixed,soak] [URL=https://…] [SMOKE=1] [KILL_CACHE=1]
	@scripts/set-up loadtest
	$(if $(or $(URL),$(BASE_URL)),,$(if $(filter 1 yes true,$(SMOKE)),$(BUILD) --tests,$(BUILD) --profile load))
	@BASE_URL="$${URL:-$$BASE_URL}" exec loadtest/run-load-tests.sh $${T:+-t "$$T"} $(if $(filter 1 yes true,$(SMOKE)),--smoke) \
	  $(if $(filter 1 yes true,$(KILL_CACHE)),--kill-cache)

check: ## Check format, lints, docs, dependencies, licences, the templates and the workflows
	@scripts/set-up check
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --locked --workspace --no-deps
	cargo deny --log-level error check bans licenses sources
	$(VENV)/bin/python scripts/check-crates
	$(VENV)/bin/python scripts/check-template
	$(VENV)/bin/sam validate --lint
	$(VENV)/bin/python scripts/scaling --check docs/scaling.md
	$(VENV)/bin/sam validate --lint --template deploy/account.yaml
	$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/python scripts/check-releases
	$(VENV)/bin/python scripts/check-workflows

scaling: ## Print the tables of docs/scaling.md: what breaks first, and what it costs
	@scripts/set-up build
	@$(VENV)/bin/python scripts/scaling

bench: ## Run the benchmarks: one table, also in target/bench.json
	@scripts/set-up bench
	$(VENV)/bin/python scripts/bench bench $(TARGET)

bench-lambda: override ARCH := $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
bench-lambda: ## Measure products, as it is shipped, beside a bare function: one table, also in target/bench-lambda.json
	@scripts/set-up bench-lambda
	$(call build-for-aws,$(TARGET)/bench-lambda,--package hello --bin hello --bin products)
	$(call keep-debug-files,$(TARGET)/bench-lambda,hello products,$(TARGET)/bench-lambda/debug-files)
	$(VENV)/bin/python scripts/bench bench-lambda $(TARGET)

# Without a sanitizer, stable Rust can do it. The corpus stays from run to run.
fuzz: export FUZZ_SECONDS = $(or $(SECONDS),60)
fuzz: ## Feed the parsers of webhooks with anything: make fuzz [SECONDS=60]
	@scripts/set-up fuzz
	@mkdir -p functions/webhooks/fuzz/corpus/headers
	cd functions/webhooks/fuzz && cargo fuzz run --sanitizer none headers corpus/headers seeds/headers -- \
	  -max_total_time="$$FUZZ_SECONDS" -max_len=4096 -dict=headers.dict

# Not as SECONDS, either.
fuzz-api: export FUZZ_API_SECONDS = $(or $(SECONDS),600)
fuzz-api: ## Hold the system to its OpenAPI document for long: make fuzz-api [SECONDS=600] [SEED=]
	@scripts/set-up test
	@$(BUILD) --tests --quiet
	@exec scripts/fuzz-api "$$FUZZ_API_SECONDS" $${SEED:+--seed "$$SEED"}

openapi: ## Write functions/docs/openapi.json anew from the code
	@scripts/set-up test
	@UPDATE_OPENAPI=1 cargo nextest run --workspace -E 'binary(openapi) and test(committed)'

openapi-publish: openapi ## Record in functions/docs/published.json what the document adds; refused where it breaks a caller
	@PUBLISH_OPENAPI=1 cargo nextest run --workspace -E 'binary(openapi) and test(published)'

build: ## Build the functions for AWS into target/lambda: make build [ARCH=arm64|x86_64]
	@$(if $(filter arm64 x86_64,$(ARCH)),,$(error ARCH is arm64 or x86_64, as Architecture in template.yaml))
	@scripts/set-up build
	$(call build-for-aws,target/lambda)
	$(call keep-debug-files,target/lambda,$(FUNCTIONS),target/debug-files)

deploy: ## Deploy the commit that is checked out, step by step: make deploy ENV=dev|staging|production [ROLLOUT=at-once]
	@$(if $(ENV),,$(error say where to: make deploy ENV=dev|staging|production))
	@scripts/set-up deploy
	@exec $(VENV)/bin/python scripts/deploy "$$ENV"

rollback: ## Take a stage back to its release before, or to a commit that it ran: make rollback ENV=production [TO=commit]
	@$(if $(ENV),,$(error say which stage: make rollback ENV=dev|staging|production [TO=commit]))
	@scripts/set-up deploy
	@exec $(VENV)/bin/python scripts/rollback "$$ENV" "$${TO-}"

tools: ## Install every tool that the other targets use
	@scripts/set-up all

clean: ## Remove what was built and installed here, the local table with it
	rm -rf $(TARGET) .tools .aws-sam examples/typescript/node_modules

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
