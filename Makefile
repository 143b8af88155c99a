# Two commands on a fresh machine: `make run` and `make test`. Both make the environment first; a second time they do not.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := benchmarks/peers
PEERS_READY := $(PEERS)/.venv/.ready
SHARED ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help env icu icu-tools run test test-logic check format eval bench bench-peers bench-scale bench-memory bench-fetch soak models samples readme clean

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

env: $(READY)    ## the environment in .venv, from requirements.lock

# The lock names every package, so nothing is left to resolve: normality would ask for PyICU, which is compiled apart.
$(READY): requirements.lock requirements-icu.lock pyproject.toml
	python3 -c 'import sys; sys.exit("Marsad needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@$(MAKE) --no-print-directory icu || echo "Going on without PyICU: all but names across scripts works." >&2
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q config tasks flows
	touch $(READY)

icu: icu-tools   ## PyICU into the environment, for names across scripts
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-icu.lock

icu-tools:       ## whether PyICU can be compiled here, else the line that makes it so
	@missing=""; \
	command -v pkg-config >/dev/null || missing="$$missing pkg-config,"; \
	command -v $(CXX) >/dev/null || missing="$$missing a C++ compiler,"; \
	pkg-config --exists icu-i18n 2>/dev/null || missing="$$missing libicu-dev,"; \
	[ -z "$$missing" ] || { echo "PyICU cannot be compiled, for want of:$${missing%,}" >&2; \
	echo "  apt-get install -y libicu-dev pkg-config g++ && make icu" >&2; exit 1; }

run: $(READY)    ## build data/raw into data/parquet, then show what is there
	@$(BIN)/marsad run
	@$(BIN)/marsad query "SELECT source, language, count(*) AS documents, min(published_at)::DATE AS first, max(published_at)::DATE AS last FROM latest GROUP BY ALL ORDER BY source, documents DESC"
	@echo 'Look further:  $(BIN)/marsad query "SELECT title, language, published_at FROM latest ORDER BY published_at DESC LIMIT 10"'
	@echo 'Schedule it:   $(BIN)/marsad serve'

test: $(READY)   ## the test suite
	$(BIN)/python -m pytest

test-logic: $(READY) ## the tests that do not start Prefect
	$(BIN)/python -m pytest -m "not flow and not crash and not pool and not shared"

check: $(READY)  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY) ## write the format that `check` wants
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

eval: $(READY)   ## quality on ../shared, beside trafilatura alone
	$(BIN)/python -m benchmarks.quality --shared $(SHARED)

bench: $(READY)  ## speed on ../shared, beside a bare process pool
	$(BIN)/python -m benchmarks.throughput --shared $(SHARED)

bench-peers: $(READY) $(PEERS_READY) ## speed and text on ../shared, beside other extractors (an environment of their own)
	$(BIN)/python -m benchmarks.peers --shared $(SHARED) --plot docs/peers.png

bench-scale: $(READY) ## a million rows and 20,000 small files: runs with nothing to do, questions, 200 new pages
	$(BIN)/python -m benchmarks.scale

# The lock names every package, so nothing is left to resolve; pip before 24 fails on lxml[html-clean] asked for twice.
$(PEERS_READY): $(PEERS)/requirements.lock
	python3 -m venv $(PEERS)/.venv
	$(PEERS)/.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $(PEERS)/requirements.lock
	touch $(PEERS_READY)

soak: $(READY)   ## kills, faults and mutated pages at length; prints a table
	$(BIN)/python -m tests.soak

bench-memory: $(READY) ## peak memory, from 2,000 pages to 50,000
	$(BIN)/python -m benchmarks.memory

bench-fetch: $(READY) ## pages a second from loopback into WARC, and memory
	$(BIN)/python -m benchmarks.fetching

models: $(READY) ## train on ../shared what finds and compares names, and write it with its cards
	$(BIN)/python -m benchmarks.names --shared $(SHARED) --write
	$(BIN)/python -m benchmarks.romanisation --shared $(SHARED) --write

samples: $(READY) ## write data/raw anew from tests/samples
	$(BIN)/python -m tests.samples.build

readme: $(READY) ## write the generated parts of README.md
	$(BIN)/python -m tests.readme_tables

clean:           ## drop what was built, keep the environment
	rm -rf data/parquet/pages data/parquet/documents data/parquet/.marsad.lock data/parquet/.marsad.json data/state
