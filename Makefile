# A thin door over the presets; `make help` lists it.
.DEFAULT_GOAL := all
DIR ?= build/example-data
LISTEN ?= 127.0.0.1:8080
T ?= facts_json
S ?= 60

.PHONY: all help deps build run demo test check asan tsan fuzz bench fmt tidy \
	bench-100m bench-programs golden coverage kill-steps clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ \t/'

deps: ## install missing Debian packages (root or sudo)
	@tools/deps.sh

build/%/build.ninja: | deps
	@cmake --preset $* >/dev/null

all: build/dev/build.ninja ## build and run the unit tests
	@cmake --build --preset dev && ctest --preset dev -L unit

build: deps build/release/build.ninja ## build/release/secmaster
	@cmake --build --preset release

run: build ## load the example data and serve it on LISTEN
	@tools/run.sh build/release/secmaster $(DIR) $(LISTEN)

demo: build ## a fake vendor, a server that polls it, and what to look at
	@tools/demo.sh build/release/secmaster $(LISTEN)

test: deps build/dev/build.ninja ## every test that belongs to a commit
	@cmake --build --preset dev && ctest --preset dev

check: deps ## formatting, tidy, floors, routes against openapi, both compilers
	@tools/check.sh

asan: deps build/asan/build.ninja ## the tests under address and UB sanitizers
	@cmake --build --preset asan && ctest --preset asan

tsan: deps build/tsan/build.ninja ## race tests and the real server under TSan
	@cmake --build --preset tsan && ctest --preset tsan

kill-steps: deps build/dev/build.ninja ## kill -9 at every step of vendors' runs
	@cmake --build --preset dev --target secmaster_mortal && \
		EVERY_STEP=1 ctest --preset dev -R kill_steps

fuzz: deps build/fuzz/build.ninja ## fuzz one door: make fuzz T=facts_json S=60
	@cmake --build --preset fuzz && tools/fuzz.sh $(T) $(S)

bench: bench-programs ## our rates beside other stores'; ROWS=as-of,post: some
	@bench/run.py $(ROWS)

bench-100m: bench-programs ## 100 M facts once: 15 GB, LARGE_FACTS=N for fewer
	@bench/large.py

bench-programs: build/bench/build.ninja
	@tools/deps.sh bench && cmake --build --preset bench --target bench_programs

coverage: deps build/coverage/build.ninja ## lines and branches the tests reach
	@cmake --build --preset coverage && ctest --preset coverage && tools/coverage.sh

fmt: deps ## format in place
	@clang-format-14 -i $$(git ls-files '*.c' '*.h')

tidy: deps build/clang/build.ninja ## clang-tidy over everything
	@tools/tidy.sh

golden: deps build/dev/build.ninja ## rewrite golden files; then read the diff
	@cmake --build --preset dev && GOLDEN_UPDATE=1 ctest --preset dev -L golden

clean: ## throw the builds away
	@rm -rf build
