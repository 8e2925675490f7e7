/* The interpreter's platform: ports go to the devices, time goes on with the instructions.
 * Not here: the 8259s and the 8254. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "board.h"

#include <stdlib.h>
#include <string.h>

#include "native_host.h"
#include "port_strings.h"

/* Until devices are looked at again; a hundredth of Linux' timer tick. */
#define SLICE 4000u
#define PAGE  4096u

#define LINE_TIMER 0u
#define LINE_COM1  4u

#define KEYBOARD_COMMAND 0x64u
#define KEYBOARD_RESET   0xfeu
#define SPEAKER_PORT     0x61u
#define SPEAKER_GATE     0x01u
#define SPEAKER_OUTPUT   0x20u
#define CLOCK_INDEX      0x70u
#define CLOCK_DATA       0x71u

#define COM1                0x3f8u
#define COM1_INTERRUPTS     1u /* with DLAB the divisor's high byte; 0 is data, or its low byte */
#define COM1_IDENTIFICATION 2u
#define COM1_LINE_CONTROL   3u
#define COM1_MODEM_CONTROL  4u
#define COM1_LINE_STATUS    5u
#define COM1_MODEM_STATUS   6u
#define DLAB                0x80u
#define LOOPBACK            0x10u
#define TRANSMITTER_EMPTY   0x60u
#define WANTS_TRANSMITTER   0x02u
#define NOTHING_PENDING     0x01u
#define FIFOS_ENABLED       0xc0u
#define LINES_OF_A_MODEM    0xb0u /* carrier, data set ready, clear to send */

#define MSR_SYSENTER_CS  0x174u
#define MSR_SYSENTER_EIP 0x176u

static uint64_t now(const struct board *b)
{
    uint64_t instructions = b->processor.retired + b->halted;

    return (uint64_t)((unsigned __int128)instructions * INTERVAL_TIMER_HZ / BOARD_HZ);
}

static void accept_if_open(struct board *b)
{
    if (!b->open || b->accepted >= 0)
        return;
    b->accepted = interrupt_controllers_acknowledge(&b->interrupts);
    if (b->accepted >= 0)
        processor_interrupt_accepted(&b->processor);
}

/* The empty transmitter is to be told, and has not been. */
static bool transmitter_pending(const struct board *b)
{
    return (b->interrupt_enable & WANTS_TRANSMITTER) && !b->transmitter_told;
}

static void serial_request(struct board *b)
{
    if (transmitter_pending(b))
        interrupt_controllers_request(&b->interrupts, LINE_COM1);
}

/* Devices catch up with the time. */
static void catch_up(struct board *b)
{
    while (interval_timer_expired(&b->timer, now(b)))
        interrupt_controllers_request(&b->interrupts, LINE_TIMER);
    accept_if_open(b);
}

static uint8_t serial_read(struct board *b, unsigned which)
{
    bool pending = transmitter_pending(b);

    switch (which) {
    case COM1_INTERRUPTS:
        return b->line_control & DLAB ? 0 : b->interrupt_enable;
    case COM1_IDENTIFICATION:
        b->transmitter_told = b->transmitter_told || pending;
        return FIFOS_ENABLED | (pending ? WANTS_TRANSMITTER : NOTHING_PENDING);
    case COM1_LINE_CONTROL:
        return b->line_control;
    case COM1_MODEM_CONTROL:
        return b->modem_control;
    case COM1_LINE_STATUS:
        return TRANSMITTER_EMPTY;
    case COM1_MODEM_STATUS: /* in loopback DTR, RTS, OUT1, OUT2 come in as DSR, CTS, RI, DCD */
        if (!(b->modem_control & LOOPBACK))
            return LINES_OF_A_MODEM;
        return (uint8_t)((b->modem_control & 1) << 5 | (b->modem_control & 2) << 3 |
                         (b->modem_control & 4) << 4 | (b->modem_control & 8) << 4);
    default:
        return 0;
    }
}

static void serial_write(struct board *b, unsigned which, uint8_t value)
{
    bool divisor = b->line_control & DLAB;

    if (which == COM1_LINE_CONTROL)
        b->line_control = value;
    else if (which == COM1_MODEM_CONTROL)
        b->modem_control = value;
    if (divisor || which > COM1_INTERRUPTS)
        return;
    if (which == COM1_INTERRUPTS)
        b->interrupt_enable = value & 0x0f;
    else if (!(b->modem_control & LOOPBACK))
        fputc(value, b->serial);
    b->transmitter_told = false;
    serial_request(b);
}

static uint8_t speaker_read(const struct board *b)
{
    return b->speaker | (interval_timer_output(&b->timer, now(b)) ? SPEAKER_OUTPUT : 0);
}

