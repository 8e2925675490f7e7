# Collects the parts of the glue. Not here: any rule of a part (its own module.mk).
# SPDX-License-Identifier: GPL-2.0-only

include $(wildcard hvmloader-glue/*/module.mk)
