# Everything a person does here: `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
USABLE := import sys, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(USABLE)' 2>/dev/null && echo $$python && break; done || true)
DISTRIBUTIONS := licensing kernel $(wildcard plugins/*)
PACKAGES := $(notdir $(foreach dist,$(DISTRIBUTIONS),$(wildcard $(dist)/threatweaver $(dist)/threatweaver_*)))
EDITABLE := $(foreach dist,$(DISTRIBUTIONS),-e $(dist))
METADATA := $(foreach dist,$(DISTRIBUTIONS),$(dist)/pyproject.toml)
# What Python compiled is kept, whatever the environment says: every start would compile the product anew.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

.PHONY: help run test check fast nightly bench bench-dast wheels lock plugin snapshots clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.product ## Set up and run the product with an embedded PostgreSQL on 127.0.0.1:4005
	@exec $(BIN)/threatweaver up

test: ## Set up and run every check and test
	@contrib/test-setup.sh & beside=$$!; \
		$(MAKE) --silent $(VENV)/.tools || { wait $$beside; exit 1; }; wait $$beside
	@$(MAKE) --silent check & beside=$$!; failed=0; \
		$(BIN)/pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder || failed=1; \
		wait $$beside || { echo "make check failed: see above" >&2; failed=1; }; exit $$failed

check: $(VENV)/.tools ## Lint, types, import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@MYPYPATH=$(subst $() ,:,$(strip . $(DISTRIBUTIONS))) $(BIN)/mypy $(foreach package,$(PACKAGES) lab,-p $(package))
	@$(BIN)/lint-imports --no-cache | tail -n 3

fast: $(VENV)/.tools ## Run the tests that start no process of the product
	@$(BIN)/pytest --numprocesses=4 --dist=loadfile --no-loadscope-reorder --ignore=tests/e2e --ignore=tests/stateful --ignore=tests/packaging

nightly: $(VENV)/.tools ## Tell random stories for 30 minutes, kill a scan 20 times, try every operation at random, damage every report 30 ways, play 120 histories, others each day; a failure prints its seed
	@TWTEST_SCAN_KILLS=$${TWTEST_SCAN_KILLS:-20} TWTEST_SCAN_SEED=$${TWTEST_SCAN_SEED:-$$(date +%Y%m%d)} \
		$(BIN)/pytest tests/e2e/test_e2e_scan_killed.py -q -s
	@TWTEST_SCHEMATHESIS=whole $(BIN)/pytest tests/e2e/test_e2e_openapi.py -k schemathesis -q -s --timeout=0
	@TWTEST_STORY_SECONDS=$${TWTEST_STORY_SECONDS:-1800} \
		TWTEST_STORY_SEED=$${TWTEST_STORY_SEED:-$$(date +%Y%m%d)000} $(BIN)/pytest tests/stateful -q -s
	@seed=$${TWTEST_FUZZ_SEED:-$$(date +%Y%m%d)} && echo "TWTEST_FUZZ_SEED=$$seed" && \
		TWTEST_FUZZ_SEED=$$seed TWTEST_FUZZ_EXAMPLES=$${TWTEST_FUZZ_EXAMPLES:-30} $(BIN)/pytest -q --timeout=0 --hypothesis-seed=$$seed \
		plugins/exposure/tests/engine/test_every_format.py plugins/exposure/tests/engine/test_fuzzed_reports.py \
		plugins/exposure/tests/imports/test_damaged_reports.py plugins/exposure/tests/imports/test_random_histories.py \
		plugins/exposure/tests/intelligence/test_random_snapshots.py plugins/exposure/tests/trends/test_random_courses.py \
		plugins/exposure/tests/charts/test_hostile_figures.py plugins/appsec/tests/engine/core/test_memory.py

bench: $(VENV)/.tools ## Measure speed and memory on this machine, with goals and limits beside
	@$(BIN)/python contrib/bench/run.py $(ARGS)

bench-dast: $(VENV)/.tools ## Measure detection on running targets: make bench-dast TARGETS="truth.json=http://127.0.0.1:8000"
	@$(BIN)/python contrib/bench/dast.py $(TARGETS) $(ARGS)

wheels: $(VENV)/.tools ## Build a wheel of each distribution into dist/, the same bytes every time
	@$(BIN)/python contrib/wheels.py dist

plugin: $(VENV)/.product ## Start a plugin of your own in plugins/: make plugin NAME=acme
	@$(BIN)/threatweaver plugins new "$(NAME)" --into plugins

lock: $(VENV)/.tools ## Pin every dependency anew, with hashes
	@$(PIP) uv && $(BIN)/python contrib/lock.py

snapshots: $(VENV)/.tools ## Rewrite the reviewed snapshots of routes and queries
	@TWTEST_UPDATE=1 $(BIN)/pytest tests/snapshots tests/contract -q

clean: ## Remove what was installed and built here; data of the product stays
	@rm -rf $(VENV) dist artifacts .cache .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# Locked, with hashes; then the checkout itself, which needs nothing more from outside.
$(VENV)/.product: requirements.lock $(METADATA) | $(VENV)/bin/python
	@echo "Installing the product ..." >&2
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation $(EDITABLE)
	@$(BIN)/python -m compileall -q $(DISTRIBUTIONS)
	@touch $@

$(VENV)/.tools: requirements-dev.lock $(VENV)/.product
	@echo "Installing the tools ..." >&2
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
