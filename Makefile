# The commands of this project. `make help` lists them.

# The virtual environment is made by this Python. ansible-core wants 3.10; newer ones get a newer ansible-core.
PYTHON ?= python3
# Where `make demo` makes its swap file.
DEMO_SWAPFILE ?= /swapctl-demo.swap

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check

# Ansible refuses to run in a locale that is not UTF-8, and a bare container has none at all.
export LC_ALL := C.UTF-8
export PYTHON DEMO_SWAPFILE

# What the wheel carries: an editable install copies the collection, so it is made again when a file changes.
LIBRARY := $(shell find swapctl -name '*.py' 2>/dev/null)
PROJECT := pyproject.toml galaxy.yml README.md $(LIBRARY) $(shell find plugins roles playbooks meta -type f 2>/dev/null)

# The tests that need neither root nor Ansible.
QUICK := tests/lint tests/layout $(wildcard tests/unit tests/cases tests/cli)

.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test test-vm unit matrix system molecule mutants images lint sanity bench docs pyz collection clean venv
# A stamp stands for a finished step only.
.DELETE_ON_ERROR:

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## make a real swap file on this machine with the bundled playbook (root)
	@tools/demo check
	@tools/bootstrap demo
	@$(MAKE) --silent $(VENV)/.project
	@tools/demo run

demo-clean: ## take away what `make demo` made (root)
	@tools/demo check
	@tools/bootstrap demo
	@$(MAKE) --silent $(VENV)/.project
	@tools/demo clean

# Quick ones first. One pytest runs everything, so its last line tells what passed.
test: ## run every test; as root, the ones that need the kernel too
	@tools/bootstrap test
	@$(MAKE) --silent venv $(if $(filter 0,$(shell id -u)),$(VENV)/.molecule)
	$(BIN)/pytest -m 'not nightly' $(QUICK) tests/matrix tests/collection tests/system tests/process tests/docs tests/packaging tests/vm tests/molecule

test-vm: ## run every test in a virtual machine, those of the nightly run too (minutes; root)
	@tools/bootstrap vm
	@$(MAKE) --silent venv
	$(BIN)/pytest --durations=0 tests/vm

unit: venv ## run the tests that need neither root nor Ansible
	$(BIN)/pytest $(filter-out tests/lint,$(QUICK))

matrix: venv ## run the unit tests on every Python from 3.9 that is found
	$(BIN)/pytest tests/matrix

system: venv ## run the tests that change swap on this machine (root)
	$(BIN)/pytest tests/system

molecule: ## run the scenarios: real swap in containers (root); one: SCENARIO=swap_file, on your image: IMAGE=NAME
	@tools/bootstrap molecule
	@$(MAKE) --silent $(VENV)/.project $(VENV)/.molecule
	@SWAPCTL_IMAGE='$(IMAGE)' tools/molecule $(SCENARIO)

mutants: ## break the library in several ways, and see the scenarios notice (root)
	@tools/bootstrap molecule
	@$(MAKE) --silent $(VENV)/.project $(VENV)/.molecule
	@tools/mutants $(MUTANT)

images: ## make the images of the containers from Debian's packages (root)
	@tools/bootstrap molecule
	@tools/images bookworm trixie bullseye busybox

lint: venv ## check style, types, spelling, playbooks and the changelog
	$(BIN)/pytest tests/lint tests/layout

sanity: venv ## run ansible-test sanity on a copy of the collection
	$(BIN)/python -m tools.sanity

bench: venv ## compare the speed with the same work done by others (as root, that on swap as well)
	$(BIN)/python benchmarks/run.py

docs: build/swapctl.8 docs/layout.schema.json ## build the man page, and the schema of layouts

docs/layout.schema.json: swapctl/swap/schema.py tools/schema.py | venv
	$(BIN)/python -m tools.schema

build/swapctl.8: docs/swapctl.8.md tools/man.py | venv
	@mkdir -p build
	$(BIN)/python -m tools.man $< $@

pyz: swapctl.pyz ## build swapctl.pyz: one file for any host with Python 3.9

# It needs no virtual environment, so that one file is all that it takes.
swapctl.pyz: tools/pyz.py $(LIBRARY)
	$(PYTHON) tools/pyz.py $@

collection: venv ## build the collection's tarball in dist/
	$(BIN)/ansible-galaxy collection build --force --output-path dist

clean: ## remove what make made here
	rm -rf $(VENV) build dist swapctl.pyz .hypothesis .mypy_cache .pytest_cache .ruff_cache

venv: $(VENV)/.project $(VENV)/.dev ## make .venv with everything that development needs

$(VENV)/.made:
	@echo "Making the virtual environment $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@# Dependency groups came with pip 25.1.
	@$(PIP) install 'pip>=25.1'
	@touch $@

$(VENV)/.project: $(VENV)/.made $(PROJECT)
	@echo "Installing swapctl and ansible-core in $(VENV)"
	@$(PIP) install --editable '.[ansible]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	@echo "Installing what the tests need in $(VENV)"
	@$(PIP) install --group dev
	@touch $@

$(VENV)/.molecule: $(VENV)/.project pyproject.toml
	@echo "Installing Molecule in $(VENV)"
	@$(PIP) install --group molecule
	@touch $@
