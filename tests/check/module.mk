# `make check`: what it builds, and the driver that runs it.
# Not here: the tests of other folders; their fragments append to the variables below.
# SPDX-License-Identifier: GPL-2.0-only

# Programs that print TAP (cmocka's do when asked), and make targets that check something
# themselves. CHECK_PARTS is whatever else must be built before checks run side by side.
CHECK_UNITS +=
CHECK_TARGETS +=
CHECK_PARTS += $(testvisor_selftest_roms) $(oracle-runner) $(vectors-runner) \
	$(addprefix build/media/,$(BOOT_MEDIA)) \
	$(GUESTS:%=build/guests/%.img) $(patsubst %,build/testvisor/testvisor-%.rom,3.2 3.1 hypercall)
CHECK_PACKAGES += $(RUN_PACKAGES) libcmocka-dev

check: override export ONLY := $(value ONLY)

.PHONY: check
check:
	@sh tests/run/install-packages.sh $(sort $(CHECK_PACKAGES))
	@echo building
	@$(MAKE) -s --no-print-directory $(CHECK_UNITS) $(CHECK_PARTS)
	@$(RUN_PYTHON) tests/check/check.py --units "$(CHECK_UNITS)" --targets "$(sort $(CHECK_TARGETS))" \
		--guests "$(GUESTS)" --only "$$ONLY"
