# make demo   sets everything up and runs the demonstration benchmark
# make test   sets everything up and runs all tests
# make test-plain  runs them as on another processor, one without vector instructions (TESTS=tests/models: some of them)
# make coverage  runs all tests and says which lines of the whole package they miss
# make lint   format, lint, types and layers
# make docs   builds the documentation site into build/site, offline, and fails on a dead link
# make tutorials  runs the pages of docs/tutorials again and writes what they print and draw (a minute)
# make docs-serve  shows the site while you write, at http://127.0.0.1:8000
# make bench  times features, filters, maps and the first use beside other tools, writes docs/performance*.md (30 minutes; QUICK=1: try it)
# make bench-all  the same, then grid, networks, learning curve and intervals (2 hours)
# make bench-extraction  the features of one setting and of a whole profile alone, writes docs/performance.md (15 minutes)
# make bench-curve  a small learning curve: radiomics and a network at 75 and 300 training lesions (QUICK=1: at 75)
# make bench-networks  times networks beside a bare PyTorch loop, writes docs/performance-networks.md
# make bench-readers  simulates reader studies, writes docs/reader-studies-simulation.md (15 minutes; QUICK=1: try it)
# make bench-tracking  times the push of a run of ten models to MLflow and prints the seconds (1 minute)
# make bench-maps  times feature maps beside pyradiomics, writes docs/performance-maps.md (4 minutes; QUICK=1: try it)
# make bench-intervals  how often the intervals of the report hold the truth, writes docs/interval-coverage.md (QUICK=1: try it)
# make bench-filters  times every image filter beside MIRP and pictologics, writes docs/performance-filters.md (10 minutes)
# make bench-limits  first use on a machine and memory of large lesions, writes docs/performance-limits.md (5 minutes)
# make release-check  builds the wheel and tries it as a new user in an empty environment (EXTRAS=all RELEASE_PYTHON=python3.13)
# make bench-grid  the grid alone (FOLDS=3: some of its ten folds)
# make reliability  fuzzes every reader, kills runs, fills disks, runs two commands at once, writes docs/reliability.md (QUICK=1: try it)
# make bench-scale  large studies, to 10,000 lesions and 100,000 readings, writes docs/performance-scale.md (QUICK=1: try it)

PYTHON ?= python3
BIN := .venv/bin
DEMO := demo-renal-mass
# One thread per process: more threads than cores make a busy machine many times slower.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

comma := ,

.PHONY: setup demo test test-plain coverage lint format docs docs-serve tutorials bench bench-all bench-curve bench-extraction bench-filters bench-grid bench-limits bench-maps bench-networks bench-readers bench-scale bench-intervals bench-tracking release-check reliability clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \(make .*\)/  \1/p' Makefile

setup:
	@PYTHON=$(PYTHON) sh scripts/setup.sh

demo: setup
	@$(BIN)/samesplit fetch $(DEMO)
	@$(BIN)/samesplit run benchmarks/$(DEMO)
	@$(BIN)/python scripts/picture_of_report.py --check || true

# Tests whose rooms must be covered completely run apart: measuring makes a test take two thirds longer.
MEASURED := statistics evaluation benchmarks/splits tables.py
MEASURED_TESTS := $(foreach room,$(MEASURED),src/samesplit/$(room)) \
	tests/statistics tests/evaluation tests/benchmarks/splits tests/test_tables.py

test: setup
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q --cov --cov-report=json:.coverage.json $(MEASURED_TESTS)
	@$(BIN)/python scripts/complete_coverage.py .coverage.json
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q $(foreach tests,$(MEASURED_TESTS),--ignore=$(tests))

test-plain: setup
	@sh scripts/plain_processor.sh $(BIN)/python -m pytest -n 2 --dist worksteal -q $(TESTS)

coverage: setup
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov=samesplit --cov-report=term-missing:skip-covered -q

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# The variable keeps the theme's advertisement of another tool out of the output.
docs docs-serve: export NO_MKDOCS_2_WARNING := 1

docs: setup
	@$(BIN)/mkdocs build --strict --quiet
	@echo "The site: build/site/index.html"

tutorials: setup
	@$(BIN)/python scripts/docs/tutorials.py $(PAGE)

docs-serve: setup
	@$(BIN)/mkdocs serve

bench: bench-extraction bench-filters bench-maps bench-limits

bench-all: bench bench-grid bench-networks bench-curve bench-intervals

