# Each target is one plain command and installs what it needs into .venv first.
#   make demo    the shipped study, from a fresh clone to a report
#   make test    the tests that every change must pass
#   make PYTHON=/path/to/python3.12 demo    with an interpreter of your choice

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test test-all check golden lowest release bench gpu clean FORCE

VENV := .venv
BIN := $(VENV)/bin
STUDY := configs/studies/te_campaign.yaml
RUN := runs/te_campaign
LOWEST := build/lowest
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -q

# The newest interpreter that really runs: a name may exist and fail (version managers' shims).
CANDIDATES := python3.13 python3.12 python3.11 python3 python
WORKS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

help:
	@echo "make demo      run the shipped study and say where its report is"
	@echo "make test      the fast tests"
	@echo "make test-all  all tests, the slow ones too"
	@echo "make check     ruff, mypy, import-linter and the quickest tests"
	@echo "make golden    write the expected reports again"
	@echo "make lowest    the quick tests on the lowest versions that pyproject.toml allows"
	@echo "make release   what is in a release (SBOM) and its known flaws; needs a network"
	@echo "make bench     measure the throughput, append to benchmarks/results"
	@echo "make gpu       the tests and the benchmark that need a GPU"
	@echo "make clean     remove .venv, caches and runs"

demo: $(VENV)/.core
	$(BIN)/otsim run $(STUDY) --out $(RUN)
	@echo "The report is $(CURDIR)/$(RUN)/report.html"

test: $(VENV)/.test
	$(PYTEST) -n 2 --dist loadfile -m "not slow and not gpu"

test-all: $(VENV)/.test-all
	$(PYTEST) -n 2 --dist loadfile --hypothesis-profile=searching -m "not gpu"

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not slow and not gpu and not reference" tests/cli tests/config tests/pipeline/test_layout.py

golden: $(VENV)/.test
	OTSIM_WRITE_GOLDEN=1 $(PYTEST) tests/golden

lowest: $(VENV)/.made
	rm -rf $(LOWEST)
	$(BIN)/python -m venv $(LOWEST)
	$(BIN)/python locks/lowest_versions.py > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check \
	  --constraint $(LOWEST)/lowest.txt --editable . pytest hypothesis psutil
	$(LOWEST)/bin/python -m pytest -q -m "not slow and not gpu and not reference" \
	  tests/cli tests/config tests/attack tests/risk tests/report

release: $(VENV)/.core
	$(PIP) cyclonedx-bom pip-audit
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements locks/python-3.12.txt --output-file dist/sbom.json
	$(BIN)/pip-audit --disable-pip --require-hashes --requirement locks/python-3.12.txt

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/against_c.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/water.py --float32
	$(BIN)/python benchmarks/attack_graph.py

gpu: $(VENV)/.gpu
	$(PYTEST) -m gpu
	$(BIN)/python benchmarks/roofline.py

clean:
	rm -rf $(VENV) runs build dist .test_cache .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: pip runs once, and again when pyproject.toml changes. A .venv that works is kept, unless
# PYTHON asks for another interpreter.
ifneq ($(PYTHON),)
ifneq ($(PYTHON),$(shell cat $(VENV)/.made 2>/dev/null))
$(VENV)/.made: FORCE
endif
endif
FORCE:

$(VENV)/.made:
	@python="$(PYTHON)"; \
	if [ -n "$$python" ]; then \
	  "$$python" -c '$(WORKS)' 2>/dev/null || { \
	    echo "PYTHON=$$python does not run, is not Python 3.11 to 3.13, or lacks venv." >&2; exit 2; }; \
	elif $(BIN)/python -c 'import pip; $(WORKS)' 2>/dev/null; then \
	  touch $@; exit 0; \
	else \
	  for name in $(CANDIDATES); do \
	    if "$$name" -c '$(WORKS)' 2>/dev/null; then python="$$name"; break; fi; \
	  done; \
	fi; \
	if [ -z "$$python" ]; then \
	  echo "No Python 3.11 to 3.13 with venv was found (tried: $(CANDIDATES))." >&2; \
	  echo "Install one, or say where it is: make PYTHON=/path/to/python3.12 demo" >&2; \
	  exit 2; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV) && echo "$(PYTHON)" > $@

$(VENV)/.core: pyproject.toml $(VENV)/.made
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.made
	$(PIP) --editable ".[test]"
	@touch $@ $(VENV)/.core

$(VENV)/.test-all: pyproject.toml $(VENV)/.made
	$(PIP) --editable ".[test,gpu-compile]"
	@touch $@ $(VENV)/.core $(VENV)/.test

$(VENV)/.gpu: pyproject.toml $(VENV)/.made
	$(PIP) --editable ".[test,gpu]"
	@touch $@ $(VENV)/.core $(VENV)/.test

$(VENV)/.bench: pyproject.toml $(VENV)/.made
	$(PIP) --editable ".[bench]"
	@touch $@ $(VENV)/.core

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	$(PIP) --editable ".[dev]"
	@touch $@ $(VENV)/.core $(VENV)/.test $(VENV)/.bench
