# The silicon oracle: a 32-bit program that runs code on this processor and in the interpreter.
# `make check-oracle` (20 million instructions, SEED= repeats a run), `make check-oracle-ci`.
# Not here: the interpreter's sources.
# SPDX-License-Identifier: GPL-2.0-only

oracle-build := build/tests/oracle
oracle-runner := $(oracle-build)/oracle
oracle-sources := $(wildcard tests/oracle/*.c)
oracle-objects := $(patsubst %.c,$(oracle-build)/%.o,$(oracle-sources) $(wildcard emulator/*.c))
oracle-cflags := -m32 -std=gnu11 -O2 -g -fno-pie -Wall -Wextra -Wconversion -Werror -Iinclude \
    -Iemulator -MMD -MP

ORACLE_INSTRUCTIONS ?= 20000000
SEED ?= time

$(oracle-build)/%.o: %.c
	@mkdir -p $(@D)
	gcc $(oracle-cflags) $(if $(filter emulator/%,$<),$(call emulator_threaded,$<)) -c -o $@ $<

$(oracle-runner): $(oracle-objects)
	gcc -m32 -no-pie -o $@ $^

CHECK_TARGETS += check-oracle-ci
CHECK_PACKAGES += gcc-multilib
.PHONY: check-oracle check-oracle-ci
check-oracle: $(oracle-runner)
	$(oracle-runner) -n $(ORACLE_INSTRUCTIONS) -s $(SEED) -k tests/oracle/regressions.txt

check-oracle-ci: $(oracle-runner)
	$(oracle-runner) -n 500000 -s 1 -k tests/oracle/regressions.txt

-include $(oracle-objects:.o=.d)
