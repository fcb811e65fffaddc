#!/usr/bin/env python3
"""Reports of benchmarks from the command line: bench_report_test.py POLIS POLISD

Goal: the files of a report are well-formed, complete, and need nothing but themselves. Method: a
committed summary and variations of it (other rates, sizes, texts that try to leave their place)
become reports; a parser reads the page, and a headless Chromium where there is one.
"""

import copy
import csv
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

import harness

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests/tools/bench/example.json"
SCHEMA = ROOT / "docs/formats/bench-summary.schema.json"
FILES = ["latency.csv", "nodes.csv", "report.html", "report.md", "runs.csv", "seconds.csv",
         "simulated.csv", "stages.csv", "summary.json"]
RUN_CHARTS = ["Throughput over time", "Latency over time", "Distribution of the latency",
              "Transactions that wait", "Processor time of all nodes over time",
              "Processor time by node", "Where the time goes"]
VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = "<script>alert(1)</script>\" onload=\"x' & |b| `c` é"

# Appended to a page under test: opens what is folded, points at a value, and leaves what it saw.
PROBE = """<script>
for (const folded of document.querySelectorAll("details")) { folded.open = true; }
const place = document.querySelector("svg.chart .band, svg.chart rect");
place?.dispatchEvent(new PointerEvent("pointermove", {clientX: 50, clientY: 50}));
document.body.dataset.seen = JSON.stringify({
  sizes: [...document.querySelectorAll("svg")].map((svg) => {
    const box = svg.getBoundingClientRect();
    return [box.width, box.height];
  }),
  told: document.getElementById("tip").textContent,
  loaded: performance.getEntriesByType("resource").map((entry) => entry.name),
  wide: document.documentElement.scrollWidth - innerWidth,
});
</script>
"""


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright"
    return next(map(str, sorted(Path(folder).glob("chromium*/chrome-linux*/chrome"))), None)


def asked_by_pages(net_log):
    """Addresses beyond this machine that a page asked for; a browser also asks for its own sake."""
    events = json.loads(net_log.read_text())["events"]
    asked = [event["params"] for event in events if "url" in event.get("params", {})]
    return sorted({
        request["url"] for request in asked
        if request.get("initiator", "not an origin") != "not an origin"
        and not request["url"].startswith(("file:", "data:"))})


