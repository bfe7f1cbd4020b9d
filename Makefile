# `make` alone lists the targets. Every target works as root and as an ordinary user, in an empty environment.
SHELL := /bin/sh
PY := .venv/bin/python
GIAOBAN := $(PY) -m giaoban.config.cli
PORT ?= 8000
SERVE ?= 1
TEST_ARGS ?= -n auto --maxprocesses 4 --dist loadfile
.NOTPARALLEL:
.PHONY: help setup setup-dev run serve test scale check fmt bench docs clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' Makefile | awk -F: '{printf "make %-10s%s\n", $$1, $$2}'

setup:  ## make .venv with what the product needs (no network once it is there)
	@sh scripts/bootstrap.sh run

setup-dev:
	@sh scripts/bootstrap.sh dev

run: setup  ## set up, do the main job on published figures, then serve; SERVE=0 stops after the main job
	@$(GIAOBAN) prepare
	@$(GIAOBAN) demo
	@if [ "$(SERVE)" != 0 ]; then exec $(GIAOBAN) serve --port $(PORT); fi

serve: setup  ## web server and job worker on 127.0.0.1 (PORT=8000)
	@exec $(GIAOBAN) serve --port $(PORT)

test: setup-dev  ## set up and run every test (TEST_ARGS=… for pytest)
	@sh scripts/bootstrap.sh chromium
	@sh scripts/bootstrap.sh libreoffice
	@$(PY) -m pytest $(TEST_ARGS) -m "not browser"
	@$(PY) -m pytest $(TEST_ARGS) -m browser  # apart: the browser keeps an event loop running in its process

scale:  ## set up .venv-scale with Spark and ClickHouse, and run the tests that need them
	@sh scripts/bootstrap.sh scale
	@.venv-scale/bin/python -m pytest -m scale

check: setup-dev  ## linters, types, import contracts, templates, migrations, the sector pack
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy src/giaoban bench
	.venv/bin/lint-imports
	$(PY) -m djlint --check --quiet src
	$(PY) -m djlint --lint --quiet src
	$(PY) -m bandit -q -c pyproject.toml -r src
	$(PY) manage.py makemigrations --check --dry-run
	$(GIAOBAN) pack check packs/justice-vn

fmt: setup-dev  ## format code and templates
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .
	-$(PY) -m djlint --reformat --quiet src

bench: setup-dev  ## measure the budgets (bench/*.py) and print medians
	@$(PY) -m bench

docs: setup  ## check that every link between the documents leads somewhere
	@$(PY) scripts/check_docs.py

clean:  ## stop our databases and delete var/ (all data), .venv, .venv-scale and caches
	@if [ -x $(PY) ] && [ -e var/bench/postgres.json ]; then GIAOBAN_VAR=var/bench $(GIAOBAN) database remove --yes; fi
	@if [ -x $(PY) ]; then $(GIAOBAN) database remove --yes; fi
	@rm -rf var .venv .venv-scale __pycache__ .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build
	@find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +
