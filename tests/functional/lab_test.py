#!/usr/bin/env python3
"""The lab with real trainers and real networks: lab_test.py POLIS POLISD

Goal: the experiments run from the command line, tell what they found in numbers, and give the same
integers twice. Method: sizes so small that only the shape of the results means something.
"""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness

SMALL = ("lab", "pole", "--data", "digits:600", "--seeds", "1", "--epochs", "6", "--thieves", "6")


class Lab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not Path(harness.POLISD).with_name("polis-trainer").exists():
            raise unittest.SkipTest("no polis-trainer beside polisd: it was built without libtorch")
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-lab-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)

    def run_polis(self, *arguments, code=0):
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), *map(str, arguments)], cwd=self.dir,
            capture_output=True, text=True, timeout=180, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_maps_and_thefts_give_the_same_integers_twice(self):
        first = json.loads(self.run_polis(*SMALL, "--no-blocks", "--json", "-o", "out"))
        again = json.loads(self.run_polis(*SMALL, "--no-blocks", "--json"))
        self.assertEqual(first["run_hash"], again["run_hash"])
        self.assertEqual([row["model"] for row in first["accuracy"]], ["mlp:64", "lenet"])
        for row in first["accuracy"]:
            own = float(row["with_map_percent"].split()[0])
            stolen = float(row["stolen_percent"].split()[0])
            self.assertGreater(own, 60)
            self.assertLess(stolen, 35)
            self.assertTrue(row["moved_scores_like_its_owner"])
        self.assertIn("reveal refused", first["claims"][3]["found"])
        for name in ("accuracy.csv", "theft.csv", "blocks.csv", "pole.svg"):
            self.assertTrue((self.dir / "out" / name).stat().st_size > 0, name)
        self.assertEqual(len((self.dir / "out" / "accuracy.csv").read_text().splitlines()), 5)

    def test_networks_are_watched(self):
        done = json.loads(self.run_polis(
            *SMALL, "--model", "mlp:16", "--seconds", 3, "--json"))
        self.assertEqual(
            [row["network"] for row in done["blocks"]],
            ["rotation", "pole, no task", "pole, training"])
        for row in done["blocks"]:
            self.assertGreater(row["median_ms"], 0)
            self.assertGreaterEqual(row["p95_ms"], row["median_ms"])
        self.assertEqual(len(done["claims"]), 5)

    def test_mistakes_are_explained(self):
        self.assertIn("mlp:128,64", self.run_polis("lab", "pole", "--model", "mlp:x", code=2))
        self.assertIn("--trainer", self.run_polis("lab", "pole", "--trainer", "/nowhere", code=1))
        said = self.run_polis("lab", "pole", "--no-blocks", "--data", "no-such-file", code=1)
        self.assertIn("no-such-file", said)


if __name__ == "__main__":
    harness.main()
