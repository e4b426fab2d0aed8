# leadline: every target first sets up .venv by itself, once, and leaves the rest of the machine alone.
#
#   make demo      the simulated campaign: freeboard products and a report
#   make ablation  the same with three untouched worlds, and what each choice of the classifier is worth on them, in half
#                  an hour; `make ablation worlds=harder` with half the signal, twice the background and more cloud
#   make real      the same way for the real granules and scenes of LEADLINE_REAL_DATA
#   make test      style, workflow lint and tests
#   make places    the tests of the places of work: Spark clusters, a real Slurm where it is installed, lost ranks, and a
#                  run that is killed ten times
#   make keys      config/README.md's tables of keys, from config/schema.yaml
#   make ready     the set-up alone
#   make lock      requirements.lock from pyproject.toml; `make lock options=--upgrade` renews every pin

LEADLINE_REAL_DATA ?= ../shared/data
worlds ?= worlds

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 2

# The stamp's name changes with what is installed, how Horovod is built, and where .venv stands.
stamp := .venv/ready-$(shell (pwd; cat requirements.lock; awk '/^\[/ {uv = /^\[+tool\.uv/} uv' pyproject.toml) | \
                             sha256sum | cut -c 1-16)

.PHONY: demo ablation real test places keys ready lock

demo: campaign := --configfile config/demo.yaml
ablation: campaign := --configfile config/demo.yaml config/$(worlds).yaml
real: campaign := --configfile tests/real/config.yaml --config "acquire={folder: $(LEADLINE_REAL_DATA)/pairs}"
demo real: targets := all
ablation: targets := all ablation
demo ablation real: ready
	snakemake $(targets) $(campaign)
	snakemake $(targets) $(campaign) --report results/report.html
	@echo "The products are results/freeboard/*.nc; the report is results/report.html"

test: ready
	ruff check scripts tests
	ruff format --check scripts tests
	snakefmt --check Snakefile rules
	snakemake --lint
	pytest --numprocesses=2 --no-loadscope-reorder

places: ready
	pytest -m places

keys: ready
	python scripts/document_config.py

ready: $(stamp)

# The stamp comes last, so an interrupted set-up begins again; uv's cache keeps what was already built.
$(stamp):
	@command -v $(CXX) > /dev/null || { echo "leadline needs a C++ compiler: apt-get install g++" >&2; exit 1; }
	@for python in python3.11 python3; do \
	    $$python -c "import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))" 2> /dev/null && \
	    exec $$python -m venv --clear .venv; \
	done; \
	echo "leadline needs Python 3.11 with its venv module: apt-get install python3.11 python3.11-venv" >&2; exit 1
	@echo "Setting up .venv, once: some minutes, most of them for building Horovod"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock | \
	    pip install --quiet --disable-pip-version-check --require-hashes --requirement /dev/stdin
	@uv pip sync --python .venv --compile-bytecode --require-hashes requirements.lock
	@touch $@

lock: ready
	uv pip compile --quiet --group dev --python-version 3.11 --python-platform linux --generate-hashes \
	    --no-annotate --no-header $(options) --output-file requirements.lock pyproject.toml
