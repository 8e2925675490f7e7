# `make deb`: the Debian package, in build/deb.
# Not here: what is in it (hvmloader-glue/install), nor its tests (tests/glue/package).
# SPDX-License-Identifier: GPL-2.0-only

deb_out := build/deb
deb_source := $(deb_out)/hvmassist
deb_packages := debhelper dpkg-dev gcc gcc-multilib libelf-dev libxen-dev make

.PHONY: deb
deb:
	@sh tests/run/install-packages.sh $(deb_packages)
	@rm -rf $(deb_out)
	@mkdir -p $(deb_source)
	@tar -c --exclude=./build --exclude=./.git . | tar -x -C $(deb_source)
	@cd $(deb_source) && { dpkg-buildpackage --build=binary --no-sign >../log 2>&1 || { tail -n 40 ../log >&2; exit 1; }; }
	@ls $(deb_out)/*.deb
