#!/usr/bin/env python3
"""`polis data` as its users run it: data_test.py POLIS [unittest arguments]

Goal: files come whole and checked or not at all, go on where they broke off, and every mistake is
one line. Method: a server on loopback that can do ranges or not, break off, or give other bytes.
"""

import gzip
import hashlib
import http.server
import json
import os
import re
import threading
import unittest
from pathlib import Path

from polis_case import FAILED, OK, ROOT, USAGE, PolisCase, run

DATA = Path(os.environ.get("POLIS_DATA", ROOT.parent / "shared/data"))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, files, ranges=True):
        self.files, self.ranges, self.asked = files, ranges, []
        super().__init__(("127.0.0.1", 0), Request)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name=""):
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        wish = self.headers.get("Range")
        self.server.asked.append((self.path, wish))
        content = self.server.files.get(self.path[1:])
        status = 200 if content is not None else 404
        content = content or b""
        if status == 200 and wish and self.server.ranges:
            first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", wish).groups())
            status = 206 if first < len(content) else 416
            content = content[first:last + 1]
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Fetch(PolisCase):
    CONTENT = hashlib.sha256(b"content").digest() * 300_000  # 9.6 MB: three portions
    DIGEST = hashlib.sha256(CONTENT).hexdigest()

    def serve(self, files, **options):
        server = Server(files, **options)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def fetch(self, *arguments, code=OK, says=""):
        done = run("data", "fetch", *arguments, "--json", cwd=self.dir)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(says, done.stderr)
        return json.loads(done.stdout) if code == OK else None

    def test_a_file_comes_in_portions_and_whole(self):
        for ranges in (True, False):
            server = self.serve({"a.csv": self.CONTENT}, ranges=ranges)
            folder = self.dir / f"whole{ranges}"
            told = self.fetch(server.url("a.csv"), "-o", folder, "--sha256", self.DIGEST)
            file = told["files"][0]
            self.assertEqual((file["sha256"], file["checked"], file["fresh"]),
                             (self.DIGEST, True, True))
            self.assertEqual((folder / "a.csv").read_bytes(), self.CONTENT)
            self.assertEqual(os.listdir(folder), ["a.csv"])
            self.assertEqual(len(server.asked), 3 if ranges else 1)
            # What is there and right is not fetched again.
            again = self.fetch(server.url("a.csv"), "-o", folder, "--sha256", self.DIGEST)
            self.assertFalse(again["files"][0]["fresh"])
            self.assertEqual(len(server.asked), 3 if ranges else 1)

    def test_what_broke_off_goes_on(self):
        server = self.serve({"a.csv": self.CONTENT})
        folder = self.dir / "resumed"
        folder.mkdir()
        (folder / "a.csv.part").write_bytes(self.CONTENT[:9_000_000])
        self.fetch(server.url("a.csv"), "-o", folder, "--sha256", self.DIGEST)
        self.assertEqual([wish.split("-")[0] for _, wish in server.asked], ["bytes=9000000"])
        self.assertEqual((folder / "a.csv").read_bytes(), self.CONTENT)
        # It had all of it and was not renamed yet.
        (folder / "b.csv.part").write_bytes(self.CONTENT)
        server.files["b.csv"] = self.CONTENT
        self.fetch(server.url("b.csv"), "-o", folder, "--sha256", self.DIGEST)
        self.assertEqual((folder / "b.csv").read_bytes(), self.CONTENT)

    def test_other_bytes_are_thrown_away(self):
        server = self.serve({"a.csv": b"other"})
        folder = self.dir / "other"
        self.fetch(
            server.url("a.csv"), "-o", folder, "--sha256", self.DIGEST, code=FAILED,
            says="thrown away")
        self.assertEqual(os.listdir(folder), [])

    def test_a_collection_comes_from_a_mirror(self):
        folder = DATA / "mnist"
        if not folder.is_dir():
            self.skipTest(f"{folder} is not there; set POLIS_DATA to the public datasets")
        server = self.serve({path.name: path.read_bytes() for path in folder.glob("*ubyte.gz")})
        told = self.fetch("mnist", "--mirror", server.url(), "-o", self.dir / "mnist")
        self.assertEqual([f["checked"] for f in told["files"]], [True] * 4)
        parts = self.ok_json("data", "inspect", self.dir / "mnist")["parts"]
        self.assertEqual([p["samples"] for p in parts], [60_000, 10_000])
        server.files["t10k-labels-idx1-ubyte.gz"] = gzip.compress(b"other")
        (self.dir / "mnist/t10k-labels-idx1-ubyte.gz").unlink()
        self.fetch(
            "mnist", "--mirror", server.url(), "-o", self.dir / "mnist", code=FAILED,
            says="thrown away")

    def test_mistakes_are_explained(self):
        server = self.serve({})
        gone = self.serve({})
        gone.shutdown()
        gone.server_close()
        for arguments, code, says in (
                (["nothing"], USAGE, "neither a collection"),
                (["https://example.org/a.csv"], USAGE, "no TLS"),
                (["http://"], USAGE, "does not end with a file name"),
                (["ftp://example.org/a.csv"], USAGE, "is no URL"),
                ([server.url("none.csv")], FAILED, "HTTP status 404"),
                ([gone.url("a.csv")], FAILED, "is there a network"),
                (["file:///none/none.csv"], FAILED, "cannot copy"),
                ([server.url("a.csv"), "-o", "/proc/none"], FAILED, "cannot write")):
            self.fetch(*arguments, code=code, says=says)

    def test_a_file_of_this_machine_is_copied(self):
        (self.dir / "own.csv").write_text("a,class\n" + "".join(f"{i},{i % 2}\n" for i in range(9)))
        told = self.fetch("file://" + str(self.dir / "own.csv"), "-o", self.dir / "copy")
        self.assertFalse(told["files"][0]["checked"], "nobody said what it should be")
        self.assertEqual(
            (self.dir / "copy/own.csv").read_text(), (self.dir / "own.csv").read_text())


class Inspect(PolisCase):
    def test_tells_what_is_in_a_table(self):
        file = self.dir / "t.csv"
        file.write_text("x,kind\n" + "".join(f"{i},{'ab'[i % 4 == 0]}\n" for i in range(40)))
        part = self.ok_json("data", "inspect", file, "--label", "kind")["parts"][0]
        self.assertEqual(
            (part["samples"], part["shape"], part["values"]), (40, "1x1x1", "0 to 255"))
        self.assertEqual(
            [(r["class"], r["samples"]) for r in part["labels"]], [("a", 30), ("b", 10)])
        self.assertRegex(self.ok("data", "inspect", file), r"b +10 +25\.00 % +#+\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
