# `make install-xen3 XEN=tree` and `make uninstall-xen3 XEN=tree`.
# Not here: what they do (tree.sh).
# SPDX-License-Identifier: GPL-2.0-only

xen3_dir := hvmloader-glue/xen3

# The tree's path comes from the environment, as it was written: no `$` in it is expanded.
install-xen3 uninstall-xen3: export XEN := $(value XEN)

.PHONY: install-xen3 uninstall-xen3 xen3_named
xen3_named:
	@test -n "$$XEN" || { echo "say where the tree is: make install-xen3 XEN=/path/to/xen-3.2" >&2; exit 2; }
xen3_named: export XEN := $(value XEN)

install-xen3: xen3_named build/firmware/hvmassist.bin
	@sh $(xen3_dir)/tree.sh install "$$XEN" build/firmware/hvmassist.bin $(xen3_dir)/Makefile.in-tree

uninstall-xen3: xen3_named
	@sh $(xen3_dir)/tree.sh uninstall "$$XEN"
