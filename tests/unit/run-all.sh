#!/bin/sh
# Runs the unit-test programs named on the command line; the last line counts their tests.
# Not here: building them (module.mk).
# SPDX-License-Identifier: GPL-2.0-only
passed=0
failed=0
for program in "$@"; do
    name=$(basename "$program")
    output=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1)
    status=$?
    good=$(printf '%s\n' "$output" | grep -c '^ok ')
    # cmocka says "not ok" of what has been skipped, too.
    bad=$(printf '%s\n' "$output" | grep '^not ok ' | grep -vc '# SKIP')
    # A program that dies (a sanitizer's finding, a crash) has failed even without a "not ok".
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    # So has one that ran nothing.
    if [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    printf '%-24s %3d passed, %d failed\n' "$name" "$good" "$bad"
    if [ "$bad" -ne 0 ]; then
        printf '%s\n' "$output" | grep -v '^ok '
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
