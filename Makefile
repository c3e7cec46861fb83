# make repro       run the experiment in params.yaml      make ui      compare the runs
# make test        run all tests                          make serve   ask the champion
# make test-fast   run those that take no training        make bench   measure against peers
# make check       lint and types                          make docs    build the site of docs/

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
READY := .venv/.installed
# Scripts in .venv name its folder, so a project that was moved or copied installs again.
HERE := $(shell [ "$$(cat $(READY) 2>/dev/null)" = "$(CURDIR)" ] && echo yes)

export PATH := $(CURDIR)/.venv/bin:$(PATH)
# DVC's default is a folder that everybody on the machine may write to.
export DVC_SITE_CACHE_DIR := $(CURDIR)/.dvc/tmp/site
export MLFLOW_DISABLE_TELEMETRY := true
# DVC needs a user's name, and a container's user may have none.
export USER ?= $(shell id -u)

.PHONY: repro test test-fast ui serve check bench docs moved

repro: $(READY)
	@tenfold check
	@dvc repro
	@echo
	@tenfold leaderboard

test: $(READY)
	@python -m pytest -n 2 --dist worksteal

test-fast: $(READY)
	@python -m pytest -n 2 --dist worksteal -m "not slow"

ui: $(READY)
	@tenfold ui

serve: $(READY)
	@tenfold serve

check: $(READY)
	@ruff check .
	@ruff format --check .
	@mypy

bench: $(READY)
	@python benchmarks/folds.py

docs: $(READY)
	@.venv/bin/python -c "import zensical" 2>/dev/null || .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[docs]'
	@zensical build --clean --strict
	@echo "next: open site/index.html"

$(READY): requirements.lock pyproject.toml $(if $(HERE),,moved)
	@test -n "$(PYTHON)" || { echo "error: tenfold needs Python 3.11 or newer on PATH: install it, or name it with make PYTHON=..."; exit 2; }
	@echo "installing into .venv (once)"
	@$(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@printf %s "$(CURDIR)" > $(READY)
