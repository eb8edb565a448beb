# `make demo` reads the shipped samples, `make test` checks the checkout. Both need python3 (3.11 or newer), make
# and a package index, and build their own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHIPPED := $(wildcard eval/samples/*.txt)

.PHONY: demo test wheel-test bench bench-tokens soak eval lock clean

$(VENV)/.base: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# Findings are expected in real files: exit code 1 is a success of the demo.
demo: $(VENV)/.base
	@$(BIN)/extractor run $(SHIPPED) --out out/demo --fresh; code=$$?; test $$code -le 1
	@$(BIN)/extractor run eval/samples/kizilsu_fao_2024_budget.txt --out out/demo --fresh; code=$$?; test $$code -le 1

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

wheel-test: $(VENV)/.dev
	bash tests/wheel_check.sh

# What takes a minute. bench-tokens makes an environment of its own for LangExtract, some 300 MB in out/bench-venv.
bench: $(VENV)/.dev
	$(BIN)/python eval/bench/speed.py
	$(BIN)/python eval/bench/throughput.py --files 300
	$(BIN)/python eval/bench/overhead.py
	$(BIN)/python eval/bench/concurrency.py
	$(BIN)/python eval/bench/wide.py --rounds 1

# Half an hour: kills one run twenty times and resumes it, then hostile input.
soak: $(VENV)/.dev
	$(BIN)/python eval/bench/soak.py --kills 20
	nice -n 19 $(BIN)/python eval/bench/fuzz.py --minutes 20

bench-tokens: $(VENV)/.dev
	$(BIN)/python eval/bench/rowforms.py
	$(BIN)/python eval/bench/tokens.py

# Accuracy, mutation test, noise ladder and scripted models; writes the figures into eval/README.md.
eval: $(VENV)/.base
	$(BIN)/extractor eval figures eval/README.md --out out/eval

# Versions with hashes and without addresses, for every platform that has wheels.
lock: $(VENV)/.dev
	$(BIN)/pip-compile -q --no-header --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --allow-unsafe -o requirements.txt pyproject.toml requirements-build.in
	$(BIN)/pip-compile -q --no-header --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --allow-unsafe -c requirements.txt -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
