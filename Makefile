# DanceApp. `make` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
# onnxruntime and onnxruntime-gpu exclude each other: `make demo ORT=gpu` on a machine with CUDA 13 and cuDNN 9.
ORT ?= cpu
# One thread a process: parallelism is by actors, and spinning threads fight over the cores.
export OMP_NUM_THREADS ?= 1
export RAY_USAGE_STATS_ENABLED := 0

help:            ## list the targets
	@grep -E '^[a-z-]+: *.*##' Makefile | sed -E 's/:.*## */\t/' | expand -t 14

demo: .venv/run  ## set up, then index the six sample clips and print the move index
	@$(BIN)/danceapp index tests/data/clips

test: check check-client  ## set up, then checks and tests (minutes)
	@$(BIN)/python -m pytest

test-slow: .venv/dev  ## the tests that take minutes each, recognition end to end among them
	@$(BIN)/python -m pytest -m slow

check: .venv/dev ## ruff, mypy, the import contract
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

generate: .venv/dev ## write anew what is made of the code: OpenAPI document, TypeScript client, serve/API.md, configs/ray/serve.yaml
	@$(BIN)/danceapp openapi > clients/openapi.json && $(BIN)/danceapp openapi --examples > serve/API.md
	@$(BIN)/serve build serve.built:application -o configs/ray/serve.yaml >/dev/null 2>&1
	@sed -i.app1 's/name: app1$$/name: danceapp/' configs/ray/serve.yaml && rm configs/ray/serve.yaml.app1
	@cd clients/typescript && npm ci --silent && npm run --silent generate

check-client:    ## whether the TypeScript client is what the OpenAPI document says, and compiles
	@command -v npm >/dev/null || { echo "no Node here: the TypeScript client is not checked"; exit 0; }; \
	  cd clients/typescript && npm ci --silent && npm run --silent check || { echo "the TypeScript client does not fit its document: make generate"; exit 1; }

bench: .venv/dev ## measure against the peers; writes bench-report.json
	@$(BIN)/python -m tests.bench

MODEL ?= mv-0.2.0

model: .venv/dev ## train the classifier from synthetic dances (an hour), and put it into the taxonomy
	@$(BIN)/danceapp train $(MODEL) --out runs
	@rm -rf taxonomy/tx-0.1/models/$(MODEL) && mkdir -p taxonomy/tx-0.1/models && cp -r runs/$(MODEL)/bundle taxonomy/tx-0.1/models/$(MODEL)

decoder: .venv/dev ## train the decoder of dances from synthetic ones (ten minutes), and put it beside the taxonomy if it is to be used
	@$(BIN)/danceapp train-decoder --out runs/decoder
	@if [ -e runs/decoder/decoder.npz ]; then cp runs/decoder/decoder.npz taxonomy/tx-0.1/decoder.npz; fi

lifter: .venv/dev ## train the network that lifts poses, from synthetic performances
	@$(BIN)/python -m jobs.train_lifter runs/lifter

clean:           ## remove the virtual environment and all that was built (not your index)
	rm -rf .venv build *.egg-info bench-report.json .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# A step of set-up that fails says so in one line; what its tools printed is in .venv/setup.log.
define step
@echo "setup: $(1)"; { $(2); } >>.venv/setup.log 2>&1 || { echo "setup failed: $(1): $(3) (details: .venv/setup.log)"; exit 1; }
endef

# Test oracles, without their dependencies: MediaPipe's OpenCV would overwrite the headless one, and aeon asks for an older
# numba than the one it runs with. Where MediaPipe has no wheel its tests skip.
ORACLES := "mediapipe==0.10.33; sys_platform == 'linux' and platform_machine == 'x86_64'" aeon==1.6.0

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	  || { echo "DanceApp needs Python 3.11, and '$(PYTHON)' is not: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv && touch $@

.venv/run: .venv/python pyproject.toml
	$(call step,dependencies (1-4 minutes the first time),$(BIN)/python -m pip install -e '.[$(ORT)]',is there a network?)
	$(call step,pose weights,$(BIN)/python -m cluster.weights,is there a network?)
	$(call step,compiled kernels,$(BIN)/python -m compileall -q dancecore cluster jobs serve && $(BIN)/python -m cluster.warm_up,is the disk full?)
	@touch $@

.venv/dev: .venv/run
	$(call step,test oracles,$(BIN)/python -m pip install --no-deps $(ORACLES),is there a network?)
	$(call step,development tools,$(BIN)/python -m pip install -e '.[$(ORT)$(,)synthetic$(,)train$(,)bench$(,)dev]',is there a network?)
	$(call step,the synthetic body (a minute the first time),$(BIN)/python -m dancecore.synthetic.rig,is the disk full?)
	@touch $@

, := ,
.PHONY: decoder lifter help demo test test-slow check generate check-client bench model clean
