# Tidemill. `make` alone shows what there is.
.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help setup setup-dev demo run_all airflow_up airflow_proof console_walk test parity parity-page laws native-test native-fuzz check lint types format bench docs lock clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z_-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with locked versions and fetch the servers (no root, no Docker)
	@tools/setup.sh

setup-dev: ## the same with what the tests and checks need
	@tools/setup.sh dev

demo: setup ## run the NYC taxi example; real files: make demo ARGS="--input FILE.parquet"
	@$(BIN)/tidemill demo nyc_taxi $(ARGS)

run_all: setup ## run the diabetes example: lake, warehouse, model, stream; make run_all ARGS="--keep"
	@$(BIN)/tidemill demo diabetes $(ARGS)

airflow_up: setup ## start Airflow with the diabetes example's DAGs, and the servers that they need
	@test -d .tidemill/demo/diabetes || { echo "First: make run_all" >&2; exit 1; }
	@$(BIN)/tidemill up -C .tidemill/demo/diabetes postgres kafka connect s3 airflow

console_walk: setup-dev ## walk through the console in a real browser while the taxi example runs
	@$(BIN)/python tools/console_walk.py $(ARGS)

airflow_proof: setup ## run every operator and sensor by a real Airflow scheduler
	@$(BIN)/python tools/airflow_proof.py $(ARGS)

# Three workers on one set of servers: most tests wait for a process or a server half of their time.
test: setup-dev ## run all tests, on real servers
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

GENERATED ?= 500
parity: setup-dev ## prove corpus, Nexmark and GENERATED=500 queries on Flink and here, in every way
	@TIDEMILL_PARITY_FULL=1 TIDEMILL_PARITY_RESULTS=$(CURDIR)/.parity/results.json \
	  TIDEMILL_GENERATED=$(GENERATED) $(BIN)/python -m pytest tests/parity $(ARGS)

parity-page: ## write docs/reference/parity.md from what `make parity` and generator.campaign left in .parity
	@cd tests/parity && PYTHONPATH=.:../.. ../../$(BIN)/python -m report \
	  --results ../../.parity/results.json --generated ../../.parity/generated.json

laws: setup-dev ## try the laws of the engine's operators 20 times as often as the tests do
	@TIDEMILL_LAWS=20 $(BIN)/python -m pytest -n 2 --timeout 3600 tests/engine -k laws $(ARGS)

native-test: setup-dev ## the Rust crate's own unit tests, and clippy
	@PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo test --quiet --manifest-path native/Cargo.toml $(ARGS)
	@PYO3_PYTHON=$(CURDIR)/$(BIN)/python cargo clippy --quiet --manifest-path native/Cargo.toml -- -D warnings

native-fuzz: setup-dev ## fuzz the crate, SECONDS=60 a target; only some: make native-fuzz ARGS="json avro"
	@SECONDS=$(or $(SECONDS),60) tools/fuzz.sh $(ARGS)

check: lint types ## lint, layers and types, without tests

lint: setup-dev ## ruff and the layer contract
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: setup-dev ## mypy, strict
	@$(BIN)/mypy

format: setup-dev ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup-dev ## measure the tasks beside Flink SQL on this machine
	@$(BIN)/python -m bench $(ARGS)

docs: setup ## build the documentation's site and serve it here, offline; only build: make docs ARGS=build
	@tools/docs.sh $(ARGS)

lock: ## renew requirements*.lock from pyproject.toml (needs uv)
	@tools/lock.sh

clean: ## remove .venv and caches (not the data under .tidemill)
	@rm -rf .venv .venv-docs .site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