/* The time of day stands still: 2026-01-01, a 24-hour clock in BCD that is not being updated. */
static uint8_t clock_read(uint8_t index)
{
    static const uint8_t registers[] = {
        [0x06] = 0x05, [0x07] = 0x01, [0x08] = 0x01, [0x09] = 0x26,
        [0x0a] = 0x26, [0x0b] = 0x02, [0x0d] = 0x80,
    };

    if (index == 0x32)
        return 0x20;
    return index < sizeof(registers) ? registers[index] : 0;
}

static uint8_t byte_read(struct board *b, uint16_t port)
{
    switch (port) {
    case 0x20:
    case 0x21:
    case 0xa0:
    case 0xa1:
        return interrupt_controllers_read(&b->interrupts, port);
    case 0x40:
    case 0x41:
    case 0x42:
        return interval_timer_read(&b->timer, port, now(b));
    case SPEAKER_PORT:
        return speaker_read(b);
    case CLOCK_DATA:
        return clock_read(b->clock_index);
    default:
        if (port >= COM1 && port < COM1 + 8)
            return serial_read(b, port - COM1);
        return 0xff;
    }
}

static void byte_written(struct board *b, uint16_t port, uint8_t value)
{
    switch (port) {
    case 0x20:
    case 0x21:
    case 0xa0:
    case 0xa1:
        interrupt_controllers_write(&b->interrupts, port, value);
        break;
    case 0x40:
    case 0x41:
    case 0x42:
    case 0x43:
        interval_timer_write(&b->timer, port, value, now(b));
        break;
    case SPEAKER_PORT:
        if (value & ~b->speaker & SPEAKER_GATE)
            interval_timer_gate(&b->timer, now(b));
        b->speaker = value & 3;
        break;
    case CLOCK_INDEX:
        b->clock_index = value & 0x7f;
        break;
    case KEYBOARD_COMMAND:
        if (value == KEYBOARD_RESET) {
            b->reset = true;
            processor_stop(&b->processor);
        }
        break;
    default:
        if (port >= COM1 && port < COM1 + 8)
            serial_write(b, port - COM1, value);
    }
}

static uint32_t port_read(void *context, uint16_t port, unsigned width)
{
    struct board *b = context;
    uint32_t value = 0;

    catch_up(b);
    for (unsigned n = 0; n < width; n++)
        value |= (uint32_t)byte_read(b, (uint16_t)(port + n)) << 8 * n;
    return value;
}

static void port_write(void *context, uint16_t port, unsigned width, uint32_t value)
{
    struct board *b = context;

    catch_up(b);
    for (unsigned n = 0; n < width; n++)
        byte_written(b, (uint16_t)(port + n), (uint8_t)(value >> 8 * n));
    accept_if_open(b);
}

static const struct platform platform;

static void port_read_string(void *context, uint16_t port, unsigned width, void *buffer,
                             uint32_t count)
{
    port_strings_read(&platform, context, port, width, buffer, count);
}

static void port_write_string(void *context, uint16_t port, unsigned width, const void *buffer,
                              uint32_t count)
{
    port_strings_write(&platform, context, port, width, buffer, count);
}

static uint8_t *ram_page(void *context, uint64_t physical)
{
    struct board *b = context;

    return physical < BOARD_RAM_SIZE ? b->ram + physical : NULL;
}

static uint32_t mmio_read(void *context, uint64_t physical, unsigned width)
{
    (void)context;
    (void)physical;
    return 0xffffffffu >> (32 - 8 * width);
}

static void mmio_write(void *context, uint64_t physical, unsigned width, uint32_t value)
{
    (void)context;
    (void)physical;
    (void)width;
    (void)value;
}

/* A processor of family 15 with everything that the interpreter has but for machine checks. */
static void cpuid(void *context, uint32_t registers[4])
{
    uint32_t leaf = registers[0];

    (void)context;
    memset(registers, 0, 4 * sizeof(registers[0]));
    switch (leaf) {
    case 0:
        registers[0] = 1;
        memcpy(&registers[1], "Genu", 4);
        memcpy(&registers[3], "ineI", 4);
        memcpy(&registers[2], "ntel", 4);
        break;
    case 1:
        registers[0] = 0x00000f12;
        registers[2] = 0x00000001; /* SSE3 */
        /* FPU VME DE PSE TSC MSR PAE CX8 SEP PGE CMOV PSE-36 MMX FXSR SSE SSE2 */
        registers[3] = 0x0782a97f;
        break;
    case 0x80000000u:
        registers[0] = 0x80000001u;
        break;
    case 0x80000001u:
        registers[3] = 0x00100000; /* execute-disable */
        break;
    }
}

