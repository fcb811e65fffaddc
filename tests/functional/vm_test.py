#!/usr/bin/env python3
"""The contract VM from the command line: vm_test.py POLIS POLISD

Goal: strangers run modules of their own through `polis vm`, and whatever they give, they get a
result, a named trap, a named refusal or a usage error, never a crash. Method: modules written here
byte by byte, some then broken in every way; a small script of the specification's suite.
"""

import json
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness

OK, FAILED, USAGE = 0, 1, 2
I32, I64 = 0x7F, 0x7E


def leb(value):
    out = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        if value == 0:
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def vector(items):
    return leb(len(items)) + b"".join(items)


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


def module(functions, imports=(), memory=True):
    """functions: (export, parameters, results, code) each; imports: (name, parameters, results)."""
    def func_type(parameters, results):
        return b"\x60" + vector([bytes([p]) for p in parameters]) + vector(
            [bytes([r]) for r in results])

    def name(text):
        return leb(len(text)) + text.encode()

    types = [func_type(p, r) for _, p, r in imports] + [func_type(p, r) for _, p, r, _ in functions]
    first = len(imports)
    out = b"\0asm\1\0\0\0" + section(1, vector(types))
    if imports:
        out += section(2, vector(
            [name("polis") + name(n) + b"\0" + leb(i) for i, (n, _, _) in enumerate(imports)]))
    out += section(3, vector([leb(first + i) for i in range(len(functions))]))
    if memory:
        out += section(5, b"\1\1\1\4")
    out += section(7, vector(
        [name(f[0]) + b"\0" + leb(first + i) for i, f in enumerate(functions)]))
    bodies = [b"\0" + f[3] + b"\x0b" for f in functions]
    return out + section(10, vector([leb(len(body)) + body for body in bodies]))


ADD = ("add", [I32, I32], [I32], b"\x20\0\x20\1\x6a")
DIVIDE = ("divide", [I64, I64], [I64], b"\x20\0\x20\1\x7f")
SPIN = ("spin", [], [], b"\x03\x40\x0c\0\x0b")
BOOM = ("boom", [], [], b"\0")
DEEP = ("deep", [], [], b"\x10\x04")
STORE = ("store", [I32], [], b"\x20\0\x41\x2a\x36\0\0")
ALL = module([ADD, DIVIDE, SPIN, BOOM, DEEP, STORE])

WAST = """
(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "half") (param f32) (result f32) (f32.mul (local.get 0) (f32.const 0.5)))
  (func (export "round") (param i32) (result i32)
    (i32.trunc_f32_s (f32.convert_i32_s (local.get 0)))))
(assert_return (invoke "add" (i32.const 2) (i32.const 3)) (i32.const {sum}))
(assert_return (invoke "half" (f32.const 2)) (f32.const 1))
(assert_return (invoke "round" (i32.const 2)) (i32.const 2))
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_malformed (module quote "(func") "unexpected end")
"""


class VmCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-vm-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.all = cls.write("all.wasm", ALL)

    @classmethod
    def write(cls, name, content):
        path = cls.dir / name
        path.write_bytes(content)
        return path

    def run_vm(self, *arguments, code=OK):
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), "vm", *map(str, arguments)], cwd=self.dir,
            capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def json_of(self, *arguments, code=OK):
        return json.loads(self.run_vm(*arguments, "--json", code=code).stdout)

    def says(self, *arguments, code, words):
        """One line with cause and cure."""
        lines = self.run_vm(*arguments, code=code).stderr.splitlines()
        self.assertEqual(len(lines), 1, lines)
        for word in words:
            self.assertIn(word, lines[0])


