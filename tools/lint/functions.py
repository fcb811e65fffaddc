"""Finds function definitions in C++ text by matching braces.

It is a heuristic, not a parser: it walks the braces of namespaces and types, and asks of every
other brace at that level whether the text before it is the head of a function.
"""

import re

_OPENERS = {"(": ")", "[": "]", "{": "}"}
_TYPE_HEAD = re.compile(r"^(?:typedef\s+)?(?:class|struct|union|enum)\b")
_NAMESPACE_HEAD = re.compile(r"^(?:inline\s+)?namespace\b|^extern\s*$")
_ACCESS = re.compile(r"\s*(?:public|private|protected)\s*:(?!:)")
_OPERATOR = re.compile(r"\boperator\s*(?:\(\s*\)|\[\s*\]|[^\s\w(]+)")
_SKIPPED_GROUP = re.compile(
    r"\b(?:requires|noexcept|explicit|decltype|alignas|__attribute__|concept)\s*$"
)
_NAME = re.compile(r"([\w~]+)\s*$")


def blank_preprocessor(code):
    """Directives, with their continuation lines, become spaces."""
    return re.sub(
        r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.M
    )


def matching(code, start):
    """Offset of the bracket that closes the one at `start`; the end of the text if none does."""
    depth = 0
    for match in re.compile(r"[(){}\[\]]").finditer(code, start):
        depth += 1 if match.group() in _OPENERS else -1
        if depth == 0:
            return match.start()
    return len(code) - 1


def _without_template(head):
    """Drops `template <...>` prefixes and [[attributes]] and access specifiers."""
    while True:
        head = re.sub(r"\[\[.*?\]\]", " ", head, flags=re.DOTALL).strip()
        access = _ACCESS.match(head)
        if access:
            head = head[access.end():]
            continue
        match = re.match(r"template\s*<", head)
        if not match:
            return head
        depth, i = 1, match.end()
        while i < len(head) and depth > 0:
            if head[i] == "<":
                depth += 1
            elif head[i] == ">" and head[i - 1] not in "-=":
                depth -= 1
            i += 1
        head = head[i:]


def _parameter_list(head):
    """(name, text between the parentheses) of the head's parameter list, or None."""
    head = _OPERATOR.sub("operator_", head)
    i = 0
    while i < len(head):
        if head[i] == "=":
            return None  # an initializer
        if head[i] == "(":
            end = matching(head, i)
            name = _NAME.search(head, 0, i)
            if name and not _SKIPPED_GROUP.search(head, 0, i):
                return name.group(1), head[i + 1:end]
            i = end
        i += 1
    return None


def _count_parameters(text):
    if text.strip() in ("", "void"):
        return 0
    depth, count = 0, 1
    for i, c in enumerate(text):
        if c in "([{<":
            depth += 1
        elif c in ")]}" or (c == ">" and text[i - 1] not in "-="):
            depth -= 1
        elif c == "," and depth == 0:
            count += 1
    return count


def _is_initializer_brace(code, head, end):
    """True for the braces of `: member_{value}` in a constructor's initializer list."""
    after = code[end + 1:end + 200].lstrip()
    return bool(re.search(r"\)\s*(?:noexcept\s*)?:(?!:)", head)) and after[:1] in (",", "{")


def _first_word(code, begin):
    """Where the declaration after `begin` starts: past spaces and access specifiers."""
    while access := _ACCESS.match(code, begin):
        begin = access.end()
    return re.compile(r"\s*").match(code, begin).end()


def functions_of(code):
    """Yields (line, name, lines, parameters) for every definition in blanked C++ text."""
    code = blank_preprocessor(code)
    begin = i = 0  # of the current declaration, and the cursor
    while i < len(code):
        c = code[i]
        if c in ";}":
            begin = i + 1
        elif c in "([":
            i = matching(code, i)
        elif c == "{":
            head = _without_template(code[begin:i])
            if _NAMESPACE_HEAD.match(head) or _is_type(head):
                begin = i + 1
            else:
                end = matching(code, i)
                found = _parameter_list(head)
                if found and _is_initializer_brace(code, head, end):
                    i = end + 1
                    continue
                if found:
                    first = _first_word(code, begin)
                    lines = code.count("\n", first, end) + 1
                    line = code.count("\n", 0, first) + 1
                    yield line, found[0], lines, _count_parameters(found[1])
                    begin = end + 1
                i = end
        i += 1


def _is_type(head):
    """`struct X` opens a type; `struct X make(...)` is a function that returns one."""
    return bool(_TYPE_HEAD.match(head)) and not re.search(r"\w\s*\([^)]*\)\s*(?:const\s*)?$", head)
