# Everything runs in virtual environments of its own; only git, make and Python >= 3.10 are needed.
PYTHON ?= python3
OLDEST := 2.3.0

.PHONY: demo test test-fast test-real test-oldest lint bench bench-images clean

demo: .venv/ready
	PYTHONPATH=fixtures .venv/bin/python -m demo

test: test-fast test-real test-oldest

test-fast: .venv/ready
	.venv/bin/python -m pytest tests/fast

test-real: .venv/ready
	.venv/bin/python -m pytest tests/real -n auto --dist worksteal

test-oldest: .venv-oldest/ready
	.venv-oldest/bin/python -m pytest tests/real -n auto --dist worksteal -m "not docker and not generated"

lint: .venv/ready
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

bench: .venv/ready
	.venv/bin/python -m benchmarks.overhead
	@echo
	PYTHONPATH=fixtures .venv/bin/python -m benchmarks.locking

bench-images: .venv/ready
	PYTHONPATH=fixtures .venv/bin/python -m benchmarks.images

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --upgrade "pip>=26.3"
	.venv/bin/python -m pip install --quiet --editable . --group dev
	touch $@

.venv-oldest/ready: pyproject.toml
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --upgrade "pip>=26.3"
	.venv-oldest/bin/python -m pip install --quiet --editable . "poetry==$(OLDEST)" --group test --group tools
	touch $@

clean:
	rm -rf .venv .venv-oldest .mypy_cache .pytest_cache .ruff_cache .hypothesis