class Run(VmCase):
    def test_a_result_with_its_gas_and_times(self):
        for engine in ("fast", "naive"):
            got = self.json_of("run", self.all, "add", "-5", "0x3", "--engine", engine)
            self.assertTrue(got["ok"])
            self.assertEqual((got["result"], got["resultSigned"]), (2**32 - 2, -2))
            self.assertIsNone(got["trap"])
            self.assertEqual(got["gasUsed"], 3)
            for key in ("microseconds", "translateMicroseconds", "instantiateMicroseconds"):
                self.assertGreaterEqual(got[key], 0)
        text = self.run_vm("run", self.all, "divide", "-9223372036854775808", 2).stdout
        self.assertIn("-4611686018427387904", text)
        self.assertEqual(
            self.json_of("run", self.all, "add", 1, 2, "--repeat", 20)["result"], 3)

    def test_traps_are_named(self):
        for function, arguments, trap in (
                ("divide", (1, 0), "divide_by_zero"),
                ("divide", (-2**63, -1), "integer_overflow"),
                ("boom", (), "unreachable"),
                ("deep", (), "stack_exhausted"),
                ("store", (65533,), "memory_bounds"),
                ("store", (-1,), "memory_bounds")):
            for engine in ("fast", "naive"):
                got = self.json_of(
                    "run", self.all, function, *arguments, "--engine", engine, code=FAILED)
                self.assertEqual((got["ok"], got["trap"]), (False, trap))
        self.says("run", self.all, "boom", code=FAILED, words=("unreachable", "--trace"))

    def test_gas_is_a_limit(self):
        got = self.json_of("run", self.all, "spin", "--gas", 12345, code=FAILED)
        self.assertEqual((got["trap"], got["gasUsed"]), ("out_of_gas", 12345))
        self.assertTrue(self.json_of("run", self.all, "add", 1, 2, "--gas", 3)["ok"])
        self.json_of("run", self.all, "add", 1, 2, "--gas", 2, code=FAILED)
        self.says("run", self.all, "spin", "--gas", 9, code=FAILED, words=("out_of_gas", "--gas"))

    def test_gas_by_function_and_memory(self):
        got = self.json_of("run", self.all, "deep", "--trace", code=FAILED)
        self.assertEqual([row["function"] for row in got["functions"]], ["deep"])
        self.assertGreater(got["functions"][0]["calls"], 100)
        got = self.json_of("run", self.all, "store", 8, "--memory", "8:4")
        self.assertEqual(got["memory"], "0x2a000000")

    def test_a_contract_and_its_world(self):
        code = (b"\x41\x10\x41\x20\x10\0\x1a" + b"\x41\x10\x41\4\x10\1")  # input, then return
        echo = self.write("echo.wasm", module(
            [("run", [], [], code)],
            imports=[("input", [I32, I32], [I32]), ("return", [I32, I32], [])]))
        got = self.json_of("run", echo, "run", "--input", "0x01020304", "--profile", "contract")
        self.assertEqual(got["output"], "0x01020304")
        (self.dir / "input.bin").write_bytes(b"abcd")
        got = self.json_of("run", echo, "run", "--input", "@input.bin")
        self.assertEqual(got["output"], "0x" + b"abcd".hex())

    def test_mistakes_are_usage(self):
        for arguments, words in (
                (("nowhere.wasm", "add"), ("nowhere.wasm",)),
                ((self.dir, "add"), ("folder",)),
                ((self.all, "subtract"), ("subtract", "divide")),
                ((self.all, "add", "1"), ("(i32, i32) -> i32", "2 numbers")),
                ((self.all, "add", "1", "2", "3"), ("not 3",)),
                ((self.all, "add", "1", "two"), ("argument 2", "0x")),
                ((self.all, "add", "1", "4294967296"), ("argument 2", "4294967295")),
                ((self.all, "add", "1", "2", "--memory", "1"), ("OFFSET:LENGTH",)),
                ((self.all, "add", "1", "2", "--memory", "65536:1"), ("outside",)),
                ((self.all, "add", "1", "2", "--input", "0x0"), ("hexadecimal",)),
                ((self.all, "add", "1", "2", "--input", "@nowhere"), ("nowhere",))):
            with self.subTest(arguments):
                self.says("run", *arguments, code=USAGE, words=words)
        for arguments in (
                ("--gas", "-1"), ("--gas", "x"), ("--value", "-1"), ("--engine", "jit"),
                ("--repeat", "0")):
            self.run_vm("run", self.all, "add", "1", "2", *arguments, code=USAGE)

    def test_refusals_have_a_name_and_a_cure(self):
        floats = self.write("float.wasm", module([("f", [0x7D], [], b"")]))
        got = self.json_of("run", floats, "f", "1", code=FAILED)
        self.assertEqual(got["rejection"]["code"], "float")
        self.says("run", floats, "f", "1", code=FAILED, words=("float", "fixed point"))
        unknown = self.write(
            "unknown.wasm", module([("f", [], [], b"")], imports=[("printf", [I32], [])]))
        self.says("run", unknown, "f", code=FAILED, words=("unknown_import", "polis.printf"))
        self.says("run", self.write("empty.wasm", b""), "f", code=FAILED, words=("truncated",))

    def test_any_bytes_end_well(self):
        """Every beginning of a module, and modules with a byte or two changed."""
        seeded = random.Random(7)
        broken = [ALL[:size] for size in range(0, len(ALL), 3)]
        for _ in range(40):
            bytes_ = bytearray(ALL)
            for _ in range(seeded.choice((1, 1, 2))):
                bytes_[seeded.randrange(8, len(bytes_))] = seeded.randrange(256)
            broken.append(bytes(bytes_))
        for content in broken:
            path = self.write("broken.wasm", content)
            done = subprocess.run(
                [Path(harness.POLIS).resolve(), "vm", "run", path, "add", "1", "2", "--gas",
                 "100000", "--json"],
                capture_output=True, text=True, timeout=60, check=False)
            self.assertIn(done.returncode, (OK, FAILED, USAGE), content.hex())
            if done.returncode == FAILED:
                self.assertFalse(json.loads(done.stdout)["ok"])


