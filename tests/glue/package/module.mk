# `make check-deb`: lintian's opinion of the Debian package, and the package installed into a folder, tried,
# and removed again. Not here: the package (debian).
# SPDX-License-Identifier: GPL-2.0-only

CHECK_TARGETS += check-deb
# Unpacked once, before checks run side by side.
CHECK_PARTS += $(glue_out)/debian/root.list
CHECK_PACKAGES += $(deb_packages) lintian man-db

# dpkg wants to own what it unpacks.
check_deb_as_root := $(if $(filter 0,$(shell id -u)),,unshare --map-root-user)

.PHONY: check-deb
check-deb: deb $(glue_out)/debian/root.list
	@sh tests/run/install-packages.sh lintian man-db
	@$(check_deb_as_root) sh tests/glue/package/check.sh $(deb_out) $(glue_out)/debian/root/usr/lib/xen-4.17/boot/hvmloader
