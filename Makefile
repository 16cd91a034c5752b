# The whole project in a few words. `make` alone lists them.
#
# Every target prepares what it needs first (scripts/setup.sh); when nothing has
# changed since the last run, that takes a fraction of a second and no network.

.DEFAULT_GOAL := help
.PHONY: help app test lint bench

help:  ## List what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app:  ## Set up, prepare the demo ledger and open the worksheets in the browser
	@scripts/setup.sh app
	@.venv/bin/casework init --demo
	@.venv/bin/casework serve --demo --open

# More workers than four only compete for the browser and the disk.
test:  ## Set up and run the whole test suite, browser and PostgreSQL included, with coverage
	@scripts/setup.sh test
	.venv/bin/python -m pytest --numprocesses auto --maxprocesses 4 --cov=casework --cov-report=term-missing:skip-covered

lint:  ## Check style, formatting, types and notebooks; change nothing
	@scripts/setup.sh lint
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/marimo check --strict notebooks/

bench:  ## Measure speed and size on this machine and print the tables
	@scripts/setup.sh test
	.venv/bin/python -m benchmarks
