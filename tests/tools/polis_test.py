#!/usr/bin/env python3
"""The program `polis` as its users run it: polis_test.py POLIS [unittest arguments]

Goal: what the guide shows works, every kind of bad input gives one line with cause and cure and its
exit code, and no changed byte on disk passes for a good chain. Method: real processes, real files,
a fresh directory for each class; no waiting.
"""

import fcntl
import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from polis_case import FAILED, OK, POLIS, ROOT, USAGE, PolisCase, run

NOBODY = 65534


class Demo(PolisCase):
    def test_loses_nothing_and_says_what_to_try(self):
        home = self.dir / "demo"
        text = self.ok("ledger", "demo", "--blocks", 20, "--transfers", 20, "--home", home)
        for part in ("kill -9", "reopened", "all roots equal", "proof verified", str(home)):
            self.assertIn(part, text)
        commands = re.findall(r"^  (\S*polis ledger .*)$", text, re.MULTILINE)
        self.assertEqual(len(commands), 6)
        for command in commands:
            with self.subTest(command):
                done = subprocess.run(
                    command, shell=True, capture_output=True, text=True, timeout=120, check=False)
                self.assertEqual(done.returncode, OK, done.stderr)

    def test_ends_alike_wherever_the_kill_fell(self):
        options = ("--blocks", 12, "--transfers", 15, "--seed", 7)
        first = self.ok_json("ledger", "demo", *options, "--home", self.dir / "first")
        second = self.ok_json("ledger", "demo", *options, "--home", self.dir / "second")
        self.assertEqual(first["height"], 12)
        self.assertGreaterEqual(first["height_after_kill"], first["acknowledged_before_kill"])
        self.assertEqual(first["state_root"], second["state_root"])
        self.assertTrue(first["all_roots_equal"])
        other = self.ok_json(
            "ledger", "demo", *options[:-1], 8, "--home", self.dir / "third")
        self.assertNotEqual(first["state_root"], other["state_root"])

    def test_chooses_a_fresh_directory(self):
        answer = self.ok_json(
            "ledger", "demo", "--blocks", 4, "--transfers", 1, env={"TMPDIR": str(self.dir)})
        self.assertTrue(answer["home"].startswith(str(self.dir / "polis-demo-")))
        self.fails(
            "ledger", "demo", env={"TMPDIR": str(self.dir / "none")},
            says="temporary directory.*--home")

    def test_leaves_an_existing_chain_alone(self):
        home = self.dir / "taken"
        self.ok("genesis", "build", ROOT / "genesis/presets/solo.toml", "--home", home)
        before = self.ok_json("ledger", "info", "--home", home)
        self.fails(
            "ledger", "demo", "--home", home, says="already holds a chain; choose another --home")
        self.assertEqual(before["block"], self.ok_json("ledger", "info", "--home", home)["block"])

    def test_is_nothing_but_a_ledger_when_its_parent_dies(self):
        """The writer alone: it ends with its parent and leaves a chain that verifies."""
        home = self.dir / "orphan"
        self.ok("genesis", "build", ROOT / "genesis/presets/devnet.toml", "--home", home)
        acks, acks_write = os.pipe()
        lifeline, lifeline_write = os.pipe()

        def take_places():
            high_acks = fcntl.fcntl(acks_write, fcntl.F_DUPFD, 10)
            high_lifeline = fcntl.fcntl(lifeline, fcntl.F_DUPFD, 10)
            os.dup2(high_acks, 3)
            os.dup2(high_lifeline, 4)

        writer = subprocess.Popen(
            [POLIS, "ledger", "demo-writer", "--home", str(home), "--blocks", "100000",
             "--transfers", "1"],
            preexec_fn=take_places, pass_fds=(3, 4), stderr=subprocess.PIPE)
        os.close(acks_write)
        os.close(lifeline)
        heights = [int.from_bytes(os.read(acks, 8), "big") for _ in range(5)]
        self.assertEqual(heights, [1, 2, 3, 4, 5])
        self.fails(
            "ledger", "info", "--home", home, says="another process has it open; stop it first")
        os.close(acks)
        os.close(lifeline_write)
        self.assertIn(writer.wait(timeout=60), (OK, -signal.SIGPIPE))
        writer.stderr.close()
        self.assertGreaterEqual(self.ok_json("ledger", "verify", "--home", home)["height"], 5)


