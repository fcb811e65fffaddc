#!/usr/bin/env python3
"""The program `polisd` as its users run it: polisd_test.py POLISD [unittest arguments]

Goal: four processes agree on blocks, end cleanly, resume, and each common mistake gives one line
with cause and cure. Method: real processes on ports that the system chooses, files in a fresh
directory, waiting only for what is said (ready line, JSON-RPC), with a deadline.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

POLISD = ""
NODES = 4
DEADLINE_S = 60
STOP_S = 2
FAST = ["--consensus.empty_block_interval_ms=100"]


def environment():
    return {key: value for key, value in os.environ.items() if not key.startswith("POLIS_")}


def polisd(*arguments):
    return subprocess.run(
        [POLISD, *map(str, arguments)], capture_output=True, text=True, input="",
        env=environment(), timeout=DEADLINE_S, check=False)


def free_ports(count):
    """Ports that nobody uses at this moment, all different."""
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


class Node:
    """A home and, while it runs, its process."""

    def __init__(self, home, arguments=()):
        self.home = home
        self.arguments = list(arguments)
        self.process = None
        self.ready = None

    def start(self):
        self.log = open(self.home / "log", "a", encoding="utf-8")
        self.process = subprocess.Popen(
            [POLISD, "run", "--home", str(self.home), "--exit-with-parent", *self.arguments],
            stdout=subprocess.PIPE, stderr=self.log, env=environment(), text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError((self.home / "log").read_text())
        self.ready = json.loads(line)

    def call(self, method, *parameters):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        request = urllib.request.Request(
            f"http://{self.ready['rpc']}/", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return json.load(answer)["result"]

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.ready['rpc']}{path}", timeout=10) as answer:
            return answer.read().decode()

    def height(self):
        return self.call("chain_head")["height"]

    def stop(self, number=signal.SIGTERM):
        """The exit code, and the seconds that it took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=DEADLINE_S)
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return code, time.monotonic() - begin

    def kill(self):
        if self.process is not None:
            self.stop(signal.SIGKILL)


