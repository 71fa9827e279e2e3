# Every target makes what it needs: a machine with make and Python >= 3.11 is enough.
# The recipes of long-running commands are one exec'ed command each: make dies on SIGTERM at once when a recipe
# has several, while its child still saves; with a single one it waits.

PYTHON ?= python3
STAGE ?= prod
BIN := .venv/bin

# Tests start hundreds of interpreters, which would each compile everything where bytecode is switched off.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: contract openapi events help setup demo model permissions deploy-check smoke serve test test-browser bench simulate balances mutate check format lint types imports sizes duplication javascript vendor package lock audit clean

help:
	@echo "make demo | serve | test | test-browser | check | format | package STAGE=prod | deploy-check STAGE=prod | smoke STAGE=prod"

setup:
	@$(PYTHON) tools/bootstrap.py

demo: setup
	@exec $(BIN)/python -m demo

# make serve DEMO=1 has a provider's last months in it, in data of its own.
serve: setup
	@exec $(BIN)/python -m $(if $(DEMO),demo.serve,tools.serve)

test: setup
	@exec $(BIN)/python -m pytest -m "not browser" -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# Seeded worlds with faults everywhere: make simulate SEEDS=100000. A broken seed is named; --seed replays it.
SEEDS ?= 10000
simulate: setup
	@exec $(BIN)/python -m tests.world.simulate --seeds $(SEEDS)

# Random sequences of requests against an independent model of the rules: make model SEQUENCES=20000.
SEQUENCES ?= 1000
model: setup
	@exec $(BIN)/python -m tests.model.check --sequences $(SEQUENCES)

test-browser: setup
	@exec $(BIN)/python -m pytest -m browser tests/browser -n auto --maxprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# Takes each permission of each function away in turn: exactly what needs it must fail. `make test` does so for some.
permissions: setup
	@EVERY_PERMISSION=1 exec $(BIN)/python -m pytest tests/deploy/test_permissions.py $(ARGS)

bench: setup
	@exec $(BIN)/python -m bench $(ARGS)

# Against `make serve` by default; others by ARGS='--stack packages-billing-prod', to mend by ARGS='... --repair'.
balances: setup
	@exec $(BIN)/python -m tools.balances $(or $(ARGS),--endpoint http://127.0.0.1:8000)

# Faults planted in the domain, and which of them the tests notice; parts by ARGS='chalicelib.domain.money.*'.
MUTATION := .local/mutation/.venv
mutate: setup
	@UV_PROJECT_ENVIRONMENT=$(MUTATION) $(BIN)/uv sync --quiet --locked --system-certs --python $(BIN)/python --group mutation && \
	exec $(MUTATION)/bin/python -m tools.mutate $(ARGS)

check: lint types imports sizes duplication javascript

format: setup node_modules/.package-lock.json
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format . ; $(NODE) node_modules/.bin/biome check --write

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports --no-cache

sizes: setup
	@$(BIN)/python -m tools.sizes

duplication: setup
	@$(BIN)/pylint --rcfile=pyproject.toml --score=n app.py chalicelib tools demo bench tests

# The console's JavaScript: lint and format by Biome, types by TypeScript. Both come from the npm registry, as package-lock.json
# has them with their hashes; npm comes as a wheel, so that nobody needs Node. Only this fetches them, into node_modules.
NODE_VENV := .local/node/.venv
NODE := PATH="$(CURDIR)/$(NODE_VENV)/bin:$$PATH" NODE_USE_SYSTEM_CA=1
javascript: setup node_modules/.package-lock.json
	@$(NODE) node_modules/.bin/biome check --error-on-warnings && $(NODE) node_modules/.bin/tsc

node_modules/.package-lock.json: package-lock.json | $(NODE_VENV)/bin/npm
	@echo "Fetching what checks the console's JavaScript, once for each change of package-lock.json"
	@$(NODE) npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error && touch $@

$(NODE_VENV)/bin/npm: | setup
	@UV_PROJECT_ENVIRONMENT=$(NODE_VENV) $(BIN)/uv sync --quiet --locked --system-certs --python $(BIN)/python --only-group javascript

package: setup
	@exec $(BIN)/python -m tools.package --stage $(STAGE)

# Before a deployment: what would make it fail, asked of the account. It reads only.
deploy-check: setup
	@exec $(BIN)/python -m tools.deploy_check --stage $(STAGE) $(if $(BUCKET),--bucket $(BUCKET)) $(ARGS)

# After a deployment: whether it works, tried on customers of its own. On prod too: it evaluates today, as the schedule does.
smoke: setup
	@exec $(BIN)/python -m tools.smoke --stack packages-billing-$(STAGE) $(if $(ROLE),--role $(ROLE)) $(ARGS)

# After a change of what pyproject.toml needs: locks that and all that comes with it, with the hashes of all files, for every
# Python from 3.11. requirements.txt, the part that ships without tokens, is for who uses Chalice without this Makefile.
# Then installs it and lists the licences. ARGS=--upgrade takes the newest releases of what comes with it.
lock: $(if $(wildcard .venv/bin/uv),,setup)
	@$(BIN)/uv lock --quiet --system-certs $(ARGS) && \
	$(BIN)/uv export --quiet --frozen --no-dev --no-emit-project --no-annotate -o requirements.txt && \
	$(PYTHON) tools/bootstrap.py && mkdir -p .local && \
	$(BIN)/python -m tools.licences > .local/licences.md && mv .local/licences.md docs/licences.md

# The API's description and the Postman collection, after a change of routes or models; with ARGS=--record the examples too.
openapi: setup
	@exec $(BIN)/python -m tools.openapi $(ARGS)

# The schemas of events in docs/events, after a change of their types.
events: setup
	@exec $(BIN)/python -m tools.events

# Schemathesis on the whole deployed API; more of it by ARGS='--max-examples 200 --seed 7'.
contract: setup
	@exec $(BIN)/python -m tests.openapi.contract $(or $(ARGS),--max-examples 20 --seed 1)

# After another version was entered for a JavaScript library that ships (docs/console.md): fetches it, and writes what is served of it.
vendor: $(NODE_VENV)/bin/npm
	@$(NODE) $(BIN)/python -m tools.vendor && $(NODE) $(BIN)/python -m tools.openapi.vendor

# Known vulnerabilities of what ships, and of what builds it. Fails when there are any, and when nobody could be asked.
audit: setup
	@exec $(BIN)/python -m tools.audit $(ARGS)

clean:
	rm -rf .local/build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
