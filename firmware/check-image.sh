#!/bin/sh
# Checks of the finished image that the linker cannot make: check-image.sh FILE [BYTES AT MOST]
# Not here: sizes and addresses (layout.lds).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

image=$1
size=$(stat -c %s "$image")

if [ "$size" -gt "${2:-$size}" ]; then
    echo "$image: $size bytes, more than $2" >&2
    exit 1
fi
if [ $((size % 4)) -ne 0 ]; then
    echo "$image: $size bytes, not a multiple of 4" >&2
    exit 1
fi
# The BIOS takes 55 AA on a 2 KiB boundary for an option ROM.
offset=0
while [ $offset -lt "$size" ]; do
    if [ "$(od -An -tx1 -j $offset -N 2 "$image")" = " 55 aa" ]; then
        echo "$image: 55 AA at offset $offset would be run as an option ROM" >&2
        exit 1
    fi
    offset=$((offset + 2048))
done
if [ "$(od -An -tx4 -j 8 -N 4 "$image")" != " 17101966" ]; then
    echo "$image: the header has no magic" >&2
    exit 1
fi
