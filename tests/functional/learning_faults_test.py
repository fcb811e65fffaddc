#!/usr/bin/env python3
"""Learning when things go wrong, with real processes: learning_faults_test.py POLIS POLISD

Goal: whatever happens to trainers, owners and tasks, every round is settled, everybody gets what
is theirs, the cause is named, and the chain goes on. Method: one devnet, a round a test, small
data; a node gets another trainer by a restart with other settings in its environment.
"""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import harness

TASK = """
name = "NAME"
[data]
source = "digits:400"
test_percent = 20
validation_percent = 10
[model]
kind = "mlp"
hidden = [16]
[target]
at_least_percent = 20
[round]
window_seconds = WINDOW
reveal_seconds = 3
scoring_seconds = 20
[pay]
reward = "100"
bond = "10"
trainer_bond = "5"
"""
NODES = 4


class LearningFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.trainer = Path(harness.POLISD).resolve().with_name("polis-trainer")
        if not cls.trainer.exists():
            raise unittest.SkipTest("no polis-trainer beside polisd: it was built without libtorch")
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-faults-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.addClassCleanup(cls.run_polis, "devnet", "down")
        cls.run_polis(
            "devnet", "up", "--nodes", NODES, "--election", "pole", "--wait", "finalized:2")

    @classmethod
    def run_polis(cls, *arguments, code=0, text=False, **environment):
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), *map(str, arguments), *([] if text else ["--json"])],
            cwd=cls.dir, capture_output=True, text=True, timeout=180, check=False,
            env={**os.environ, "POLIS_DEVNET": str(cls.dir / "devnet"), **environment})
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
        if code != 0:
            return done.stderr
        return done.stdout if text else json.loads(done.stdout)

    def rpc(self, node, method, *arguments):
        if not hasattr(self, "addresses"):
            self.addresses = [
                one["rpc"] for one in self.run_polis("devnet", "status")["nodes"]]
        return self.run_polis("rpc", "--rpc", self.addresses[node], method, *arguments)

    def until(self, what, question, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = question()
            if answer:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"waited {seconds} s in vain until {what}")

    def submit(self, name, window=6, change=lambda text: text, code=0, ready=range(NODES)):
        """Offers a task once the trainers of these nodes wait for work."""
        for node in ready:
            self.until(
                f"the trainer of node {node} is ready",
                lambda node=node: self.rpc(node, "trainer_status")["state"] == "ready")
        text = change(TASK.replace("NAME", name).replace("WINDOW", str(window)))
        (self.dir / "task.toml").write_text(text)
        done = self.run_polis("task", "submit", "task.toml", "--from", "dev:0", code=code)
        return done["task"] if code == 0 else done

    def watch(self, task):
        """Until it is settled; the leaderboard."""
        text = self.run_polis("task", "watch", task, "--timeout", 120, "--json", text=True)
        last = json.loads(text.splitlines()[-1])
        self.assertEqual(last["state"], "settled")
        return last["result"]

    def restart(self, node, **environment):
        self.run_polis("devnet", "fault", "restart", node, **environment)

    def training(self, node):
        status = self.rpc(node, "trainer_status")
        return status if status["state"] == "training" else None

    def balance(self, account="dev:0"):
        return int(self.run_polis("account", "show", account)["balance"])

    # ---- trainers -------------------------------------------------------------------------------

    def test_a_killed_trainer_costs_no_round_and_its_death_is_named(self):
        task = self.submit("killed", window=10)
        status = self.until("node 1 trains", lambda: self.training(1))
        os.kill(status["pid"], signal.SIGKILL)
        result = self.watch(task)
        self.assertEqual(result["entries"][0]["end"], "won")
        now = self.rpc(1, "trainer_status")
        self.assertEqual(now["deaths"], 1)
        self.assertIn("signal 9", now["lastDeath"])
        jobs = self.rpc(1, "task_curve", f"task={task}")["jobs"]
        self.assertEqual(jobs[0]["end"], "failed")
        self.assertIn("signal 9", jobs[0]["cause"])
        self.assertIn("signal 9", self.run_polis("trainer", "status", text=True))
        self.assertGreaterEqual(len(result["entries"]), NODES - 1)
        self.until(
            "another trainer is there",
            lambda: self.rpc(1, "trainer_status")["state"] == "ready")
        # What the others told meanwhile.
        curve = self.run_polis("task", "curve", task, text=True)
        self.assertIn("accuracy", curve)
        out = self.dir / "events.out.tfevents.polis"
        done = self.run_polis("task", "export", task, "--to", "tensorboard", "-o", out)
        self.assertGreater(done["points"], NODES)
        self.assertIn(b"brain.Event:2", out.read_bytes())
        self.run_polis("task", "export", task, "--to", "csv", "-o", self.dir / "curve.csv")
        with open(self.dir / "curve.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertLessEqual(
            {"node 0", "node 2", "node 3"}, {row["node"] for row in rows})
        self.assertEqual(len(rows), done["points"])
        port = int(self.addresses[1].rsplit(":", 1)[1])
        node = harness.Rpc(port)
        self.addCleanup(node.close)
        metrics = node.request("GET", "/metrics")[2].decode()
        self.assertEqual(harness.metric(metrics, "polis_trainer_deaths_total"), 1)
        self.assertGreaterEqual(harness.metric(metrics, "polis_training_samples_total"), 400)
        self.assertGreaterEqual(harness.metric(metrics, "polis_rounds_committed_total"), 1)

    def test_a_device_that_is_not_there_is_named(self):
        self.restart(2, POLIS_TRAINER_DEVICE="cuda:7")
        task = self.submit("device")
        result = self.watch(task)
        self.assertEqual(len(result["entries"]), NODES - 1)
        status = self.rpc(2, "trainer_status")
        self.assertEqual(status["job"]["end"], "failed")
        self.assertIn("'cuda:7': there is no such device", status["job"]["cause"])
        self.assertIn("no such device", self.run_polis("trainer", "logs", text=True))
        self.assertIn(
            "no such device", self.run_polis("devnet", "logs", 2, "--lines", 500, text=True))
        self.restart(2)

    def test_a_trainer_on_another_machine_proves_its_token_and_wins_its_share(self):
        port = harness.free_ports(1)[0]
        self.restart(3, POLIS_TRAINER_LISTEN=f"127.0.0.1:{port}")
        self.assertEqual(self.rpc(3, "trainer_status")["state"], "waiting")
        wrong = self.dir / "wrong.token"
        wrong.write_text("not the token of this node")
        token = self.dir / "devnet/node-3/trainer.token"
        self.assertEqual(token.stat().st_mode & 0o077, 0, "for its owner only")
        log = self.dir / "trainer.log"

        def serve(file):
            with open(log, "ab") as out:
                process = subprocess.Popen(  # pylint: disable=consider-using-with
                    [self.trainer, "serve", "--connect", f"127.0.0.1:{port}", "--token-file", file],
                    stdout=out, stderr=out)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            return process

        refused = serve(wrong)
        self.until("the wrong token is named", lambda: "the token is wrong" in log.read_text())
        refused.kill()
        serve(token)
        status = self.until(
            "the trainer is attached",
            lambda: (lambda s: s if s["attached"] else None)(self.rpc(3, "trainer_status")))
        self.assertTrue(status["from"].startswith("127.0.0.1:"), status)
        self.assertIsNone(status["pid"])
        second = serve(token)
        self.until("a second one is refused", lambda: "one at a time" in log.read_text())
        second.kill()
        task = self.submit("elsewhere")
        result = self.watch(task)
        self.assertEqual(len(result["entries"]), NODES, "the one elsewhere is among them")
        jobs = self.rpc(3, "task_curve", f"task={task}")["jobs"]
        self.assertEqual([job["end"] for job in jobs], ["model"])
        self.restart(3)

    def test_a_round_without_trainers_is_settled_and_the_coins_return(self):
        for node in range(NODES):
            self.restart(node, POLIS_TRAINER_PROGRAM="")
        self.assertEqual(self.rpc(0, "trainer_status")["state"], "absent")
        before = self.balance()
        task = self.submit("silence", window=3, ready=[])
        result = self.watch(task)
        self.assertEqual(result["entries"], [])
        self.assertEqual(self.run_polis("task", "show", task)["escrow"], "0")
        self.assertLess(before - self.balance(), 10**9, "fees only")
        height = self.rpc(0, "chain_head")["height"]
        self.until("the chain goes on", lambda: self.rpc(0, "chain_head")["height"] > height + 2)
        for node in range(NODES):
            self.restart(node)

    # ---- tasks ----------------------------------------------------------------------------------

    def test_an_impossible_target_returns_the_reward_and_a_wrong_suggestion_is_named(self):
        """Labels without any meaning, and convolutions for samples that are no images."""
        numbers = random.Random(5)
        rows = [
            ",".join(str(numbers.randrange(256)) for _ in range(8)) + f",{i % 4}"
            for i in range(400)]
        (self.dir / "noise.csv").write_text("a,b,c,d,e,f,g,h,label\n" + "\n".join(rows) + "\n")
        before = self.balance()

        def impossible(text):
            text = text.replace("digits:400", "noise.csv")
            text = text.replace("at_least_percent = 20", "at_least_percent = 95")
            return re.sub(r'kind = "mlp"\nhidden = \[16\]', 'kind = "lenet"', text)

        task = self.submit("noise", change=impossible)
        result = self.watch(task)
        self.assertEqual({entry["end"] for entry in result["entries"]}, {"below target"})
        self.assertEqual({entry["paid"] for entry in result["entries"]}, {"5000000000"}, "bonds")
        self.assertLess(before - self.balance(), 10**9, "fees only")
        jobs = self.rpc(0, "task_curve", f"task={task}")["jobs"]
        self.assertEqual((jobs[0]["model"], jobs[0]["end"]), ("lenet", "failed"))
        self.assertIn("does not fit the samples", jobs[0]["cause"])
        self.assertEqual(jobs[1]["end"], "model", "of the architecture that it chose itself")

    def test_a_task_without_reward_is_refused_by_name(self):
        said = self.submit(
            "free", change=lambda text: text.replace('reward = "100"', 'reward = "0"'), code=1)
        self.assertIn("reward", said)

    def test_an_owner_who_withholds_the_key_loses_the_bond(self):
        task = self.submit("withheld")
        self.until(
            "the round is open", lambda: self.run_polis("task", "show", task)["state"] == "open")
        # The first node keeps the key; it is gone, and the others settle without it.
        self.run_polis("devnet", "fault", "kill", 0)
        result = self.watch(task)
        self.assertTrue(result["ownerFailed"])
        self.assertIsNone(result["testKey"])
        entries = result["entries"]
        self.assertEqual(entries[0]["end"], "won", "on the validation samples")
        self.assertEqual(entries[0]["score"]["count"], 40, "those of 10 % of 400")
        self.restart(0)
        self.until(
            "the node is back",
            lambda: self.rpc(0, "task_leaderboard", f"task={task}") == result)


if __name__ == "__main__":
    harness.main()
