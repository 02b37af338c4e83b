# Vigil's commands; `make help` prints them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := archive auth blur search tests
CHECKER := vnu-jar@26.9.27
CHECKER_SHA256 := 5970d3ffca91a627cf0965e5d91bb2e4242307c29292998de0b419d6a901b2b7

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-postgresql check format lint types contracts docs access leak-test screenshots fuzzer api-fuzz html-checker messages sbom lock clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

setup: $(STAMP) ## make the environment in .venv, from the lock file

demo: setup ## set up, make the demo archive in ./demo-data, print its passwords, serve it
	VIGIL_HOME=$${VIGIL_HOME:-demo-data} $(BIN)/vigil demo

# Tests start the program some hundred times: it must not be compiled anew each time.
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## run every test
	$(BIN)/pytest -n $${VIGIL_TEST_WORKERS:-4} --dist worksteal

test-postgresql: export PYTHONDONTWRITEBYTECODE =
test-postgresql: export VIGIL_TEST_DATABASE = postgresql
test-postgresql: setup ## run what touches the database again, on PostgreSQL
	$(BIN)/pytest -n $${VIGIL_TEST_WORKERS:-4} --dist worksteal -m "not browser" tests/auth tests/archive tests/web

check: format lint types contracts docs ## format, lint, types, import contracts, docs

format: setup
	$(BIN)/ruff format --check $(CODE)

lint: setup
	$(BIN)/ruff check $(CODE)
	$(BIN)/djlint --quiet --lint archive/web/templates

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

docs: setup
	$(BIN)/pytest -q tests/house

access: setup ## write docs/access.md anew, from the rules
	$(BIN)/python -m auth.telling > docs/access.md

leak-test: setup ## ask as everybody at every door; print who met what
	$(BIN)/pytest -q -s tests/web/test_matrix.py tests/web/test_side_doors.py tests/journeys/test_leaks.py

screenshots: setup ## take the README's pictures anew, of the demonstration
	$(BIN)/python -m tests.journeys.pictures docs/pictures

fuzzer: setup ## fetch what fuzzes the API (schemathesis) into .venv
	$(PYTHON) -m venv $(VENV)/fuzzer
	$(VENV)/fuzzer/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements-fuzz.lock

api-fuzz: fuzzer ## ask the API some twenty thousand questions, as everybody
	$(BIN)/python -m tests.web.fuzzing --examples $${VIGIL_FUZZ_EXAMPLES:-20}

html-checker: setup ## fetch what checks the pages' HTML (Java, 30 MiB) into .venv
	cd $(VENV) && npm pack --silent --ignore-scripts $(CHECKER)
	cd $(VENV) && echo "$(CHECKER_SHA256)  $(subst @,-,$(CHECKER)).tgz" | sha256sum --check --quiet
	cd $(VENV) && tar -xzf $(subst @,-,$(CHECKER)).tgz --strip-components=3 package/build/dist/vnu.jar
	rm $(VENV)/$(subst @,-,$(CHECKER)).tgz

messages: setup ## gather the interface's strings and update the catalogues
	$(BIN)/pybabel -q extract --ignore-dirs='.*' -F archive/web/translations/babel.cfg -o archive/web/translations/messages.pot --no-location --project Vigil .
	$(BIN)/pybabel -q update -i archive/web/translations/messages.pot -d archive/web/translations --no-fuzzy-matching

sbom: setup ## print the bill of materials of the lock file (CycloneDX 1.6)
	@$(BIN)/python -m tests.house.bill

lock: ## write the lock files anew (needs uv)
	uv pip compile pyproject.toml --universal --generate-hashes --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --extra dev -c requirements.lock --universal --generate-hashes --no-header -q -o requirements-dev.lock

clean: ## remove the environment and the caches (never an archive's data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
