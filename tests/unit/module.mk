# Unit tests of the interpreter on the host, built with the address and undefined-behaviour
# sanitizers; `make check-unit` runs them all.
# Not here: the oracle, the captured vectors, the fuzzer, which have folders of their own.
# SPDX-License-Identifier: GPL-2.0-only

unit-build := build/tests/unit
unit-sources := $(wildcard tests/unit/*.c)
# A file with a main is a program; the others are linked into every one.
unit-programs := $(sort $(shell grep -l '^int main' tests/unit/*.c))
unit-shared := $(filter-out $(unit-programs),$(unit-sources)) tests/testvisor/entry_check.c
unit-shared-objects := $(patsubst %.c,$(unit-build)/%.o,$(unit-shared) $(wildcard emulator/*.c))
unit-binaries := $(patsubst tests/unit/%.c,$(unit-build)/%,$(unit-programs))
unit-cflags := -std=gnu11 -O1 -g -Wall -Wextra -Wconversion -Werror -Iinclude -Iemulator \
    -Itests/unit -Itests/testvisor -fsanitize=address,undefined -fno-sanitize-recover=all \
    -DEMULATOR_TRACE -MMD -MP
# Both the interpreter and the testvisor name the texts of the rules; the tests want both.
$(unit-build)/tests/testvisor/%.o: unit-cflags += -Dentry_rule_text=testvisor_entry_rule_text

CHECK_UNITS += $(unit-binaries)

$(unit-build)/%.o: %.c
	@mkdir -p $(@D)
	gcc $(unit-cflags) -c -o $@ $<

$(unit-binaries): $(unit-build)/%: $(unit-build)/tests/unit/%.o $(unit-shared-objects)
	gcc -fsanitize=address,undefined -o $@ $^ -lcmocka -lm

# The blob's policy is plain C, so it is tested here too.
$(unit-build)/policy_test: $(unit-build)/firmware/policy.o
$(unit-build)/firmware/%.o $(unit-build)/tests/unit/policy_test.o: unit-cflags += -I. -Ifirmware

.PHONY: check-unit
check-unit: $(unit-binaries)
	@sh tests/unit/run-all.sh $(unit-binaries)

.PRECIOUS: $(unit-build)/%.o
-include $(patsubst %.c,$(unit-build)/%.d,$(unit-sources) $(wildcard emulator/*.c))
