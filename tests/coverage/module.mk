# `make coverage`: lines and branches of the interpreter that the host-side proofs run, as text and
# HTML in build/coverage. Unit tests, oracle (CI's seed), vectors when they are there, fuzz corpus.
# Fails when a line is run by none and not listed with a reason in uncovered.md, or is listed and run.
# Not here: the proofs themselves.
# SPDX-License-Identifier: GPL-2.0-only

.PHONY: coverage
coverage:
	@sh tests/run/install-packages.sh $(CHECK_PACKAGES) llvm
	@$(MAKE) -s --no-print-directory -f tests/coverage/build.mk coverage-programs
	@$(MAKE) -s --no-print-directory -f tests/coverage/build.mk coverage-collect
	@python3 -B tests/coverage/report.py build/coverage tests/coverage/uncovered.md