class Simulate(PolisCase):
    def test_breaks_no_promise(self):
        told = self.ok_json("simulate", "--seeds", 6, "--nodes", "4..5", "--jobs", 2)
        self.assertEqual((told["seeds"], told["recovered"], told["violations"]), (6, 6, 0))
        self.assertGreater(told["heights"], 6 * 8)
        self.assertGreater(told["messages_per_second"], 0)
        self.assertIn("recovery views p99", self.ok("simulate", "--seeds", 1, "--nodes", 4))

    def test_replays_a_seed_with_its_trace(self):
        one = ["simulate", "--seed", 3, "--nodes", 4, "--crash"]
        shown = self.ok(*one, "--trace")
        self.assertEqual(shown, self.ok(*one, "--trace"))
        file = self.dir / "trace.txt"
        told = self.ok_json(*one, "--trace-file", file)
        trace = file.read_text()
        self.assertTrue(shown.startswith(trace))
        self.assertIn(told["digest"], shown)
        self.assertIn("proposal 1/0", trace)
        self.assertIn("finalizes 8", trace)
        self.assertEqual(told["violation"], "none")
        self.assertEqual(told["run"], "--seed 3 --nodes 4 --crash")

    def test_says_what_is_wrong_with_its_options(self):
        self.fails("simulate", "--nodes", 0, says="a run has 1 to 64 nodes; choose")
        self.fails("simulate", "--nodes", "9..4", says="smaller number first")
        self.fails("simulate", "--nodes", "x", says="is no range of nodes; write one like")
        self.fails("simulate", "--trace", says="choose it with --seed N")
        self.fails("simulate", "--no-faults", "--crash", says="contradicts")
        self.fails("simulate", "--nodes", 4, "--above-f", 2, says="3 of 4 members would lie")
        self.fails("simulate", "--seed", 1, "--trace", "--json", says="add --trace-file FILE")
        nowhere = self.dir / "no" / "trace.txt"
        self.fails("simulate", "--seed", 1, "--trace-file", nowhere, says="choose another file")
        self.misused("simulate", "--seeds", 0, says="--seeds")
        self.misused("simulate", "--jobs", 0, says="--jobs")


class Keys(PolisCase):
    def test_makes_a_private_file_once(self):
        file = self.dir / "key"
        made = self.ok_json("keys", "new", "--file", file)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        shown = self.ok_json("keys", "show", "--file", file)
        self.assertEqual(shown["address"], made["address"])
        self.assertEqual(shown["public_key"], made["public_key"])
        text = file.read_text()
        self.fails("keys", "new", "--file", file, says="never overwritten; choose another")
        self.assertEqual(file.read_text(), text)
        self.assertNotEqual(
            self.ok_json("keys", "new", "--file", self.dir / "other")["address"], made["address"])

    def test_knows_the_public_keys(self):
        listed = self.ok_json("keys", "dev", "--seed", "polis-devnet", "--count", 10)
        preset = (ROOT / "genesis/presets/devnet.toml").read_text()
        for key in listed["keys"]:
            self.assertIn(key["address"], preset)
            shown = self.ok_json("keys", "show", "--seed", key["seed"])
            self.assertEqual(shown["address"], key["address"])
        imported = self.ok_json(
            "keys", "new", "--file", self.dir / "dev", "--seed", listed["keys"][0]["seed"])
        self.assertEqual(imported["address"], listed["keys"][0]["address"])

    def test_refuses_bad_files(self):
        self.fails("keys", "show", "--file", self.dir / "none", says="No such file.*; check")
        self.fails("keys", "new", "--file", self.dir / "no/key", says="No such file.*; choose")
        bad = self.dir / "bad"
        for text in ("", "hello", "polis-key-1 12\n", "polis-key-1 " + "0" * 64, "\0" * 300):
            bad.write_text(text)
            bad.chmod(0o600)
            self.fails("keys", "show", "--file", bad, says="no key file; make one")
        self.fails("keys", "show", "--file", self.dir, says="others than its owner|no key file")
        bad.chmod(0o644)
        self.fails("keys", "show", "--file", bad, says="chmod 600")
        self.fails("keys", "show", "--seed", "12", says="64 hexadecimal digits; check --seed")
        self.fails(
            "keys", "new", "--seed", "xyz", "--file", self.dir / "k", says="64 hexadecimal")
        self.assertFalse((self.dir / "k").exists())


