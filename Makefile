# Foldline: bare `make` lists the words. Only Python 3.11+ and make are assumed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
CLIENTS := $(patsubst tests/clients/requirements/%.txt,.clients/%/.ready,$(wildcard tests/clients/requirements/*.txt))
SAMPLE ?= 1.0
MINUTES ?= 3
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup clients demo test faults matrix lint bench ui wheel validate clean

help:  ## list these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## install everything into .venv, at the pinned versions

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); try: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
	  --constraint constraints.txt --editable '.[dev,samples]'
	@touch $(READY)

clients: $(CLIENTS)  ## environments of the outside clients that the tests run, under .clients

.clients/%/.ready: tests/clients/requirements/%.txt $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .clients/$*
	$(BIN)/uv pip install --quiet --python .clients/$*/bin/python --requirement $<
	@touch $@

demo: $(READY)  ## run the main job on real data (SAMPLE=0.1: a tenth of it; KEEP=1: leave the endpoint running)
	@$(BIN)/foldline demo --fraction $(SAMPLE) $(if $(KEEP),--keep)

test: $(READY) $(CLIENTS)  ## all tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not soak"

faults: $(READY)  ## the long form of tests/faults: minutes of faults at random (MINUTES=10, SEED=1)
	FAULTS_MINUTES=$(MINUTES) FAULTS_SEED=$(SEED) $(BIN)/python -m pytest tests/faults -s

matrix: $(READY)  ## DAG tests and short faults on each Airflow, Python and database (CELLS="3.2.1-py312-sqlite *-postgresql")
	@set -f; $(BIN)/python -m tests.matrix $(CELLS)

lint: $(READY)  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

validate: $(READY)  ## check every config, query, AWS request and DAG file, offline
	@$(BIN)/foldline validate

bench: $(READY)  ## measure, side by side, and write docs/benchmarks.md
	$(BIN)/python -m bench --fraction $(SAMPLE)

ui: $(READY)  ## Airflow's page with the DAG and the local endpoint, ready to trigger
	@$(BIN)/foldline ui --fraction $(SAMPLE)

wheel: $(READY)  ## build the wheel and check what is in it
	$(BIN)/python -m build --wheel --installer uv --outdir dist .
	$(BIN)/python -m tests.wheelcheck dist

clean:  ## remove what can be made again
	rm -rf $(VENV) .clients .matrix .foldline build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
