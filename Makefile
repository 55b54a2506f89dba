# hardpoint: `make check` judges this machine, `make test` runs the tests. Both need Python >= 3.11 and nothing else.
# PYTHON=python3.12 chooses the interpreter; VENV=DIR the environment's place; ARGS='...' goes on to the command.

.DEFAULT_GOAL := help
.PHONY: help check test test-all test-services lint format lab lab-down lab-purge docs lock clean
export PYTHON VENV UPGRADE WORKERS
export RUFF_CACHE_DIR = $(CURDIR)/.ruff_cache
BIN = $(or $(VENV),.venv)/bin

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 18

check: ## Check this machine, read-only, and show the result
	@scripts/environment runtime
	@"$(BIN)/hardpoint" check $(ARGS); status=$$?; \
	case $$status in 0|2|3) ;; *) exit $$status ;; esac # drift, and what can't be judged, are results

test: lint ## All everyday tests; as root with real hosts, and it installs what they need
	@scripts/test -m "not everything and not more_services" $(ARGS)

test-all: lint ## Those that take long too
	@scripts/test -m "not more_services" $(ARGS)

test-services: lint ## Five heavy AI services, found, closed and proven; fetches 1 GB once
	@WORKERS=1 scripts/test -m more_services tests/hosts/services $(ARGS)

lint: ## Style and types
	@scripts/environment dev
	@"$(BIN)/ruff" check --quiet .
	@"$(BIN)/ruff" format --check --quiet . || { echo "not formatted: run make format" >&2; exit 1; }
	@"$(BIN)/mypy" --no-error-summary
	@echo "lint: nothing to say"

format: ## Mend the style, as far as a program can
	@scripts/environment dev
	@"$(BIN)/ruff" check --quiet --fix . || true
	@"$(BIN)/ruff" format .

lab: ## Leave the example fleet up to play with, badly configured (root)
	@scripts/environment dev
	@"$(BIN)/python" -m tests.lab install
	@"$(BIN)/python" -m tests.lab up

lab-down: ## Remove them: processes, interfaces, mounts, state
	@scripts/environment dev
	@"$(BIN)/python" -m tests.lab down

lab-purge: ## Remove the lab's cached images too
	@scripts/environment dev
	@"$(BIN)/python" -m tests.lab purge

docs: ## Make docs/controls.md from the controls' metadata
	@scripts/environment runtime
	@mkdir -p docs
	@"$(BIN)/python" -c 'from hardpoint.controls import registry; from hardpoint.reports.controls_page import page; \
	print(page(registry()), end="")' >docs/controls.md.new && mv docs/controls.md.new docs/controls.md
	@echo "docs/controls.md is up to date"

lock: ## Pin the dependencies again; UPGRADE=1 takes the newest
	@scripts/environment dev
	@scripts/lock

clean: ## Remove the environment, caches and builds
	rm -rf "$(or $(VENV),.venv)" build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