class PolisdCase(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="polisd-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def init(self, name, *arguments):
        home = self.dir / name
        done = polisd("init", "--home", home, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return home

    def fails(self, *arguments, says):
        """Exit code 1 and one line on standard error."""
        done = polisd(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("polisd: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], says)

    def network(self, *arguments):
        """Four running nodes, ports in their files."""
        ports = free_ports(3 * NODES)
        ids = []
        homes = []
        for i in range(NODES):
            listen = [f"--{key}.listen=127.0.0.1:{ports[3 * i + k]}"
                      for k, key in enumerate(("p2p", "rpc", "admin"))]
            done = polisd("init", "--home", self.dir / str(i), "--devnet-index", i, *listen)
            self.assertEqual(done.returncode, 0, done.stderr)
            ids.append(next(line.split()[-1] for line in done.stdout.splitlines()
                            if line.startswith("node id")))
            homes.append(self.dir / str(i))
        boot = ",".join(f"{ids[i]}@127.0.0.1:{ports[3 * i]}" for i in range(NODES))
        nodes = [Node(home, [f"--p2p.boot={boot}", *arguments]) for home in homes]
        for node in nodes:
            self.addCleanup(node.kill)
            node.start()
        return nodes

    def wait_for(self, done, what):
        end = time.monotonic() + DEADLINE_S
        while not done():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def wait_for_height(self, nodes, height):
        self.wait_for(lambda: all(node.height() >= height for node in nodes), f"height {height}")


class Network(PolisdCase):
    def test_four_processes_agree_stop_and_resume(self):
        nodes = self.network(*FAST)
        self.wait_for_height(nodes, 5)
        blocks = {node.call("chain_getHeader", 5)["raw"] for node in nodes}
        self.assertEqual(len(blocks), 1)
        self.wait_for(lambda: json.loads(nodes[0].get("/readyz"))["ready"], "ready")
        self.assertIn("polis_height", nodes[0].get("/metrics"))

        before = min(node.height() for node in nodes)
        for node in nodes:
            code, seconds = node.stop()
            self.assertEqual(code, 0)
            self.assertLess(seconds, STOP_S)
            self.assertTrue((node.home / "peers.bin").exists())
        for node in nodes:
            node.start()
            self.assertGreaterEqual(node.height(), before)
        self.wait_for_height(nodes, before + 5)

    def test_a_killed_node_catches_up(self):
        nodes = self.network(*FAST)
        self.wait_for_height(nodes, 2)
        nodes[0].kill()
        height = nodes[1].height()
        self.wait_for_height(nodes[1:], height + 5)  # three of four go on
        nodes[0].start()
        self.wait_for_height(nodes, height + 8)


class Mistakes(PolisdCase):
    def test_a_second_process_on_a_home(self):
        home = self.init("home", "--devnet-index", 0, "--devnet-validators", 1)
        listen = [f"--{key}.listen=127.0.0.1:0" for key in ("p2p", "rpc", "admin")]
        node = Node(home, listen)
        self.addCleanup(node.kill)
        node.start()
        self.fails("run", "--home", home, *listen, says="has it open; stop it first")

        port = node.ready["p2p"].split(":")[1]
        other = self.init("other", "--devnet-index", 0, "--devnet-validators", 1)
        self.fails(
            "run", "--home", other, f"--p2p.listen=127.0.0.1:{port}", *listen[1:],
            says="cannot listen on .* choose another p2p.listen")
        self.assertEqual(node.stop()[0], 0)

    def test_a_key_that_others_may_read(self):
        home = self.init("home", "--devnet-index", 0)
        key = home / "validator" / "consensus.key"
        key.chmod(0o644)
        self.fails("run", "--home", home, says=f"run: chmod 600 {key}")

    def test_another_genesis(self):
        home = self.init("home", "--devnet-index", 0, "--devnet-validators", 1)
        other = self.init("other", "--devnet-index", 0, "--devnet-validators", 2)
        listen = [f"--{key}.listen=127.0.0.1:0" for key in ("p2p", "rpc", "admin")]
        node = Node(home, listen)
        self.addCleanup(node.kill)
        node.start()
        self.assertEqual(node.stop()[0], 0)
        shutil.copy(other / "genesis.toml", home / "genesis.toml")
        self.fails("run", "--home", home, *listen, says="is not the genesis of the chain")

    def test_a_wrong_configuration(self):
        home = self.init("home", "--devnet-index", 0)
        config = home / "config.toml"
        config.write_text(config.read_text().replace("[p2p]", "[p2p]\nlisen = 1"))
        self.fails("run", "--home", home, says=r"config.toml:\d+: p2p.lisen.*did you mean listen")

    def test_an_empty_flag_listens_nowhere(self):
        node = Node(
            self.init("quiet", "--devnet-index=0", "--devnet-validators=1"),
            ["--p2p.listen=127.0.0.1:0", "--p2p.boot=", "--rpc.listen=", "--admin.listen="])
        node.start()
        self.addCleanup(node.kill)
        self.assertEqual((node.ready["rpc"], node.ready["admin"]), ("", ""))
        self.assertEqual(node.stop()[0], 0)

    def test_a_home_that_is_none(self):
        self.fails("run", "--home", self.dir / "none", says="run: polisd init --home")

    def test_init_overwrites_nothing(self):
        home = self.init("home", "--devnet-index", 0)
        self.fails("init", "--home", home, "--devnet-index", 0, says="is not overwritten")

    def test_usage(self):
        self.assertEqual(polisd("run").returncode, 2)
        self.assertEqual(polisd("--version").returncode, 0)


class Tools(PolisdCase):
    def test_doctor_finds_what_is_wrong(self):
        home = self.init("home", "--devnet-index", 0)
        listen = [f"--{key}.listen=127.0.0.1:0" for key in ("p2p", "rpc", "admin")]
        done = polisd("doctor", "--home", home, "--json", *listen)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue(json.loads(done.stdout)["healthy"])
        (home / "node.key").chmod(0o640)
        done = polisd("doctor", "--home", home, *listen)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "(?m)^bad +keys .*chmod 600")

    def test_export_and_import(self):
        home = self.init("home", "--devnet-index", 0, "--devnet-validators", 1)
        listen = [f"--{key}.listen=127.0.0.1:0" for key in ("p2p", "rpc", "admin")]
        node = Node(home, [*listen, *FAST])
        self.addCleanup(node.kill)
        node.start()
        self.wait_for_height([node], 3)
        self.assertEqual(node.stop()[0], 0)
        exported = polisd("export", "--home", home, "--out", self.dir / "file")
        self.assertEqual(exported.returncode, 0, exported.stderr)
        imported = polisd("import", self.dir / "file", "--home", self.dir / "copy")
        self.assertEqual(imported.stdout, exported.stdout)


if __name__ == "__main__":
    POLISD = sys.argv.pop(1)
    unittest.main(verbosity=2)