class Genesis(PolisCase):
    def test_checks_and_builds_the_presets(self):
        for name in ("devnet", "solo"):
            preset = ROOT / f"genesis/presets/{name}.toml"
            checked = self.ok_json("genesis", "check", preset)
            self.assertEqual(checked["name"], name)
            home = self.dir / name
            built = self.ok_json("genesis", "build", preset, "--home", home)
            self.assertEqual(built["genesis_hash"], checked["genesis_hash"])
            self.assertEqual(built["state_root"], checked["state_root"])
            self.assertEqual((home / "genesis.toml").read_bytes(), preset.read_bytes())
            self.fails("genesis", "build", preset, "--home", home, says="already holds a chain")

    def test_prints_the_presets(self):
        text = self.ok("genesis", "devnet")
        self.assertEqual(text, (ROOT / "genesis/presets/devnet.toml").read_text())
        solo = self.ok(
            "genesis", "devnet", "--validators", 1, "--name", "solo", "--chain-id", 102)
        self.assertEqual(solo, (ROOT / "genesis/presets/solo.toml").read_text())
        large = self.dir / "large.toml"
        large.write_text(self.ok(
            "genesis", "devnet", "--validators", 300, "--accounts", 50, "--seed", "x"))
        checked = self.ok_json("genesis", "check", large)
        self.assertEqual(checked["validators"], 300)
        self.assertEqual(checked["committee"], 100)
        self.assertEqual(checked["election"], "dpos")
        other = self.dir / "other.toml"
        other.write_text(self.ok("genesis", "devnet", "--election", "pole"))
        self.assertEqual(self.ok_json("genesis", "check", other)["election"], "pole")
        other.write_text(self.ok("genesis", "devnet", "--election", "poc"))
        self.fails(
            "genesis", "check", other,
            says=r'election: is "poc", which this program cannot run; choose "dpos" or "pole"')

    def test_names_what_is_wrong(self):
        preset = self.dir / "bad.toml"
        good = (ROOT / "genesis/presets/solo.toml").read_text()
        preset.write_text(good.replace("term_blocks", "term_block"))
        self.fails(
            "genesis", "check", preset,
            says=r"bad.toml:14: params.term_block: unknown key; did you mean term_blocks\?")
        self.fails(
            "genesis", "build", preset, "--home", self.dir / "h", says="bad.toml:14: params")
        self.assertFalse((self.dir / "h").exists())
        preset.write_text("x = [")
        self.fails("genesis", "check", preset, says="bad.toml:1: .*; mend the TOML syntax")
        preset.write_bytes(b"\xff\xfe" * 50)
        self.fails("genesis", "check", preset, says="bad.toml")
        self.fails("genesis", "check", self.dir / "none", says="no such file; name a preset")
        self.fails("genesis", "check", self.dir, says="is not a file; name a preset")

    def test_refuses_a_home_that_cannot_be(self):
        preset = ROOT / "genesis/presets/solo.toml"
        file = self.dir / "file"
        file.write_text("")
        self.fails("genesis", "build", preset, "--home", file / "x", says="cannot make the dir")
        other = self.dir / "other"
        other.mkdir()
        (other / "genesis.toml").write_text("another")
        self.fails("genesis", "build", preset, "--home", other, says="another preset; choose")


