# Everything a developer or a curious reader runs. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# Options for pytest: make test ARGS="-k ledger"
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test browser lint fmt types messages migrations-check coverage ci lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/runtime ## Show the record in a browser, on http://127.0.0.1:8000 (PORT, DATA_DIR, DATABASE_URL)
	@exec $(RUN) manage.py demo

test: $(VENV)/develop browser ## Run all tests in parallel (ARGS="-k ledger" for some)
	@$(RUN) -m pytest -n auto --dist worksteal $(ARGS)

browser: $(VENV)/develop
	@$(RUN) -m tests.browser.chromium

lint: $(VENV)/develop ## Look for faults in code and templates
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@git ls-files -z 'templates/*.html' | xargs -0 -r $(VENV)/bin/djade --target-version 5.2 --check
	@git ls-files -z 'templates/*.html' | xargs -0 -r $(VENV)/bin/python -m djhtml --tabwidth 2 --check

fmt: $(VENV)/develop ## Format code and templates
	@$(RUN) -m ruff check --fix --quiet . || true
	@$(RUN) -m ruff format .
	@git ls-files -z 'templates/*.html' | xargs -0 -r $(VENV)/bin/djade --target-version 5.2 || true
	@git ls-files -z 'templates/*.html' | xargs -0 -r $(VENV)/bin/python -m djhtml --tabwidth 2

types: $(VENV)/develop ## Check types
	@$(RUN) -m mypy

messages: $(VENV)/runtime ## Bring the translation catalogues up to date with the texts in use
	@$(RUN) manage.py messages

migrations-check: $(VENV)/develop ## See that no model change lacks its migration
	@$(RUN) manage.py makemigrations --check --dry-run

coverage: $(VENV)/develop ## Run the tests without the browser and measure what they reach
	@$(RUN) -m pytest -n auto --dist worksteal -m "not browser" --cov --cov-report=term $(ARGS)

ci: lint types migrations-check coverage ## All checks, as on the build server
	@$(MAKE) test ARGS="-m browser"

lock: ## Compile the pinned requirements from the .in files
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
	&& $(PYTHON) -m venv "$$folder" && "$$folder/bin/python" -m pip install --quiet uv \
	&& for name in requirements requirements-dev; do \
		"$$folder/bin/uv" pip compile --quiet --no-config --generate-hashes --universal --python-version 3.11 \
			--no-header --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt || exit; \
	done

clean: ## Remove what was made, but for the data
	@rm -rf $(VENV) staticfiles htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# --- The virtual environment, from pinned and hashed requirements

$(VENV)/base:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed; Python 3.11 or newer is needed." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "$$($(PYTHON) --version) is too old; Python 3.11 or newer is needed (PYTHON=python3.12 names another)." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo "$(PYTHON) cannot make virtual environments; install the package python3-venv." >&2; exit 2; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/runtime: $(VENV)/base requirements.txt
	@echo "Installing what the application needs …"
	@$(RUN) -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/develop: $(VENV)/runtime requirements-dev.txt
	@echo "Installing what development and tests need …"
	@$(RUN) -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@