static uint64_t read_tsc(void *context)
{
    const struct board *b = context;

    return (b->processor.retired + b->halted) * 10;
}

/* Where an MSR is kept; NULL when there is none. */
static uint64_t *msr_at(struct board *b, uint32_t index)
{
    if (index < MSR_SYSENTER_CS || index > MSR_SYSENTER_EIP)
        return NULL;
    return &b->sysenter[index - MSR_SYSENTER_CS];
}

static bool is_kept_by_interpreter(uint32_t index)
{
    return index == 0xc0000080u; /* EFER */
}

static bool read_msr(void *context, uint32_t index, uint64_t *value)
{
    uint64_t *msr = msr_at(context, index);

    if (is_kept_by_interpreter(index))
        return true;
    if (index == 0x10)
        *value = read_tsc(context);
    else if (msr != NULL)
        *value = *msr;
    return index == 0x10 || msr != NULL;
}

static bool write_msr(void *context, uint32_t index, uint64_t value)
{
    uint64_t *msr = msr_at(context, index);

    if (msr != NULL)
        *msr = value;
    return msr != NULL || is_kept_by_interpreter(index);
}

static bool read_pmc(void *context, uint32_t index, uint64_t *value)
{
    (void)context;
    (void)index;
    (void)value;
    return false;
}

static void flush_caches(void *context)
{
    (void)context;
}

static void open_interrupts(void *context)
{
    struct board *b = context;

    b->open = true;
    catch_up(b);
}

static bool close_interrupts(void *context)
{
    struct board *b = context;

    b->open = false;
    return b->accepted >= 0;
}

static uint8_t take_interrupt(void *context)
{
    struct board *b = context;
    uint8_t vector = (uint8_t)b->accepted;

    b->accepted = -1;
    return vector;
}

/* Time leaps to the timer's next request. */
static void halt(void *context, bool wakeable)
{
    struct board *b = context;

    catch_up(b);
    while (wakeable && b->accepted < 0 && interval_timer_next(&b->timer) != INTERVAL_TIMER_NEVER) {
        uint64_t ticks = interval_timer_next(&b->timer) - now(b);

        b->halted += ticks * BOARD_HZ / INTERVAL_TIMER_HZ + 1;
        catch_up(b);
    }
    if (b->accepted >= 0)
        return;
    b->silent = true;
    processor_stop(&b->processor);
}

static bool leave(void *context, struct processor *processor)
{
    (void)context;
    (void)processor;
    return false;
}

static const struct platform platform = {
    .ram_page = ram_page,
    .mmio_read = mmio_read,
    .mmio_write = mmio_write,
    .port_read = port_read,
    .port_write = port_write,
    .port_read_string = port_read_string,
    .port_write_string = port_write_string,
    .cpuid = cpuid,
    .read_msr = read_msr,
    .write_msr = write_msr,
    .read_tsc = read_tsc,
    .read_pmc = read_pmc,
    .flush_caches = flush_caches,
    .open_interrupts = open_interrupts,
    .close_interrupts = close_interrupts,
    .take_interrupt = take_interrupt,
    .halt = halt,
    .run_native = native_host_run,
    .leave = leave,
};

struct board *board_create(FILE *serial, void *code, size_t code_size)
{
    struct board *b = calloc(1, sizeof(*b));
    uint8_t *ram = aligned_alloc(PAGE, BOARD_RAM_SIZE);

    if (b == NULL || ram == NULL) {
        fprintf(stderr, "board: no memory\n");
        exit(1);
    }
    memset(ram, 0, BOARD_RAM_SIZE);
    b->ram = ram;
    b->serial = serial;
    b->accepted = -1;
    b->transmitter_told = true;
    interrupt_controllers_reset(&b->interrupts);
    interval_timer_reset(&b->timer);
    native_host_reset();
    processor_initialise(&b->processor, &platform, b);
    processor_keep_code(&b->processor, code, code_size);
    return b;
}

void board_destroy(struct board *board)
{
    free(board->ram);
    free(board);
}

enum board_end board_run(struct board *board, uint64_t instructions)
{
    uint64_t end = board->processor.retired + instructions;

    while (board->processor.retired < end) {
        enum exit_reason reason = processor_run(&board->processor, SLICE);

        if (reason == PROCESSOR_TRIPLE_FAULT)
            return BOARD_FAULT;
        if (board->reset)
            return BOARD_RESET;
        if (board->silent)
            return BOARD_SILENT;
        catch_up(board);
    }
    return BOARD_TOO_LONG;
}
