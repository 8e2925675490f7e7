/* The fuzzer's entry. Not here: anything else. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "lockstep.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    lockstep_run(bytes, length);
    return 0;
}
