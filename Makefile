# Everything a newcomer needs: `make demo` shows a city, `make test` proves the promises. Both make what they need.
VENV   ?= .venv
PYTHON ?= python3
ARGS   ?=
RUN    := $(VENV)/bin/

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz clean lock env env-dev

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: env ## a simulated city on http://127.0.0.1:8050 (options: make demo ARGS="--port 8051 --speed 2")
	@exec $(RUN)citybrain demo $(ARGS)

test: env-dev ## every test: unit, property, contract, real brokers, stores, browser, kill -9; with coverage by package
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tools/services.sh
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tools/test.sh $(ARGS)

check: env-dev ## the fast part, under three minutes: format, lint, types, import contracts, docs, unit tests
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tools/check.sh

bench: env ## speed and memory, as ratios against a baseline of the same run
	@exec $(RUN)citybrain bench $(ARGS)

fuzz: env-dev ## bend messages of every format until something breaks (make fuzz ARGS="--seconds 3600"; docs/safety.md)
	@exec $(RUN)python -m tests.fuzz $(ARGS)

clean: ## remove the environment, caches and the demo's data
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-data .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: env-dev ## write constraints.txt anew from pyproject.toml
	@$(RUN)uv pip compile pyproject.toml --group dev --extra postgresql --no-emit-index-url --no-header --upgrade -q -o constraints.txt

env: $(VENV)/.installed
env-dev: $(VENV)/.installed-dev

$(VENV)/.installed: pyproject.toml constraints.txt tools/environment.sh
	@PYTHON="$(PYTHON)" tools/environment.sh $(VENV) runtime
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml constraints.txt tools/environment.sh
	@PYTHON="$(PYTHON)" tools/environment.sh $(VENV) dev
	@touch $@
