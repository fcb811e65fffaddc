"""The files that lint looks at, and C++ text with comments and literals blanked out."""

import os
import re
from dataclasses import dataclass

SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__"}
CPP = (".cpp", ".hpp")

# Comments and literals; what is none of them never matches. Raw strings come before plain ones, and
# a digit separator (1'000) is taken with its number so that it opens no character literal.
_TOKENS = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
      | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
      | (?P<number>\b\d(?:[\w.]|'(?=\w))*)
      | (?P<char>'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|("[^"\n]+"))', re.MULTILINE)


@dataclass(frozen=True, order=True)
class Finding:
    """`line` 0 is the whole file; `what` names the fault and `cure` what to do about it."""

    path: str
    line: int
    rule: str
    what: str
    cure: str
    warning: bool = False

    def __str__(self):
        kind = "warning: " if self.warning else ""
        return f"{self.path}:{max(self.line, 1)}: {kind}{self.rule}: {self.what}; {self.cure}"


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def blank(text, keep_strings=False):
    """The same text, as long and with the same lines, without comments and literals."""

    def replace(match):
        if match.lastgroup == "number" or (keep_strings and not match.group("comment")):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return _TOKENS.sub(replace, text)


class Tree:
    """Texts by path relative to the root, with '/' between folders."""

    def __init__(self, files):
        self._files = dict(files)
        self._code = {}

    @classmethod
    def load(cls, root):
        files = {}
        for folder, names, file_names in os.walk(root):
            names[:] = sorted(n for n in names if n not in SKIPPED_FOLDERS)
            for name in sorted(file_names):
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    files[os.path.relpath(path, root).replace(os.sep, "/")] = None
        tree = cls(files)
        tree._root = root
        return tree

    _root = None

    def paths(self, *suffixes):
        return [path for path in self._files if not suffixes or path.endswith(suffixes)]

    def exists(self, path):
        """True for a file or a folder."""
        return path in self._files or any(p.startswith(path + "/") for p in self._files)

    def text(self, path):
        if self._files[path] is None:
            with open(os.path.join(self._root, path), encoding="utf-8", errors="replace") as file:
                self._files[path] = file.read()
        return self._files[path]

    def code(self, path):
        """C++ text with comments and literals blanked."""
        if path not in self._code:
            self._code[path] = blank(self.text(path))
        return self._code[path]

    def includes(self, path):
        """(line, name) of each #include; a quoted name keeps its quotes."""
        text = blank(self.text(path), keep_strings=True)
        for match in _INCLUDE.finditer(text):
            yield line_of(text, match.start()), match.group(1) or match.group(2)

    def modules(self):
        """cmake/layers.txt: module -> the modules it may include."""
        table = {}
        for line in self.text("cmake/layers.txt").splitlines():
            name, colon, allowed = line.partition(":")
            if colon and not line.startswith("#"):
                table[name.strip()] = set(allowed.split())
        return table


def module_of(path, modules):
    """The module whose folder holds the path (the longest name wins), or None."""
    holders = [name for name in modules if path.startswith(name + "/")]
    return max(holders, key=len, default=None)
