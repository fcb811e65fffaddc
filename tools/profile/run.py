#!/usr/bin/env python3
"""Where a network under load spends its time: a flame graph and tables by thread and function.

Runs `polis bench run` and samples all its nodes with perf while the load lasts. Writes flame.svg,
folded.txt (a stack and its samples a line) and the benchmark's own report into a folder. Needs perf
(Debian: linux-perf) and the right to use it (root, or kernel.perf_event_paranoid at most 1)."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import flame  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LOAD_BEGINS = "transactions a second for"  # in the line that says so
FREQUENCY = 199  # samples a second of each core: no multiple of what programs do
STACK_BYTES = 16384  # of each sample: deep stacks are cut off at the root


def fail(what, cure):
    print(f"profile: {what}\n         {cure}", file=sys.stderr)
    sys.exit(1)


def children_of(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def command_of(options):
    return [
        str(options.polis), "bench", "run", "--nodes", str(options.nodes), "--rate",
        str(options.rate), "--seconds", str(options.seconds), "--workload", options.workload,
        "--out", str(options.out / "report"),
    ]  # fmt: skip


def record(options, data):
    """Runs the benchmark, and perf beside it from the moment when the load begins."""
    bench = subprocess.Popen(
        command_of(options), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    perf = None
    for line in bench.stderr:
        print(line, end="", flush=True)
        if LOAD_BEGINS in line and perf is None:
            nodes = ",".join(children_of(bench.pid))
            perf = subprocess.Popen(
                ["perf", "record", "-q", "-F", str(FREQUENCY), "--call-graph",
                 f"dwarf,{STACK_BYTES}", "-o", str(data), "-p", nodes, "--", "sleep",
                 str(options.seconds)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
    said = perf.communicate()[1] if perf else ""
    code = bench.wait()
    if perf is None:
        fail(f"the benchmark made no load (exit code {code})", "its own words are above")
    if perf.returncode != 0:
        fail(f"perf failed: {said.strip()}", "run as root, or set kernel.perf_event_paranoid to 1")
    if code != 0:
        print(f"profile: the benchmark's verdict failed (exit code {code}); the samples hold")


def stacks_in(data):
    script = subprocess.Popen(
        ["perf", "script", "-i", str(data), "-F", "comm,ip,sym,dso", "--no-inline"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    stacks = flame.fold(script.stdout)
    if script.wait() != 0 or not stacks:
        fail("perf script read no samples", f"try it by hand: perf script -i {data}")
    return stacks


def show(stacks, rows):
    print("\nby thread:")
    threads = flame.by_thread(stacks)
    for name, share in threads:
        print(f"  {name:<16} {100 * share:5.1f} %")
    for thread, share in threads:
        if share < 0.02:
            continue
        print(f"\n{thread}: function, share of the thread in itself, with what it calls:")
        for name, own, within in flame.by_function(stacks, thread)[:rows]:
            print(f"  {100 * own:5.1f} % {100 * within:5.1f} %  {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=4000, help="transactions a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--workload", default="transfer")
    parser.add_argument("--rows", type=int, default=25, help="functions to list for each thread")
    parser.add_argument("--polis", type=Path, default=ROOT / "build/release/bin/polis")
    parser.add_argument("--out", type=Path, default=ROOT / "build/profile")
    options = parser.parse_args()
    if not shutil.which("perf"):
        fail("there is no perf", "install the Debian package linux-perf")
    if not os.access(options.polis, os.X_OK):
        fail(f"there is no program {options.polis}", "run ./dev build release, or name --polis")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="polis-profile-") as folder:
        data = Path(folder) / "perf.data"
        record(options, data)
        stacks = stacks_in(data)
    folded = "".join(f"{';'.join(stack)} {count}\n" for stack, count in sorted(stacks.items()))
    (options.out / "folded.txt").write_text(folded)
    title = f"{options.nodes} nodes, {options.workload} at {options.rate}/s"
    (options.out / "flame.svg").write_text(flame.to_svg(stacks, title))
    show(stacks, options.rows)
    print(f"\nprofile: wrote {options.out / 'flame.svg'}")


if __name__ == "__main__":
    main()
