#!/usr/bin/env python3
"""Decodes a block by the layouts of this folder, with nothing but Python's standard library.

usage: decode_block.py [--annotate] [FILE]
FILE is an encoded block, or a Markdown file with one; without it, example.md beside this script.
Prints every field and recomputes ids and hashes. For a Markdown file it also compares them with the
values that the file states, and exits with 1 if one differs. --annotate prints the dump instead.
"""

import hashlib
import pathlib
import re
import signal
import sys

HEADER = [
    ("version", 1), ("chain_id", 8), ("height", 8), ("view", 8), ("term", 8), ("time", 8),
    ("parent", 32), ("parent_certificate", 32), ("txn_root", 32), ("facts_root", 32),
    ("beacon", 32), ("beacon_proof", 80), ("parent_state_root", 32), ("parent_receipts_root", 32),
    ("parent_gas_used", 8), ("committee", 32), ("next_committee", 32), ("proposer", 20),
]
BODY = [("version", 1), ("chain_id", 8), ("sender", 32), ("nonce", 8), ("gas_limit", 8),
        ("gas_price", 8), ("valid_until", 8)]
PAYLOADS = [
    ("transfer", [("to", 20), ("amount", 8)]),
    ("register", [("consensus_key", 32), ("vrf_key", 32), ("commission", 2), ("possession", 64)]),
    ("delegate", [("validator", 20), ("amount", 8)]),
    ("unbond", [("validator", 20), ("amount?", 8)]),
    ("withdraw", [("validator", 20), ("era", 8)]),
    ("unjail", []),
]
STATEMENT = [("chain", 8), ("term", 8), ("height", 8), ("view", 8), ("phase", 1), ("digest", 32)]
EVIDENCE = 6  # the payload with a variant of its own
PROOFS = [("first", "second"), ("commit", "change")]


def blake2b(tag, *parts, size=32):
    return hashlib.blake2b(b"".join(parts), digest_size=size, person=tag.encode()).digest()


def merkle_root(contents):
    """Leaves are hashed; a tree of n splits at the largest power of two below n."""
    def subtree(items):
        if len(items) == 1:
            return blake2b("polis.mt.leaf", items[0])
        split = 1 << ((len(items) - 1).bit_length() - 1)
        return blake2b("polis.mt.node", subtree(items[:split]), subtree(items[split:]))

    if not contents:
        return bytes(32)
    return blake2b("polis.mt.node", len(contents).to_bytes(8, "little"), subtree(contents))


