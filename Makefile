# One verb per chore; `make` alone lists them. Every verb makes .venv/ first when it is missing or out of date.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
LINT_VENV := .venv-lint
LINT_INSTALLED := $(LINT_VENV)/.installed
SEMGREP := $(LINT_VENV)/bin/semgrep
PIP_QUIET := --quiet --disable-pip-version-check --no-input

WHEEL_TEST := tests/architecture/test_wheel.py
IN_CI := $(filter true,$(CI))

# In CI the generated cases are the same in every run, so that a red build is red again; and what fails has a second try,
# which the run shows.
PYTEST := $(PYTHON) -m pytest -n 2 --dist loadfile $(if $(IN_CI),--hypothesis-profile=ci)
SECOND_TRY = $(if $(IN_CI),|| $(PYTEST) $(1) --last-failed --last-failed-no-failures none)
UNIT := tests --ignore=tests/contract --ignore=tests/live --ignore=$(WHEEL_TEST)
CONTRACT := tests/contract --servers postgres,redis

PRODUCT := plugin fhir_adapters tasks ui_extension
SOURCES := $(PRODUCT) deploy tests

N ?= 50

.PHONY: help
help: ## List the verbs (what `make` alone does)
	@echo "Milepost: make VERB"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

.PHONY: install
install: $(INSTALLED) ## Make .venv/ with everything in it, and the system packages that are missing

$(VENV)/.requirements: requirements/dev.txt deploy/system-packages.sh
	@sh deploy/system-packages.sh
	@[ -x $(PYTHON) ] || "$$(sh deploy/find-python.sh)" -m venv $(VENV)
	@echo "Installing the locked requirements into $(VENV)/ ..."
	@$(PYTHON) -m pip install $(PIP_QUIET) --require-hashes -r requirements/dev.txt
	@touch $@

$(INSTALLED): $(VENV)/.requirements setup.cfg pyproject.toml
	@PYTHONWARNINGS=ignore $(PYTHON) -m pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@

$(LINT_INSTALLED): requirements/lint.txt $(INSTALLED)
	@[ -x $(LINT_VENV)/bin/python ] || "$$(sh deploy/find-python.sh)" -m venv $(LINT_VENV)
	@echo "Installing semgrep into $(LINT_VENV)/ ..."
	@$(LINT_VENV)/bin/python -m pip install $(PIP_QUIET) --require-hashes -r requirements/lint.txt
	@touch $@

.PHONY: test
test: $(INSTALLED) ## Everything CI runs: lint, unit, contract, live, wheel; stops at the first that fails
	@for stage in lint test-unit test-contract test-live test-wheel; do \
		begun=$$(date +%s); \
		echo "==== $$stage"; \
		$(MAKE) --no-print-directory $$stage; \
		echo "==== $$stage: ok in $$(( $$(date +%s) - begun )) s"; \
	done

.PHONY: lint
lint: $(INSTALLED) ## Style, types, import contracts, dangerous calls
	@mkdir -p build
	@$(MAKE) --no-print-directory lint-calls >build/lint-calls.log 2>&1 & calls=$$!; \
	set -x; \
	$(VENV)/bin/ruff check .; \
	$(VENV)/bin/ruff format --check .; \
	$(VENV)/bin/mypy $(SOURCES); \
	$(VENV)/bin/lint-imports setup.cfg; \
	{ set +x; } 2>/dev/null; \
	wait $$calls || { cat build/lint-calls.log; exit 1; }; \
	cat build/lint-calls.log

# Dangerous calls; beside mypy, which takes as long and keeps one core busy.
.PHONY: lint-calls
lint-calls: $(LINT_INSTALLED)
	$(VENV)/bin/bandit --quiet --recursive --ini deploy/lint/bandit.ini $(PRODUCT) deploy
	$(SEMGREP) scan --quiet --error --metrics=off --disable-version-check --no-git-ignore \
		--config deploy/lint/semgrep.yml $(PRODUCT) deploy

.PHONY: format
format: $(INSTALLED) ## Let ruff sort imports and lay out the code
	$(VENV)/bin/ruff check --fix --select I,RUF100 .
	$(VENV)/bin/ruff format .

.PHONY: test-unit
test-unit: $(INSTALLED) ## Tests that mirror the source, the golden cases, the architecture
	$(PYTEST) $(UNIT) $(call SECOND_TRY,$(UNIT))

.PHONY: test-contract
test-contract: $(INSTALLED) ## The same tests for each fake and its real adapter
	$(PYTEST) $(CONTRACT) $(call SECOND_TRY,$(CONTRACT))

# Much of it is waiting for others, so that there are more processes than cores.
.PHONY: test-live
test-live: hapi-build ## Real HAPI, PostgreSQL, Redis and Celery, and the faults
	$(PYTEST) -n 3 tests/live --servers hapi,postgres,redis --no-loadscope-reorder --reruns 1 -raR

.PHONY: test-wheel
test-wheel: wheel ## The wheel holds the tree and nothing else
	$(PYTEST) $(WHEEL_TEST)

.PHONY: faults
faults: $(INSTALLED) ## Kill the sweeping, ticking and delivering process N=50 times each, and tell where it fell
	$(PYTHON) -m tests.faults --runs $(N)

.PHONY: demo
demo: $(INSTALLED) ## The demo practice in an EHR, Milepost at work on it, until Ctrl-C (ONCE=1, KEEP=1, PATIENTS=340, EHR=openemr, SINK=message)
	@$(PYTHON) -m deploy.demo $(if $(ONCE),--once) $(if $(KEEP),--keep) $(if $(PATIENTS),--patients $(PATIENTS)) \
		$(if $(EHR),--ehr $(EHR)) $(if $(SINK),--sink $(SINK))

.PHONY: bench
bench: $(INSTALLED) ## Speed, as ratios on this machine, into deploy/bench/README.md (QUICK=1: under five minutes; ONLY=admin: one stage)
	$(PYTHON) -m deploy.bench $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

.PHONY: hapi-build
hapi-build: $(INSTALLED) ## Build the HAPI FHIR server (once; about two minutes, most of it download)
	$(PYTHON) -m deploy.hapi.server build

.PHONY: hapi-start
hapi-start: $(INSTALLED) ## Start the HAPI FHIR server, built first when needed
	$(PYTHON) -m deploy.hapi.server start

.PHONY: hapi-stop
hapi-stop: $(INSTALLED) ## Stop it
	$(PYTHON) -m deploy.hapi.server stop

.PHONY: lock
lock: $(INSTALLED) ## Write requirements/*.txt anew: the newest versions, pinned and hashed
	for name in runtime dev lint; do \
		$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command "make lock" --output-file requirements/$$name.txt requirements/$$name.in; \
	done

.PHONY: audit
audit: $(INSTALLED) ## Known vulnerabilities of what is locked (asks PyPI, so it is not part of `test`)
	$(PYTHON) -m deploy.lint.audit requirements/dev.txt requirements/lint.txt

.PHONY: wheel
wheel: $(INSTALLED) ## Build the wheel into build/dist/
	rm -rf build/lib build/dist build/bdist.* && mkdir -p build
	$(PYTHON) -m build --wheel --no-isolation --outdir build/dist . >build/wheel.log 2>&1 || { cat build/wheel.log; exit 1; }

.PHONY: clean
clean: ## Remove what was built; keeps .venv/ and the demo's data
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
