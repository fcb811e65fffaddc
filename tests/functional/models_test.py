#!/usr/bin/env python3
"""Models and data in the hands of a person, with real processes: models_test.py POLIS POLISD

Goal: what the chain has chosen can be fetched, scored to the same number and loaded in PyTorch; a
round can be worked out again, and a node that lies about it is found out; samples are divided as a
task divides them. Method: one settled task on a devnet, the command line as a person uses it, and a
proxy between them that changes answers.
"""

import http.client
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import harness
from learning_test import TASK

NOTHING = "0x" + "00" * 32
GUIDES = Path(__file__).resolve().parents[2] / "docs/guides"


def python_with_torch():
    """Debian's packages are seen by its own interpreter only."""
    for python in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run(
            [python, "-c", "import torch"], capture_output=True, timeout=120, check=False)
        if done.returncode == 0:
            return python
    return None


class Liar(http.server.ThreadingHTTPServer):
    """Passes everything on to a node; `change(method, result)` may alter answers."""

    daemon_threads = True

    def __init__(self, node, change=None, spoil_blobs=False):
        self.node, self.change, self.spoil_blobs = node, change, spoil_blobs
        super().__init__(("127.0.0.1", 0), LiarRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class LiarRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def forward(self, body=None):
        connection = http.client.HTTPConnection(self.server.node, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k in ("Content-Type", "Range")}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def reply(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        status, content = self.forward()
        if self.server.spoil_blobs:
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.reply(status, content)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, content = self.forward(body)
        calls, answers = json.loads(body), json.loads(content)
        if self.server.change:
            batch = isinstance(calls, list)
            methods = {call["id"]: call["method"] for call in (calls if batch else [calls])}
            for answer in answers if batch else [answers]:
                if "result" in answer:
                    answer["result"] = self.server.change(
                        methods[answer["id"]], answer["result"])
        self.reply(status, json.dumps(answers).encode())


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not Path(harness.POLISD).with_name("polis-trainer").exists():
            raise unittest.SkipTest("no polis-trainer beside polisd: it was built without libtorch")
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-models-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        (cls.dir / "task.toml").write_text(TASK)
        cls.addClassCleanup(cls.polis, "devnet", "down")
        cls.polis(
            "devnet", "up", "--nodes", 4, "--election", "pole", "--wait", "finalized:2")
        done = cls.polis(
            "task", "submit", "task.toml", "--from", "dev:0", "--wait", "--timeout", 120)
        cls.task, cls.result = done["task"], done["result"]
        cls.best = cls.result["entries"][0]
        cls.node = cls.polis("devnet", "status")["nodes"][0]["rpc"].removeprefix("http://")

    @classmethod
    def start(cls, *arguments):
        return subprocess.run(
            [Path(harness.POLIS).resolve(), *map(str, arguments)], cwd=cls.dir,
            capture_output=True, text=True, timeout=180, check=False,
            env={**os.environ, "POLIS_DEVNET": str(cls.dir / "devnet")})

    @classmethod
    def polis(cls, *arguments):
        done = cls.start(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def liar(self, *arguments, **options):
        out = Liar(self.node, *arguments, **options)
        self.addCleanup(out.end)
        return out

    def fails(self, *arguments, says, code=1):
        done = self.start(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(says, done.stderr)

    def pull(self, name, *options):
        self.polis("model", "pull", self.task, "-o", name, *options)
        return self.dir / name

    def test_a_pulled_model_has_the_score_of_the_chain(self):
        score = {k: self.best["score"][k] for k in ("correct", "count", "crossEntropy")}
        for options in (["--fold"], ["--keep-map"]):
            file = self.pull("best.safetensors", *options)
            told = self.polis("model", "eval", file, "--task", self.task)
            self.assertEqual((told["score"], told["chain"]), (score, "the same score"))
            self.assertEqual(sum(c["correct"] for c in told["classes"]), score["correct"])
        for rank, entry in enumerate(self.result["entries"], 1):
            file = self.pull("one.safetensors", "--rank", rank)
            told = self.polis("model", "eval", file, "--task", self.task)
            self.assertEqual(told["score"]["crossEntropy"], entry["score"]["crossEntropy"])
        shown = self.polis("model", "show", self.pull("kept.safetensors", "--keep-map"))
        self.assertEqual(shown["root"], self.best["model"], "the map stays outside of the model")
        self.assertNotEqual(
            self.polis("model", "show", self.dir / "best.safetensors")["multiply_adds"], 0)

    def test_the_bytes_of_the_chain_are_a_file_too(self):
        connection = http.client.HTTPConnection(self.node, timeout=30)
        connection.request("GET", "/v1/models/" + self.best["model"])
        answer = connection.getresponse()
        blob = answer.read()
        self.assertIn(
            f'filename="model-{self.best["model"][2:18]}.polis"',
            answer.getheader("Content-Disposition"))
        connection.request("GET", "/v1/models/" + self.best["model"], headers={
            "If-None-Match": answer.getheader("ETag")})
        self.assertEqual(connection.getresponse().status, 304)
        connection.close()
        (self.dir / "chain.polis").write_bytes(blob)
        self.assertEqual(
            self.polis("model", "show", "chain.polis")["root"], self.best["model"])
        # Nobody told the map: without it the model guesses.
        told = self.polis("model", "eval", "chain.polis", "--task", self.task)
        self.assertLess(told["score"]["correct"], self.best["score"]["correct"])
        self.assertIn("not compared", told["chain"])

    def test_a_contract_has_a_model_scored(self):
        """The validators work it out beside agreement and bring the same integers."""
        wasm = Path(harness.POLIS).resolve().parent.parent / "contracts/grader.wasm"
        if not wasm.exists():
            self.skipTest("no contracts in wasm: apt-get install clang-19 lld-19, build again")
        data = self.rpc("dataset_get", f"task={self.task}", "part=validation")["root"]
        connection = http.client.HTTPConnection(self.node, timeout=30)
        connection.request("GET", "/v1/models/" + self.best["model"])
        (self.dir / "scored.polis").write_bytes(connection.getresponse().read())
        connection.close()
        self.polis(
            "data", "split", "digits:600", "--test", 20, "--validation", 10, "-o", "scored")
        expected = self.polis(
            "model", "eval", "scored.polis", "--data", "scored/validation.plds")["score"]
        grader = self.polis("contract", "deploy", wasm, "--from", "dev:1", "--wait")["contract"]
        asked = self.polis(
            "contract", "call", grader, "ask", self.best["model"], data, 28, 10, "--from", "dev:1",
            "--wait")
        request = asked["result"]
        deadline = time.monotonic() + 60
        score = None
        while score is None:
            self.assertLess(time.monotonic(), deadline, "nobody has answered")
            time.sleep(0.3)
            score = self.polis("contract", "query", grader, "score_of", request)["result"]
        self.assertEqual(
            (score["verdict"], int(score["correct"]), int(score["cross_entropy"])),
            (0, expected["correct"], int(expected["crossEntropy"])))

    def test_pytorch_gives_the_same_numbers(self):
        python = python_with_torch()
        if python is None:
            self.skipTest("no python3-torch: the guide's program is not tried")
        self.polis(
            "data", "split", "digits:600", "--test", 20, "--validation", 10, "-o", "torch")
        for options in (["--fold"], ["--keep-map"]):
            file = self.pull("torch.safetensors", *options)
            done = subprocess.run(
                [python, GUIDES / "polis_model.py", file, self.dir / "torch/test.plds"],
                capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            score = json.loads(done.stdout)
            self.assertEqual(score, {k: self.best["score"][k] for k in score})

    def test_split_divides_as_the_task_did(self):
        told = self.polis(
            "data", "split", "digits:600", "--test", 20, "--validation", 10, "-o", "parts")
        roots = {part["part"]: part["root"] for part in told["parts"]}
        for part in ("training", "validation"):
            on_chain = self.rpc("dataset_get", f"task={self.task}", f"part={part}")
            self.assertEqual(roots[part], on_chain["root"])
        test = self.rpc("dataset_get", f"task={self.task}", "part=test")
        self.assertEqual((test["samples"], test["sealed"]), (120, True))
        self.assertEqual(test["key"], self.result["testKey"])
        # The folder is a source again, and divided already.
        again = self.polis("data", "split", "parts", "--seed", 9, "-o", "again")
        self.assertEqual([p["root"] for p in again["parts"]], [p["root"] for p in told["parts"]])
        # The test set decides what the chain says of the model.
        file = self.pull("split.safetensors")
        score = self.polis("model", "eval", file, "--data", "parts")["score"]
        self.assertEqual(score, {k: self.best["score"][k] for k in score})

    def rpc(self, method, *arguments):
        return self.polis("rpc", "--rpc", "http://" + self.node, method, *arguments)

    def test_models_and_datasets_are_listed(self):
        first = self.rpc("model_list", "limit=3")
        rest = self.rpc("model_list", f'cursor={first["cursor"]}')
        models = first["models"] + rest["models"]
        self.assertEqual(
            [m["root"] for m in models], [e["model"] for e in self.result["entries"]])
        self.assertEqual([m["rank"] for m in models], [1, 2, 3, 4])
        self.assertIsNone(rest["cursor"])
        self.assertEqual(self.rpc("model_get", f"task={self.task}", "rank=2"), models[1])
        self.assertEqual(
            [d["part"] for d in self.rpc("dataset_list")["datasets"] if d["task"] == self.task],
            ["training", "validation", "test"])

    def audit(self, *options, code=0):
        done = self.start("audit", self.task, "--json", *options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_an_audit_comes_to_the_same_round(self):
        told = self.audit()
        self.assertEqual((told["verdict"], told["scores"]), ("ok", 4))
        self.assertEqual(told["blobs"], 3 + 4, "the task's data and four models")
        for entry in told["entries"]:
            self.assertEqual((entry["verdict"], entry["chain"]), ("ok", entry["worked_out"]))
        self.assertEqual(self.polis("audit", "--all"), [told])
        self.assertIn("105 POLIS", self.start("audit", self.task).stdout)

    def test_an_audit_finds_a_leaderboard_that_does_not_follow(self):
        def leaderboard(edit):
            def change(method, result):
                if method == "task_leaderboard":
                    edit(result)
                return result
            return change

        def more_correct(result):
            result["entries"][1]["score"]["correct"] += 1

        def other_order(result):
            result["entries"][0:2] = reversed(result["entries"][0:2])

        def more_money(result):
            result["entries"][2]["paid"] = "6000000000"

        def other_end(result):
            result["entries"][3]["end"] = "silent"

        def owner(result):
            result["ownerFailed"] = True

        for edit, says in (
                (more_correct, "score is"), (other_order, "trainer is"), (more_money, "paid is"),
                (other_end, "end is"), (owner, "owner failed is")):
            liar = self.liar(leaderboard(edit))
            told = self.audit("--rpc", liar.address, code=1)
            self.assertEqual(told["verdict"], "differs")
            self.assertIn(says, json.dumps(told), edit.__name__)

    def test_an_audit_finds_blocks_and_blobs_that_do_not_fit(self):
        def attested(method, result):
            if method == "chain_getBlock":
                for fact in result["facts"]:
                    if fact["kind"] == "model score":
                        fact["result"] = fact["result"][:4] + "01" + fact["result"][6:]
            return result

        liar = self.liar(attested)
        self.assertIn("members attested", json.dumps(self.audit("--rpc", liar.address, code=1)))
        liar = self.liar(spoil_blobs=True)
        told = self.audit("--rpc", liar.address, code=1)
        self.assertIn("other bytes", json.dumps(told))
        self.fails(
            "model", "pull", self.task, "-o", "x", "--rpc", liar.address, says="other bytes")

        def other_blocks(method, result):
            if method == "chain_getBlock":
                result["txns"] = []
            return result

        liar = self.liar(other_blocks)
        self.fails("audit", self.task, "--rpc", liar.address, says="not understood")

    def test_a_node_is_not_believed(self):
        def gone(method, result):
            return None if method == "blob_stat" else result

        liar = self.liar(gone)
        self.fails("model", "pull", self.task, "-o", "x", "--rpc", liar.address, says="no longer")

        def seed(method, result):
            return {**result, "seed": NOTHING} if method == "model_get" else result

        liar = self.liar(seed)
        self.fails(
            "model", "pull", self.task, "-o", "x", "--rpc", liar.address, says="does not follow")

    def test_mistakes_are_explained(self):
        file = self.pull("good.safetensors")
        content = file.read_bytes()
        (self.dir / "cut.safetensors").write_bytes(content[:-1])
        (self.dir / "tail.safetensors").write_bytes(content + b"x")
        other = content.replace(self.task.encode(), NOTHING.encode())
        (self.dir / "other.safetensors").write_bytes(other)
        kept = self.pull("kept.safetensors", "--keep-map").read_bytes()
        seed = kept.index(b'"polis.seed":"0x') + 16
        (self.dir / "seed.safetensors").write_bytes(kept[:seed] + b"00" * 32 + kept[seed + 64:])
        self.polis("data", "split", "digits:100", "-o", "small")
        plds = (self.dir / "small/test.plds").read_bytes()
        (self.dir / "cut.plds").write_bytes(plds[:-1])
        (self.dir / "iris.csv").write_text(
            "a,b,class\n" + "".join(f"{i},{i % 7},{i % 2}\n" for i in range(40)))
        for arguments, says in (
                (("model", "pull", NOTHING, "-o", "x"), "polis task list"),
                (("model", "pull", self.task, "--rank", 5, "-o", "x"), "another --rank"),
                (("model", "pull", self.task, "-o", "no/such/folder"), "cannot write"),
                (("model", "eval", "none", "--task", self.task), "none: the file cannot be read"),
                (("model", "eval", "cut.safetensors", "--task", self.task), "offsets"),
                (("model", "show", "tail.safetensors"), "bytes follow"),
                (("model", "show", "seed.safetensors"), "pull it again"),
                (("model", "eval", "other.safetensors", "--task", self.task), "another task"),
                (("model", "eval", file, "--data", "none"), "none: the file cannot be read"),
                (("model", "eval", file, "--data", "cut.plds"), "cut.plds"),
                (("model", "eval", file, "--data", "iris.csv"), "another shape"),
                (("model", "eval", file, "--data", "iris.csv", "--part", "test"), "data split"),
                (("model", "eval", file, "--task", NOTHING), "knows no task"),
                (("audit", NOTHING), "knows no task"),
                (("data", "inspect", "none"), "none: the file cannot be read"),
                (("data", "inspect", "cut.plds"), "cut.plds"),
                (("data", "split", "digits:20", "--test", "1", "-o", "x"), "too few samples")):
            self.fails(*arguments, says=says)
        for arguments, says in (
                (("model", "eval", file), "either --data SOURCE or --task ID"),
                (("model", "pull", self.task, "-o", "x", "--fold", "--keep-map"), "exclude"),
                (("audit",), "name a task or --all"),
                (("data", "split", "digits:20", "--test", "100", "-o", "x"), "percentage")):
            self.fails(*arguments, says=says, code=2)

    def test_an_unsettled_task_has_no_models_yet(self):
        late = self.dir / "late.toml"
        late.write_text(TASK.replace('name = "digits"', 'name = "late"').replace(
            "window_seconds = 6", "window_seconds = 600"))
        task = self.polis("task", "submit", late, "--from", "dev:1")["task"]
        self.fails("model", "pull", task, "-o", "x", says="once its round is settled")
        self.fails("audit", task, says="once its round is settled")
        file = self.pull("settled.safetensors")
        self.fails("model", "eval", file, "--task", task, says="once its round is settled")


if __name__ == "__main__":
    harness.main()
