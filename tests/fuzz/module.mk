# The fuzzer: `make fuzz` (FUZZ_SECONDS, an hour unless said), `make fuzz-ci` (the kept corpus, then
# a minute), `make fuzz-keep` (what a run has found becomes the kept corpus). Not here: the inputs.
# SPDX-License-Identifier: GPL-2.0-only

fuzz-build := build/fuzz
fuzz-target := $(fuzz-build)/fuzz
fuzz-replay := $(fuzz-build)/replay
fuzz-corpus := tests/fuzz/corpus.txt
fuzz-parts := enterable finding frame hooks length limits loads lockstep native precise scenario standing \
	subject tables walk
fuzz-sources := $(fuzz-parts:%=tests/fuzz/%.c) tests/unit/native_host.c tests/unit/port_strings.c \
	tests/testvisor/entry_check.c
fuzz-checks := $(fuzz-sources:%.c=$(fuzz-build)/%.o)
fuzz-emulator := $(patsubst %.c,$(fuzz-build)/%.o,$(wildcard emulator/*.c))
fuzz-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Wconversion -Werror -Iinclude -Iemulator \
	-Itests/unit -MMD -MP -fsanitize=address,undefined -fno-sanitize-recover=all

# Functions that the interpreter's files call of one another, and that hooks.c looks into.
fuzz-hooks := decode deliver_fault deliver_event translate load_pdptes task_enter segment_set \
	native_give_pointers
fuzz-wrap := $(fuzz-hooks:%=-Wl,--wrap=%)

FUZZ_SECONDS ?= 3600
FUZZ_CI_SECONDS := 60
# Inputs up to 400 bytes; a slow one is no finding while the machine is shared.
fuzz-options := -max_len=400 -len_control=0 -timeout=60 -rss_limit_mb=4096 -print_final_stats=1 \
	-dict=tests/fuzz/opcodes.dict -artifact_prefix=$(fuzz-build)/finding-

CHECK_PACKAGES += clang libclang-rt-14-dev libzydis-dev
CHECK_TARGETS += fuzz-ci
CHECK_PARTS += $(fuzz-target) $(fuzz-replay)

# Only the interpreter guides the fuzzer; comparisons are not traced, which costs more than it finds.
$(fuzz-emulator): $(fuzz-build)/%.o: %.c
	@mkdir -p $(@D)
	clang $(fuzz-cflags) -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp -c -o $@ $<

$(fuzz-build)/%.o: %.c
	@mkdir -p $(@D)
	clang $(fuzz-cflags) -c -o $@ $<

# The testvisor's name for the rules' texts is the interpreter's, too.
$(fuzz-build)/tests/testvisor/entry_check.o: fuzz-cflags += -Dentry_rule_text=testvisor_entry_rule_text

$(fuzz-target): $(fuzz-checks) $(fuzz-build)/tests/fuzz/target.o $(fuzz-emulator)
	clang -fsanitize=fuzzer,address,undefined $(fuzz-wrap) -o $@ $^ -lZydis

$(fuzz-replay): $(fuzz-checks) $(fuzz-build)/tests/fuzz/replay.o $(fuzz-emulator)
	clang -fsanitize=address,undefined $(fuzz-wrap) -o $@ $^ -lZydis

# What runs have found so far stays in the build folder, beside the kept corpus.
$(fuzz-build)/corpus: $(fuzz-corpus)
	@mkdir -p $@
	python3 -B tests/fuzz/corpus.py unpack $< $@
	@touch $@

.PHONY: fuzz fuzz-ci fuzz-keep
fuzz: $(fuzz-target) $(fuzz-build)/corpus
	$(fuzz-target) $(fuzz-build)/corpus $(fuzz-options) -max_total_time=$(FUZZ_SECONDS)

fuzz-ci: $(fuzz-target) $(fuzz-replay)
	@$(fuzz-replay) $(fuzz-corpus) > $(fuzz-build)/replay.log 2>&1 || \
		{ cat $(fuzz-build)/replay.log; exit 1; }
	@rm -rf $(fuzz-build)/ci
	@python3 -B tests/fuzz/corpus.py unpack $(fuzz-corpus) $(fuzz-build)/ci
	@$(fuzz-target) $(fuzz-build)/ci $(fuzz-options) -max_total_time=$(FUZZ_CI_SECONDS) \
		> $(fuzz-build)/ci.log 2>&1 || { tail -n 100 $(fuzz-build)/ci.log; exit 1; }
	@grep -a '^Done' $(fuzz-build)/ci.log
	@tail -n 1 $(fuzz-build)/replay.log

# As few inputs as reach every edge that has been reached.
fuzz-keep: $(fuzz-target) $(fuzz-build)/corpus
	rm -rf $(fuzz-build)/merged && mkdir $(fuzz-build)/merged
	$(fuzz-target) -set_cover_merge=1 -use_counters=0 $(fuzz-options) $(fuzz-build)/merged \
		$(fuzz-build)/corpus
	python3 -B tests/fuzz/corpus.py pack $(fuzz-corpus) $(fuzz-build)/merged

-include $(wildcard $(fuzz-build)/*/*.d $(fuzz-build)/tests/*/*.d)
