# How the programs of `make coverage` are built: those of the other folders once more, with the
# interpreter instrumented. A file of its own because it uses the variables of later fragments.
# Not here: running them (collect.sh).
# SPDX-License-Identifier: GPL-2.0-only
include Makefile

coverage-build := build/coverage
coverage-cflags := -std=gnu11 -O1 -g -w -Iinclude -Iemulator -MMD -MP
coverage-instrument := -fprofile-instr-generate -fcoverage-mapping
coverage-emulator := $(wildcard emulator/*.c)

# The interpreter in three builds: as the unit tests want it, plain, and for 32 bits.
coverage-objects = $(patsubst %.c,$(coverage-build)/$(1)/%.o,$(2))
coverage-flags-unit := -Itests/unit -Itests/testvisor -DEMULATOR_TRACE
coverage-flags-plain := -Itests/unit
coverage-flags-oracle := -m32 -fno-pie

coverage-fuzz := $(fuzz-sources) tests/fuzz/replay.c
# Not the one that is about the blob.
coverage-unit-programs := $(filter-out %/policy_test,$(unit-programs:tests/unit/%.c=$(coverage-build)/unit/%))
coverage-vectors := $(coverage-build)/vectors
coverage-oracle := $(coverage-build)/oracle-runner
coverage-replay := $(coverage-build)/replay
coverage-programs := $(coverage-replay) $(coverage-vectors) $(coverage-oracle) \
	$(coverage-unit-programs)

$(coverage-build)/%/tests/testvisor/entry_check.o: coverage-cflags += \
	-Dentry_rule_text=testvisor_entry_rule_text

# $(call coverage_rules,build): only the interpreter is instrumented.
define coverage_rules
$(call coverage-objects,$(1),$(coverage-emulator)): $(coverage-build)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	clang $$(coverage-cflags) $(coverage-flags-$(1)) $(coverage-instrument) -c -o $$@ $$<
$(coverage-build)/$(1)/tests/%.o: tests/%.c
	@mkdir -p $$(@D)
	clang $$(coverage-cflags) $(coverage-flags-$(1)) -c -o $$@ $$<
endef
$(foreach build,unit plain oracle,$(eval $(call coverage_rules,$(build))))

$(coverage-unit-programs): $(coverage-build)/unit/%: $(coverage-build)/unit/tests/unit/%.o \
		$(call coverage-objects,unit,$(unit-shared) $(coverage-emulator))
	clang $(coverage-instrument) -o $@ $^ -lcmocka -lm

$(coverage-vectors): $(call coverage-objects,plain,$(vectors-sources) $(coverage-emulator))
	clang $(coverage-instrument) -o $@ $^ -lz

$(coverage-replay): $(call coverage-objects,plain,$(coverage-fuzz) $(coverage-emulator))
	clang $(coverage-instrument) $(fuzz-wrap) -o $@ $^ -lZydis

$(coverage-oracle): $(call coverage-objects,oracle,$(oracle-sources) $(coverage-emulator))
	clang -m32 -no-pie $(coverage-instrument) -o $@ $^

.PHONY: coverage-programs coverage-collect
coverage-programs: $(coverage-programs)
coverage-collect:
	@sh tests/coverage/collect.sh $(coverage-build) "$(vectors-default)" $(coverage-unit-programs)

.PRECIOUS: $(coverage-build)/%.o
-include $(shell find $(coverage-build) -name '*.d' 2>/dev/null)
