#!/usr/bin/env python3
"""What a person gets wrong: errors_test.py POLIS POLISD

Goal: every mistake ends with a non-zero exit code and one line that names cause and cure, or is
said by a node that goes on. Method: the real program, once for each mistake.
"""

import os
import socket
import subprocess
import unittest

import harness
from harness import NetCase


class Mistakes(NetCase):
    def ends(self, node, *says, **flags):
        """Runs a node that must refuse to run. @return its only line on standard error"""
        done = subprocess.run(
            node.command(**flags), capture_output=True, text=True, timeout=60, check=False,
            stdin=subprocess.DEVNULL)
        self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("polisd: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        for part in says:
            self.assertIn(part, lines[0])
        return lines[0]

    def test_a_port_in_use(self):
        node = self.net(1).nodes[0]
        for key in ("p2p.listen", "rpc.listen", "admin.listen"):
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                port = taken.getsockname()[1]
                self.ends(node, str(port), "in use", key, **{key: f"127.0.0.1:{port}"})

    def test_two_processes_on_one_home(self):
        node = self.net(1).start().nodes[0]
        p2p, rpc, admin = harness.free_ports(3)
        self.ends(
            node, "another process", **{
                "p2p.listen": f"127.0.0.1:{p2p}", "rpc.listen": f"127.0.0.1:{rpc}",
                "admin.listen": f"127.0.0.1:{admin}"})
        self.assertTrue(node.rpc("node_health"))

    def test_a_key_that_others_can_read(self):
        node = self.net(1).nodes[0]
        key = node.home / "validator" / "consensus.key"
        key.chmod(0o644)
        self.ends(node, "chmod 600")

    def test_unknown_keys_of_the_configuration(self):
        node = self.net(1).nodes[0]
        self.ends(node, "p2p.listen", **{"p2p.lisen": "127.0.0.1:1"})
        config = node.home / "config.toml"
        config.write_text(config.read_text() + "\n[rpcc]\nlisten = \"127.0.0.1:1\"\n")
        self.ends(node, "config.toml:", "rpc")

    def test_no_home(self):
        net = self.net(1)
        node = net.nodes[0]
        node.home = net.dir / "nowhere"
        self.ends(node, "nowhere", "polisd init")

    def test_a_home_that_cannot_be_written(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        node = self.net(1).nodes[0]
        (node.home / "chain").chmod(0o500)
        self.addCleanup((node.home / "chain").chmod, 0o700)
        self.ends(node, "permission")

    def test_a_full_disk(self):
        """The node ends when it cannot write, says so, and goes on once there is room."""
        net = self.net(1)
        node = net.nodes[0]
        disk = net.dir / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)],
            capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("only root can mount a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        subprocess.run(["cp", "-a", str(node.home), str(disk / "home")], check=True)
        node.home = disk / "home"
        node.start()
        net.wait_height(2)
        filler = disk / "filler"
        with open(filler, "wb") as out:
            try:
                while True:
                    out.write(b"\0" * 65536)
                    out.flush()
            except OSError:
                pass
        code = node.process.wait(timeout=harness.PATIENCE_S)
        node.process = None
        self.assertNotEqual(code, 0)
        self.assertIn("space", node.tail())
        filler.unlink()
        node.start()
        net.advance(2)

    def test_a_clock_that_is_far_off(self):
        net = self.net(4).start()
        net.wait_height(3)
        odd = net.nodes[0]
        odd.admin("dev_setTime", offsetMs=-3_600_000)
        health = net.until(
            lambda: (lambda h: h if any("clock" in r for r in h["reasons"]) else None)(
                odd.rpc("node_health")), "the node says that its clock is off")
        self.assertFalse(health["ready"])
        odd.admin("dev_setTime", offsetMs=0)
        net.until(lambda: odd.rpc("node_health")["ready"], "the node is ready again")
        net.advance(2)


class Doctor(NetCase):
    def doctor(self, node):
        done = subprocess.run(
            [harness.POLISD, "doctor", "--home", str(node.home), "--json",
             *[f"--{key}={value}" for key, value in node.flags.items() if value]],
            capture_output=True, text=True, check=False)
        return done.returncode, harness.json.loads(done.stdout)

    def test_finds_nothing_wrong_with_a_fresh_home(self):
        node = self.net(1).nodes[0]
        code, report = self.doctor(node)
        self.assertEqual(code, 0, report)

    def test_names_a_key_that_others_can_read(self):
        node = self.net(1).nodes[0]
        (node.home / "node.key").chmod(0o644)
        code, report = self.doctor(node)
        self.assertNotEqual(code, 0)
        self.assertIn("chmod 600", harness.json.dumps(report))


if __name__ == "__main__":
    harness.main()
