/* The work before hvmloader of Xen 4: memory for the blob, in the MiB that hvmloader keeps free for
 * the guest, and the blob in it. Whatever fails, hvmloader is put back to what it was.
 * Not here: how the stub got here (stub4_entry.S). Position-independent: no initialised pointers.
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"

#include <xen/xen.h>

#include <xen/hvm/hvm_info_table.h>
#include <xen/memory.h>

#include <stdbool.h>

#define CONSOLE_PORT 0xe9
#define FIRST_LEAF   0x40000000u
#define LAST_LEAF    0x4000ff00u
#define LEAF_STEP    0x100u
#define PAGE_SHIFT   12
#define PAGE         (1u << PAGE_SHIFT)

/* Called by stub4_entry.S. */
void stub_main(struct bundle_segment *segment);

/* --- the machine --------------------------------------------------------------------------------
 */

static void say(const char *text)
{
    for (; *text != '\0'; text++)
        __asm__ volatile("outb %0, %1" : : "a"((uint8_t)*text), "Nd"((uint16_t)CONSOLE_PORT));
}

static void cpuid(uint32_t leaf, uint32_t registers[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(registers[0]), "=b"(registers[1]), "=c"(registers[2]),
                       "=d"(registers[3])
                     : "a"(leaf), "c"(0));
}

/* EBX, ECX and EDX of a leaf spell a name. */
static bool signature_is(const uint32_t r[4], uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    return r[1] == ebx && r[2] == ecx && r[3] == edx;
}

static bool under_xen(void)
{
    for (uint32_t leaf = FIRST_LEAF; leaf <= LAST_LEAF; leaf += LEAF_STEP) {
        uint32_t r[4];

        cpuid(leaf, r);
        if (signature_is(r, 0x566e6558, 0x65584d4d, 0x4d4d566e)) /* XenVMMXenVMM */
            return true;
    }
    return false;
}

static bool has_vmmcall(void)
{
    uint32_t r[4];

    cpuid(0, r);
    return signature_is(r, 0x68747541, 0x444d4163, 0x69746e65) || /* AuthenticAMD */
           signature_is(r, 0x6f677948, 0x656e6975, 0x6e65476e);   /* HygonGenuine */
}

/* hvmloader's hypercall page is not there yet. */
static int memory_op(unsigned operation, void *argument)
{
    int result;

    if (has_vmmcall())
        __asm__ volatile(".byte 0x0f, 0x01, 0xd9"
                         : "=a"(result)
                         : "a"(__HYPERVISOR_memory_op), "b"(operation), "c"(argument)
                         : "memory");
    else
        __asm__ volatile(".byte 0x0f, 0x01, 0xc1"
                         : "=a"(result)
                         : "a"(__HYPERVISOR_memory_op), "b"(operation), "c"(argument)
                         : "memory");
    return result;
}

/* --- memory -------------------------------------------------------------------------------------
 */

/* A new page. Fails when the domain has all that it may have. */
static bool populate(xen_pfn_t frame)
{
    struct xen_memory_reservation reservation = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(reservation.extent_start, &frame);
    return memory_op(XENMEM_populate_physmap, &reservation) == 1;
}

static uint8_t sum_of(const struct hvm_info_table *info)
{
    uint8_t sum = 0;

    for (uint32_t n = 0; n < info->length; n++)
        sum = (uint8_t)(sum + ((const volatile uint8_t *)info)[n]);
    return sum;
}

/* The topmost page of RAM goes elsewhere; hvmloader learns from hvm_info how much there is. */
static bool take_from_ram(xen_pfn_t frame)
{
    volatile struct hvm_info_table *info = (struct hvm_info_table *)HVM_INFO_PADDR;
    struct xen_add_to_physmap move = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn, .gpfn = frame};
    const bool high = info->high_mem_pgend != 0;

    move.idx = (high ? info->high_mem_pgend : info->low_mem_pgend) - 1;
    if (memory_op(XENMEM_add_to_physmap, &move) != 0)
        return false;
    if (!high)
        info->low_mem_pgend--;
    else if (--info->high_mem_pgend == 1u << (32 - PAGE_SHIFT))
        info->high_mem_pgend = 0;
    info->checksum = (uint8_t)(info->checksum - sum_of((const struct hvm_info_table *)info));
    return true;
}

static bool allocate(const struct hvmassist_image *image)
{
    bool allowed = true;

    for (uint32_t done = 0; done < image->memory_size; done += PAGE) {
        const xen_pfn_t frame = (image->base + done) >> PAGE_SHIFT;

        allowed = allowed && populate(frame);
        if (!allowed && !take_from_ram(frame))
            return false;
    }
    return true;
}

/* --- the blob -----------------------------------------------------------------------------------
 */

/* False: what has been written is not there. */
static bool copy(const struct bundle_segment *segment, const struct hvmassist_image *image)
{
    const volatile uint8_t *from = (const uint8_t *)segment + segment->blob;
    volatile uint8_t *to = (uint8_t *)image->base;

    for (uint32_t n = 0; n < image->memory_size; n++)
        to[n] = n < segment->blob_size ? from[n] : 0;
    for (uint32_t n = 0; n < segment->blob_size; n++) {
        if (to[n] != from[n])
            return false;
    }
    return true;
}

static void give_up(struct bundle_segment *segment)
{
    volatile uint8_t *place = (uint8_t *)segment->changed;

    for (unsigned n = 0; n < HVMASSIST_ORIGIN_BYTES; n++)
        place[n] = segment->origin.bytes[n];
    say("; the guest starts without it\n");
}

void stub_main(struct bundle_segment *segment)
{
    const struct hvmassist_image *image =
        (const struct hvmassist_image *)((const uint8_t *)segment + segment->image);

    say("hvmassist: ");
    if (!under_xen()) {
        say("there is no Xen here");
        give_up(segment);
        return;
    }
    if (!allocate(image) || !copy(segment, image)) {
        say("Xen gives no memory");
        give_up(segment);
        return;
    }
    *(volatile struct hvmassist_origin *)image->origin = segment->origin;
    say("loaded\n");
}