bench-extraction: setup
	@sh scripts/bench/setup.sh
	@out=reports/bench$(if $(QUICK),-quick); \
	$(BIN)/python scripts/bench/measure.py --output $$out $(if $(DATA),--data $(DATA)) $(if $(QUICK),--quick) && \
	$(BIN)/python scripts/bench/page.py $$out --docs $(if $(QUICK),$$out,docs)

bench-filters: setup
	@sh scripts/bench/setup.sh
	@out=reports/bench$(if $(QUICK),-quick); \
	$(BIN)/python scripts/bench/filters/measure.py --output $$out $(if $(DATA),--data $(DATA)) $(if $(QUICK),--quick) && \
	$(BIN)/python scripts/bench/filters/page.py $$out --docs $(if $(QUICK),$$out,docs)

bench-maps: setup
	@out=reports/bench$(if $(QUICK),-quick); \
	$(BIN)/python scripts/bench/maps/measure.py --output $$out $(if $(DATA),--data $(DATA)) $(if $(QUICK),--quick) && \
	$(BIN)/python scripts/bench/maps/page.py $$out --docs $(if $(QUICK),$$out,docs)

bench-intervals: setup
	@$(BIN)/python scripts/simulate_interval_coverage.py $(if $(QUICK),--studies 20 --output reports/coverage-quick.csv)

bench-curve: setup
	@$(BIN)/samesplit fetch synthetic-renal-1200
	@$(BIN)/samesplit learning-curve synthetic-renal-1200 --model ridge --model resnet10-25d-minutes \
	  --sizes $(if $(QUICK),75,75$(comma)300) --repeats 1

bench-grid: setup
	@out=reports/bench$(if $(QUICK),-quick); \
	$(BIN)/python scripts/bench/grid/measure.py --output $$out $(if $(QUICK),--quick) $(if $(FOLDS),--folds $(FOLDS)) && \
	$(BIN)/python scripts/bench/grid/page.py $$out --docs $(if $(QUICK),$$out,docs)

bench-limits: setup
	@out=reports/bench$(if $(QUICK),-quick); \
	$(BIN)/python scripts/bench/limits/measure.py --output $$out $(if $(DATA),--data $(DATA)) $(if $(QUICK),--quick) && \
	$(BIN)/python scripts/bench/limits/page.py $$out --docs $(if $(QUICK),$$out,docs)

bench-networks: setup
	@out=reports/bench$(if $(QUICK),-quick); \
	$(BIN)/python scripts/bench/networks/measure.py --output $$out $(if $(QUICK),--quick) && \
	$(BIN)/python scripts/bench/networks/page.py $$out --docs $(if $(QUICK),$$out,docs)

bench-tracking: setup
	@$(BIN)/python scripts/bench/tracking/measure.py

bench-scale: setup
	@out=reports/bench$(if $(QUICK),-quick); \
	$(BIN)/python scripts/bench/scale/measure.py --output $$out $(if $(QUICK),--quick) && \
	$(BIN)/python scripts/bench/scale/page.py $$out --docs $(if $(QUICK),$$out,docs)

bench-readers: setup
	@out=reports/simulated-readers$(if $(QUICK),-quick); \
	$(BIN)/python scripts/simulate_reader_studies.py measure --output $$out $(if $(QUICK),--studies 20) && \
	$(BIN)/python scripts/simulate_reader_studies.py scale --output $$out $(if $(QUICK),--studies 20) && \
	$(BIN)/python scripts/simulate_reader_studies.py size --output $$out && \
	$(BIN)/python scripts/simulate_reader_studies.py page --output $$out --docs $(if $(QUICK),$$out,docs)

release-check: setup
	@$(BIN)/python scripts/release/try_wheel.py --python $(or $(RELEASE_PYTHON),$(PYTHON)) --extras "$(EXTRAS)"

reliability: setup
	@out=reports/reliability$(if $(QUICK),-quick); \
	$(BIN)/python scripts/reliability/fuzz.py --output $$out/fuzz.json --inputs $(if $(QUICK),20,500) && \
	$(BIN)/python scripts/reliability/kills.py --output $$out/kills.json $(if $(QUICK),--kills 3 --runs 1,--kills 20 --runs 20) && \
	$(BIN)/python scripts/reliability/disks.py --output $$out/disks.json $(if $(QUICK),--stages Models) && \
	$(BIN)/python scripts/reliability/together.py --output $$out/together.json $(if $(QUICK),--only "run and clean") && \
	$(BIN)/python scripts/reliability/page.py $$out --docs $(if $(QUICK),$$out,docs)

clean:
	rm -rf .venv .venv-bench-* reports/*/ reports/.cache reports/.mlflow mlflow.db
