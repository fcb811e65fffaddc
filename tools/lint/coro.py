"""What GCC 12 miscompiles next to `co_await`.

GCC 12.2 destroys twice an aggregate, a braced list or a capturing lambda that is built as an
argument inside a co_await expression, and crashes on statement expressions around it.
"""

import re

from brackets import parse
from tree import CPP, Finding, line_of

RULE = "coroutines"

_AWAIT = re.compile(r"\bco_await\b")


def check(tree):
    for path in tree.paths(*CPP):
        code = tree.code(path)
        for line, what in sorted(set(_faults(code))):
            yield Finding(path, line, RULE, what, "name it before, then std::move it in")


def _faults(code):
    root = parse(code)
    for group in root.descendants():
        if group.is_list and group.parent.opener == "(" and group.breaks:
            if not code[group.parent.start + 1:group.start].strip():
                yield line_of(code, group.start), "a statement expression ({...})"
    for match in _AWAIT.finditer(code):
        block = root.innermost(match.start())
        while not block.is_block:
            block = block.parent
        begin, end = block.statement(match.start())
        for group, argument in _operands(block, begin, end):
            if argument or group.start > match.start():
                what = _fault(code, group)
                if what:
                    yield line_of(code, group.start), f"{what} inside a co_await expression"


def _operands(group, begin, end, argument=False):
    """(group, whether it is in parentheses) within the statement, but not in blocks in it."""
    for child in group.children:
        if begin <= child.start < end and not child.is_block:
            yield child, argument
            yield from _operands(child, begin, end, argument or child.opener == "(")


def _fault(code, group):
    if group.is_list:
        return "a braced list"
    if group.opener == "[" and _introduces_lambda(code, group) and group.text(code).strip():
        return "a capturing lambda"
    return None


def _introduces_lambda(code, group):
    if group.parent.opener == "[" or group.text(code).startswith("["):
        return False  # an attribute
    before = code[:group.start].rstrip()
    return bool(re.search(r"\b(?:return|co_return|co_await|co_yield)$", before)) or not re.search(
        r"[\w)\]]$", before[-1:]
    )