class Chain(PolisCase):
    """One chain of a demo for all questions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.dir / "home"
        done = run(
            "ledger", "demo", "--blocks", 20, "--transfers", 20, "--json", "--home", cls.home)
        assert done.returncode == OK, done.stderr
        cls.demo = json.loads(done.stdout)

    def ask(self, *arguments, **options):
        return self.ok_json("ledger", *arguments, "--home", self.home, **options)

    def test_knows_its_head(self):
        info = self.ask("info")
        self.assertEqual(info["height"], 20)
        self.assertEqual(info["state_root"], self.demo["state_root"])
        self.assertEqual(info["genesis_hash"], self.demo["genesis_hash"])
        self.assertEqual(info["name"], "devnet")
        by_environment = self.ok_json("ledger", "info", env={"POLIS_HOME": str(self.home)})
        self.assertEqual(by_environment["block"], info["block"])
        self.assertIn("10040000 POLIS", self.ok("ledger", "info", "--home", self.home))

    def test_links_its_blocks(self):
        parent = None
        total = 0
        for height in range(21):
            block = self.ask("block", height)
            self.assertEqual(block["height"], height)
            if parent:
                self.assertEqual(block["parent"], parent["hash"])
            parent = block
            total += block["transaction_count"]
        self.assertEqual(parent["hash"], self.ask("info")["block"])
        self.assertEqual(self.ask("block", "head"), parent)
        self.assertEqual(total, self.demo["transactions"])
        self.fails("ledger", "block", 21, "--home", self.home, says="no block 21; the head is at")

    def test_finds_transactions(self):
        kinds = set()
        for height in (1, 3, 20):
            for row in self.ask("block", height)["transactions"]:
                found = self.ask("txn", row["id"])
                self.assertEqual(
                    (found["height"], found["index"], found["status"]),
                    (height, row["index"], "success"))
                self.assertEqual(found["from"], row["from"])
                kinds.add(found["kind"])
        self.assertEqual(kinds, {"transfer", "delegate", "unbond"})
        self.fails("ledger", "txn", "0x" + "00" * 32, "--home", self.home, says="no transaction")

    def test_tells_an_account(self):
        account = self.ask("account", self.demo["account"], "--last", 5)
        self.assertEqual(account["balance"], self.demo["balance"])
        self.assertEqual(len(account["last_transactions"]), 5)
        places = [(t["height"], t["index"]) for t in account["last_transactions"]]
        self.assertEqual(places, sorted(places, reverse=True))
        everything = self.ask("account", self.demo["account"], "--last", 1000)
        sent = [t for t in everything["last_transactions"] if t["from"] == self.demo["account"]]
        self.assertEqual(len(sent), account["nonce"])
        nobody = self.ask("account", self.demo["absent"])
        self.assertEqual((nobody["balance"], nobody["last_transactions"]), ("0", []))

    def test_proves_and_checks(self):
        root = self.ask("info")["state_root"]
        for address, exists in ((self.demo["account"], True), (self.demo["absent"], False)):
            proof = self.ok("ledger", "proof", address, "--home", self.home)
            checked = self.ok_json("ledger", "proof-check", "-", "--root", root, input=proof)
            self.assertEqual(
                (checked["valid"], checked["root_compared"], checked["exists"]),
                (True, True, exists))
            self.assertEqual(json.loads(proof)["root"], root)
        file = self.dir / "proof.json"
        file.write_text(proof)
        self.assertEqual(self.ok_json("ledger", "proof-check", file)["root_compared"], False)

    def test_refuses_wrong_proofs(self):
        proof = json.loads(self.ok("ledger", "proof", self.demo["account"], "--home", self.home))
        proof["account"]["balance"] = "1"
        self.fails(
            "ledger", "proof-check", "-", input=json.dumps(proof), says="another account than")
        self.fails("ledger", "proof-check", "-", input="{}", says="no account proof: .*; make one")
        self.fails("ledger", "proof-check", "-", input="[" * 100_000, says="too large or too deep")
        self.fails("ledger", "proof-check", self.dir / "none", says="cannot read")
        good = self.ok("ledger", "proof", self.demo["account"], "--home", self.home)
        self.fails(
            "ledger", "proof-check", "-", "--root", "00" * 32, input=good, says="the root that you")

    def test_adds_up(self):
        supply = self.ask("supply")
        self.assertTrue(supply["adds_up"])
        parts = [int(supply[key]) for key in ("balances", "staked", "unbonding")]
        self.assertEqual(sum(parts), int(supply["supply_record"]))
        self.assertEqual(sum(parts), 10_040_000 * 10**9)

    def test_verifies_on_any_number_of_threads(self):
        for threads in (1, 3):
            verified = self.ask("verify", "--threads", threads)
            self.assertEqual(verified["state_root"], self.demo["state_root"])
            self.assertEqual(verified["transactions"], self.demo["transactions"])
            self.assertTrue(verified["ok"])

    def test_moves_by_export_and_import(self):
        file = self.dir / "chain.blk"
        self.ok("ledger", "export", "--home", self.home, "--out", file)
        self.fails("ledger", "export", "--home", self.home, "--out", file, says="exists; choose")
        moved = self.ok_json("ledger", "import", file, "--home", self.dir / "moved")
        self.assertEqual(moved["state_root"], self.demo["state_root"])
        verified = self.ok_json("ledger", "verify", "--home", self.dir / "moved")
        self.assertEqual(verified["block"], self.ask("info")["block"])
        file.write_bytes(file.read_bytes()[:-1])
        self.fails(
            "ledger", "import", file, "--home", self.dir / "cut", says="ends in the middle.*;")

    def test_says_what_is_wrong_with_a_home(self):
        commands = [
            ("info",), ("block", 1), ("txn", "00" * 32), ("account", self.demo["account"]),
            ("proof", self.demo["account"]), ("supply",), ("verify",),
            ("export", "--out", self.dir / "x")]
        empty = self.dir / "empty"
        empty.mkdir()
        for command in commands:
            with self.subTest(command[0]):
                self.fails(
                    "ledger", *command, "--home", self.dir / "none", says="there is no directory")
                self.fails("ledger", *command, "--home", empty, says="holds no chain; create one")
        foreign = self.dir / "foreign"
        (foreign / "chain").mkdir(parents=True)
        self.fails("ledger", "info", "--home", foreign, says="no store here: check the path")
        (foreign / "chain" / "CURRENT").write_text("nonsense")
        self.fails("ledger", "info", "--home", foreign, says="damaged|missing")
        file = self.dir / "file"
        (file).mkdir()
        (file / "chain").write_text("")
        self.fails("ledger", "info", "--home", file, says="is not a directory; create one")

    def test_refuses_a_locked_chain(self):
        with open(self.home / "chain" / "LOCK", "r+b") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self.fails(
                "ledger", "info", "--home", self.home,
                says="another process has it open; stop it first")
        self.ask("info")

    @unittest.skipIf(os.geteuid() != 0, "needs root to become somebody else")
    def test_refuses_a_chain_of_somebody_else(self):
        program = Path(tempfile.mkdtemp(prefix="polis-bin-"))
        self.addCleanup(shutil.rmtree, program)
        program.chmod(0o755)
        shutil.copy(POLIS, program / "polis")
        closed = self.dir / "closed"
        shutil.copytree(self.home, closed)
        self.dir.chmod(0o755)
        for mode in (0o700, 0o755):
            (closed / "chain").chmod(0o755)
            closed.chmod(mode)
            done = subprocess.run(
                [program / "polis", "ledger", "info", "--home", closed], user=NOBODY,
                capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, FAILED)
            self.assertRegex(done.stderr, r"^polis: .*(owner|permission).*\n$")


class Tampering(PolisCase):
    """One flipped byte in a stored file: an error with a name, or the same data as before."""

    def build(self, name, *arguments):
        home = self.dir / name
        done = run(*arguments, "--home", home)
        self.assertEqual(done.returncode, OK, done.stderr)
        return home

    def verified(self, home):
        done = run("ledger", "verify", "--json", "--threads", 1, "--home", home)
        return done, json.loads(done.stdout) if done.stdout else {}

    def flip_each(self, home, suffixes, count):
        """How many flips were found. No flip may pass with other data than the original."""
        pristine = shutil.copytree(home, self.dir / "pristine", dirs_exist_ok=False)
        self.addCleanup(shutil.rmtree, pristine, ignore_errors=True)
        roots = self.roots_by_height(home)
        found = 0
        draw = random.Random(42)
        for file in sorted((pristine / "chain").iterdir()):
            if file.suffix not in suffixes or file.stat().st_size == 0:
                continue
            for offset in sorted(draw.sample(range(file.stat().st_size),
                                             min(count, file.stat().st_size))):
                copy = shutil.copytree(pristine, self.dir / "copy")
                data = bytearray(file.read_bytes())
                data[offset] ^= 1 << draw.randrange(8)
                (copy / "chain" / file.name).write_bytes(data)
                done, answer = self.verified(copy)
                shutil.rmtree(copy)
                where = f"{file.name} at {offset}: {done.stdout} {done.stderr}"
                if done.returncode == OK:
                    self.assertEqual(roots.get(answer["height"]), answer["state_root"], where)
                    self.assertEqual(answer["height"], max(roots), where)
                else:
                    found += 1
                    self.assertEqual(done.returncode, FAILED, where)
                    self.assertRegex(done.stderr, r"^polis: .+;.+\n$", where)
        return found

    def roots_by_height(self, home):
        """State roots, read from a copy, so that `home` keeps the files that it has."""
        copy = shutil.copytree(home, self.dir / "roots")
        info = self.ok_json("ledger", "info", "--home", copy)
        shutil.rmtree(copy)
        return {info["height"]: info["state_root"]}

    def test_finds_flips_in_tables(self):
        home = self.build("tables", "ledger", "demo", "--blocks", 8, "--transfers", 10)
        self.ok("ledger", "info", "--home", home)
        names = [file.suffix for file in (home / "chain").iterdir()]
        self.assertIn(".ldb", names)
        self.assertGreater(self.flip_each(home, (".ldb",), 40), 30)

    def test_finds_flips_in_the_log(self):
        source = self.build("source", "ledger", "demo", "--blocks", 8, "--transfers", 10)
        file = self.dir / "chain.blk"
        self.ok("ledger", "export", "--home", source, "--out", file)
        home = self.build("log", "ledger", "import", file)
        logs = [file for file in (home / "chain").iterdir() if file.suffix == ".log"]
        self.assertGreater(sum(log.stat().st_size for log in logs), 10_000)
        self.assertGreater(self.flip_each(home, (".log",), 40), 30)

    def test_finds_flips_in_a_genesis(self):
        preset = ROOT / "genesis/presets/devnet.toml"
        home = self.build("genesis", "genesis", "build", preset)
        self.assertGreater(self.flip_each(home, (".log", ""), 20), 10)

    def test_finds_missing_files(self):
        home = self.build("missing", "ledger", "demo", "--blocks", 4, "--transfers", 10)
        for file in sorted((home / "chain").iterdir()):
            if file.name == "LOCK" or file.stat().st_size == 0:
                continue
            copy = shutil.copytree(home, self.dir / "copy")
            (copy / "chain" / file.name).unlink()
            self.fails("ledger", "verify", "--home", copy, says="missing|no store|damaged|holds no")
            shutil.rmtree(copy)


class Guide(PolisCase):
    """Every command of the tour, in its order; `$` marks those whose failure it shows."""

    COMMAND = re.compile(r"^(\$ )?((?:polis|cp|printf|sed) .*)$")

    def test_does_what_it_says(self):
        bin_dir = self.dir / "bin"
        bin_dir.mkdir()
        (bin_dir / "polis").symlink_to(POLIS)
        guide = (ROOT / "docs/guides/first-chain.md").read_text()
        blocks = re.findall(r"^```\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()]
        commands = 0
        for line, following in zip(lines, lines[1:] + [""]):
            match = self.COMMAND.match(line)
            if not match:
                continue
            commands += 1
            environment = dict(os.environ, PATH=f"{bin_dir}:{os.environ['PATH']}")
            done = subprocess.run(
                ["bash", "-c", match.group(2)], cwd=self.dir, env=environment,
                capture_output=True, text=True, timeout=120, check=False)
            with self.subTest(line):
                if match.group(1) and following.startswith("polis: "):
                    self.assertEqual(done.returncode, FAILED, done.stderr)
                    self.assertTrue(done.stderr.startswith(following.split("...")[0]), done.stderr)
                else:
                    self.assertEqual(done.returncode, OK, done.stderr)
        self.assertGreater(commands, 20)


class ExitCodes(PolisCase):
    def test_0_for_help_and_version(self):
        for command in (
                "", "ledger demo", "keys", "keys new", "keys show", "keys dev", "genesis",
                "genesis check", "genesis build", "genesis devnet", "ledger", "ledger info",
                "ledger block", "ledger txn", "ledger account", "ledger proof",
                "ledger proof-check", "ledger supply", "ledger verify", "ledger export",
                "ledger import", "ledger bench", "demo", "devnet", "devnet up", "devnet down",
                "devnet status", "devnet logs", "devnet add-node", "devnet rm-node",
                "devnet fault", "devnet fault partition", "devnet snapshot", "devnet revert",
                "devnet reset", "devnet bundle", "account", "account new", "account list",
                "account show", "tx", "tx send", "tx wait", "tx show", "chain", "chain head",
                "chain block", "stake", "stake register", "stake delegate", "stake unbond",
                "stake withdraw", "stake unjail", "stake show", "rpc", "completion"):
            text = self.ok(*command.split(), "--help")
            self.assertIn("Usage: polis", text)
            self.assertIn("Exit codes: 0 done; 1 failed", text)
        self.assertRegex(self.ok("--version"), r"^\d+\.\d+\.\d+\n$")

    def test_2_for_wrong_usage(self):
        self.misused(says="subcommand is required")
        self.misused("nonsense")
        self.misused("ledger", says="subcommand is required")
        self.misused("ledger", "info", says="--home is required")
        self.misused("ledger", "info", "--home", "x", "--nonsense")
        self.misused("ledger", "block", "x", "--home", "x", says="'x' is no height")
        self.misused("ledger", "block", "-1", "--home", "x")
        self.misused("ledger", "block", "99999999999999999999", "--home", "x", says="no height")
        self.misused("ledger", "txn", "12", "--home", "x", says="no hash")
        self.misused("ledger", "account", "polis1x", "--home", "x", says="no address")
        self.misused("ledger", "verify", "--threads", "0", "--home", "x")
        self.misused("ledger", "proof-check")
        self.misused("genesis", "build", "x")
        self.misused("genesis", "devnet", "--validators", "0")
        self.misused("genesis", "devnet", "--election", "pow")
        self.misused("keys", "show")
        self.misused("keys", "show", "--file", "x", "--seed", "y")
        self.misused("keys", "new")
        self.misused("keys", "dev", "--count", "x")
        self.misused("ledger", "demo", "--blocks", "1")
        self.misused("tx", "show", "12", says="no hash")
        self.misused("chain", "block", "x", says="'x' is no block")
        self.misused("devnet", "up", "--wait", "x", says="write ready or finalized:3")
        self.misused("devnet", "up", "--nodes", "65")
        self.misused("completion", "tcsh")

    def test_1_when_nobody_can_read_the_answer(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(
                [POLIS, "genesis", "devnet"], stdout=full, stderr=subprocess.PIPE, text=True,
                timeout=60, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertRegex(done.stderr, "standard output; is the disk full")

    def test_benchmark_runs(self):
        answer = self.ok_json(
            "ledger", "bench", "--accounts", 500, "--transfers", 1000, "--block-txns", 250)
        self.assertEqual(answer["succeeded"], 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
