"""Names that make two machines disagree, and words that mark unfinished work."""

import re

from tree import CPP, Finding, line_of, module_of

RULE = "banned"

DETERMINISTIC = ("core", "consensus", "vm", "p2p", "ledger", "ml/exact")

_CLOCK = "take the time as an argument"
_RANDOM = "draw from polis::Random (core/random.hpp) with a seed"
_FLOAT = "use integers or Fixed (core/fixed_point.hpp)"
_NAME = r"(?<![\w.>:])(?:std\s*::\s*|::\s*)?"

# (pattern, what, cure) for deterministic modules.
_BANNED = [
    (r"\b(?:system|steady|high_resolution|utc|tai|gps|file)_clock\b", "a system clock", _CLOCK),
    (r"\bstd\s*::\s*time\s*\(|(?<![\w.>:])(?:::\s*)?time\s*\(\s*(?:nullptr|NULL|0|&\s*\w+)\s*\)",
     "time()", _CLOCK),
    (r"\b(?:gettimeofday|clock_gettime|timespec_get)\b", "a system clock", _CLOCK),
    (_NAME + r"s?rand(?:_r)?\s*\(", "rand()", _RANDOM),
    (r"\b(?:random_device|mt19937(?:_64)?|minstd_rand0?|default_random_engine)\b",
     "a generator of the library", _RANDOM),
    (r"\bstd\s*::\s*(?:\w+_distribution|shuffle|sample)\b",
     "a distribution that differs between libraries", _RANDOM),
    (r"\b(?:float|double)\b", "a floating-point type", _FLOAT),
    (r"(?<![\w.'])\d[\d']*(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)[fFlL]?\b",
     "a floating-point number", _FLOAT),
    (r"\bunordered_(?:multi)?(?:map|set)\b", "an unordered container",
     "use std::map, std::set or a sorted vector: iteration order must not depend on the library"),
    (r"\bthread_local\b", "thread_local", "pass the state in"),
    (r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b|" + _NAME + r"sleep\s*\(", "sleeping",
     "ask the driver for a timer"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", "catch (...)", "catch the type that is thrown, at the edge"),
    (r"\bassert\s*\(", "assert()", "use POLIS_ASSERT, which stays on in every build"),
]
BANNED = [(re.compile(pattern), what, cure) for pattern, what, cure in _BANNED]

_USING = re.compile(r"\busing\s+namespace\b")
# Spelled in pieces, so that this file does not find itself.
_UNFINISHED = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"]) + r")\b")
_TEXT = CPP + (".py", ".cmake", "CMakeLists.txt", ".sh", ".js", ".css", ".html", "/dev", "/run")


def check(tree):
    modules = tree.modules()
    for path in tree.paths(*CPP):
        code = tree.code(path)
        if module_of(path, modules) in DETERMINISTIC:
            for pattern, what, cure in BANNED:
                for match in pattern.finditer(code):
                    where = line_of(code, match.start())
                    yield Finding(path, where, RULE, f"{what} in a deterministic module", cure)
        if path.endswith(".hpp"):
            for match in _USING.finditer(code):
                where = line_of(code, match.start())
                yield Finding(path, where, RULE, "using namespace in a header", "name it in full")
    yield from _unfinished(tree)


def _unfinished(tree):
    for path in tree.paths():
        if not ("/" + path).endswith(_TEXT):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), start=1):
            for match in _UNFINISHED.finditer(line):
                yield Finding(
                    path, number, RULE, f"the word {match.group()}", "finish it or open an issue"
                )
