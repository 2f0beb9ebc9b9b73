# Everything a checkout can do. Needs Python 3.11 or newer and make; the rest is installed into .venv by the first target.
SHELL := /bin/bash
PYTHON ?= python3
STAGE ?= dev
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
TOOLS := .build/tools/.ready

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint synth bench clean

help:
	@echo 'make demo    a night of sample merchants on an AWS embedded in the process   (ARGS="--merchants 50")'
	@echo 'make test    lint, types and all tests                                        (ARGS="-k bounce_rate")'
	@echo 'make lint    ruff and mypy only'
	@echo 'make synth   the CloudFormation templates, into cdk.out                       (STAGE=prod)'
	@echo 'make bench   the benchmarks'
	@echo 'make venv    the virtual environment, which every target makes when it is missing'
	@echo 'make clean   remove what was built; the virtual environment stays'

venv: $(READY)

# One stamp for all: made again when a pin or the project's own description changes.
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Nightjar needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
	  || { echo "The virtual environment cannot be made. On Debian and Ubuntu: apt install python3-venv" >&2; rm -rf .venv; exit 2; }
	@echo "Installing $$(grep -c '==' requirements/dev.txt) pinned packages into .venv (first time only, one to three minutes)" >&2
	@set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
	  --require-hashes -r requirements/dev.txt 2>.venv/pip-errors \
	  | awk '/^Collecting/ { n++; printf "\r  %d packages found", n > "/dev/stderr" } \
	         /^Installing collected/ { printf "\r  %d packages found, unpacking them", n > "/dev/stderr" } \
	         END { if (n) print "" > "/dev/stderr" }' \
	  || { cat .venv/pip-errors >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f .venv/pip-errors
	@touch $@

demo: $(READY)
	@$(BIN)/nightjar demo $(ARGS)

# Other programs that the tests run beside Nightjar, from npm, with the virtual environment's Node.
$(TOOLS): tests/flow/tools/package-lock.json $(READY)
	@mkdir -p $(@D) && cp tests/flow/tools/package.json tests/flow/tools/package-lock.json $(@D)/
	@cd $(@D) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --ignore-scripts --no-audit --no-fund \
	  || { echo "The tests' own tools could not be installed from npm: see tests/flow/tools/package.json" >&2; exit 1; }
	@touch $@

test: lint $(TOOLS)
	@# In the order of the folders: sorted by their number of tests, the long files with few would come last.
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo 'Not formatted. Run: $(BIN)/ruff format .' >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary

synth: $(READY)
	@$(BIN)/python -m infra.app -c stage=$(STAGE) $(ARGS)

bench: $(READY)
	@$(BIN)/python -m tests.bench $(ARGS)

clean:
	rm -rf .build cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
