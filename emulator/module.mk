# The interpreter's sources; who builds them, and how, is each user's own rule.
# Not here: the blob's build (firmware/module.mk), host tests (tests/*/module.mk).
# SPDX-License-Identifier: GPL-2.0-only
EMULATOR_SOURCES := $(sort $(wildcard emulator/*.c))
EMULATOR_HEADERS := $(wildcard emulator/*.h emulator/*.def include/hvmassist/*.h)