class Page(HTMLParser):
    """Elements must close in the order in which they opened."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.charts, self.text = [], [], [], [], []
        self.mistakes = []
        self.feed(text)
        self.close()
        if self.open:
            self.mistakes.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "svg":
            self.charts.append(dict(attrs)["aria-label"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(f"</{tag}> at line {self.getpos()[0]}")

    def handle_data(self, data):
        self.text.append(data)


def example(summary):
    return summary


def sweep(summary):
    out = copy.deepcopy(summary)
    out.update(command="sweep", knee_per_s=9_800, runs=[])
    for rate in range(2_000, 20_000, 2_000):
        run = copy.deepcopy(summary["runs"][0])
        run["name"] = f"transfer at {rate}/s"
        run["setup"]["rate_per_s"] = rate
        run["finalized_per_s"] = min(rate, 9_800) - rate / 100
        out["runs"].append(run)
    return out


def growth(summary):
    out = copy.deepcopy(summary)
    out["runs"] = []
    for nodes in (4, 16, 31):
        run = copy.deepcopy(summary["runs"][0])
        run["name"] = f"{nodes} nodes"
        run["setup"]["nodes"] = nodes
        run["nodes"] = [dict(run["nodes"][0], node=node) for node in range(nodes)]
        out["runs"].append(run)
    for nodes in (4, 31, 100):
        pairs = 8 * nodes * (nodes - 1)
        out["simulated"].append({
            "nodes": nodes, "blocks": 8, "txns": 88, "proposals": 8 * (nodes - 1),
            "prepares": pairs, "commits": pairs, "relayed": nodes, "gossip": 5 * pairs,
            "others": pairs, "sent_bytes": 600 * pairs, "verifications": 2 * pairs,
            "cpu_us": 60 * pairs, "simulated_ms": 890, "messages_before": pairs * nodes,
            "random_seed": 1})
    return out


def hostile(summary):
    def spoil(value):
        if isinstance(value, dict):
            return {key: spoil(member) for key, member in value.items()}
        if isinstance(value, list):
            return [spoil(member) for member in value]
        return HOSTILE + value if isinstance(value, str) else value

    out = spoil(summary)
    out["schema"] = summary["schema"]
    return out


def empty(summary):
    """A run in which nothing came to be: every figure 0, every list empty."""
    def clear(value):
        if isinstance(value, dict):
            return {key: clear(member) for key, member in value.items()}
        if isinstance(value, list):
            return []
        return 0 if isinstance(value, (int, float)) and not isinstance(value, bool) else value

    run = clear(summary["runs"][0])
    return dict(summary, runs=[run], checks=[])


class BenchReport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-bench-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.example = json.loads(EXAMPLE.read_text())

    def polis(self, *arguments, code=0):
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), "bench", *map(str, arguments)], cwd=self.dir,
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code in (0, None) else done.stdout + done.stderr

    def report(self, name, summary):
        """The folder of a report of that summary."""
        file = self.dir / f"{name}.json"
        file.write_text(json.dumps(summary))
        self.polis("report", file, "--out", name)
        return self.dir / name

    def variants(self):
        for make in (example, sweep, growth, hostile, empty):
            summary = make(self.example)
            yield make.__name__, self.report(make.__name__, summary), summary

    def test_all_files_are_there_and_say_the_same(self):
        folder = self.report("files", self.example)
        self.assertEqual(sorted(file.name for file in folder.iterdir()), FILES)
        self.assertEqual((folder / "summary.json").read_bytes(), EXAMPLE.read_bytes())
        self.assertEqual(self.polis("report", folder, "--json"), EXAMPLE.read_text())
        said = self.polis("report", folder)
        self.assertTrue(said.endswith("\nPASSED: 8 checks of 3 runs\n"), said)
        markdown = (folder / "report.md").read_text()
        self.assertIn("PASSED: 8 checks of 3 runs", markdown.splitlines()[2])

    def test_tables_are_read_by_others(self):
        for name, folder, summary in self.variants():
            for file in (file for file in FILES if file.endswith(".csv")):
                with open(folder / file, newline="") as stream:
                    rows = list(csv.DictReader(stream, strict=True))
                with self.subTest(name=name, file=file):
                    self.assertTrue(all(None not in row for row in rows))
                    self.assertTrue(all(None not in row.values() for row in rows))
                    if file == "simulated.csv":
                        self.assertEqual(
                            [int(row["nodes"]) for row in rows],
                            [row["nodes"] for row in summary["simulated"]])
                        continue
                    names = {run["name"] for run in summary["runs"]}
                    self.assertLessEqual({row["run"] for row in rows}, names)
        with open(self.dir / "example" / "seconds.csv", newline="") as stream:
            rows = list(csv.DictReader(stream))
        wanted = [second["finalized"] for run in self.example["runs"] for second in run["seconds"]]
        self.assertEqual([int(row["finalized"]) for row in rows], wanted)

    def test_the_page_is_well_formed_and_needs_nothing_else(self):
        for name, folder, summary in self.variants():
            text = (folder / "report.html").read_text()
            page = Page(text)
            with self.subTest(name=name):
                self.assertEqual(page.mistakes, [])
                self.assertEqual(page.tags.count("script"), 1)
                for tag, attribute, value in page.attributes:
                    self.assertNotIn(attribute, ("src", "srcset", "action", "style"), tag)
                    self.assertFalse(attribute.startswith("on"), (tag, attribute))
                    if attribute == "href":
                        self.assertEqual((tag, value), ("link", "data:,"))
                self.assertNotRegex(text, r"https?://|url\(|@import|\bfetch\(|XMLHttp")
                for run in summary["runs"]:
                    self.assertTrue(any(run["name"] in part for part in page.text))
                self.assertNotRegex(text, r"\b(nan|inf)\b")

    def test_the_page_has_every_picture(self):
        charts = {name: Page((folder / "report.html").read_text()).charts
                  for name, folder, _ in self.variants()}
        whole = charts["example"]
        for chart in RUN_CHARTS:
            self.assertEqual(whole.count(chart), 3, chart)
        for chart in ("finalized a second", "p99 latency, ms"):
            self.assertEqual(whole.count(chart), 1, chart)
        self.assertIn("Latency against throughput", charts["sweep"])
        self.assertIn("Finalized against due", charts["sweep"])
        for chart in ("processor time, us", "messages", "KiB sent"):
            self.assertEqual(charts["growth"].count(chart), 1, chart)
        for chart in ("messages a block", "processor time a block, ms"):
            name = f"{chart} over the number of nodes"
            self.assertEqual(charts["growth"].count(name), 1, name)
        self.assertEqual(charts["empty"], ["Distribution of the latency"])

    def test_faults_and_the_knee_are_marked(self):
        page = (self.report("marks", self.example) / "report.html").read_text()
        self.assertEqual(len(re.findall(r'<text[^>]*>node 3 is killed</text>', page)), 4)
        page = (self.report("knee", sweep(self.example)) / "report.html").read_text()
        self.assertEqual(len(re.findall(r'<text[^>]*>knee</text>', page)), 2)

    def test_every_summary_is_as_the_schema_says(self):
        try:
            from jsonschema import Draft202012Validator
        except ImportError:
            self.skipTest("no module jsonschema: bench_test checks the schema by itself")
        schema = json.loads(SCHEMA.read_text())
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        for name, folder, _ in self.variants():
            summary = json.loads((folder / "summary.json").read_text())
            self.assertEqual(list(validator.iter_errors(summary)), [], name)
        self.assertTrue(list(validator.iter_errors(dict(self.example, version=2))))

    def test_damaged_summaries_are_refused_with_a_cure(self):
        file = self.dir / "damaged.json"
        for change, says in (
                (lambda it: it.pop("runs"), "runs is missing"),
                (lambda it: it.update(version=2), "version 2 .* use the polis that wrote it"),
                (lambda it: it.update(schema="other"), "no summary of polis bench"),
                (lambda it: it["runs"][0]["seconds"][4].update(due="1"), "seconds.4..due")):
            summary = copy.deepcopy(self.example)
            change(summary)
            file.write_text(json.dumps(summary))
            self.assertRegex(self.polis("report", file, code=1), says)
        file.write_text(EXAMPLE.read_text()[:-200])
        self.assertIn("no JSON", self.polis("report", file, "--out", "never", code=1))
        self.assertFalse((self.dir / "never").exists())
        self.assertIn("summary.json", self.polis("report", "no-such-folder", code=1))
        file.write_text("")
        self.assertIn("choose another", self.polis("report", EXAMPLE, "--out", file, code=1))
        self.polis("report", code=2)

    def test_comparison_finds_what_became_worse(self):
        same = self.polis("compare", EXAMPLE, EXAMPLE)
        self.assertTrue(same.endswith("PASSED: no figure is worse by more than 10 %\n"), same)
        slow = copy.deepcopy(self.example)
        for second in slow["runs"][0]["seconds"]:
            second["p99_us"] = second["p99_us"] * 13 // 10
        slow["machine"]["cores"] = 2
        folder = self.report("slow", slow)
        said = self.polis("compare", EXAMPLE, folder, code=1)
        self.assertIn("WARNING: the number of cores differs: 4 before, 2 after", said)
        self.assertRegex(said, r"dpos +p99_us .* \+30\.0 % .* REGRESSION")
        self.assertIn("FAILED: dpos: p99_us +30.0 %", said)
        self.polis("compare", EXAMPLE, folder, "--limit", 40)
        done = subprocess.run(
            [Path(harness.POLIS).resolve(), "bench", "compare", EXAMPLE, folder, "--json"],
            capture_output=True, text=True, timeout=120, check=False)
        answer = json.loads(done.stdout)
        self.assertFalse(answer["passed"])
        self.assertEqual(len(answer["figures"]), 12)
        worst = next(row for row in answer["figures"] if row["judgement"] == "REGRESSION")
        self.assertEqual((worst["run"], worst["figure"]), ("dpos", "p99_us"))
        self.assertLess(worst["low_percent"], 30)
        self.assertGreater(worst["low_percent"], 10)
        less = copy.deepcopy(self.example)
        del less["runs"][1]
        said = self.polis("compare", EXAMPLE, self.report("less", less), code=1)
        self.assertIn('no run "pole"', said)
        self.polis("compare", EXAMPLE, code=2)
        self.polis("compare", EXAMPLE, EXAMPLE, "--limit", 0, code=2)

    def test_the_page_opens_in_a_browser_without_a_network(self):
        chromium = browser()
        if chromium is None:
            self.skipTest("no Chromium in PATH (chromium, chromium-browser, google-chrome) and "
                          "none of Playwright's: install one to see the pages rendered")
        for name, folder, _ in self.variants():
            with self.subTest(name=name):
                self.look_at(chromium, folder / "report.html")

    def browse(self, chromium, page):
        """The finished browser; what it asked for is in net.json beside the page."""
        with tempfile.TemporaryDirectory(prefix="polis-chromium-") as home:
            done = subprocess.run(
                [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 "--disable-dev-shm-usage", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-default-apps",
                 "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:1",
                 f"--user-data-dir={home}", f"--log-net-log={page.with_name('net.json')}",
                 "--enable-logging=stderr", "--window-size=1200,900", "--dump-dom",
                 page.as_uri()],
                env=dict(os.environ, HOME=home), capture_output=True, text=True, timeout=120,
                check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def look_at(self, chromium, file):
        text = file.read_text()
        probed = file.with_name("probed.html")
        probed.write_text(text.replace("</body>", PROBE + "</body>"))
        done = self.browse(chromium, probed)
        net_log = file.with_name("net.json")
        self.assertEqual(re.findall(r".*:CONSOLE.*", done.stderr), [])
        seen = [value for _, name, value in Page(done.stdout).attributes if name == "data-seen"]
        self.assertEqual(len(seen), 1, "the script of the page or of this test stopped")
        seen = json.loads(seen[0])
        self.assertEqual(seen["loaded"], [])
        self.assertEqual(len(seen["sizes"]), text.count("<svg"))
        for width, height in seen["sizes"]:
            self.assertGreater(width, 200)
            self.assertGreater(height, 60)
        self.assertLessEqual(seen["wide"], 0, "no sideways scrolling of the page")
        if "<title>" in text.split("<body>")[1]:
            self.assertNotEqual(seen["told"], "")
        self.assertEqual(asked_by_pages(net_log), [])

    def test_a_page_that_loads_something_would_be_noticed(self):
        chromium = browser()
        if chromium is None:
            self.skipTest("no Chromium, see above")
        page = self.dir / "loads.html"
        page.write_text("<!doctype html><img src='http://192.0.2.1/a.png'>")
        self.browse(chromium, page)
        self.assertEqual(asked_by_pages(page.with_name("net.json")), ["http://192.0.2.1/a.png"])


if __name__ == "__main__":
    harness.main()
