/* The two 8259s of a PC, with edges only. Not here: who requests (board.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LINUX_INTERRUPT_CONTROLLERS_H
#define TESTS_LINUX_INTERRUPT_CONTROLLERS_H

#include <stdbool.h>
#include <stdint.h>

struct interrupt_controllers {
    struct interrupt_controller {
        uint8_t request, in_service, mask;
        uint8_t base;
        uint8_t command; /* the initialisation word expected next, 2 to 4, or 0 */
        bool wants_fourth;
        bool automatic_end;
        bool reads_in_service;
    } chip[2]; /* the second one is at line 2 of the first */
};

/* Everything masked, as the loader leaves them. */
void interrupt_controllers_reset(struct interrupt_controllers *controllers);

/* Ports 20, 21, a0 and a1. */
void interrupt_controllers_write(struct interrupt_controllers *controllers, uint16_t port,
                                 uint8_t value);
uint8_t interrupt_controllers_read(const struct interrupt_controllers *controllers, uint16_t port);

/* An edge of a line, 0 to 15. */
void interrupt_controllers_request(struct interrupt_controllers *controllers, unsigned line);

/* The processor acknowledges: the vector of the line that is served now, or -1 when none wants
 * to be. */
int interrupt_controllers_acknowledge(struct interrupt_controllers *controllers);

#endif
