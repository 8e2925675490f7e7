# `make install` and `make uninstall`: the tools for Xen 4, the blobs, manual pages, the unit, an example.
# DESTDIR goes before every path. Not here: the Debian package (debian), Xen 3 (hvmloader-glue/xen3).
# SPDX-License-Identifier: GPL-2.0-only

PREFIX ?= /usr/local
UNITDIR ?= $(PREFIX)/lib/systemd/system

install_dir := hvmloader-glue/install
install_out := build/install
install_unit := $(install_out)/hvmassistd.service

# Mode, file, and where it goes.
install_list = \
	755:$(bundle_out)/hvmassist-bundle:$(PREFIX)/bin/hvmassist-bundle \
	755:$(helper_out)/hvmassist:$(PREFIX)/sbin/hvmassist \
	755:$(helper_out)/hvmassistd:$(PREFIX)/sbin/hvmassistd \
	644:$(bundle_blob3):$(PREFIX)/lib/hvmassist/hvmassist-xen3.bin \
	644:$(bundle_blob4):$(PREFIX)/lib/hvmassist/hvmassist-xen4.bin \
	644:$(bundle_dir)/hvmassist-bundle.1:$(PREFIX)/share/man/man1/hvmassist-bundle.1 \
	644:$(helper_dir)/hvmassist.8:$(PREFIX)/share/man/man8/hvmassist.8 \
	644:$(helper_dir)/hvmassistd.8:$(PREFIX)/share/man/man8/hvmassistd.8 \
	644:$(install_dir)/guest.cfg:$(PREFIX)/share/doc/hvmassist/examples/guest.cfg \
	644:$(install_unit):$(UNITDIR)/hvmassistd.service

install uninstall: export DESTDIR := $(value DESTDIR)

.PHONY: install uninstall install_parts
install: install_parts
	@set -e; for item in $(install_list); do \
		(IFS=:; set -- $$item; install -D -m "$$1" "$$2" "$$DESTDIR$$3"); \
	done

uninstall:
	@set -e; for item in $(install_list); do \
		(IFS=:; set -- $$item; rm -f "$$DESTDIR$$3"); \
	done

install_parts: bundle helper $(install_unit)

# Rewritten each time: PREFIX may be another one.
.PHONY: $(install_unit)
$(install_unit): $(helper_dir)/hvmassistd.service
	@mkdir -p $(@D)
	@sed 's,/usr/sbin/,$(PREFIX)/sbin/,' $< >$@
