# The command surface. `make` lists it; everything sets itself up.
PYTHON ?= python3
CLOUD ?= aws
PROFILE ?= instant
STACK ?= aws-dev
FAULT ?= kill
SIZE ?= ci
RUN := .venv/bin/python
SETUP_LAB := setup-lab$(if $(filter azure,$(CLOUD))$(filter azure-%,$(STACK)),-azure)
BEGAN := $(shell date +%s)
FAST := not lab and not judge and not slips and not prove and not engine and not sweep

# Bytecode is kept, also where the shell says otherwise: else every process of the tests compiles the SDKs anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check types fast nightly engine up preview refresh repair roll down prove lab-run lab-up lab-ask lab-down bench clean docs lock setup-lab setup-lab-azure setup-dev

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(SETUP_LAB) ## a pair fails over in the lab, no account needed [CLOUD=aws|azure] [PROFILE=instant|aws|azure-new-plane|...] [FAULT=kill|freeze|cut]
	@$(RUN) -m lab demo --cloud $(CLOUD) --profile $(PROFILE) --fault $(FAULT)

test: check engine ## check, then every tier that CI runs
	@# A lab waits a third of its time, and so does an engine: three processes on two cores.
	$(RUN) -m pytest -q -n 3 --dist worksteal -m "(lab or judge or sweep or slips) and not engine"
	$(RUN) -m pytest -q -n 3 --dist loadfile -m engine
	$(RUN) -m pytest -q -n 2 --dist worksteal -m prove tests/prove
	TANDEM_HISTORIES=300 $(RUN) -m pytest -q -n 2 tests/property/test_rule_properties.py
	@echo "make test: every tier passed, after $$(( ($$(date +%s) - $(BEGAN)) / 60 )) min; make help shows what else there is"

check: setup-dev ## format, lint, layering, types beside the fast tests
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports
	@$(MAKE) --no-print-directory --keep-going --jobs 2 types fast

types: # on one processor for as long as the tests need both
	.venv/bin/pyright

fast:
	$(RUN) -m pytest -q -n 2 --dist worksteal -m "$(FAST)"

engine: setup-lab ## Pulumi's engine: the one on the PATH, or one built once for this machine (5 minutes)
	@$(PYTHON) tools/engine.py

up preview refresh repair down: $(SETUP_LAB)
	@$(PYTHON) tools/engine.py
	@$(RUN) -m lab pulumi $@ --stack $(STACK) --profile $(PROFILE)

up: ## pulumi up by the real engine, into an emulated cloud that it brings up [STACK=aws-dev|azure-dev|...]
preview: ## what up would do [STACK=aws-dev|azure-dev|...]
refresh: ## compare the stack's state with the emulated cloud [STACK=aws-dev|azure-dev|...]
repair: ## after an interrupted run: release the lock, find what was being made, and bring it to its end [STACK=aws-dev|...]
down: ## delete the stack, and end its lab [STACK=aws-dev|azure-dev|...]

roll: $(SETUP_LAB) ## image, type and user data of the stack file for one standby, failover paused meanwhile [STACK=aws-dev|azure-dev|...] WORKER=wk2
	@$(PYTHON) tools/engine.py
	@$(RUN) -m lab roll --stack $(STACK) --worker "$(WORKER)"

nightly: test ## the large sizes; results with date go into docs/
	TANDEM_HISTORIES=5000 $(RUN) -m pytest -q -n 2 tests/property
	TANDEM_STACKS=all TANDEM_KILLS=20 $(RUN) -m pytest -q -n 3 --dist loadfile -m engine
	$(RUN) -m pytest -q -n 2 -m prove tests/spec tests/property
	$(RUN) -m tests.matrix --all
	$(RUN) -m lab demo --profile aws
	$(RUN) -m lab run all; status=$$?; $(RUN) -m lab run all --cloud azure || status=$$?; $(RUN) -m lab faults-page && exit $$status
	$(RUN) -m prove all --size nightly
	$(RUN) -m bench; $(RUN) -m bench --cloud azure

prove: setup-dev ## the rule, searched exhaustively in small worlds, and every guard taken out once [SIZE=ci|nightly]
	$(RUN) -m prove all --size $(SIZE)

lab-run: $(SETUP_LAB) ## a named fault, played and judged; without a name: all of them, listed [SCENARIO=name] [CLOUD=aws|azure] [PROFILE=instant|aws]
	@$(RUN) -m lab run $(SCENARIO) --cloud $(CLOUD) $(if $(filter file,$(origin PROFILE)),,--profile $(PROFILE))

lab-up: $(SETUP_LAB) ## a lab that stays up until lab-down [CLOUD=aws|azure] [PROFILE=instant|aws|azure-new-plane|...]
	@$(RUN) -m lab up --cloud $(CLOUD) --profile $(PROFILE)

lab-ask: $(SETUP_LAB) ## ask the watchdog of that lab [VERB=switchover|pause|...] [WORKER=wk2] [SECONDS=600] [WHY=text] [LAB=id]
	@$(RUN) -m lab ask $(VERB) $(if $(WORKER),--worker $(WORKER)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(WHY),--why "$(WHY)") $(if $(LAB),--lab $(LAB))

lab-down: $(SETUP_LAB) ## end every lab of this repository
	@$(RUN) -m lab down

bench: setup-lab setup-lab-azure ## how long faults, planned moves and the rule take, in the lab and simulated; out/bench/, docs/BENCHMARKS.md [CLOUD=aws|azure]
	$(RUN) -m bench --cloud $(CLOUD)

docs: setup-dev ## write every generated page and table from what holds it
	$(RUN) -m infra.config.docs
	$(RUN) -m tests.judges.pages
	$(RUN) -m tests.infra.traps.page
	PYTHONPATH=policy $(RUN) -m tests.policy.page
	$(RUN) -m lab.providers.page
	$(RUN) -m lab faults-page

lock: setup-dev ## resolve the locks anew from pyproject.toml
	$(RUN) tools/lock.py

clean: ## remove what was made here (environments, out/)
	rm -rf out .venv .tools tools/*/.venv policy/.venv tools/*/node_modules .pytest_cache .ruff_cache .hypothesis .import_linter_cache

setup-lab-azure:
	@$(PYTHON) tools/setup.py lab-azure
	@$(PYTHON) tools/engine.py --if-there

setup-lab:
	@$(PYTHON) tools/setup.py lab
	@$(PYTHON) tools/engine.py --if-there

setup-dev:
	@$(PYTHON) tools/setup.py dev
