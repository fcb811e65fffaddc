"""Limits on functions, files, parameters and lines."""

import ast
import re

from functions import functions_of
from tree import CPP, Finding

RULE = "sizes"

FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 6
FILE_LINES_MAX = 800
FILE_LINES_WARNING = 600
COLUMNS_MAX = 100

_CODE = CPP + (".py", ".cmake", ".sh", "/dev", "CMakeLists.txt")
_SHELL_FUNCTION = re.compile(r"^(\w+)\(\) \{$(.*?)^\}$", re.MULTILINE | re.DOTALL)


def check(tree):
    for path in tree.paths():
        if ("/" + path).endswith(_CODE):
            yield from _file(path, tree.text(path))
            yield from _functions(tree, path)


def _file(path, text):
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        yield Finding(path, 0, RULE, f"{len(lines)} lines, at most {FILE_LINES_MAX}", "split it")
    elif len(lines) > FILE_LINES_WARNING:
        what = f"{len(lines)} lines, the target is {FILE_LINES_WARNING}"
        yield Finding(path, 0, RULE, what, "is it one idea?", warning=True)
    for number, line in enumerate(lines, start=1):
        if len(line) > COLUMNS_MAX:
            what = f"{len(line)} columns, at most {COLUMNS_MAX}"
            yield Finding(path, number, RULE, what, "./dev format wraps code, wrap text by hand")


def _functions(tree, path):
    """(line, name, lines, parameters) of every function against the limits."""
    if path.endswith(CPP):
        found = functions_of(tree.code(path))
    elif path.endswith(".py"):
        found = _python_functions(tree.text(path))
    else:
        found = _shell_functions(tree.text(path))
    for line, name, lines, parameters in found:
        if lines > FUNCTION_LINES_MAX:
            what = f"{name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
            yield Finding(path, line, RULE, what, "split it")
        if parameters > PARAMETERS_MAX:
            what = f"{name} has {parameters} parameters, at most {PARAMETERS_MAX}"
            yield Finding(path, line, RULE, what, "gather them in a struct")


def _python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            count = len(arguments.args) + len(arguments.posonlyargs) + len(arguments.kwonlyargs)
            yield node.lineno, node.name, node.end_lineno - node.lineno + 1, count


def _shell_functions(text):
    for match in _SHELL_FUNCTION.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield line, match.group(1), match.group().count("\n") + 1, 0
