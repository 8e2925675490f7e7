/* CPUID feature bits and the register bits that come with them, as tables.
 * Not here: how CPUID of a domain is asked for (xen.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "processor.h"

#define FEATURE_LEAF          1u
#define STRUCTURED_LEAF       7u
#define EXTENDED_LEAF         0x80000000u
#define EXTENDED_FEATURE_LEAF 0x80000001u
#define ADDRESS_LEAF          0x80000008u
#define ADDRESS_BITS_DEFAULT  36u
#define ADDRESS_BITS_MAX      52u
#define CR4_PCE               (1ull << 8)

enum output { EAX, EBX, ECX, EDX };

struct feature {
    uint32_t leaf;
    enum output output;
    unsigned bit;
    uint64_t registers; /* bits of CR4, or of EFER */
};

static const struct feature cr4_features[] = {
    {FEATURE_LEAF, EDX, 1, 1ull << 0 | 1ull << 1}, /* VME: VME, PVI */
    {FEATURE_LEAF, EDX, 4, 1ull << 2},             /* TSC: TSD */
    {FEATURE_LEAF, EDX, 2, 1ull << 3},             /* DE */
    {FEATURE_LEAF, EDX, 3, 1ull << 4},             /* PSE */
    {FEATURE_LEAF, EDX, 6, 1ull << 5},             /* PAE */
    {FEATURE_LEAF, EDX, 7, 1ull << 6},             /* MCE */
    {FEATURE_LEAF, EDX, 13, 1ull << 7},            /* PGE */
    {FEATURE_LEAF, EDX, 24, 1ull << 9},            /* FXSR: OSFXSR */
    {FEATURE_LEAF, EDX, 25, 1ull << 10},           /* SSE: OSXMMEXCPT */
    {STRUCTURED_LEAF, ECX, 2, 1ull << 11},         /* UMIP */
    {STRUCTURED_LEAF, EBX, 0, 1ull << 16},         /* FSGSBASE */
    {FEATURE_LEAF, ECX, 17, 1ull << 17},           /* PCID: PCIDE */
    {FEATURE_LEAF, ECX, 26, 1ull << 18},           /* XSAVE: OSXSAVE */
    {STRUCTURED_LEAF, EBX, 7, 1ull << 20},         /* SMEP */
    {STRUCTURED_LEAF, EBX, 20, 1ull << 21},        /* SMAP */
    {STRUCTURED_LEAF, ECX, 3, 1ull << 22},         /* PKU: PKE */
};

static const struct feature efer_features[] = {
    {EXTENDED_FEATURE_LEAF, EDX, 11, 1ull << 0},              /* SYSCALL: SCE */
    {EXTENDED_FEATURE_LEAF, EDX, 29, 1ull << 8 | 1ull << 10}, /* long mode: LME, LMA */
    {EXTENDED_FEATURE_LEAF, EDX, 20, 1ull << 11},             /* NX: NXE */
    {EXTENDED_FEATURE_LEAF, EDX, 25, 1ull << 14},             /* FFXSR: FFXSE */
};

struct leaves {
    struct xen_cpuid feature, structured, extended;
};

static bool has(const struct leaves *leaves, const struct feature *f)
{
    const struct xen_cpuid *leaf = f->leaf == FEATURE_LEAF      ? &leaves->feature
                                   : f->leaf == STRUCTURED_LEAF ? &leaves->structured
                                                                : &leaves->extended;
    const uint32_t values[] = {
        [EAX] = leaf->eax, [EBX] = leaf->ebx, [ECX] = leaf->ecx, [EDX] = leaf->edx};

    return (values[f->output] >> f->bit & 1) != 0;
}

static uint64_t collect(const struct leaves *leaves, const struct feature *features, unsigned count)
{
    uint64_t bits = 0;

    for (unsigned n = 0; n < count; n++)
        if (has(leaves, &features[n]))
            bits |= features[n].registers;
    return bits;
}

/* A leaf beyond the last one is all zeros. */
static int read_leaf(struct xen *xen, uint32_t domain, uint32_t leaf, struct xen_cpuid *result)
{
    struct xen_cpuid last;
    int error = xen->calls->cpuid(xen, domain, leaf & EXTENDED_LEAF, 0, &last);

    *result = (struct xen_cpuid){.eax = 0};
    if (error == 0 && last.eax >= leaf)
        error = xen->calls->cpuid(xen, domain, leaf, 0, result);
    return error;
}

int processor_limits(struct xen *xen, uint32_t domain, struct state_limits *limits)
{
    struct leaves leaves;
    struct xen_cpuid address;
    int error = read_leaf(xen, domain, FEATURE_LEAF, &leaves.feature);

    if (error == 0)
        error = read_leaf(xen, domain, STRUCTURED_LEAF, &leaves.structured);
    if (error == 0)
        error = read_leaf(xen, domain, EXTENDED_FEATURE_LEAF, &leaves.extended);
    if (error == 0)
        error = read_leaf(xen, domain, ADDRESS_LEAF, &address);
    if (error != 0)
        return error;
    limits->cr4 =
        CR4_PCE | collect(&leaves, cr4_features, sizeof cr4_features / sizeof cr4_features[0]);
    limits->efer = collect(&leaves, efer_features, sizeof efer_features / sizeof efer_features[0]);
    limits->physical_address_bits = address.eax & 0xff;
    if (limits->physical_address_bits < ADDRESS_BITS_DEFAULT)
        limits->physical_address_bits = ADDRESS_BITS_DEFAULT;
    if (limits->physical_address_bits > ADDRESS_BITS_MAX)
        limits->physical_address_bits = ADDRESS_BITS_MAX;
    return 0;
}
