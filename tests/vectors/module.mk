# The captured-hardware vectors: builds the runner, `make check-vectors`.
# Not here: the vectors, which are no part of the tree.
# SPDX-License-Identifier: GPL-2.0-only

vectors-build := build/tests/vectors
vectors-runner := $(vectors-build)/run
vectors-sources := $(addprefix tests/vectors/,moo.c metadata.c differences.c run.c) \
    $(addprefix tests/unit/,machine.c machine_tables.c port_strings.c)
vectors-emulator := $(wildcard emulator/*.c)
vectors-objects := $(patsubst %.c,$(vectors-build)/%.o,$(vectors-sources) $(vectors-emulator))
vectors-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Wconversion -Werror -Iinclude -Iemulator \
    -Itests/unit -MMD -MP

# Folders that are taken when they are there; VECTORS= names others, which must be.
vectors-default := --optional ../shared/data/80286 ../shared/data/80386
VECTORS ?=

$(vectors-build)/%.o: %.c
	@mkdir -p $(@D)
	gcc $(vectors-cflags) -c -o $@ $<

$(vectors-runner): $(vectors-objects)
	gcc -o $@ $^ -lz

CHECK_TARGETS += check-vectors
CHECK_PACKAGES += zlib1g-dev
.PHONY: check-vectors
check-vectors: $(vectors-runner)
	$(vectors-runner) $(if $(VECTORS),$(VECTORS),$(vectors-default))

-include $(vectors-objects:.o=.d)
