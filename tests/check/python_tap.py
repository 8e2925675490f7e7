"""Runs the Python unit tests of one folder and reports each case as a TAP line.
Not here: the tests (test_*.py in that folder)."""
# SPDX-License-Identifier: GPL-2.0-only

import sys
import unittest


class _TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self._number = 0

    def _line(self, word, test, remark=""):
        self._number += 1
        print(f"{word} {self._number} - {test.id()}{remark}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("ok", test, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad(test, self.failures)

    def addError(self, test, err):
        super().addError(test, err)
        self._bad(test, self.errors)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            failed = issubclass(err[0], test.failureException)
            self._bad(subtest, self.failures if failed else self.errors)

    def _bad(self, test, kept):
        self._line("not ok", test)
        for line in kept[-1][1].splitlines():
            print(f"# {line}")


def main(folder):
    """Run the tests of `folder`; 0 when all passed and there were some."""
    suite = unittest.defaultTestLoader.discover(folder, top_level_dir=folder)
    result = _TapResult()
    suite.run(result)
    if result.testsRun == 0:
        print(f"# no tests in {folder}")
        return 1
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
