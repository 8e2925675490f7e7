# Reads a link map and prints bytes by object file: code and constants, data, bss.
# Not here: the link.
# SPDX-License-Identifier: GPL-2.0-only
function hexadecimal(text,    value, n) {
    value = 0
    for (n = 3; n <= length(text); n++)
        value = value * 16 + index("0123456789abcdef", substr(text, n, 1)) - 1
    return value
}
/^Linker script and memory map/ { active = 1 }
/^\/DISCARD\// { active = 0 }
!active { next }
/^\.(text|data|bss) / { kind = substr($1, 2) }
# " .section address size file", or the last three on the next line when the name is long.
/^ +(\.[^ ]+ +)?0x[0-9a-f]+ +0x[0-9a-f]+ .*\.o$/ {
    bytes = hexadecimal($(NF - 1))
    sub(/.*\/(plain|trace)\//, "", $NF)
    sum[$NF, kind] += bytes
    total[kind] += bytes
    files[$NF] += bytes
}
END {
    printf "%-36s %8s %8s %8s\n", "object", "text", "data", "bss"
    for (file in files)
        if (files[file] > 0)
            printf "%-36s %8d %8d %8d\n", file, sum[file, "text"], sum[file, "data"], sum[file, "bss"] | "sort -k2,2nr"
    close("sort -k2,2nr")
    printf "%-36s %8d %8d %8d\n", "sum", total["text"], total["data"], total["bss"]
}