class Look(VmCase):
    def test_inspect_lists_what_is_there(self):
        got = self.json_of("inspect", self.all)
        self.assertEqual(got["bytes"], len(ALL))
        self.assertEqual([row["name"] for row in got["exports"]],
                         ["add", "divide", "spin", "boom", "deep", "store"])
        self.assertEqual(got["exports"][1]["type"], "(i64, i64) -> i64")
        self.assertGreater(got["instantiation_gas"], 0)

    def test_disasm_shows_register_code(self):
        text = self.run_vm("disasm", self.all, "add").stdout
        self.assertIn("i32.add", text)
        self.assertEqual(len(self.json_of("disasm", self.all)["functions"]), 6)
        self.says("disasm", self.all, "subtract", code=USAGE, words=("subtract", "inspect"))


class Spec(VmCase):
    def setUp(self):
        if shutil.which("wast2json") is None:
            self.skipTest("no wast2json: apt-get install wabt")

    def test_a_script_is_counted(self):
        folder = self.dir / "good"
        folder.mkdir()
        (folder / "own.wast").write_text(WAST.format(sum=5))
        for engine in ("fast", "naive"):
            got = self.json_of("spec", folder, "--engine", engine)
            self.assertEqual((got["passed"], got["failed"], got["skipped"]), (2, 0, 3))
            self.assertEqual([row["count"] for row in got["skip_classes"]], [1, 1, 1, 0, 0])

    def test_a_wrong_script_fails_with_its_line(self):
        path = self.dir / "wrong.wast"
        path.write_text(WAST.format(sum=6))
        got = self.json_of("spec", path, code=FAILED)
        self.assertEqual(got["failed"], 1)
        failure = got["failures"][0]
        self.assertEqual(failure["where"], "wrong.wast:7")
        self.assertEqual((failure["expected"], failure["got"]), ("i32 0x6", "i32 0x5"))

    def test_what_cannot_be_converted_is_named(self):
        path = self.dir / "odd.wast"
        path.write_text("(module) (assert_return_canonical_nan (invoke \"f\"))")
        got = self.json_of("spec", path)
        self.assertEqual(got["skip_classes"][4]["count"], 1)
        self.assertEqual(got["skip_classes"][4]["files"], "odd.wast")

    def test_no_scripts_is_usage(self):
        empty = self.dir / "empty"
        empty.mkdir()
        self.says("spec", empty, code=USAGE, words=("empty",))
        self.says("spec", "nowhere", code=USAGE, words=("nowhere",))


class Bench(VmCase):
    def test_kernels_are_compared_with_the_processor(self):
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), "vm", "bench", "--filter", "^fib$", "--seconds", "0",
             "--json"], capture_output=True, text=True, timeout=120, check=False)
        if "without kernels" in done.stderr:
            self.skipTest("built without clang-19")
        self.assertEqual(done.returncode, OK, done.stderr)
        got = json.loads(done.stdout)
        self.assertEqual([row["kernel"] for row in got["kernels"]], ["fib"])
        self.assertGreater(got["kernels"][0]["ratio"], 0)
        self.assertGreater(got["translation_mb_per_s"], 0)
        self.run_vm("bench", "--filter", "(", code=USAGE)
        self.run_vm("bench", "--filter", "nothing", code=USAGE)

    def test_a_module_of_ones_own_is_measured(self):
        got = self.json_of(
            "bench", "--module", self.all, "--function", "add", "--args", 4, 5, "--seconds", 0)
        self.assertEqual((got["runs"], got["gas"]), (3, 3))
        self.run_vm("bench", "--module", self.all, code=USAGE)  # it exports no run
        self.says(
            "bench", "--module", self.all, "--function", "boom", code=FAILED,
            words=("unreachable",))


if __name__ == "__main__":
    harness.main()
