# `make help` lists what there is. Everything lives in .venv/ (packages) and .fraud/ (state, logs,
# secrets); both can be deleted after `make down` and are made again.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FRAUD := $(BIN)/fraud
SETUP := $(VENV)/.set-up
SQL := dbt/models dbt/data-tests
COMPILED := $(wildcard kafka/fraud_stream/*/core/*)
ORDERS ?= 20000
# Where the integration tests have Kafka and Postgres from: embedded, docker, or external (.env).
STACK ?= embedded

.PHONY: help demo test up down status logs secrets certificates audit sbom lint format mutations guards sanitize bench bench-compare profile chaos lock lock-images setup unit integration compose-test screenshots warehouse-histories warehouse-sums docs clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## start everything, stream 20,000 orders, run the DAG, print the fraud summary
	@$(FRAUD) demo --orders $(ORDERS)

test: lint unit integration ## format, lint, types, SQL lint, unit and integration tests; not `orchestration`

up: setup ## start Kafka, Postgres, Airflow and the consumer
	@$(FRAUD) up

down: ## stop everything that `make up` or `make demo` started
	@if [ ! -x $(FRAUD) ] && [ -e .fraud ]; then $(MAKE) --no-print-directory setup; fi
	@if [ -x $(FRAUD) ]; then $(FRAUD) down; else echo "nothing is set up here"; fi

status: setup ## what runs, where, and how far the consumer is
	@$(FRAUD) status

logs: setup ## the end of every part's log; one part: .venv/bin/fraud logs NAME
	@$(FRAUD) logs

secrets: ## the containers' passwords and keys, once; needs nothing but Python
	@$(PYTHON) utils/fraud_local/make_secrets.py

certificates: setup ## an authority of your own, and Kafka's and Postgres's certificates, for TLS
	@$(FRAUD) certificates

audit: setup ## known weaknesses of the locked packages, and secrets in the git history
	@$(BIN)/python -m fraud_local.audit

sbom: setup ## what each image installs, as CycloneDX, in .fraud/sbom
	@$(BIN)/python -m fraud_local.bill_of_materials

lint: setup ## format, lint, types and SQL lint, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/sqlfluff lint --disable-progress-bar $(SQL)

format: setup ## put code and SQL into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar $(SQL)

unit: setup ## the tests that need no service
	$(BIN)/pytest -m "not integration" -n 2

integration: setup ## the tests against the real Kafka, Postgres, dbt and Airflow; STACK=docker: in containers
	TEST_STACK=$(STACK) $(BIN)/pytest -m integration -n 2 --dist loadfile --ignore=tests/integration/orchestration

orchestration: setup ## the DAGs run in a real Airflow and a browser, its parts killed (some minutes)
	$(BIN)/pytest -m integration tests/integration/orchestration

screenshots: setup ## the pictures of docs/operations.md anew, by the test that clicks through Airflow
	SCREENSHOTS=docs/images $(BIN)/pytest -m integration tests/integration/orchestration/test_airflow_browser.py

compose-test: setup ## docker-compose.yml on a container engine; as root with CI_DOCKER=1, on one of its own
	COMPOSE_TEST=1 $(BIN)/pytest -m integration --log-cli-level=INFO tests/compose

chaos: setup ## break Kafka, Postgres and consumers for half an hour, and count what got lost
	$(BIN)/python -m tests.chaos

mutations: setup ## 100,000 orders damaged at random, each accounted for; MUTATIONS and MUTATIONS_SEED
	MUTATIONS=$${MUTATIONS:-100000} $(BIN)/pytest -m integration -q -s tests/integration/landing/test_bad_input_mutations.py

guards: setup ## take each guard of landing and decoding out of a copy and see a test fail for it
	$(BIN)/python -m tests.guards

sanitize: setup ## the compiled modules' tests under the address and undefined-behaviour sanitizers (gcc)
	$(BIN)/python -m tests.sanitize

warehouse-histories: setup ## grow the warehouse by 20 random histories and compare it with full refreshes
	WAREHOUSE_HISTORIES=20 $(BIN)/pytest -m integration tests/integration/dbt/test_dbt_histories.py

warehouse-sums: setup ## stream a million orders and compare the marts' sums with a plain reading of the topic
	WAREHOUSE_ORDERS=1000000 $(BIN)/pytest -m integration tests/integration/dbt/test_dbt_business_sums.py

docs: setup ## the warehouse's models, columns and lineage as one HTML page (needs `make up`)
	@$(FRAUD) warehouse docs

bench: setup ## what an order costs, as ratios to reference work in the same run; BENCH="drain --orders 1000000"; only when named: BENCH="warehouse history highest_rate"
	$(BIN)/python -m tests.benchmarks $(BENCH)

bench-compare: setup ## the two newest results of the same benchmarks and sizes side by side, ratios first; REPORTS="OLDER.json NEWER.json"
	$(BIN)/python -m tests.benchmarks.report $(REPORTS)

profile: setup ## whose processor time a drain is, stage by stage; features by sampling
	$(BIN)/python -m tests.benchmarks.stages

NO_PACKAGES := is there a network? Behind a proxy set HTTPS_PROXY; for another index set both PIP_INDEX_URL and UV_INDEX_URL. A broker or server of your own (KAFKA_BOOTSTRAP_SERVERS, POSTGRES_HOST) does not help here: the packages are needed all the same

# The stamp is written last, and it is older than the locks or the scorer's C code when they change.
# What was interrupted is made anew from the start: uv takes a package for whole that it only began.
setup: $(SETUP)

$(SETUP): requirements/dev.txt requirements/uv.txt pyproject.toml hatch_build.py $(COMPILED)
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else "needs Python 3.11 to 3.13, found " + sys.version.split()[0] + "; name another with: make PYTHON=python3.12 ...")'
	@echo "setting up $(VENV) (once)"
	@[ -e $@ ] && [ -x $(BIN)/pip ] || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	@rm -f $@
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt \
	  || { echo "could not fetch uv from PyPI: $(NO_PACKAGES)" >&2; exit 1; }
	@$(BIN)/uv pip sync --python $(BIN)/python --require-hashes requirements/dev.txt \
	  || { echo "could not install requirements/dev.txt from PyPI: $(NO_PACKAGES)" >&2; exit 1; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --reinstall --no-deps --no-build-isolation --editable .
	@touch $@

LOCK := $(BIN)/uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet
EVERYTHING := --extra warehouse --extra orchestration --extra embedded --extra dev

lock: setup ## renew the hashed requirements files: all of it first, each image's part as it is there
	$(LOCK) --upgrade -o requirements/uv.txt requirements/uv.in
	$(LOCK) --upgrade $(EVERYTHING) -o requirements/dev.txt pyproject.toml requirements/uv.in
	$(MAKE) lock-images

lock-images: setup
	$(LOCK) -c requirements/dev.txt -o requirements/stream.txt pyproject.toml
	$(LOCK) -c requirements/dev.txt -o requirements/tasks.txt --extra warehouse pyproject.toml
	$(LOCK) -c requirements/dev.txt -o requirements/airflow.txt \
	  --extra warehouse --extra orchestration pyproject.toml
	$(LOCK) -c requirements/dev.txt -o requirements/build.txt requirements/build.in

# What root's Postgres keeps outside (/var/lib/fraud-platform) is deleted when the next stack starts
# without a state folder. The containers' passwords stay, because their volumes need them.
clean: down ## stop the embedded stack and delete .venv, .fraud (its data, logs, passwords) and caches; .env and secrets/ stay
	rm -rf $(VENV) .fraud .pytest_cache .ruff_cache .hypothesis dbt/target dbt/logs
