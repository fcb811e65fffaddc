#!/usr/bin/env python3
"""Each lint rule fires on a small bad tree and stays silent on a good one."""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINT = os.path.join(ROOT, "tools", "lint")
sys.path.insert(0, LINT)

import banned  # noqa: E402
import coro  # noqa: E402
import docs  # noqa: E402
import headers  # noqa: E402
import layers  # noqa: E402
import sizes  # noqa: E402
import spec  # noqa: E402
from functions import functions_of  # noqa: E402
from tree import Tree, blank  # noqa: E402

LAYERS = """# comment: not a module
core:
ledger: core
ml/exact: core
node: core ledger
tests: core
"""


class RuleTest(unittest.TestCase):
    """Runs one rule over files given as text."""

    def findings(self, rule, **files):
        """Keyword names stand for paths: `core__x_hpp` is core/x.hpp."""
        texts = {"cmake/layers.txt": LAYERS}
        for name, text in files.items():
            path = name.replace("__", "/")
            stem, _, suffix = path.rpartition("_")
            texts[f"{stem}.{suffix}"] = text
        return sorted(rule.check(Tree(texts)))

    def silent(self, rule, **files):
        self.assertEqual([str(f) for f in self.findings(rule, **files)], [])

    def fires(self, rule, expected, **files):
        found = [f"{f.path}:{f.line}: {f.what}" for f in self.findings(rule, **files)]
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])


class BlankTest(unittest.TestCase):
    def test_comments_and_literals_vanish_and_lines_stay(self):
        code = 'a; // "x\n/* \n */ b("q\\"r", \'"\', R"d(} " )" )d", 1\'000, u8"z"); c'
        out = blank(code)
        self.assertEqual(len(out), len(code))
        self.assertEqual(out.count("\n"), code.count("\n"))
        self.assertEqual(out.split(), ["a;", "b(", ",", ",", ",", "1'000,", ");", "c"])

    def test_a_line_comment_may_continue(self):
        self.assertEqual(blank("// a \\\n b\nc").split(), ["c"])


class LayersTest(RuleTest):
    def test_down_is_allowed_and_so_is_the_own_module(self):
        self.silent(
            layers,
            node__a_cpp="#include <ledger/a.hpp>\n#include <node/b.hpp>\n#include <vector>\n",
            ml__exact__a_cpp="#include <ml/exact/b.hpp>\n#include <core/a.hpp>\n",
        )

    def test_up_and_sideways_are_refused(self):
        self.fires(layers, "core/a.cpp:2: core may not include ledger",
                   core__a_cpp="#pragma once\n#  include <ledger/x.hpp>\n")
        self.fires(layers, "ledger may not include ml/exact",
                   ledger__a_cpp="#include <ml/exact/x.hpp>\n")

    def test_comments_and_text_are_no_includes(self):
        self.silent(layers, core__a_cpp="// #include <node/x.hpp>\n/*\n#include <node/x.hpp>\n*/\n")

    def test_unknown_modules(self):
        self.fires(layers, "belongs to no module", gui__a_cpp="")
        self.fires(layers, "<ml/x.hpp> is in no module", core__a_cpp="#include <ml/x.hpp>\n")
        found = self.findings(layers, core__a_cpp="#include <gui/x.hpp>\n", gui__x_hpp="")
        self.assertEqual([f.path for f in found], ["core/a.cpp", "gui/x.hpp"])

    def test_quoted_includes(self):
        self.fires(layers, "quoted include", core__a_cpp='#include "b.hpp"\n')

    def test_hidden_libraries(self):
        self.fires(layers, "<leveldb/db.h> outside", core__a_cpp="#include <leveldb/db.h>\n")
        self.fires(layers, "<torch/torch.h> outside", node__a_cpp="#include <torch/torch.h>\n")
        self.fires(layers, "<spdlog/spdlog.h> outside", node__a_cpp="#include <spdlog/spdlog.h>\n")
        self.fires(layers, "outside", ledger__a_cpp="#include <boost/asio/post.hpp>\n")
        self.silent(
            layers,
            ledger__store__a_cpp="#include <leveldb/db.h>\n",
            node__log_cpp="#include <spdlog/spdlog.h>\n",
            node__a_cpp="#include <boost/asio/post.hpp>\n",
        )


