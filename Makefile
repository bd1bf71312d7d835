# The commands of the house. `make help` lists them.
# The two that matter on a fresh machine with Python 3.11 or later: make reproduce, make test.

PYTHON ?= python3
BIN := .venv/bin
# One thread for linear algebra: the matrices are small, and results do not depend on the machine.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1

.PHONY: help reproduce witness test test-slow test-harder bytes coverage lint bench agreement validity synthesise notebooks lock clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

reproduce: .venv/runtime ## the whole analysis of the bundled trial, into out/
	$(BIN)/core-trial reproduce data/synthetic --out out

witness: .venv/runtime ## every number of the bundled trial a second time, by other means
	$(BIN)/core-trial witness data/synthetic --trial core --out out-witness

test: .venv/dev ## all tests but the studies that take minutes
	$(BIN)/python -m pytest -q -n 2

test-slow: .venv/dev ## the tests that take minutes: the generator end to end
	$(BIN)/python -m pytest -q -m slow

bytes: .venv/dev ## whether the bundled data are, byte for byte, what their seed makes
	$(BIN)/python -m pytest -q -m slow -k bundled tests/reproduction

coverage: .venv/dev ## branches that the tests take, in the rooms between models and pages
	$(BIN)/python -m coverage run --branch --source=core_trial.results,core_trial.published,core_trial.analyses,core_trial.declaration \
	  -m pytest -q -p no:xdist tests/unit/analyses tests/unit/published tests/unit/declaration tests/unit/results tests/unit/test_results.py tests/unit/test_analyse.py tests/report
	$(BIN)/python -m coverage report --skip-covered

test-harder: .venv/dev ## the property tests, on 20 times as many designs and new ones each time
	CORE_TRIAL_HARDER=20 $(BIN)/python -m pytest -q -n 2 -m "hypothesis and not slow"

lint: .venv/dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv-bench/ready ## speed and memory, as ratios measured in one run
	.venv-bench/bin/python -m bench

agreement: .venv/dev ## how far every model is from R on public data, into docs/
	$(BIN)/python -m studies.agreement

validity: .venv/dev ## the simulation study of the models (half an hour), into docs/; CELLS="'binary/8*'", REPLICATES=200
	$(BIN)/python -m studies.validity $(CELLS) $(if $(REPLICATES),--replicates $(REPLICATES))

synthesise: .venv/runtime ## make the bundled synthetic trial again, from its seed
	$(BIN)/core-trial synthesise --out data/synthetic

notebooks: .venv/dev ## execute in place the notebooks that carry outputs
	$(BIN)/python tests/support/execute_notebooks.py

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra build --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra build --extra bench pyproject.toml -o requirements-bench.lock

clean: ## remove what the other commands made
	rm -rf .venv .venv-bench out .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/python:
	@echo "Making a virtual environment in .venv"
	@$(PYTHON) -c "import sys; assert sys.version_info >= (3, 11), 'Python 3.11 or later is needed'"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/runtime: requirements.lock pyproject.toml | .venv/python
	@echo "Installing the pinned dependencies (the first time takes a minute or two)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	@echo "Installing what the tests need besides"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The peers want an older pandas than the library does, hence an environment of their own.
.venv-bench/ready: requirements-bench.lock pyproject.toml
	@echo "Making the benchmark's environment in .venv-bench"
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@.venv-bench/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
