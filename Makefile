# The top of the build: collects the fragments of every folder.
# Not here: any rule of a folder (its module.mk).
# SPDX-License-Identifier: GPL-2.0-only

.DELETE_ON_ERROR:

.PHONY: all
all:

include $(wildcard */module.mk tests/*/module.mk)
