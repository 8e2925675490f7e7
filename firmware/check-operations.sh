#!/bin/sh
# Operations go on by jumps: one that called the next would use up the stack. check-operations.sh OBJECT...
# Not here: what else is checked of the image (check-image.sh, layout.lds).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

# Functions of these objects that are not operations.
helpers='elsewhere frame load_code real_code vector_entry run_handler address_any operation_enter settle count_retired'

bad=$(objdump -dr --no-show-raw-insn "$@" | awk -v helpers="$helpers" '
    BEGIN { split(helpers, names, " "); for (n in names) helper[names[n]] = 1 }
    function plain(name) { sub(/^\.text\.(unlikely\.)?/, "", name); sub(/\..*/, "", name); return name }
    FNR == NR && /^[0-9a-f]+ <.*>:$/ { function_name = plain(substr($2, 2, length($2) - 3)); defined[function_name] = 1 }
    /\tcall +\*/ && function_name != "run_handler" { print function_name " calls by a pointer" }
    call && /R_386_PC32/ { callee[function_name " calls " plain($3)] = plain($3) }
    { call = /\tcall/ }
    END {
        for (text in callee)
            if ((callee[text] in defined) && !(callee[text] in helper))
                print text
    }')
if [ -n "$bad" ]; then
    echo "operations that are called, not jumped to:" >&2
    echo "$bad" >&2
    exit 1
fi
