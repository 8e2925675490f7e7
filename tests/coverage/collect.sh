#!/bin/sh
# Runs the instrumented programs: collect.sh FOLDER VECTORS UNIT-PROGRAM... leaves one profile of all
# of them in FOLDER, and what they printed.
# Not here: building them (build.mk), reading the profile (report.py).
# SPDX-License-Identifier: GPL-2.0-only
set -eu
folder=$1
vectors=$2
shift 2
mkdir -p "$folder/raw"
rm -f "$folder"/raw/*

# run NAME COMMAND...: its profile goes to raw/NAME-*; a program that fails has proved nothing.
run() {
    name=$1
    shift
    echo "coverage: $name"
    if ! LLVM_PROFILE_FILE="$folder/raw/$name-%m.profraw" "$@" >"$folder/raw/$name.log" 2>&1; then
        tail -n 20 "$folder/raw/$name.log" >&2
        echo "coverage: $name failed" >&2
        exit 1
    fi
}

for program in "$@"; do
    run "$(basename "$program")" "$program"
done
run replay "$folder/replay" tests/fuzz/corpus.txt
run oracle "$folder/oracle-runner" -n 500000 -s 1 -k tests/oracle/regressions.txt
# shellcheck disable=SC2086 # an option and several folders
run vectors "$folder/vectors" $vectors

llvm-profdata merge -sparse -o "$folder/all.profdata" "$folder"/raw/*.profraw
