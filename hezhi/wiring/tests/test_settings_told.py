"""Each setting of the environment is told in the documents, and each told one is read (设置项说明)."""

import re

from hezhi.wiring.places import CHECKOUT

READ = re.compile(r"""(?:environ|told)(?:\.get\(|\.setdefault\(|\[)\s*["'](HEZHI_[A-Z_]+)""")
NAMED = re.compile(r"HEZHI_[A-Z_]*[A-Z]")
OF_THE_TESTS_ALONE = {"HEZHI_TESTING", "HEZHI_TEST_PREFIX"}
"""Set by the test run for its own processes: nobody sets them by hand."""


def _text(*patterns: str) -> str:
    files = (file for pattern in patterns for file in CHECKOUT.glob(pattern))
    return "\n".join(file.read_text("utf-8") for file in files if file.name != "test_settings_told.py")


def test_each_variable_that_is_read_is_told_and_each_told_one_is_read() -> None:
    code = _text("hezhi/**/*.py", "bench/*.py", "scripts/*.*", "conftest.py")
    told = set(NAMED.findall(_text("docs/*.md", "README.md")))
    read = set(READ.findall(code))
    assert len(read) > 30, "the pattern finds what is read"
    assert read - told - OF_THE_TESTS_ALONE == set()
    assert told - set(NAMED.findall(code)) == set()
