"""Stacks that `perf script` printed, folded by thread, and a flame graph of them as SVG."""

import re
from collections import Counter
from html import escape
from zlib import crc32

_WIDTH = 1200
_ROW = 16
_LETTER = 6.6  # width of a letter on average, in pixels
_SHARE_MIN = 0.0008  # of all samples: a narrower frame is not drawn
_ROWS_MAX = 26  # deeper frames are left out: towers of one pixel
_START = ("clone3", "start_thread", "[libstdc++]")  # below every thread's own function
_FRAME = re.compile(r"^\s+[0-9a-f]+ (.+) \(([^()]*)\)$")  # address, symbol, file


def fold(lines):
    """Counts stacks: ("consensus", "main", "...", "leaf") -> samples.

    Reads what `perf script -F comm,ip,sym,dso` prints."""
    stacks = Counter()
    thread, frames = None, []
    for line in [*lines, ""]:
        line = line.rstrip("\n")
        frame = _FRAME.match(line)
        if frame and thread is not None:
            frames.append(name_of(*frame.groups()))
        elif line.strip():
            thread, frames = line.strip(), []
        elif thread is not None:
            stacks[tidy(thread, frames[::-1])] += 1
            thread, frames = None, []
    return stacks


def tidy(thread, frames):
    """A stack without what starts threads; those of one pool (crypto-0, crypto-1) are one."""
    first = next((i for i, frame in enumerate(frames) if frame not in _START), len(frames))
    return (re.sub(r"-\d+$", "", thread), *frames[first:])


def name_of(symbol, file):
    """A function's name; of a library without symbols, the library's."""
    return short(symbol) if symbol != "[unknown]" else f"[{file.split('/')[-1].split('.so')[0]}]"


def short(symbol):
    """A function's name without arguments, return type, our namespace and what templates say."""
    symbol = re.sub(r"\+0x[0-9a-f]+$", "", symbol)
    symbol = symbol.replace("(anonymous namespace)::", "").replace("operator()", "call")
    symbol = _without_brackets(symbol, "<", ">")
    symbol = _without_brackets(symbol, "(", ")")
    symbol = re.sub(r"\b(polis|std|boost|detail|asio)::", "", symbol)
    return symbol.split(" const")[0].split(" ")[-1] or "?"


def _without_brackets(text, left, right):
    out, depth = [], 0
    for letter in text:
        depth += letter == left
        if depth == 0:
            out.append(letter)
        depth = max(0, depth - (letter == right))
    return "".join(out)


class _Node:
    def __init__(self):
        self.samples = 0
        self.children = {}

    def add(self, stack, count):
        node = self
        node.samples += count
        for frame in stack:
            node = node.children.setdefault(frame, _Node())
            node.samples += count


def _colour(name):
    value = crc32(name.encode())
    return f"hsl({10 + value % 45} 80% {62 + value // 64 % 14}%)"


def _depth(node, least):
    wide = [child for child in node.children.values() if child.samples >= least]
    return 1 + max((_depth(child, least) for child in wide), default=0)


def to_svg(stacks, title):
    """Threads stand at the bottom, leaves on top; width is the share of all samples. Names, shares
    and counts stand in titles, so that a browser shows them without a script."""
    root = _Node()
    for stack, count in sorted(stacks.items()):
        root.add(stack, count)
    least = max(1.0, root.samples * _SHARE_MIN)
    height = _ROW * (min(_depth(root, least), _ROWS_MAX) + 2)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="monospace" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="6" y="{_ROW}" font-size="13">{escape(title)}: {root.samples} samples</text>',
    ]
    scale = _WIDTH / max(root.samples, 1)

    def draw(name, node, x, level):
        width, y = node.samples * scale, height - _ROW * (level + 1)
        share = 100 * node.samples / root.samples
        letters = int((width - 4) / _LETTER)
        out.append(
            f"<g><title>{escape(name)}: {share:.1f} %, {node.samples}</title>"
            f'<rect x="{x:.1f}" y="{y}" width="{max(width - 0.4, 0.3):.1f}" height="{_ROW - 1}" '
            f'fill="{_colour(name)}"/>'
        )
        if letters >= 3:
            text = name if len(name) <= letters else name[: letters - 1] + "…"
            out.append(f'<text x="{x + 2:.1f}" y="{y + 11}">{escape(text)}</text>')
        out.append("</g>")
        for child, below in sorted(node.children.items()):
            if below.samples >= least and level + 1 < _ROWS_MAX:
                draw(child, below, x, level + 1)
            x += below.samples * scale

    x = 0.0
    for thread, node in sorted(root.children.items(), key=lambda item: -item[1].samples):
        if node.samples >= least:
            draw(thread, node, x, 0)
        x += node.samples * scale
    out.append("</svg>\n")
    return "\n".join(out)


def by_thread(stacks):
    """(thread, share of all samples), the busiest first."""
    total = sum(stacks.values())
    threads = Counter()
    for stack, count in stacks.items():
        threads[stack[0]] += count
    return [(name, count / total) for name, count in threads.most_common()]


def by_function(stacks, thread=None):
    """(function, share of the samples in itself, share in what it calls too), the busiest first."""
    total, own, within = 0, Counter(), Counter()
    for stack, count in stacks.items():
        if thread is not None and stack[0] != thread:
            continue
        total += count
        own[stack[-1]] += count
        for frame in set(stack[1:]):
            within[frame] += count
    return [(name, own[name] / total, count / total) for name, count in within.most_common()]
