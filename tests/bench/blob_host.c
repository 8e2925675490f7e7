/* Runs a workload in the blob's interpreter. Not here: the interpreter's platform (blob.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "blob.h"
#include "host.h"

int main(int count, char **arguments)
{
    uint8_t *memory = host_load(count, arguments, NULL);
    struct blob_counts counts;

    host_start();
    if (!blob_run(memory, MEMORY_SIZE, ENTRY, &counts))
        host_fail("the workload did not end with HLT");
    host_stop();
    host_report(host_get_32(memory, CHECKSUM));
    printf(" retired=%llu string_calls=%llu string_bytes=%llu port_accesses=%llu\n",
           (unsigned long long)counts.retired, (unsigned long long)counts.string_calls,
           (unsigned long long)counts.string_bytes, (unsigned long long)counts.port_accesses);
    return 0;
}
