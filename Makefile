# Everything runs in virtual environments of its own; only git, make and Python >= 3.10 are needed.
PYTHON ?= python3
# Besides the newest Poetry: the oldest that is supported, and one of each minor version between.
OLDEST := 2.3.0
BETWEEN := 2.4.3
# The environment whose Poetry the fast tests run with.
VENV := .venv
UV := .venv.uv/bin/uv
# What programs find out is evaluated where it is used ("=", not ":="): starting them takes time.
# Tests with real tools, which wait now and then: in one process more than there are cores.
CORES = $(shell $(PYTHON) -c "import os; print(os.cpu_count())")
PROCESSES = $(shell expr $(CORES) + 1)
PARALLEL = -n $(PROCESSES) --dist worksteal
# Fast tests wait for nothing.
FAST_PARALLEL = -n $(CORES) --dist worksteal
# Each process collects its tests, which takes seconds for all of them: the files that have any.
REAL := $(wildcard tests/real/test_*.py)
REAL_GENERATED = $(shell grep -l "mark.generated" $(REAL) tests/fixtures/test_*.py)
REAL_EVERY_MINOR = $(shell grep -l "mark.every_minor" $(REAL))
# The marks of a whole module, one of which may be the element of a list.
REAL_OLDEST = $(shell grep -LE "^(pytestmark = \[?|    )pytest\.mark\.(docker|generated|newest_only)" $(REAL))
FAST_FILES = $(sort $(shell find tests/fast -name "test_*.py"))
FAST_SLOW = $(shell grep -l "mark.slow\|hypothesis" $(FAST_FILES))
FAST_GENERATED = $(shell grep -l "mark.\(sampled\|generated\)\|hypothesis" $(FAST_FILES))
# About half of the fast tests, which of them are run, and what none of them uses.
FAST_ROOMS := $(addprefix tests/fast/,bridge checks config models operations scaffold)
# The fast tests of what imports Poetry, which are run with the oldest Poetry, too.
FAST_POETRY := $(addprefix tests/fast/,bridge commands operations test_api.py test_interruption.py test_private_names.py)
FAST_CASES := not slow and not generated
FAST_OPTIONS := --capture=sys $(addprefix -p no:,anyio cacheprovider faulthandler logging platformdirs subtests unittest xdist)
# Their files are small and many: where the operating system has a folder in memory, they are in it.
# Programs often cannot be started from there: tests that do so are slow.
FAST_FOLDER := $(wildcard /dev/shm)
# The tools that read what is exported, each in an environment of its own.
CONSUMERS := $(sort $(basename $(notdir $(wildcard tests/platforms/environments/*.txt))))
# What all of their requirements have wheels for; the tests themselves run in .venv.
CONSUMER_PYTHON := >=3.11.5,<3.14
# Those that npm installs; their tests are skipped where there is no npm.
NPM_CONSUMERS := $(if $(shell command -v npm 2>/dev/null),$(notdir $(patsubst %/package.json,%,$(wildcard tests/platforms/environments/*/package.json))))
PLATFORMS := $(CONSUMERS:%=.venv-platforms/%/ready) $(NPM_CONSUMERS:%=.venv-platforms/%/ready)
# Compiling the tests takes longer than running the fast ones.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-fast test-fast-poetry test-fast-rooms test-fast-rest test-slow test-real test-generated test-generated-fast test-generated-real test-oldest test-oldest-fast test-oldest-real test-between test-packages test-platforms environments lint bench bench-images clean

demo: .venv/ready
	PYTHONPATH=fixtures .venv/bin/python -m demo

test: test-fast test-slow test-real

# Two processes, which share nothing, take less than one that distributes tests to two others.
test-fast: $(VENV)/ready
	@$(MAKE) --no-print-directory --jobs=2 --output-sync test-fast-rooms test-fast-rest

test-fast-rooms test-fast-rest test-fast-poetry test-generated-fast: export TMPDIR := $(or $(TMPDIR),$(FAST_FOLDER))

test-fast-rooms:
	$(VENV)/bin/python -m pytest $(FAST_OPTIONS) -m "$(FAST_CASES)" $(FAST_ROOMS)

test-fast-rest:
	$(VENV)/bin/python -m pytest $(FAST_OPTIONS) -m "$(FAST_CASES)" tests/fast $(FAST_ROOMS:%=--ignore=%)

