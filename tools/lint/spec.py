"""Every test that a specification cites exists."""

import re

from tree import Finding, line_of

RULE = "spec"

_CITED = re.compile(r"`([A-Z]\w*)\.([a-z][a-z0-9_]*)`")
_TEST = re.compile(r"\b(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\s*(\w+),\s*(\w+)\s*\)")


def _tests(tree):
    return {
        match.groups()
        for path in tree.paths(".cpp")
        if path.startswith("tests/")
        for match in _TEST.finditer(tree.text(path))
    }


def check(tree):
    tests = _tests(tree)
    for path in tree.paths(".md"):
        if not path.startswith("docs/spec/"):
            continue
        text = tree.text(path)
        for match in _CITED.finditer(text):
            if match.groups() not in tests:
                name = ".".join(match.groups())
                where = line_of(text, match.start())
                cure = "cite the test that holds the rule, or write it"
                yield Finding(path, where, RULE, f"there is no test {name}", cure)
