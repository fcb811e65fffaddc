#!/usr/bin/env python3
"""Blocks earned by learning, with real processes: learning_test.py POLIS POLISD

Goal: a task is offered, four validators train, the best model wins the reward and the proposer's
seat, and every node has come to the same result. Method: a devnet whose election is pole, the
built-in digits, the command line as a person uses it.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import harness

TASK = """
name = "digits"
[data]
source = "digits:600"
test_percent = 20
validation_percent = 10
[target]
at_least_percent = 60
[round]
window_seconds = 6
reveal_seconds = 5
scoring_seconds = 20
[pay]
reward = "100"
bond = "10"
trainer_bond = "5"
"""


class Learning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not Path(harness.POLISD).with_name("polis-trainer").exists():
            raise unittest.SkipTest("no polis-trainer beside polisd: it was built without libtorch")
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-learning-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        (cls.dir / "task.toml").write_text(TASK)
        cls.addClassCleanup(cls.run_polis, "devnet", "down")
        cls.run_polis(
            "devnet", "up", "--nodes", 4, "--election", "pole", "--wait",
            "finalized:2")

    @classmethod
    def run_polis(cls, *arguments, code=0):
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), *map(str, arguments), "--json"], cwd=cls.dir,
            capture_output=True, text=True, timeout=180, check=False,
            env={**os.environ, "POLIS_DEVNET": str(cls.dir / "devnet")})
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if code == 0 else done.stderr

    def rpc(self, node, method, *arguments):
        nodes = self.run_polis("devnet", "status")["nodes"]
        return self.run_polis("rpc", "--rpc", nodes[node]["rpc"], method, *arguments)

    def test_the_best_model_earns_reward_and_seat(self):
        done = self.run_polis(
            "task", "submit", "task.toml", "--from", "dev:0", "--wait", "--timeout", 120)
        result = done["result"]
        entries = result["entries"]
        self.assertEqual(len(entries), 4)
        self.assertEqual(entries[0]["end"], "won")
        self.assertEqual(entries[0]["paid"], "105000000000", "the reward and the bond")
        self.assertEqual({entry["copyOf"] for entry in entries}, {None}, "everybody trained")
        self.assertFalse(result["ownerFailed"], "the key was revealed by the node that kept it")
        correct = [entry["score"]["correct"] for entry in entries]
        self.assertEqual(correct, sorted(correct, reverse=True))
        self.assertGreaterEqual(correct[0], 72, "60 % of 120")
        for node in range(4):
            self.assertEqual(self.rpc(node, "task_leaderboard", f"task={done['task']}"), result)
        task = self.run_polis("task", "show", done["task"])
        self.assertEqual((task["state"], task["escrow"]), ("settled", "0"))
        self.the_chain_goes_on_without(entries[0]["trainer"])
        # The same again is the same task.
        self.assertIn(
            done["task"] + "; choose another --tag",
            self.run_polis("task", "submit", "task.toml", "--from", "dev:0", code=1))

    def the_chain_goes_on_without(self, winner):
        """The first rank proposes alone; gone, it costs each term one view and not each block."""
        nodes = self.run_polis("devnet", "status")["nodes"]
        index = next(i for i in range(4) if self.rpc(i, "node_info")["validator"] == winner)
        self.run_polis("devnet", "fault", "kill", index)
        other = (index + 1) % 4
        wanted = self.rpc(other, "chain_head")["height"] + 25  # a term has 20
        deadline = time.monotonic() + 90
        while self.rpc(other, "chain_head")["height"] < wanted:
            self.assertLess(time.monotonic(), deadline, "too slow without the winner")
            time.sleep(0.5)
        self.run_polis("devnet", "up", "--wait", f"finalized:{wanted}")

    def test_the_demo_ends_with_winners_and_leaders(self):
        home = self.dir / "demo"
        self.addCleanup(
            subprocess.run, [harness.POLIS, "devnet", "down", "--home", home], check=False,
            capture_output=True)
        done = self.run_polis(
            "demo", "--home", home, "--polisd", Path(harness.POLISD).resolve(), "--data",
            "digits:600", "--window", 8)
        self.assertEqual(len(done["rounds"]), 2)
        for number, row in enumerate(done["rounds"], start=1):
            self.assertEqual(row["of"], 90)
            self.assertGreaterEqual(row["right"], 54, "the target is 60 %")
            self.assertEqual(row["paid"], "105000000000")
            led = {leader["node"]: leader[f"after_round_{number}"]
                   for leader in done["blocks_by_leader"]}
            # Others propose only while it is down: the demo kills a node in the second round.
            self.assertEqual(max(led, key=led.get), row["winner"])
            self.assertGreater(led[row["winner"]], 0)

    def test_mistakes_are_explained(self):
        for text, says in (
                (TASK.replace("[pay]", "[pay]\nrewrad = 1"), "did you mean reward"),
                (TASK.replace("digits:600", "no-such-file"), "no-such-file"),
                (TASK.replace("window_seconds = 6", "window_seconds = 0"), "choose 1 to"),
                (TASK.replace('bond = "10"', 'bond = "0"'), "bond"),
                (TASK.replace("[data]", "[data"), "task.toml:3")):
            (self.dir / "wrong.toml").write_text(text)
            said = self.run_polis("task", "submit", "wrong.toml", "--from", "dev:0", code=1)
            self.assertIn(says.replace("task.toml", "wrong.toml"), said)


if __name__ == "__main__":
    harness.main()