test-fast-poetry: $(VENV)/ready
	$(VENV)/bin/python -m pytest $(FAST_OPTIONS) -m "$(FAST_CASES)" $(FAST_POETRY)

# The fast tests that `test-fast` leaves out.
test-slow: .venv/ready
	.venv/bin/python -m pytest $(FAST_SLOW) $(FAST_PARALLEL) -m "slow and not generated"

test-real: .venv/ready
	.venv/bin/python -m pytest tests/real tests/fixtures $(PARALLEL) -m "not generated"

# All cases of the fast tests that run a share of theirs otherwise, and of those that are left out.
test-generated: test-generated-fast test-generated-real

test-generated-fast test-generated-real: export TEST_CASES := all

test-generated-fast: .venv/ready
	.venv/bin/python -m pytest $(FAST_GENERATED) $(FAST_PARALLEL) -m "hypothesis or sampled or generated"

test-generated-real: .venv/ready
	.venv/bin/python -m pytest $(REAL_GENERATED) $(PARALLEL) -m generated

test-oldest: test-oldest-fast test-oldest-real

test-oldest-fast: .venv-$(OLDEST)/ready
	@$(MAKE) --no-print-directory VENV=.venv-$(OLDEST) test-fast-poetry
	.venv-$(OLDEST)/bin/python -m pytest $(FAST_OPTIONS) -m "slow and not generated" tests/fast/bridge

test-oldest-real: .venv-$(OLDEST)/ready
	.venv-$(OLDEST)/bin/python -m pytest $(REAL_OLDEST) $(PARALLEL) \
		-m "not docker and not generated and not newest_only"

test-between: $(BETWEEN:%=test-poetry-%)

# They are few: each process would spend as much on starting its own Poetry as on the tests.
test-poetry-%: .venv-%/ready
	.venv-$*/bin/python -m pytest $(FAST_OPTIONS) -m "$(FAST_CASES)" tests/fast/bridge
	.venv-$*/bin/python -m pytest $(REAL_EVERY_MINOR) -m every_minor

environments: .venv/ready .venv-$(OLDEST)/ready $(BETWEEN:%=.venv-%/ready) $(PLATFORMS)

lint: .venv/ready
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

# Real versions of scikit-learn and xgboost, which are installed from the index of pip.
test-packages: .venv/ready
	.venv/bin/python -m pytest tests/packages

# The platforms' own tools read the exported files. The tests of a module run in one process, since
# they share what was read and most tools start slowly.
test-platforms: .venv/ready $(PLATFORMS)
	.venv/bin/python -m pytest tests/platforms -n $(PROCESSES) --dist loadfile

bench: .venv/ready
	.venv/bin/python -m benchmarks.overhead
	@echo
	PYTHONPATH=fixtures .venv/bin/python -m benchmarks.locking

bench-images: .venv/ready
	PYTHONPATH=fixtures .venv/bin/python -m benchmarks.images

# uv, which fills the other environments in a fifth of the time that pip takes.
$(UV):
	$(PYTHON) -m venv .venv.uv
	.venv.uv/bin/python -m pip install --quiet "uv>=0.13"

.venv/ready: pyproject.toml | $(UV)
	$(PYTHON) -m venv --without-pip .venv
	$(UV) pip install --quiet --python .venv --editable . --group dev
	touch $@

.venv-%/ready: pyproject.toml | $(UV)
	$(PYTHON) -m venv --without-pip .venv-$*
	$(UV) pip install --quiet --python .venv-$* --editable . "poetry==$*" --group test --group tools
	touch $@

# The file is empty, or the reason for which tests of the tool are skipped.
.venv-platforms/%/ready: tests/platforms/environments/%.txt | .venv/ready $(UV)
	mkdir -p $(@D)
	if $(UV) python find --quiet --system "$(CONSUMER_PYTHON)"; then \
		$(UV) venv --quiet --clear --python "$(CONSUMER_PYTHON)" $(@D) && \
		$(UV) pip install --quiet --python $(@D) --requirement $< && touch $@; \
	else \
		echo "needs Python $(CONSUMER_PYTHON): install one, then run make clean" >$@; \
	fi

.venv-platforms/%/ready: tests/platforms/environments/%/package.json tests/platforms/environments/%/package-lock.json
	mkdir -p $(@D)
	cp $^ $(@D)
	npm ci --silent --prefix $(@D) --ignore-scripts --no-audit --no-fund
	touch $@

clean:
	rm -rf .venv* .mypy_cache .pytest_cache .ruff_cache .hypothesis
