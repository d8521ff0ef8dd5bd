# Each target does its own set-up: make up, make test, and the rest need nothing but Python 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help deps up down demo test e2e oracle bench lint format schema types types-check lock clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

deps: $(STAMP) ## make .venv from the lock file

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Fantooo needs Python 3.11 or newer; this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "Installing what is in requirements-dev.txt into .venv …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

up: deps ## start everything on this machine; Ctrl-C stops it
	@$(BIN)/fantooo up

down: deps ## stop what `fantooo up --detach` started
	@$(BIN)/fantooo down

demo: deps ## a whole conversation against a fresh stack, told step by step
	@$(BIN)/fantooo demo

test: deps ## the whole test suite, against a real PostgreSQL
	@$(BIN)/python -m pytest -n 2 --dist loadfile -q $(T)

e2e: deps ## the published supabase-js and supabase (Python) against the whole stack; needs Node 20 or newer
	@bash tests/e2e/run.sh

oracle: deps ## our REST and @supabase/lite answer the same requests alike; needs Node 20 or newer
	@$(BIN)/python -m pytest -q tests/oracle

bench: deps ## measure, side by side
	@$(BIN)/python -m bench

lint: deps ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: deps ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

schema: deps ## write docs/schema.sql anew
	@$(BIN)/python -m tests.support.schema_dump

types: deps ## write the API's document and the TypeScript clients anew; needs Node 20 or newer
	@$(BIN)/python docs/make_openapi.py
	@$(BIN)/python -m clients.generate
	@cd clients/typescript && npm ci --silent --no-audit --no-fund && npm run --silent generate

types-check: ## the TypeScript clients are current and compile, with the example that uses them
	@if command -v npm >/dev/null; then \
	  cd clients/typescript && npm ci --silent --no-audit --no-fund && npm run --silent check; \
	else \
	  echo "Skipped: the TypeScript clients are checked where there is Node 20 or newer (and in CI)."; \
	fi

lock: deps ## pin the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --extra dev pyproject.toml -o requirements-dev.txt

clean: ## remove what was made: the environment, the local stack's data
	@rm -rf .venv .fantooo .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
