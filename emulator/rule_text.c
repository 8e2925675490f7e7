/* The entry rules in words, for reports. Not here: the rules (predicate.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "processor.h"

const char *entry_rule_text(enum hvmassist_entry_rule rule)
{
#define ENTRY_RULE_TEXT(name, text) text,
    static const char *const texts[] = {HVMASSIST_ENTRY_RULES(ENTRY_RULE_TEXT)};
#undef ENTRY_RULE_TEXT

    return (unsigned)rule < sizeof texts / sizeof texts[0] ? texts[rule] : "unknown rule";
}
