# Everything that a person or a pipeline does with this repository. `make` alone lists it.
# What a target needs beyond Rust, it installs itself, once, outside the checkout (hack/prepare.sh, hack/venv.sh).

SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO ?= cargo
KOPPEL := target/debug/koppel
# `--tests` builds the binary together with the tests, from the same dependencies: with less to do for whoever runs both, and
# with more for whoever only tries the demo.
BUILD_FLAGS ?=
# For example: make sandbox ARGS="--invoices 500", make demo ARGS="-o json", make bench ARGS="5000".
ARGS ?=

##@ Try it
.PHONY: demo sandbox
demo: build ## Show the main job on this machine: both vendors simulated, no account, no cluster
	@$(KOPPEL) demo $(ARGS)

sandbox: build ## Serve the simulated Chargebee, Exact Online and Dynamics 365 until Ctrl-C
	@$(KOPPEL) sandbox $(ARGS)

##@ Test
.PHONY: test test-rust test-postgres test-cluster e2e chart-test judges contracts interleavings bench bench-crm bench-operator
test: test-rust test-postgres test-cluster chart-test judges ## Everything: the code, both state stores, a real control plane, the chart, and the judges

test-rust: prepare ## cargo test alone
	@$(CARGO) test --no-fail-fast

test-postgres: prepare ## The tests of the state and of the engine again, on a real PostgreSQL server of their own
	@hack/with-postgres.sh $(CARGO) test --no-fail-fast --lib --test it -- state:: engine::

test-cluster: prepare ## The operator against a real etcd, kube-apiserver and kube-controller-manager
	@assets=$$(hack/control-plane.sh) && export KUBEBUILDER_ASSETS=$$assets && \
	  hack/with-postgres.sh $(CARGO) test --test cluster $(ARGS)

e2e: prepare ## The product as a user meets it, on a whole node that this machine runs (Linux, root); takes minutes
	@hack/e2e.sh

chart-test: ## The chart, install.yaml and what docs/gitops offers, by helm alone
	@hack/chart-test.sh

judges: BUILD_FLAGS = --tests
judges: build ## The sandboxes, judged by the vendors' own kind of client (Python, not ours)
	@hack/judges.sh

contracts: build ## Rows of the sandboxes against the vendors' published schemas, where those are at hand
	@hack/contracts.sh

interleavings: prepare ## A month of 3,000 documents in 50 disturbed ways, both books compared; takes long, in the release profile
	@KOPPEL_INTERLEAVINGS=$(or $(ARGS),3000:50) $(CARGO) test --release --test it engine::interleaved -- --nocapture

bench: prepare ## Calls, time and memory of large runs; takes minutes, in the release profile
	@$(CARGO) bench --bench load -- $(ARGS)

bench-crm: prepare ## Requests, time and memory of many records on their way to the CRM; takes minutes, in the release profile
	@$(CARGO) bench --bench crm -- $(ARGS)

bench-operator: prepare ## Time and memory of one operator with 200 connections; takes minutes, in the release profile
	@assets=$$(hack/control-plane.sh) && KUBEBUILDER_ASSETS=$$assets $(CARGO) bench --bench operator -- $(ARGS)

##@ Keep it right
.PHONY: check fmt generated crds docs chart install-yaml length
check: ## Format, lints, generated files, file lengths
	@$(CARGO) fmt --check
	@$(CARGO) clippy --all-targets -- -D warnings
	@$(MAKE) --no-print-directory generated length

fmt: ## Format the code
	@$(CARGO) fmt

generated: build ## Fail where crds/, generated pages of docs/ or files of the chart are not what their sources say
	@$(KOPPEL) crd --dir crds --check
	@$(KOPPEL) docs --dir docs --check
	@hack/chart.sh --check

crds: build ## Write crds/ anew from src/api, and the chart's copies; then make install-yaml
	@$(KOPPEL) crd --dir crds
	@hack/chart.sh

docs: build ## Write the generated pages of docs/ anew
	@$(KOPPEL) docs --dir docs

chart: ## Write the chart's schema, README, dashboard and copies of crds/ anew
	@hack/chart.sh

install-yaml: ## Write deploy/install.yaml anew from the chart
	@hack/install-yaml.sh

length: ## Fail where a file that is not generated has more than 600 lines
	@hack/length.sh

##@ Build
.PHONY: build release prepare help
build: prepare ## The binary for development, in target/debug
	@$(CARGO) build $(BUILD_FLAGS)

release: prepare ## The binary to install, in target/release
	@$(CARGO) build --release

prepare: ## Install what building needs and this machine has not
	@hack/prepare.sh

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
