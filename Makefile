# Two commands matter: `make demo` shows what calvaria does, `make test` proves it.
# They need Rust and Python 3.11 or newer; everything else is fetched into .venv and target.

PYTHON ?= python3
BIN := .venv/bin
# `make PROFILE=quick …` builds in seconds instead of a minute: for the edit-and-try loop.
PROFILE ?= release
NATIVE := python/calvaria/_native.abi3.so
RUST := Cargo.toml Cargo.lock $(shell find src -name '*.rs')

.DEFAULT_GOAL := help
.PHONY: help demo test test-rust test-python test-slow lint bench notebooks pictures docs clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(NATIVE) ## Write a phantom study to demo/, read it and judge it
	$(BIN)/calvaria demo --output demo

test: test-rust test-python lint ## Build, then run every test and lint

test-rust: ## cargo test, clippy and fmt
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --features python --lib -- -D warnings
	cargo test --locked --quiet

test-python: $(NATIVE) ## pytest with the docstring examples
	$(BIN)/python -m pytest -q -n auto --dist loadfile -m "not slow"

test-slow: $(NATIVE) ## The tests that take minutes: voxel checks on many scans of the phantom
	$(BIN)/python -m pytest -q -m slow

lint: $(NATIVE) ## ruff, mypy strict, stubtest
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest calvaria._native
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps

bench: $(NATIVE) ## Time and memory beside other libraries
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python benches/loading.py
	$(BIN)/python benches/accuracy.py
	$(BIN)/python benches/segment.py --large --rounds 1 --page docs/benchmarks/segment.md
	$(BIN)/python benches/surface.py --large --rounds 3 --page docs/benchmarks/surface.md
	$(BIN)/python benches/mesh.py --large --rounds 2 --page docs/benchmarks/mesh.md
	$(BIN)/python benches/whole_job.py --size 512 --slices 300 --rounds 2
	$(BIN)/python benches/mesh_files.py --page docs/benchmarks/mesh_files.md
	$(BIN)/python benches/printability.py
	$(BIN)/python benches/overlay.py --page docs/benchmarks/overlay.md

notebooks: $(NATIVE) ## Run the notebooks and store what they show
	$(BIN)/python notebooks/refresh.py

pictures: $(NATIVE) ## Draw the pictures of README and docs again
	$(BIN)/python docs/pictures/draw.py

docs: $(NATIVE) ## Build the pages into docs/_build; a warning is an error
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/python -m sphinx -W --keep-going -j auto -q docs docs/_build

$(NATIVE): .venv/.ready $(RUST)
	@echo "Building the native module; the first time takes two to four minutes."
	@VIRTUAL_ENV=$(CURDIR)/.venv PIP_QUIET=1 CARGO_TERM_QUIET=true $(BIN)/maturin develop --profile $(PROFILE) --locked --quiet
	@touch $@

.venv/.ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

clean: ## Remove everything that was built
	rm -rf target .venv demo $(NATIVE)
