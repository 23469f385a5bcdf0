# make demo | test | bench | mutants | lint | clean. The first two are all a newcomer needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NATIVE := prover/native/CMakeLists.txt $(wildcard prover/native/*/*.cpp prover/native/*/*.hpp)

.PHONY: demo test test-fast prove-tests bench mutants lint build clean preflight

preflight:
	@PYTHON=$(PYTHON) sh scripts/preflight.sh

$(VENV)/.deps: pyproject.toml
	@$(MAKE) --no-print-directory preflight
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet 'scikit-build-core>=1.1' 'nanobind>=3.1' 'cmake>=3.20' ninja
	$(BIN)/pip install --quiet --no-build-isolation --editable '.[test]'
	@touch $@ $(VENV)/.built

# Only the native sources need a rebuild: Python is editable.
$(VENV)/.built: $(VENV)/.deps $(NATIVE)
	$(BIN)/pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

build: $(VENV)/.built

demo:
	@start=$$(date +%s); $(MAKE) --no-print-directory build && \
	printf 'installed and built in %s s\n' $$(( $$(date +%s) - start ))
	$(BIN)/tickproof demo

test: build
	$(BIN)/pytest -q -n 2
	$(BIN)/pytest -q -n 2 -m 'prove and not release'

test-fast: build
	$(BIN)/pytest -q -n 2

prove-tests: build
	$(BIN)/pytest -q -n 2 -m 'prove and not release'

lint: build
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

mutants: build
	$(BIN)/python -m tests.mutation

bench: build
	$(BIN)/python -m bench

clean:
	rm -rf build $(VENV)
