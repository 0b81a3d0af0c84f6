# Every command of the project. `make` alone lists them; each does its own set-up.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
PREPARE = @$(PYTHON) -m tools.prepare
CHECK = @.venv/bin/python -m tools.check
UV = .cache/uv/bin/uv
COMPILE = $(UV) pip compile -q $(UPGRADE) --universal --generate-hashes --no-header --no-annotate --python-version 3.11

.DEFAULT_GOAL := help
.PHONY: help run full test test-full lint format build bench faults storybook types lock clean python

help:  ## what each command does
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: python  ## set everything up, build what is stale, and serve (PORT=9000 for another port)
	@PORT='$(PORT)' exec $(PYTHON) -m tools.run

full: python  ## the full profile on this machine: PostgreSQL, Redis, Cassandra, two web processes, two workers
	@PORT='$(PORT)' exec $(PYTHON) -m tools.full $(FULL)

test: python  ## everything: lint, types, unit, API, socket, kill and browser tests, size limits
	$(PREPARE) dev
	$(CHECK) test

test-full: python  ## every Python and browser test once more, on PostgreSQL, Redis and Cassandra
	$(PREPARE) dev
	$(CHECK) test-full

lint: python  ## ruff, mypy, ESLint, tsc
	$(PREPARE) dev
	$(CHECK) lint

format: python  ## let ruff and ESLint mend what they can
	$(PREPARE) dev
	@.venv/bin/ruff check --quiet --fix-only . && .venv/bin/ruff format --quiet .
	$(CHECK) fix

build: python  ## everything that a server needs, without starting one: packages, and the page into frontend/dist
	$(PREPARE) run

types: python  ## generate the TypeScript twins of the protocol and of the HTTP API
	$(PREPARE) dev
	$(CHECK) types

bench: python  ## measure; one JSON line per figure (ONLY="ttft history" for some of them)
	$(PREPARE) dev
	$(PREPARE) frontend
	@.venv/bin/python -m bench $(ONLY)

faults: python  ## break the full profile in 48 ways and look for harm (FAULTS="--only F03 --times 20 --seed 7")
	$(PREPARE) dev
	$(PREPARE) frontend
	@.venv/bin/python -m faults $(FAULTS)

storybook: python  ## the components on their own, in the browser
	$(PREPARE) dev
	$(CHECK) storybook

lock: $(UV)  ## compile the requirements files anew from pyproject.toml (UPGRADE=--upgrade for newer versions)
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml -c requirements/run.txt --group test --group lint --group bench --group web -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt --group pyproject.toml:web -o requirements/web.txt
	$(COMPILE) --no-deps --group pyproject.toml:local -o requirements/local.txt

$(UV):
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/pip install -q uv

clean:  ## remove what was built or fetched; data/ stays
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf frontend/node_modules frontend/dist frontend/storybook-static frontend/test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@[ -n "$(PYTHON)" ] || { echo "Parley needs Python 3.11 or newer: install it (Debian, Ubuntu: apt-get install python3 python3-venv) and try again."; exit 1; }
