"""Folding of perf's stacks and the flame graph made of them."""

import sys
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "profile"))

import flame  # noqa: E402

SCRIPT = """consensus
\t  7f01 polis::codec::encode<polis::Block>(polis::Block const&)+0x1f (/usr/bin/polisd)
\t  7f02 polis::(anonymous namespace)::Voter::judge(polis::Hash const&) const (/usr/bin/polisd)
\t  7f03 main+0x3 (/usr/bin/polisd)

crypto-1
\t  7f09 [unknown] (/usr/lib/libsodium.so.23.3.0)

crypto-2
\t  7f09 [unknown] (/usr/lib/libsodium.so.23.3.0)
\t  7f08 [unknown] (/usr/lib/libstdc++.so.6.0.30)
\t  7f07 start_thread+0x2 (/usr/lib/libc.so.6)
\t  7f06 clone3+0x9 (/usr/lib/libc.so.6)

consensus
\t  7f04 std::vector<int, std::allocator<int> >::operator[](unsigned long) ([kernel.kallsyms])
\t  7f03 main+0x9 (/usr/bin/polisd)

idle thread

""".splitlines(keepends=True)


class Profile(unittest.TestCase):
    def test_folds_stacks_by_thread_from_root_to_leaf(self):
        stacks = flame.fold(SCRIPT)
        self.assertEqual(stacks[("consensus", "main", "Voter::judge", "codec::encode")], 1)
        self.assertEqual(stacks[("crypto", "[libsodium]")], 2, "threads of one pool are one")
        self.assertEqual(stacks[("idle thread",)], 1)
        self.assertEqual(sum(stacks.values()), 5)

    def test_the_last_stack_needs_no_empty_line_behind_it(self):
        self.assertEqual(sum(flame.fold(SCRIPT[:4]).values()), 1)

    def test_counts_a_recursive_function_once_a_sample(self):
        rows = flame.by_function({("t", "f", "f", "g"): 3, ("t", "f"): 1})
        self.assertEqual(rows, [("f", 0.25, 1.0), ("g", 0.75, 0.75)])

    def test_draws_every_frame_as_wide_as_its_share(self):
        svg = flame.to_svg({("a", "f"): 3, ("b", "<g> & h"): 1}, "four samples")
        root = ET.fromstring(svg)
        name = "{http://www.w3.org/2000/svg}"
        widths = {
            group.find(f"{name}title").text: float(group.find(f"{name}rect").get("width"))
            for group in root.iter(f"{name}g")
        }
        self.assertAlmostEqual(widths["a: 75.0 %, 3"], 899.6)
        self.assertAlmostEqual(widths["<g> & h: 25.0 %, 1"], 299.6)

    def test_no_samples_are_a_picture_too(self):
        ET.fromstring(flame.to_svg({}, "nothing"))


if __name__ == "__main__":
    unittest.main()
