"""What the tests of the program `polis` share: TEST.py POLIS [unittest arguments]"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

if len(sys.argv) < 2:
    sys.exit(__doc__)
ROOT = Path(__file__).resolve().parents[2]
POLIS = str(Path(sys.argv.pop(1)).resolve())
OK, FAILED, USAGE, TIMEOUT = 0, 1, 2, 3


def run(*arguments, **options):
    """The finished process; standard input is empty unless given."""
    options.setdefault("input", "")
    environment = {k: v for k, v in os.environ.items() if k != "POLIS_HOME"}
    environment.update(options.pop("env", {}))
    done = subprocess.run(
        [POLIS, *map(str, arguments)], capture_output=True, text=True, env=environment,
        timeout=120, check=False, **options)
    # A slow machine sees progress after a second.
    progress = r"^(?:(?:verify|export|import): block|simulate: \d+ of) .*\n"
    done.stderr = re.sub(progress, "", done.stderr, flags=re.M)
    return done


class PolisCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="polis-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)

    def ok(self, *arguments, **options):
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def ok_json(self, *arguments, **options):
        return json.loads(self.ok(*arguments, "--json", **options))

    def fails(self, *arguments, says, **options):
        """Exit code 1 and one line on standard error: cause; cure."""
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertRegex(lines[0], r"^polis: .+[;:] .+")
        self.assertRegex(lines[0], says)
        return done

    def misused(self, *arguments, says="."):
        done = run(*arguments)
        self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)
        self.assertRegex(done.stderr, says)
        self.assertIn("--help", done.stderr)
        self.assertEqual(done.stdout, "")
