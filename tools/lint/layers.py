"""Includes go down only: every `#include <module/...>` is compared with cmake/layers.txt."""

import re

from tree import CPP, Finding, module_of

RULE = "layers"

# Libraries that stay hidden, and the files that may include them. Tests may use what they test.
THIRD_PARTY = {
    "boost/asio": r"(?:node|tools|tests)/",
    "boost/beast": r"(?:node|tools|tests)/",
    "leveldb/": r"(?:ledger/store|tests)/",
    "torch/": r"(?:ml/torch|tests/ml)/",
    "ATen/": r"(?:ml/torch|tests/ml)/",
    "c10/": r"(?:ml/torch|tests/ml)/",
    "spdlog/": r"(?:.+/)?log\.cpp$",
    "sodium": r"(?:core/crypto|tests)/",
    "openssl/": r"(?:core/crypto|tools|tests)/",
}


def check(tree):
    modules = tree.modules()
    tops = {name.split("/")[0] for name in modules}
    for path in tree.paths(*CPP):
        module = module_of(path, modules)
        if module is None:
            yield Finding(
                path, 0, RULE, "the file belongs to no module", "move it or extend cmake/layers.txt"
            )
            continue
        for line, name in tree.includes(path):
            fault = _fault(tree, module, name, (modules, tops)) or _hidden_library(path, name)
            if fault:
                yield Finding(path, line, RULE, *fault)


def _fault(tree, module, name, table):
    modules, tops = table
    if name.startswith('"'):
        return f"quoted include {name}", "write it from the root: <module/file.hpp>"
    if name.split("/")[0] not in tops:
        if "/" in name and tree.exists(name):
            return f"<{name}> is in no module", "extend cmake/layers.txt"
        return None
    target = module_of(name, modules)
    if target is None:
        return f"<{name}> is in no module", "extend cmake/layers.txt"
    if target != module and target not in modules[module]:
        return (
            f"{module} may not include {target} (<{name}>)",
            "move the code to a module above both, or pass the value in",
        )
    return None


def _hidden_library(path, name):
    for prefix, allowed in THIRD_PARTY.items():
        if name.startswith(prefix) and not re.match(allowed, path):
            return f"<{name}> outside {allowed}", "use the project's own interface to it"
    return None