def state_root(records, depth=0):
    """Root of {path: leaf hash}; returns the hash and the number of records."""
    if len(records) < 2:
        return next(iter(records.values()), bytes(32))
    halves = ({}, {})
    for path, leaf in records.items():
        halves[path[depth // 8] >> (7 - depth % 8) & 1][path] = leaf
    return blake2b("polis.st.node", *(state_root(half, depth + 1) for half in halves))


class Cursor:
    def __init__(self, data):
        self.data, self.at, self.lines = data, 0, []

    def take(self, name, size):
        raw = self.data[self.at:self.at + size]
        if len(raw) != size:
            sys.exit(f"{name} at {self.at}: {size} bytes expected, {len(raw)} left")
        value = str(int.from_bytes(raw, "little")) if size <= 8 else raw.hex()
        self.lines.append((self.at, raw, name, value))
        self.at += size
        return raw

    def number(self, name, size):
        return int.from_bytes(self.take(name, size), "little")


def take_evidence(cursor, prefix):
    cursor.take(prefix + "offender", 32)
    proof = cursor.number(prefix + "proof", 1)
    if proof >= len(PROOFS):
        sys.exit(f"unknown proof {proof}")
    for half in PROOFS[proof]:
        for name, size in STATEMENT:
            cursor.take(f"{prefix}{half}.{name}", size)
        cursor.take(f"{prefix}{half}.signature", 64)
    if proof == 1 and cursor.number(prefix + "prepared?", 1) == 1:
        cursor.take(prefix + "prepared.view", 8)
        cursor.take(prefix + "prepared.digest", 32)


def take_fact(cursor, prefix):
    """Returns the bytes of one certified fact."""
    begin = cursor.at
    for name, size in [("term", 8), ("kind", 1), ("subject", 32)]:
        cursor.take(prefix + name, size)
    for name in ["result", "signers"]:
        cursor.take(prefix + name, cursor.number(f"{prefix}{name} bytes", 4))
    for index in range(cursor.number(prefix + "signatures", 4)):
        cursor.take(f"{prefix}signature[{index}]", 64)
    return cursor.data[begin:cursor.at]


def decode(data):
    """Returns the cursor, the header, [(body bytes, transaction bytes)] and [fact bytes]."""
    cursor, txns = Cursor(data), []
    for name, size in HEADER:
        cursor.take("header." + name, size)
    header = data[:cursor.at]
    for index in range(cursor.number("txns", 4)):
        begin, prefix = cursor.at, f"txn[{index}]."
        for name, size in BODY:
            cursor.take(prefix + name, size)
        tag = cursor.number(prefix + "payload", 1)
        if tag > EVIDENCE:
            sys.exit(f"unknown payload {tag}")
        if tag == EVIDENCE:
            take_evidence(cursor, prefix + "report.")
        for name, size in PAYLOADS[tag][1] if tag < EVIDENCE else []:
            if not name.endswith("?") or cursor.number(prefix + name, 1) == 1:
                cursor.take(f"{prefix}{PAYLOADS[tag][0]}.{name.rstrip('?')}", size)
        end = cursor.at
        cursor.take(prefix + "signature", 64)
        txns.append((data[begin:end], data[begin:cursor.at]))
    count = cursor.number("facts", 4)
    facts = [take_fact(cursor, f"fact[{index}].") for index in range(count)]
    if cursor.at != len(data):
        sys.exit(f"{len(data) - cursor.at} bytes are left after the block")
    return cursor, header, txns, facts


def hashes_of(header, txns, facts, stated):
    ids = [blake2b("polis.txn.id", txn) for _, txn in txns]
    out = {"block_hash": blake2b("polis.header", header), "txn_root": merkle_root(ids)}
    if facts:
        out["facts_root"] = merkle_root([blake2b("polis.fact", fact) for fact in facts])
        out.update((f"fact{index}_id", blake2b("polis.fact", f)) for index, f in enumerate(facts))
    for index, (body, _) in enumerate(txns):
        out[f"txn{index}_signing_hash"] = blake2b("polis.txn.sign", body)
        out[f"txn{index}_id"] = ids[index]
        out[f"txn{index}_sender"] = blake2b("polis.address", body[9:41], size=20)
    receipts = [stated[name] for name in sorted(stated) if re.fullmatch(r"receipt\d+", name)]
    out["receipts_root"] = merkle_root(receipts)
    records = {}
    for name in (name[:-4] for name in stated if name.startswith("record") and "_key" in name):
        path = blake2b("polis.st.path", stated[name + "_key"])
        out[name + "_path"] = path
        records[path] = blake2b("polis.st.leaf", path, stated[name + "_value"])
        out[name + "_leaf"] = records[path]
    out["state_root"] = state_root(records)
    return out


def main(arguments):
    paths = [argument for argument in arguments if argument != "--annotate"]
    path = pathlib.Path(paths[0]) if paths else pathlib.Path(__file__).with_name("example.md")
    data, stated = path.read_bytes(), {}
    if path.suffix == ".md":
        text = data.decode()
        block = re.search(r"^```polis-block\n(.*?)^```", text, re.M | re.S).group(1)
        data = bytes.fromhex("".join(line[6:53] for line in block.splitlines()))
        values = re.search(r"^```polis-values\n(.*?)^```", text, re.M | re.S).group(1)
        pairs = re.findall(r"^(\w+) += ([0-9a-f]+)$", values, re.M)
        stated = {name: bytes.fromhex(value) for name, value in pairs}
    cursor, header, txns, facts = decode(data)
    for offset, raw, name, value in cursor.lines:
        if "--annotate" not in arguments:
            print(f"{offset:5} {name:32} {value}")
            continue
        for begin in range(0, len(raw), 16):
            meaning = (name + (f" = {value}" if len(raw) <= 8 else "")) if begin == 0 else ""
            print(f"{offset + begin:04x}  {raw[begin:begin + 16].hex(' '):47}  {meaning}".rstrip())
    wrong = False
    for name, value in hashes_of(header, txns, facts, stated).items():
        differs = bool(stated) and stated.get(name) != value
        wrong = wrong or differs
        if "--annotate" not in arguments or differs:
            print(f"{name:24} {value.hex()}{'  DIFFERS FROM THE DOCUMENT' if differs else ''}")
    return int(wrong)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "| head" is no error
    sys.exit(main(sys.argv[1:]))
