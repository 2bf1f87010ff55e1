# Everything a stranger runs. Needs Python 3.11 or later and a package registry.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out/discover
# Tests run in as many processes; those of a file in one, which compiles once.
WORKERS ?= 2
# Which tests `make unit` runs.
TESTS ?= tests
CODE := noether_jax experiments datasets benchmarks docs examples tests conftest.py
# What one test process compiles, the others and later runs read.
export JAX_COMPILATION_CACHE_DIR ?= $(abspath $(VENV))/compiled
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0.3
PYTEST := $(BIN)/pytest -q -n $(WORKERS) --dist loadfile

.PHONY: help discover test slow reference lint types doctest unit docs gallery format benchmark clean

help:
	@echo "make discover   find what the planets conserve; writes $(OUT)"
	@echo "make test       lint, types, doctests, fast tests, documentation"
	@echo "make slow       the slow tests; minutes"
	@echo "make reference  compare more numbers with the authors'; too slow for CI, minutes"
	@echo "make docs       build the documentation; writes site/index.html"
	@echo "make gallery    draw the pictures of the documentation, from examples/"
	@echo "make benchmark  measure the performance ratios of docs/results.md"
	@echo "make format     format the code"
	@echo "make clean      remove .venv and everything that was built"

$(VENV)/pip-ready:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/discover-ready: setup.cfg $(VENV)/pip-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[planets]"
	touch $@

$(VENV)/test-ready: setup.cfg $(VENV)/pip-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[data,docs,planets,test,video]"
	touch $@

$(VENV)/docs-ready: setup.cfg $(VENV)/pip-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	touch $@

discover: $(VENV)/discover-ready
	$(BIN)/noether-discover --dataset=planets --out=$(OUT)

test: lint types doctest unit docs

lint: $(VENV)/test-ready
	$(BIN)/flake8 $(CODE)
	$(BIN)/isort --check --diff --quiet $(CODE)
	$(BIN)/yapf --diff --recursive --parallel $(CODE)

types: $(VENV)/test-ready
	$(BIN)/mypy

doctest: $(VENV)/test-ready
	$(PYTEST) --doctest-modules noether_jax datasets experiments

unit: $(VENV)/test-ready
	$(PYTEST) -m "not slow" $(TESTS)

# Few and long: whichever process is free takes the next.
slow reference: export TEST_OPTIMIZATION_LEVEL = 1
slow: $(VENV)/test-ready
	$(PYTEST) --dist load --maxschedchunk 1 -m "slow and not reference" tests

reference: $(VENV)/test-ready
	$(PYTEST) -m reference tests

# Warnings are errors. The build reads no network, and neither do the pages.
docs: $(VENV)/docs-ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

gallery: $(VENV)/test-ready
	$(BIN)/python -m examples.gallery

format: $(VENV)/test-ready
	$(BIN)/isort --quiet $(CODE)
	$(BIN)/yapf --in-place --recursive --parallel $(CODE)

benchmark: $(VENV)/test-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[peers]"
	$(BIN)/python -m benchmarks.tailoring
	$(BIN)/python -m benchmarks.video

clean:
	rm -rf $(VENV) build dist site *.egg-info
