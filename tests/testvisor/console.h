/* Text that passes through ports: 0xE9 of guest and blob, and the end of the run at 0x8900.
 * Not here: the log itself (log.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_CONSOLE_H
#define TESTVISOR_CONSOLE_H

#include <stdint.h>

#define CONSOLE_PORT 0xe9

/* OUT 0xE9, AL: EAX[31:8] = 0x48564d ("HVM") marks a byte of the blob's console, which goes to the
 * log; any other is the guest's and reaches the real port. */
void console_out_al(uint32_t eax);

/* Any other byte written to 0xE9, always the guest's. */
void console_write_e9(uint16_t port, uint8_t value);

/* A byte of the guest to 0x8900; the one that completes "Shutdown" ends the run with a report. */
void console_write_shutdown(uint16_t port, uint8_t value);

#endif
