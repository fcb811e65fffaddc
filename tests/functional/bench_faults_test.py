#!/usr/bin/env python3
"""Faults, sweeps and engines on real networks: bench_faults_test.py POLIS POLISD

Goal: what the schedules of `polis bench faults` promise holds for real processes: too many crashes
stop the chain without a fork and it goes on afterwards, keys that sign twice are found; a sweep and
a comparison of elections end with a verdict. Method: loads so small that any machine bears them;
nothing is said about how fast they are.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness

OK, FAILED, USAGE = 0, 1, 2
LIGHT = ("--rate", 60, "--senders", 40)


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-bench-faults-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)

    def bench(self, *arguments):
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), "bench", *map(str, arguments)], cwd=self.dir,
            capture_output=True, text=True, timeout=240, check=False,
            env={**os.environ, "TMPDIR": str(self.dir)})
        return done.returncode, done.stdout, done.stderr

    def summary(self, *arguments, codes=(OK,)):
        code, out, said = self.bench(
            *arguments, "--polisd", Path(harness.POLISD).resolve(), "--json")
        self.assertIn(code, codes, out + said)
        return json.loads(out)

    def passed(self, run, what):
        """The check of that name, which must have passed."""
        checks = [check for check in run["checks"] if what in check["what"]]
        self.assertEqual(len(checks), 1, run["checks"])
        self.assertTrue(checks[0]["passed"], checks[0])
        return checks[0]

    def test_one_crash_too_many_stops_the_chain_and_it_goes_on(self):
        out = self.dir / "report"
        summary = self.summary(
            "faults", "--only", "crash-f+1", "--seconds", 12, *LIGHT, "--out", out)
        run = summary["runs"][0]
        self.assertEqual(run["name"], "crash-f+1")
        self.assertEqual(
            [mark["what"] for mark in run["marks"]],
            ["nodes 2, 3 are killed", "node 2 is started", "node 3 is started"])
        self.passed(run, "no block without a quorum")
        self.passed(run, "blocks come again")
        agreement = self.passed(run, "never two blocks at one height")
        self.assertIn("on 4 nodes", agreement["found"])
        self.assertTrue((out / "summary.json").exists())

    def test_keys_that_sign_twice_are_found(self):
        # Whether every load is final in time is not the point: a machine may be slow.
        summary = self.summary(
            "faults", "--only", "byzantine", "--seconds", 12, *LIGHT, codes=(OK, FAILED))
        run = summary["runs"][0]
        self.assertIn("signs with the keys of node 3", run["marks"][0]["what"])
        self.passed(run, "who signs twice is found")
        self.passed(run, "never two blocks at one height")

    def test_a_sweep_finds_the_highest_rate_that_it_may_try(self):
        summary = self.summary(
            "sweep", "--from", 60, "--to", 60, "--seconds", 3, "--senders", 40, codes=(OK, FAILED))
        self.assertEqual(summary["knee_per_s"], 60)
        self.assertEqual(
            [run["name"] for run in summary["runs"]],
            ["transfer, 4 nodes, 60/s", "transfer, 4 nodes, 70 % of the knee",
             "transfer, 4 nodes, 3 times the knee"])
        self.assertEqual([run["setup"]["rate_per_s"] for run in summary["runs"]], [60, 42, 180])
        for run in summary["runs"]:
            self.passed(run, "never two blocks at one height")

    def test_growth_counts_real_and_simulated_networks(self):
        summary = self.summary(
            "growth", "--nodes", 4, "--simulated", 4, 7, "--heights", 2, "--seconds", 3, *LIGHT,
            codes=(OK, FAILED))
        self.assertEqual([run["setup"]["nodes"] for run in summary["runs"]], [4])
        self.passed(summary["runs"][0], "never two blocks at one height")
        self.assertEqual([row["nodes"] for row in summary["simulated"]], [4, 7])
        for row in summary["simulated"]:
            self.assertEqual(row["proposals"], 2 * (row["nodes"] - 1))
            self.assertGreater(row["cpu_us"], 0)
            self.passed(summary, f"no promise is broken, {row['nodes']} simulated nodes")

    def test_elections_are_compared_while_nodes_train(self):
        if not Path(harness.POLISD).with_name("polis-trainer").exists():
            code, _, said = self.bench(
                "engines", "--only", "pole-training", "--polisd",
                Path(harness.POLISD).resolve(), *LIGHT)
            self.assertEqual(code, FAILED)
            self.assertIn("libtorch", said)
            return
        summary = self.summary(
            "engines", "--only", "dpos", "--only", "pole-training", "--seconds", 4, *LIGHT,
            codes=(OK, FAILED))
        self.assertEqual([run["name"] for run in summary["runs"]], ["dpos", "pole-training"])
        learning = summary["runs"][1]["learning"]
        self.assertEqual(learning["rounds"], 1)
        self.assertGreater(learning["samples"], 0)
        self.assertGreater(learning["train_ratio"], 0.5)
        self.assertIsNone(summary["runs"][0]["learning"])
        self.assertEqual(len(summary["checks"]), 2)

    def test_mistakes_are_explained(self):
        for arguments, why in (
                (("faults", "--only", "meteor"), "crash-f, crash-f.1"),
                (("faults", "--nodes", 3), "range 4 to 64"),
                (("engines", "--only", "pow"), "dpos, pole, pole-training"),
                (("sweep", "--from", 100, "--to", 50), "lower --from"),
                (("sweep", "--workload", "poetry"), "poetry")):
            code, _, said = self.bench(*arguments)
            self.assertEqual(code, USAGE, said)
            self.assertRegex(said, why)


if __name__ == "__main__":
    harness.main()
