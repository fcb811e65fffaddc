"""Relative links in Markdown files lead somewhere."""

import posixpath
import re
from urllib.parse import unquote

from tree import Finding, line_of

RULE = "docs"

_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)


def check(tree):
    for path in tree.paths(".md"):
        text = _CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), tree.text(path))
        for match in _LINK.finditer(text):
            link = match.group(1) or match.group(2)
            if _ELSEWHERE.match(link):
                continue
            name = unquote(link.split("#")[0])
            base = "" if name.startswith("/") else posixpath.dirname(path)
            target = posixpath.normpath(posixpath.join(base, name.lstrip("/")))
            if target != "." and not tree.exists(target):
                where = line_of(text, match.start())
                yield Finding(path, where, RULE, f"link to {link}, which is not there", "mend it")
