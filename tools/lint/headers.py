"""Headers guard themselves, sources include their own header first, and nothing lies unused."""

import posixpath
import re

from tree import CPP, Finding

RULE = "headers"

_BUILD_FILES = ("CMakeLists.txt", ".cmake")
_SOURCE_NAME = re.compile(r"[\w./${}-]+\.cpp\b")


def check(tree):
    yield from _guards(tree)
    yield from _own_header_first(tree)
    yield from _dead_sources(tree)
    yield from _dead_headers(tree)


def _guards(tree):
    for path in tree.paths(".hpp"):
        if not re.match(r"\s*#pragma once\b", tree.code(path)):
            yield Finding(path, 0, RULE, "no #pragma once", "make it the first line of code")


def _own_header_first(tree):
    for path in tree.paths(".cpp"):
        own = path[: -len(".cpp")] + ".hpp"
        names = [(line, name) for line, name in tree.includes(path)]
        if tree.exists(own) and names and names[0][1] != own:
            line, name = names[0]
            what = f"<{name}> comes before the file's own header"
            yield Finding(path, line, RULE, what, f"include <{own}> first")


def _named_sources(tree):
    """Paths of every .cpp that a build file names."""
    named = set()
    for path in tree.paths(*_BUILD_FILES):
        folder = posixpath.dirname(path)
        for name in _SOURCE_NAME.findall(re.sub(r"#[^\n]*", "", tree.text(path))):
            for root in ("${PROJECT_SOURCE_DIR}/", "${CMAKE_SOURCE_DIR}/"):
                if name.startswith(root):
                    named.add(posixpath.normpath(name[len(root):]))
            name = name.replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
            named.add(posixpath.normpath(posixpath.join(folder, name)))
    return named


def _dead_sources(tree):
    named = _named_sources(tree)
    for path in tree.paths(".cpp"):
        if path not in named:
            cure = "name it in the CMakeLists.txt of its module or delete it"
            yield Finding(path, 0, RULE, "no build file names this source", cure)


def _dead_headers(tree):
    included = set()
    for path in tree.paths(*CPP):
        included.update(name for _, name in tree.includes(path) if name != path)
    for path in tree.paths(".hpp"):
        if path not in included:
            yield Finding(path, 0, RULE, "nothing includes this header", "use it or delete it")
