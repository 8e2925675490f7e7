# `make run`: the packages it needs, what it builds, and the runner.
# Not here: the media (tests/boot), nor the checks (tests/check).
# SPDX-License-Identifier: GPL-2.0-only

RUN_FOLDER := tests/run
RUN_PYTHON := /usr/bin/python3 -B
RUN_PACKAGES := binutils bochs bochsbios gcc gcc-multilib libxen-dev libzydis-dev python3 \
	python3-pil vgabios $(BOOT_PACKAGES)

RUN_VARIABLES := IMAGE DRIVE ABI UNTIL KEYS LIMIT MEMORY LOG POLICY OUT
RUN_ABI := $(if $(ABI),$(ABI),3.2)
RUN_VARIANT := $(if $(LOG),-trace,$(if $(filter off,$(POLICY)),-leave))
RUN_ROM := $(patsubst %,build/testvisor/testvisor-%$(RUN_VARIANT).rom,$(filter 3.2 3.1 hypercall,$(RUN_ABI)))
RUN_TOOLS := $(if $(LOG),build/run-tools/disassemble)
# An image below build/ is made if it is not there; anybody else's is only read.
RUN_IMAGE := $(filter build/%,$(if $(IMAGE),$(IMAGE),build/media/d02-grub-legacy.img))

# The runner gets the variables from its environment, as they were written: no `$` is expanded.
$(foreach name,$(RUN_VARIABLES),$(eval run: override export $(name) := $$(value $(name))))

.PHONY: run run-parts
run:
	@sh $(RUN_FOLDER)/install-packages.sh $(RUN_PACKAGES)
	@$(RUN_PYTHON) $(RUN_FOLDER)/run.py check
	@$(MAKE) -s --no-print-directory run-parts $(if $(MEMORY),TESTVISOR_MEMORY_MIB='$(MEMORY)')
	@$(RUN_PYTHON) $(RUN_FOLDER)/run.py

run-parts: $(RUN_ROM) $(RUN_IMAGE) $(RUN_TOOLS)
	@:

build/run-tools/disassemble: $(RUN_FOLDER)/disassemble.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -Wall -Wextra -Wconversion -Werror -o $@ $< -lZydis
