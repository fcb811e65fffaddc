#!/usr/bin/env python3
"""Commands of `polis` that ask a node, where there is none: client_test.py POLIS [ARGUMENTS]

Goal: what they say about nodes, keys and words that are not there, their exit codes, and what a
shell completes. Method: the program itself, sockets that refuse or stay silent, a real bash.
"""

import shutil
import socket
import stat
import subprocess
import unittest

from polis_case import FAILED, TIMEOUT, USAGE, PolisCase, run


class Clients(PolisCase):
    def setUp(self):
        self.env = {"POLIS_KEYS": str(self.dir / "keys"), "POLIS_DEVNET": str(self.dir / "none")}

    def says(self, code, text, *arguments):
        done = run(*arguments, env=self.env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertRegex(done.stderr, text)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_say_that_no_node_answers(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            rpc = f"http://127.0.0.1:{free.getsockname()[1]}"
        for command in (
                ["chain", "head"], ["chain", "block", "3"], ["rpc", "chain_head"],
                ["tx", "wait", "00" * 32], ["tx", "show", "00" * 32],
                ["account", "show", "polis1fm7kl072xpzlwrrr7d56hgrdv6vhl9f09230f9"]):
            self.says(FAILED, "no node answers at .*refused; start one", *command, "--rpc", rpc)

    def test_say_that_a_node_is_too_slow(self):
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen()
            rpc = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            self.says(TIMEOUT, "did not answer in time", "rpc", "x", "--rpc", rpc, "--timeout", 1)

    def test_keep_keys_by_name(self):
        made = self.ok_json("account", "new", "alice", env=self.env)
        file = self.dir / "keys" / "alice.key"
        self.assertEqual((made["name"], made["file"]), ("alice", str(file)))
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        self.says(FAILED, "never overwritten", "account", "new", "alice")
        listed = self.ok_json("account", "list", env=self.env)
        self.assertEqual(
            listed["accounts"], [{"name": "alice", "address": made["address"]}])
        for name in ("", "../x", "a/b", ".x", "polis1x", "dev:0", "x" * 65):
            self.says(USAGE, "is no name for a key", "account", "new", name)
        self.says(FAILED, "no key bob in .*; make it with", "account", "show", "bob")

    def test_refuse_wrong_words(self):
        send = ["tx", "send", "--from", "dev:0", "--to"]
        self.says(USAGE, "is no address: .*checksum", *send, "polis1" + "q" * 38, "--amount", 1)
        to = "polis1fm7kl072xpzlwrrr7d56hgrdv6vhl9f09230f9"
        self.says(USAGE, "'x' is not a decimal number; write POLIS", *send, to, "--amount", "x")
        self.says(USAGE, "finer than the smallest", *send, to, "--amount", "0.0000000001")
        self.says(FAILED, "there is none here; run this where", *send, to, "--amount", 1)
        self.says(USAGE, "is no address of a node", "chain", "head", "--rpc", "ftp://x")
        self.says(USAGE, "name all or none", "rpc", "x", "a=1", "2")
        self.says(FAILED, "there is no devnet in", "devnet", "status")


class Completion(PolisCase):
    def complete(self, *words):
        script = self.dir / "completion.bash"
        script.write_text(self.ok("completion", "bash"))
        quoted = " ".join(f"'{w}'" for w in words)
        done = subprocess.run(
            ["bash", "-c", f"source {script}; COMP_WORDS=(polis {quoted}); "
             f"COMP_CWORD={len(words)}; _polis; printf '%s\\n' \"${{COMPREPLY[@]}}\""],
            capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.split()

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_knows_where_it_is(self):
        self.assertEqual(self.complete("led"), ["ledger"])
        self.assertIn("devnet", self.complete(""))
        self.assertIn("partition", self.complete("devnet", "fault", ""))
        self.assertEqual(self.complete("devnet", "fault", "par"), ["partition"])
        self.assertEqual(self.complete("devnet", "up", "--no"), ["--nodes"])
        self.assertEqual(
            self.complete("devnet", "--home", "status", "up", "--no"), ["--nodes"],
            "a value is no command")
        self.assertEqual(self.complete("tx", "send", "--from", "up", "--amo"), ["--amount"])
        self.assertNotIn("demo-writer", self.complete("ledger", ""))

    def test_is_there_for_every_shell(self):
        self.assertTrue(self.ok("completion", "zsh").startswith("#compdef polis"))
        self.assertIn("complete -c polis", self.ok("completion", "fish"))
        for shell in ("zsh", "fish"):
            if shutil.which(shell):
                script = self.dir / shell
                script.write_text(self.ok("completion", shell))
                subprocess.run([shell, "-n", script], check=True, timeout=60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
