# Social Reporter. `make help` says what there is; everything works in a fresh clone with Python 3.11 or newer.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
comma := ,
# Says every five seconds what is under way, and what to do where a registry fails.
SAY := $(PYTHON) installers/progress.py
# `make run` alone, in a clone without the tools of the tests, brings what the product needs: a bit more than half.
ifeq ($(MAKECMDGOALS)$(wildcard .venv/stamp-python),run)
STAMP := .venv/run-stamp
WANTED := full
LIBRARIES := vendor --omit=dev
SIZES := 220 20
else
STAMP := .venv/stamp
WANTED := test
LIBRARIES := vendor
SIZES := 390 40
endif
# The machine's npm is used where there is one; otherwise the `build` extra brings a Node.js.
EXTRAS := $(WANTED)$(comma)demo$(if $(shell command -v npm 2>/dev/null),,$(comma)build)
# Tests of one file, and those that share a real server, stay together, in the order of tests/conftest.py. Two more at
# once than two cores: many wait.
SIDE_BY_SIDE := -n 4 --dist loadgroup --no-loadscope-reorder
CATALOGS := $(wildcard */translations/*/LC_MESSAGES/*.po)

.DEFAULT_GOAL := help
.PHONY: help install run hub bench-hub test test-long coverage mutation bench reliability lint lint-rules lint-format lint-types lint-contracts fuzz fuzz-http audit format formats docs lighthouse walk lock translations dist app test-windows clean \
	system-packages

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

install: $(STAMP)-python $(STAMP)-vendor $(STAMP)-translations ## make .venv with the product, its assets and its test tools

$(STAMP)-python: setup.cfg pyproject.toml constraints.txt installers/packages.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || { rm -rf .venv && $(PYTHON) -m venv .venv; } \
	  || { rm -rf .venv; echo "Could not make .venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(SAY) "Python packages (some $(word 1,$(SIZES)) MB the first time)" -- $(BIN)/python installers/packages.py '.[$(EXTRAS)]'
	@touch $@

$(STAMP)-vendor: $(STAMP)-python package.json package-lock.json kiosk/build_assets.py
	@$(SAY) "Browser libraries (some $(word 2,$(SIZES)) MB the first time)" -- $(BIN)/python -m kiosk.build_assets $(LIBRARIES)
	@touch $@

$(STAMP)-translations: $(STAMP)-python kiosk/build_assets.py $(CATALOGS)
	$(BIN)/python -m kiosk.build_assets translations
	@touch $@

run: install ## start the kiosk (makes ./gathering on the first run)
	$(BIN)/reporter kiosk $(ARGS)

hub: install system-packages ## PostgreSQL, an S3 stand-in and a hub on loopback, to try it; Ctrl-C stops and forgets all of it
	@$(BIN)/python -m tests.tools.hub $(ARGS)

system-packages: ## as root on Debian: Chromium, WordPress and what else the tests drive
	@bash tests/tools/system-packages.sh

test: install system-packages ## all but `make test-long`, with a real browser and a real WordPress where they can be installed
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-long: install system-packages ## the tests that `make test` leaves out: whole evenings again, with more kills and other programs
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m long $(ARGS)

coverage: install ## branches that the tests without a browser cover, in the processes that they start as well
	COVERAGE_PATCH=subprocess $(BIN)/python -m pytest $(SIDE_BY_SIDE) --ignore=tests/browser --cov --cov-report=term $(ARGS)

mutation: install ## change the code in small ways and see what tests notice (ARGS="merge --sample 100"; 0: all)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[mutation]'
	$(BIN)/python -m tests.tools.mutation $(ARGS)

bench: install ## measure, and write what was measured into docs/bench.md
	@bash tests/tools/system-packages.sh bench
	$(BIN)/python -m tests.bench $(ARGS)

bench-hub: install ## a million takeaways in PostgreSQL, sixteen workers, a day of 5,000 gatherings: written into docs/scale.md
	@bash tests/tools/system-packages.sh hub
	$(BIN)/python -m pip install -q --disable-pip-version-check simpy==4.1.2
	$(BIN)/python -m tests.bench.hub $(ARGS)

fuzz: install ## let atheris look for inputs that bring a parser down (SECONDS_EACH=60)
	$(BIN)/python -m pip install -q --disable-pip-version-check atheris==3.0.0
	@for parser in tests/fuzz/corpus/*/; do $(BIN)/python -m tests.fuzz $$(basename $$parser) $(or $(SECONDS_EACH),60) || exit 1; done

fuzz-http: install ## requests made from /openapi.json, valid and not, against a real kiosk
	$(BIN)/python -m tests.kiosk.web.openapi.fuzz $(or $(EXAMPLES),40)

audit: install ## compare constraints.txt with the advisories of PyPI (fails where they can't be asked)
	$(PYTHON) -m venv .cache/audit && .cache/audit/bin/python -m pip install -q --disable-pip-version-check pip-audit==2.10.1
	.cache/audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r constraints.txt

reliability: install ## crash rounds, power cuts, system calls, a hostile crowd, kiosks and a hub cut off from one another: written into docs/reliability.md
	@bash tests/tools/system-packages.sh reliability
	$(BIN)/python -m tests.reliability $(ARGS)

lint: lint-rules lint-format lint-types lint-contracts ## ruff, mypy and import-linter, nothing changed (-k: don't stop at the first)
lint-rules: install
	$(BIN)/ruff check .
lint-format: install
	$(BIN)/ruff format --check .
lint-types: install
	$(BIN)/mypy

lint-contracts: install
	$(BIN)/lint-imports --no-logo

format: install ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install ## the guides of docs/ as a site in .cache/docs
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build -q --strict
	@echo ".cache/docs/index.html"

lighthouse: install ## measure seven pages of the sample gathering as a phone with a slow processor would load them
	$(BIN)/python -m tests.tools.lighthouse $(ARGS)

walk: install ## three browsers walk the phone's way, the wizard and the desk; pictures in .cache/walk
	$(BIN)/python -m tests.tools.walk $(ARGS)

lock: install ## resolve setup.cfg again into constraints.txt (the newest versions that fit together; KEEP=1: those of before where they fit); prints which systems have wheels of all of them
	mkdir -p .cache && cp constraints.txt .cache/resolved.txt
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 $(if $(KEEP),,--upgrade) --extra test --extra build --extra demo \
	  --extra docs --extra mutation --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o .cache/resolved.txt setup.cfg
	{ sed -n '/^#/p' constraints.txt; cat .cache/resolved.txt; } > .cache/constraints.txt && mv .cache/constraints.txt constraints.txt
	$(BIN)/python -m tests.tools.wheel_matrix

translations: install ## collect what has to be translated into every catalogue
	$(BIN)/python -m tests.tools.collect_messages

formats: install ## make a file of every format, and write what becomes of it into docs/formats.md
	$(BIN)/python -m tests.tools.formats

dist: install ## wheel and source archive in dist/
	rm -rf build dist
	$(BIN)/python -m build -q
	@ls -l dist

# PyInstaller, pinned: what it makes of a wheel changes with it. The application is built from the wheel, not from here.
PYINSTALLER := pyinstaller==6.22.3 pyinstaller-hooks-contrib==2026.9
APP_BIN := .cache/app/env/$(notdir $(BIN))

app: dist ## one-folder application in dist/SocialReporter, and an archive of it
	rm -rf .cache/app dist/SocialReporter
	$(PYTHON) -m venv .cache/app/env
	@$(SAY) "Packages of the application" -- $(APP_BIN)/python -m pip install --progress-bar off \
	  --disable-pip-version-check -c constraints.txt "$$(echo dist/*.whl)[full]" $(PYINSTALLER)
	@$(SAY) "The application (some minutes)" -- $(APP_BIN)/pyinstaller --noconfirm --log-level WARN --distpath dist \
	  --workpath .cache/app/work installers/app.spec
	XZ_OPT=-T0 tar -C dist -cJf dist/SocialReporter-$$(uname -s)-$$(uname -m).tar.xz SocialReporter
	@du -sm dist/SocialReporter dist/SocialReporter-*

test-windows: install ## the main job and some tests on a Windows Python under Wine (apt install wine64)
	@bash tests/tools/windows.sh

clean: ## remove everything that make has made; the gathering stays
	rm -rf .venv build dist node_modules static/vendor .cache .coverage* .pytest_cache .mypy_cache .ruff_cache *.egg-info
