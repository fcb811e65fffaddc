#!/usr/bin/env python3
"""Contracts as their users meet them: contract_test.py POLIS POLISD [unittest arguments]

Goal: the guide "your first contract" works line by line, and deploy, call, query, trace, storage
and logs do what they say on four real nodes, failures included. Method: one devnet for most tests;
contracts are built by `polis contract build`, which needs clang++-19 and wasm-ld-19: without them
everything here is skipped, aloud.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import devnet_test
from devnet_test import FAILED, OK, USAGE, DevnetCase, free_base_port, run

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "genesis/contracts"
HAVE_COMPILER = shutil.which("clang++-19") and shutil.which("wasm-ld-19")
NO_COMPILER = "no clang++-19 or wasm-ld-19: apt-get install clang-19 lld-19"


@unittest.skipUnless(HAVE_COMPILER, NO_COMPILER)
class Build(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="polis-contract-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def build(self, text, *arguments):
        source = self.dir / "probe.cpp"
        source.write_text(text)
        return run(self.dir, "contract", "build", source, "-o", self.dir, *arguments)

    def test_makes_what_the_tree_makes(self):
        done = run(
            self.dir, "contract", "build", EXAMPLES / "token.cpp", "-o", self.dir / "out", "--json")
        self.assertEqual(done.returncode, OK, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["contract"], "token")
        self.assertIn("transfer(to: address, amount: u128) -> bool", answer["methods"])
        made = (self.dir / "out/token.wasm").read_bytes()
        self.assertEqual(len(made), answer["codeBytes"])
        abi = json.loads((self.dir / "out/token.abi.json").read_text())
        self.assertEqual(abi["constructor"]["params"], [["name", "string"], ["supply", "u128"]])
        in_tree = Path(devnet_test.POLIS).parents[1] / "contracts/token.wasm"
        if in_tree.exists():
            self.assertEqual(in_tree.read_bytes(), made)
        shown = run(self.dir, "contract", "abi", self.dir / "out/token.wasm")
        self.assertRegex(shown.stdout, r"balance_of\(account: address\) -> u128 +reads")

    def test_says_what_the_compiler_says(self):
        done = self.build("#include <vm/sdk/contract.hpp>\nint x = nonsense;\n")
        self.assertEqual(done.returncode, FAILED)
        self.assertRegex(done.stderr, r"probe.cpp:2:9: error: use of undeclared identifier")
        self.assertRegex(done.stderr, r"polis: .*probe.cpp does not compile")

    def test_wants_a_contract_that_chains_accept(self):
        done = self.build("#include <vm/sdk/contract.hpp>\n")
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("has no POLIS_CONTRACT", done.stderr)
        floats = """#include <vm/sdk/contract.hpp>
            struct C { polis::sdk::u64 half(polis::sdk::u64 x) const {
                return static_cast<polis::sdk::u64>(static_cast<double>(x) * 0.5); } };
            POLIS_CONTRACT(C, POLIS_METHOD(half, x))"""
        done = self.build(floats)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("no chain accepts it", done.stderr)
        done = run(self.dir, "contract", "build", self.dir / "nothing.cpp")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("there is no file", done.stderr)

    def test_says_how_to_get_a_compiler(self):
        empty = self.dir / "bin"
        empty.mkdir()
        done = subprocess.run(
            [devnet_test.POLIS, "contract", "build", EXAMPLES / "token.cpp"], capture_output=True,
            text=True, env={"PATH": str(empty)}, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertRegex(done.stderr, r"no clang\+\+-19 in \$PATH.*apt-get install clang-19 lld-19")


@unittest.skipUnless(HAVE_COMPILER, NO_COMPILER)
class Contracts(DevnetCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("counter", "token", "escrow", "lottery"):
            done = run(cls.home, "contract", "build", EXAMPLES / f"{name}.cpp", "-o", cls.dir)
            assert done.returncode == OK, done.stderr

    def deploy(self, name, *arguments):
        file = self.dir / f"{name}.wasm"
        return self.json("contract", "deploy", file, *arguments, "--from", "dev:0", "--wait")

    def call(self, address, *arguments, caller="dev:0"):
        return self.json("contract", "call", address, *arguments, "--from", caller, "--wait")

    def query(self, address, *arguments):
        return self.json("contract", "query", address, *arguments)["result"]

    def account(self, index):
        return self.up["accounts"][index]["address"]

    def test_moves_units_of_a_token(self):
        deployed = self.deploy("token", "Gold coins", 10**30)
        token = deployed["contract"]
        self.assertEqual(deployed["status"], "finalized")
        self.assertEqual(self.query(token, "name"), "Gold coins")
        sent = self.call(token, "transfer", "dev:1", 10**29)
        self.assertIs(sent["result"], True)
        self.assertEqual(sent["events"], [{
            "contract": token, "name": "Transferred",
            "data": {"from": self.account(0), "to": self.account(1), "amount": str(10**29)}}])
        self.assertGreater(int(sent["gasUsed"]), 1000)
        self.assertEqual(self.query(token, "balance_of", "dev:1"), str(10**29))
        self.assertEqual(self.query(token, "balance_of", self.account(0)), str(9 * 10**29))
        for node in self.status()["nodes"]:
            there = self.json(
                "contract", "query", token, "balance_of", "dev:1", "--rpc", node["rpc"])
            self.assertEqual(there["result"], str(10**29), "all nodes agree")
        logs = self.json("contract", "logs", token)["logs"]
        self.assertEqual([row["data"]["amount"] for row in logs], [str(10**29)])
        self.assertRegex(self.polis("contract", "call", token, "transfer", "dev:2", 5, "--from",
                                    "dev:1", "--wait"), r"result +yes")

    def test_keeps_coins_in_escrow(self):
        escrow = self.deploy("escrow", "dev:3", 2_500_000_000, 1000)["contract"]
        self.fails("contract", "call", escrow, "fund", "--from", "dev:0", "--value", "2",
                   says="the coins are not the price")
        self.fails("contract", "call", escrow, "release", "--from", "dev:0", "--value", "1",
                   says="release takes no coins", code=USAGE)
        before = int(self.json("account", "show", "dev:3")["balance"])
        self.call(escrow, "fund", "--value", "2.5")
        self.assertEqual(self.json("account", "show", escrow)["balance"], "2500000000")
        self.assertEqual(self.query(escrow, "terms")["funded"], True)
        self.call(escrow, "release")
        self.assertEqual(
            int(self.json("account", "show", "dev:3")["balance"]), before + 2_500_000_000)
        self.fails("contract", "query", escrow, "release", "--caller", "dev:0",
                   says="release would fail: reverted: it is settled already")

    def test_tells_how_a_call_would_fail_or_failed(self):
        counter = self.deploy("counter", 10)["contract"]
        self.fails("contract", "call", counter, "increase", 11, "--from", "dev:1",
                   says="that is beyond the limit")
        self.fails("contract", "call", counter, "increase", 11, "--from", "dev:1", "--gas", 100000,
                   "--wait", says="failed: reverted: that is beyond the limit; look: polis tx show")
        self.fails("contract", "call", counter, "increase", 1, "--from", "dev:1", "--gas", 5000,
                   "--wait", says="failed: outOfGas; look")
        self.assertEqual(self.query(counter, "count"), "0")
        pending = self.json("contract", "call", counter, "increase", 2, "--from", "dev:1")
        self.assertEqual(pending["status"], "pending")
        self.json("tx", "wait", pending["id"])
        self.assertEqual(self.query(counter, "count"), "2")

    def test_says_what_is_wrong_with_the_words(self):
        counter = self.deploy("counter", 10)["contract"]
        wasm = self.dir / "counter.wasm"
        self.fails("contract", "call", counter, "increase", "--from", "dev:1", code=USAGE,
                   says="increase takes 1 arguments and 0 were given: increase.by: u64")
        self.fails("contract", "call", counter, "increase", "many", "--from", "dev:1", code=USAGE,
                   says="argument by .u64.: 'many' is no such number; write it like '1000'")
        self.fails("contract", "call", counter, "grow", 1, "--from", "dev:1", code=USAGE,
                   says="counter has no method 'grow'; it has increase")
        self.fails("contract", "query", self.account(4), "count", says="there is no contract at")
        self.fails("contract", "query", "polis1xyz", "count", says="is no address", code=USAGE)
        self.fails("contract", "deploy", wasm, "--from", "dev:0", code=USAGE,
                   says="init takes 1 arguments and 0 were given")
        self.fails("contract", "deploy", wasm, 0, "--from", "dev:0",
                   says="a limit of zero leaves nothing to count")
        self.fails("contract", "deploy", EXAMPLES / "counter.cpp", 1, "--from", "dev:0", code=USAGE,
                   says="no contract with an interface")
        self.fails("contract", "query", counter, "count", "--speed", code=USAGE,
                   says="there is no option --speed")
        self.fails("contract", "query", counter, "share_of", -5, code=USAGE,
                   says="argument account .address.: ")
        self.fails("contract", "query", counter, "share_of", "[1, 2]", code=USAGE,
                   says=r"argument account .address.: '\[1, 2\]' is no name")
        self.fails("contract", "query", counter, "count", "--input", "0xzz", code=USAGE,
                   says="--input takes hexadecimal")

    def test_shows_what_a_call_does(self):
        counter = self.deploy("counter", 10)["contract"]
        done = self.call(counter, "increase", 4, caller="dev:2")
        for subject in ([done["id"]], [counter, "increase", "3", "--caller", "dev:2"]):
            trace = self.json("contract", "trace", *subject)["trace"]
            self.assertEqual([row["method"] for row in trace["calls"]], ["increase"])
            self.assertIn("increase", [row["name"] for row in trace["functions"]])
            self.assertIn("write", {row["kind"] for row in trace["storage"]})
        text = self.polis("contract", "trace", counter, "increase", 3, "--caller", "dev:2")
        self.assertRegex(text, rf"share\[{self.account(2)}\]")
        self.fails("contract", "trace", "nonsense", says="is no address", code=USAGE)
        stored = self.json("contract", "storage", counter, "count", "--type", "u64")
        self.assertEqual((stored["decoded"], stored["key"]), ("4", "count"))
        share = self.json("contract", "storage", counter, "share", "dev:2", "--type", "u64")
        self.assertEqual(share["decoded"], "4")
        none = self.json("contract", "storage", counter, "share", "dev:9", "--type", "u64")
        self.assertIsNone(none["value"])

    def test_draws_a_lottery(self):
        lottery = self.deploy("lottery", 10, 100, 1_000_000, 5)["contract"]
        secret = "0x" + "17" * 32
        self.call(lottery, "join", secret, "--value", "0.00000011", caller="dev:1")
        self.assertEqual(self.query(lottery, "player", "dev:1"),
                         {"commitment": secret, "revealed": False})
        self.assertIsNone(self.query(lottery, "player", "dev:2"))
        self.fails("contract", "call", lottery, "reveal", secret, "--from", "dev:1",
                   says="others may still join; do not reveal yet")


@unittest.skipUnless(HAVE_COMPILER, NO_COMPILER)
class Guide(unittest.TestCase):
    """Every command of the guide, in its order; `# refused: TEXT` says how one fails."""

    def test_does_what_it_says(self):
        text = (ROOT / "docs/guides/first-contract.md").read_text()
        source = re.search(r"^```cpp\n(.*?)^```", text, re.MULTILINE | re.DOTALL).group(1)
        self.assertEqual(source, (EXAMPLES / "counter.cpp").read_text())
        folder = Path(tempfile.mkdtemp(prefix="polis-contract-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "counter.cpp").write_text(source)
        (folder / "polis").symlink_to(devnet_test.POLIS)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("POLIS_")}
        environment.update(PATH=f"{folder}:{os.environ['PATH']}", HOME=str(folder))

        def shell(command):
            return subprocess.run(
                ["bash", "-c", command], cwd=folder, env=environment, capture_output=True,
                text=True, timeout=120, check=False)

        self.addCleanup(shell, "polis devnet down")
        blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        commands = "".join(blocks).splitlines()
        self.assertGreater(len(commands), 15)
        output = ""
        for line in commands:
            command, _, refused = line.partition("# refused: ")
            if line.startswith("COUNTER="):
                environment["COUNTER"] = re.search(r"contract +(polis1\w+)", output).group(1)
                continue
            if line.startswith("polis devnet up"):
                command += f" --base-port {free_base_port()} --polisd {devnet_test.POLISD}"
            done = shell(command)
            output = done.stdout
            if refused:
                self.assertNotEqual(done.returncode, OK, command)
                self.assertIn(refused, done.stderr)
            else:
                self.assertEqual(done.returncode, OK, f"{command}: {done.stderr}")


if __name__ == "__main__":
    devnet_test.POLIS = os.path.abspath(sys.argv.pop(1))
    devnet_test.POLISD = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
