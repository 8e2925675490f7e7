# The interpreter's sources; who builds them, and how, is each user's own rule.
# Not here: the blob's build (firmware/module.mk), host tests (tests/*/module.mk).
# SPDX-License-Identifier: GPL-2.0-only
EMULATOR_SOURCES := $(sort $(wildcard emulator/*.c))
# With -DEMULATOR_THREADED operations go on by jumps, which 32-bit code can only when it gives up two
# registers that functions otherwise keep. $(call emulator_threaded,source): the flags for it.
emulator_threaded = -DEMULATOR_THREADED $(if $(filter emulator/operate_%,$(1)),-foptimize-sibling-calls \
	-fcall-used-esi -fcall-used-edi -mpreferred-stack-boundary=2 -fno-align-functions -fno-align-jumps \
	-fno-align-loops)
EMULATOR_HEADERS := $(wildcard emulator/*.h emulator/*.def include/hvmassist/*.h)
