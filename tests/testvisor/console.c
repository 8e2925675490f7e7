/* Ports 0xE9 and 0x8900.
 * Not here: the log, and the report that ends a run. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "console.h"

#include <stdbool.h>

#include "hardware.h"
#include "log.h"
#include "report.h"

#define BLOB_MARK 0x48564du

void console_out_al(uint32_t eax)
{
    const uint8_t byte = (uint8_t)eax;

    if (eax >> 8 == BLOB_MARK)
        log_bytes(&byte, 1);
    else
        console_write_e9(CONSOLE_PORT, byte);
}

void console_write_e9(uint16_t port, uint8_t value)
{
    port_out8(port, value);
}

/* Follows Bochs' own matching: a letter out of order changes nothing, any other byte starts over.
 */
void console_write_shutdown(uint16_t port, uint8_t value)
{
    static const char word[] = "Shutdown";
    static unsigned matched;
    bool is_letter_of_word = false;

    for (unsigned i = 0; i < sizeof word - 1; i++)
        is_letter_of_word |= word[i] == (char)value;
    if (word[matched] == (char)value)
        matched++;
    else if (!is_letter_of_word)
        matched = 0;
    if (matched == sizeof word - 1) {
        matched = 0;
        report_log(TESTVISOR_END_SHUTDOWN, "\"Shutdown\" at port 8900h");
    }
    port_out8(port, value);
}
