# kubenetlab: every command makes .venv first where it is missing or older than pyproject.toml or constraints.txt.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
GOLDEN ?= tests/golden
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n 2 --dist loadfile
KERNEL_TESTS = $(wildcard tests/test_jit.py tests/*/test_kernels*.py tests/*/*/test_kernels*.py) \
	$(addprefix tests/load_balancing/,affinity/test_simulated_affinity.py long_lived/test_choosers.py paths/test_maglev.py)
BENCHMARKS = $(wildcard benchmarks/bench_*.py)
REPORT := $(CURDIR)/build/shop.html

# What each command needs installed: .venv/with-report and so on.
needs_report :=
needs_lab := [lab,pcap]
needs_test := [lab,pcap,test,e2e]
needs_check := [lab,pcap,test,e2e,dev]
needs_bench := [lab,pcap,test,bench]

.PHONY: help report lab test check golden notebooks pictures bench fuzz lock clean

help: ## this list
	@echo "make COMMAND, where COMMAND is"
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 14

report: $(VENV)/with-report ## write the report of the sample cluster "shop" and print where it is
	@echo "Writing the report of the sample cluster \"shop\"; open this file in a browser:"
	@mkdir -p $(dir $(REPORT))
	@$(BIN)/kubenetlab report sample:shop -o $(REPORT)

lab: $(VENV)/with-lab ## open JupyterLab on the first notebook
	@echo "Opening JupyterLab on notebooks/00-meet-your-cluster.ipynb; press Ctrl-C twice here to stop it ..."
	@$(BIN)/jupyter lab $$([ "$$(id -u)" != 0 ] || echo --allow-root) --ServerApp.root_dir=notebooks \
		--LabApp.default_url=/lab/tree/00-meet-your-cluster.ipynb

test: $(VENV)/with-test ## run all tests, and the notebooks against their stored outputs
	@echo "Running the tests ..."
	$(PYTEST) $(PARALLEL)
	@echo "Running the notebooks, every cell against its stored output ..."
	$(PYTEST) $(PARALLEL) --nbval --nbval-current-env --nbval-cell-timeout 120 notebooks

check: $(VENV)/with-check ## style, types, import contracts, doctests, coverage, bounds checks, lines of code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@echo "Doctests and tests with kernels as plain Python, for the coverage ..."
	NUMBA_DISABLE_JIT=1 $(PYTEST) $(PARALLEL) -q --cov=kubenetlab --cov-report=term-missing:skip-covered
	@echo "Kernels with bounds checks ..."
	cache=$$(mktemp -d); trap 'rm -rf "$$cache"' EXIT; \
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR="$$cache" $(PYTEST) -q $(KERNEL_TESTS)
	@$(BIN)/python tests/lines_of_code.py kubenetlab

golden: $(VENV)/with-test ## replay what the real components answered; GOLDEN=DIR for another folder of recordings
	$(BIN)/python -m tests.golden_replay $(if $(filter tests/golden,$(GOLDEN)),--write-readme) $(GOLDEN)

notebooks: $(VENV)/with-test ## execute the notebooks and store their outputs
	$(BIN)/python tests/execute_notebooks.py

pictures: $(VENV)/with-test ## write pictures of the report, the charts and the notebook to build/pictures
	$(BIN)/python tests/pictures.py

bench: $(VENV)/with-bench ## run every benchmark, beside its peers
	@for benchmark in $(BENCHMARKS); do echo "== $$benchmark"; $(BIN)/python $$benchmark; done

fuzz: $(VENV)/with-test ## run the property tests with a hundred times the examples
	$(PYTEST) $(PARALLEL) -m hypothesis --hypothesis-profile=fuzz tests

lock: $(VENV)/with-check ## choose the newest versions that fit and write constraints.txt
	$(BIN)/uv pip compile --quiet --universal --no-annotate --no-header --all-extras --upgrade pyproject.toml -o constraints.txt

clean: ## remove .venv, caches and everything that was built
	rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/made: pyproject.toml constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "kubenetlab needs Python 3.11, 3.12 or 3.13; none was found. Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Debian and Ubuntu: install the package python3-venv first" >&2; exit 1; }
	@touch $@

$(VENV)/with-%: $(VENV)/made
	@echo "Installing kubenetlab$(needs_$*) and what it needs into $(VENV); this takes a minute the first time ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".$(needs_$*)"
	@touch $@