class BannedTest(RuleTest):
    BAD = [
        "auto t = std::chrono::system_clock::now();", "auto t = time(nullptr);",
        "auto t = std::time(&x);", "int x = rand();", "std::mt19937 g;", "std::random_device d;",
        "std::uniform_int_distribution<int> d;", "std::shuffle(a, b, g);", "float x;",
        "long double x;", "auto x = 0.5;", "auto x = 1e9;", "std::unordered_map<int, int> m;",
        "thread_local int x;", "std::this_thread::sleep_for(x);", "::sleep(1);",
        "try { f(); } catch (...) { }", "assert(x);", "gettimeofday(&x, 0);",
    ]
    GOOD = [
        "block.time(0);", "peer->time(nullptr);", "static_assert(x);", "int operand(int);",
        "POLIS_ASSERT(x);", "auto x = 0x1e5 + 1'000;", "f(1, 2).y;", "// float, rand()\n",
        'auto s = "double 0.5";', "std::chrono::milliseconds wait;", "std::uint64_t time() const;",
        "catch (const Error& e)", "int floating; int doubled; auto v = a.b1e5;", "Random::rand(1);",
    ]

    def test_each_banned_name_fires_in_a_deterministic_module(self):
        for line in self.BAD:
            with self.subTest(line):
                self.fires(banned, "core/a.cpp:2", core__a_cpp="\n" + line + "\n")
                self.fires(banned, "ml/exact/a.cpp:1", ml__exact__a_cpp=line)

    def test_other_modules_may(self):
        for line in self.BAD:
            with self.subTest(line):
                self.silent(banned, node__a_cpp=line, tests__a_cpp=line)

    def test_what_only_looks_alike_is_silent(self):
        for line in self.GOOD:
            with self.subTest(line):
                self.silent(banned, core__a_cpp=line)

    def test_using_namespace_in_headers(self):
        self.fires(banned, "using namespace", node__a_hpp="using namespace std;")
        self.silent(banned, node__a_cpp="using namespace std;", node__b_hpp="using N = int;")

    def test_unfinished_work(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"):
            self.fires(banned, "the word " + word, node__a_cpp="// " + word + ": later")
            self.fires(banned, "the word " + word, tools__a_py="# " + word)
        self.silent(banned, node__a_cpp="int hack; // HACKER", docs__a_md="TO" "DO")


class SizesTest(RuleTest):
    @staticmethod
    def function(lines, head="void f() {"):
        return head + "\n" + "    x();\n" * (lines - 2) + "}\n"

    def test_function_lines(self):
        self.silent(sizes, core__a_cpp="namespace a {\n" + self.function(70) + "}\n")
        self.fires(sizes, "core/a.cpp:2: f has 71 lines",
                   core__a_cpp="namespace a {\n" + self.function(71) + "}\n")
        self.fires(sizes, "run has 71 lines",
                   core__a_cpp="class A {\n public:\n" + self.function(71, "int run() {") + "};")
        self.fires(sizes, "TEST has 71 lines",
                   tests__a_cpp=self.function(71, "TEST(Suite, name) {"))

    def test_constructors_with_braces_in_their_initializers(self):
        head = "A::A(int a) : a_{a}, b_(a) {"
        self.fires(sizes, "A has 71 lines", core__a_cpp=self.function(71, head))

    def test_tables_and_types_are_no_functions(self):
        table = "constexpr std::array<int, 90> kTable = {\n" + "    1,\n" * 90 + "};\n"
        enum = "enum class E : std::uint8_t {\n" + "    kA,\n" * 90 + "};\n"
        self.silent(sizes, core__a_cpp=table + enum)

    def test_parameters(self):
        six = "std::map<int, int> a, int b, int c = f(1, 2), int d, int e, int f"
        self.silent(sizes, core__a_cpp=f"void g({six}) {{ }}")
        self.fires(sizes, "g has 7 parameters", core__a_cpp=f"void g({six}, int h) {{ }}")
        head = "template <class T>\nrequires (T::k > 1)\nbool operator()"
        self.fires(sizes, "7 parameters", core__a_cpp=f"{head}({six}, T h) {{}}")

    def test_files_and_lines(self):
        self.silent(sizes, core__a_cpp="\n" * 600, core__b_cpp="/" * 100)
        self.fires(sizes, "601 lines, the target is 600", core__a_cpp="\n" * 601)
        self.assertTrue(self.findings(sizes, core__a_cpp="\n" * 601)[0].warning)
        self.fires(sizes, "801 lines, at most 800", core__a_cpp="\n" * 801)
        self.fires(sizes, "a.cpp:2: 101 columns", core__a_cpp="\n" + "/" * 101)

    def test_scripts(self):
        self.fires(sizes, "f has 71 lines", tools__a_py="def f():\n" + "    pass\n" * 70)
        self.fires(sizes, "f has 71 lines", tools__a_sh="f() {\n" + "    :\n" * 69 + "}\n")

    def test_what_functions_are_found(self):
        code = """
            struct Point { int x; };
            struct Point make(int a) { return {a}; }
            inline constexpr int kLambda = [] { return 1; }();
            explicit operator bool() const { return true; }
            template <class A, class B = C<1>> auto f(A a, B b) -> C<A> { if (a) { } }
            #define MACRO(x) { x }
            extern "C" { void g(void) { } }
            bool operator==(const P& l, const P& r) noexcept(noexcept(l == r)) { return true; }
        """
        names = [(name, count) for _, name, _, count in functions_of(blank(code))]
        self.assertEqual(
            names, [("make", 1), ("bool", 0), ("f", 2), ("g", 0), ("operator_", 2)]
        )


class HeadersTest(RuleTest):
    GOOD = {
        "core__CMakeLists_txt": "polis_library(core SOURCES a.cpp)",
        "core__a_hpp": "// says why\n#pragma once\n",
        "core__a_cpp": "#include <core/a.hpp>\n#include <vector>\n",
    }

    def test_a_good_module_is_silent(self):
        self.silent(headers, **self.GOOD)

    def test_guard(self):
        self.fires(headers, "no #pragma once", **{**self.GOOD, "core__a_hpp": "int x;\n"})

    def test_own_header_first(self):
        text = "#include <vector>\n#include <core/a.hpp>\n"
        files = {**self.GOOD, "core__a_cpp": text}
        self.fires(headers, "core/a.cpp:1: <vector> comes before", **files)

    def test_dead_source(self):
        build = "polis_library(core SOURCES b.cpp) # a.cpp"
        self.fires(headers, "core/a.cpp:0: no build file names",
                   **{**self.GOOD, "core__CMakeLists_txt": build})
        build = "x(${PROJECT_SOURCE_DIR}/core/a.cpp)"
        self.silent(headers, **{**self.GOOD, "core__CMakeLists_txt": "", "cmake__x_cmake": build})

    def test_dead_header(self):
        self.fires(headers, "core/b.hpp:0: nothing includes",
                   core__b_hpp="#pragma once\n#include <core/b.hpp>\n", **self.GOOD)


class CoroutinesTest(RuleTest):
    BAD = [
        "co_await send(Message{1, 2});", "co_await send({1, 2});", "auto x = co_await f(a, {});",
        "co_await spawn([this] { run(); });", "co_await f([&]() -> Task<int> { co_return 1; });",
        "f(Message{1}, co_await g());", "if (co_await f({1})) { }", "co_return co_await f(T{});",
        "auto x = ({ int y = co_await f(); y; });", "co_await (a.f([x = 1] { return x; }));",
    ]
    GOOD = [
        "Message m{1, 2}; co_await send(std::move(m));", "co_await f([] { return 1; });",
        "auto x = Message{co_await f(), 1};", "send({1, 2}); co_await f();",
        "co_await f(a[1], b[i]);", "auto run = [this] { go(); }; co_await f(std::move(run));",
        "while (co_await f()) { g({1}); }", "switch (x) { case 1: { co_await f(); } }",
        "spawn([this]() -> Task<void> { co_await f(); T t{1}; }, done);",
        "co_await f(); g(Message{1});", "// co_await f({});", "if (x) { T t{1}; co_await f(); }",
        "for (int i = 0; i < n; ++i) { T t{i}; co_await f(t); }",
    ]

    def test_bad_expressions_fire(self):
        for line in self.BAD:
            with self.subTest(line):
                code = "Task<void> A::g(int a) const {\n    int b = 1;\n    " + line + "\n}\n"
                found = self.findings(coro, node__a_cpp=code)
                self.assertTrue(found)
                self.assertEqual({f.line for f in found}, {3})

    def test_good_expressions_are_silent(self):
        for line in self.GOOD:
            with self.subTest(line):
                self.silent(coro, node__a_cpp="Task<void> A::g(int a) const {\n" + line + "\n}\n")

    def test_a_lambda_that_awaits_is_looked_into(self):
        self.fires(coro, "a.cpp:2: a braced list",
                   node__a_cpp="void g() {\nspawn([]() -> Task<int> { co_await f({1}); });\n}\n")


class DocsTest(RuleTest):
    def test_links(self):
        self.silent(
            docs,
            docs__b_md="",
            docs__a_md="[b](b.md#x) [c](https://x.y/z) [d](#here) [e](../docs) `[f](none.md)`\n"
            "```\n[g](none.md)\n```\n[h](/docs/b.md)\n[i]: b.md\n",
        )
        self.fires(docs, "docs/a.md:2: link to c.md", docs__a_md="\n[c](c.md)\n")
        self.fires(docs, "link to ../c.md", docs__a_md="[c]: ../c.md\n")

    def test_cited_tests(self):
        tests = "TEST(A, b_c) {}\nTEST_F(\n    LongName, d) {}\n"
        self.silent(
            spec,
            tests__a_cpp=tests,
            docs__spec__a_md="`A.b_c`, `LongName.d`, `a.b`, `Chain::apply`\n",
            docs__guide_md="`A.nothing`\n",
        )
        self.fires(
            spec, "docs/spec/a.md:2: ", tests__a_cpp=tests, docs__spec__a_md="x\n`A.b_d`\n"
        )


class RunTest(unittest.TestCase):
    def run_lint(self, text, *rules):
        with tempfile.TemporaryDirectory() as root:
            for path, content in {"cmake/layers.txt": LAYERS, "core/a.cpp": text}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(content)
            command = [sys.executable, os.path.join(LINT, "run.py"), "--root", root, *rules]
            return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_exit_codes_and_message_form(self):
        bad = self.run_lint("float x;\n", "banned")
        self.assertEqual(bad.returncode, 1)
        self.assertRegex(bad.stdout, r"^core/a\.cpp:1: banned: a floating-point type .*; use ")
        good = self.run_lint("int x;\n", "banned")
        self.assertEqual(good.returncode, 0, good.stdout)
        self.assertEqual(self.run_lint("", "nonsense").returncode, 2)


if __name__ == "__main__":
    unittest.main()
