"""The nesting of brackets in blanked C++ text, and which braces are blocks."""

import re
from dataclasses import dataclass, field

_BRACKET = re.compile(r"[(){}\[\];]")
_OPENERS = {")": "(", "]": "[", "}": "{"}
_TYPE_HEAD = re.compile(
    r"^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b",
    re.DOTALL,
)
_BLOCK_END = re.compile(
    r"(?:[)\]{};]|\b(?:else|do|try|requires)|\)[\s&]*(?:(?:const|mutable|noexcept|override|final)"
    r"[\s&]*)+)\s*$"
)
_TRAILING_RETURN = re.compile(r"\)[\w\s]*->[^(){};=]*$")


@dataclass
class Group:
    """From the bracket at `start` to the one at `end`."""

    opener: str
    start: int
    end: int
    is_block: bool
    parent: "Group | None" = None
    children: list = field(default_factory=list)
    breaks: list = field(default_factory=list)  # where a statement of this group ends

    @property
    def is_list(self):
        return self.opener == "{" and not self.is_block

    def text(self, code):
        return code[self.start + 1:self.end]

    def descendants(self):
        for child in self.children:
            yield child
            yield from child.descendants()

    def innermost(self, offset):
        for child in self.children:
            if child.start < offset < child.end:
                return child.innermost(offset)
        return self

    def statement(self, offset):
        """(begin, end) of the statement of this group that holds the offset."""
        begin = max((b + 1 for b in self.breaks if b < offset), default=self.start + 1)
        return begin, min((b for b in self.breaks if b >= offset), default=self.end)


def parse(code):
    """The whole text as a block; unbalanced text gives a tree that ends early, never an error."""
    root = group = Group("", -1, len(code), is_block=True)
    for match in _BRACKET.finditer(code):
        c, at = match.group(), match.start()
        if c == ";":
            group.breaks.append(at)
        elif c in _OPENERS:
            if group.opener == _OPENERS[c]:
                group.end = at
                group = group.parent
                if group.is_block and group.children[-1].is_block:
                    group.breaks.append(at)
        else:
            block = c == "{" and _opens_block(code, group, at)
            if block and group.is_block:
                group.breaks.append(at)
            child = Group(c, at, len(code), block, group)
            group.children.append(child)
            group = child
    return root


def _opens_block(code, group, brace):
    """Whether a brace inside `group` opens a block rather than a braced list."""
    begin = max((b + 1 for b in group.breaks), default=group.start + 1)
    before = code[begin:brace]
    if not before.strip():
        return group.is_block
    if _BLOCK_END.search(before) or _TRAILING_RETURN.search(before):
        return True
    if group.is_block and re.search(r"(?<!:):\s*$", before):
        return True  # a case label
    return group.is_block and bool(_TYPE_HEAD.match(before))
