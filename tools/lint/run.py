#!/usr/bin/env python3
"""Runs the lint rules over the project: run.py [--root FOLDER] [RULE...]"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import banned  # noqa: E402
import coro  # noqa: E402
import docs  # noqa: E402
import headers  # noqa: E402
import layers  # noqa: E402
import sizes  # noqa: E402
import spec  # noqa: E402
from tree import Tree  # noqa: E402

RULES = {module.RULE: module.check for module in (banned, coro, docs, headers, layers, sizes, spec)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=str(Path(__file__).resolve().parents[2]))
    parser.add_argument("rules", nargs="*", metavar="RULE", help=" ".join(RULES))
    options = parser.parse_args()
    for name in options.rules:
        if name not in RULES:
            parser.error(f"no rule {name}; there are: {' '.join(RULES)}")
    began = time.monotonic()
    tree = Tree.load(options.root)
    findings = [f for name in options.rules or RULES for f in RULES[name](tree)]
    for finding in sorted(findings):
        print(finding)
    errors = sum(not finding.warning for finding in findings)
    seconds = time.monotonic() - began
    print(f"lint: {errors} findings in {len(tree.paths())} files ({seconds:.1f} s)")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
