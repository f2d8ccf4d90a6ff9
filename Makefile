# A fresh machine needs python3 (3.11 or newer, with pip and venv), make and git; everything else is installed below this folder.
# Settings of the package index (PIP_*, UV_*) are taken from the environment.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
WORKERS ?= 2
# Engines beside DuckDB to install: any of "postgres spark clickhouse".
ENGINES ?=
PYTEST_ARGS ?=

# companies' own certificate authorities are in the system's store
export UV_SYSTEM_CERTS ?= 1

UV := .tools/bin/uv
BIN := .venv/bin
EXTRAS := $(foreach engine,$(ENGINES),--extra $(engine))
# without ENGINES, engines installed earlier stay
SYNC := $(UV) sync --locked --quiet --inexact $(EXTRAS)

.PHONY: help setup demo test check bench docs clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

$(UV):
	@echo "Installing uv into .tools" >&2
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.13,<1'

setup: $(UV) ## install the locked dependencies into .venv
	@$(SYNC)

demo: setup ## generate the sample company in ./demo, run everything, print a readable result
	@$(BIN)/growthring demo demo

test: setup check ## run every test, on every engine this machine has; ENGINES="postgres spark clickhouse" installs them
	@$(BIN)/pytest -n $(WORKERS) --dist loadscope $(PYTEST_ARGS)

check: setup ## lint, types, layers, dependencies
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.tools/layers.txt || { cat .tools/layers.txt; exit 1; }
	@$(BIN)/deptry src >.tools/dependencies.txt 2>&1 || { cat .tools/dependencies.txt; exit 1; }
	@echo "check: lint, types, layers and dependencies are clean"

bench: $(UV) ## measure the claims of bench/README.md
	@$(SYNC) --group bench
	@$(BIN)/python -m bench

docs: setup ## write the generated pages of docs/reference again
	@$(BIN)/python docs/generate.py

clean: ## remove what setup, demo and the tests made
	rm -rf .tools .venv demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache spark-warehouse
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
