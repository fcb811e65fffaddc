#!/usr/bin/env python3
"""Every method of a real node: methods_test.py POLIS POLISD

Goal: what the OpenRPC document of a running network promises is what its methods answer. Method:
the document lists the methods; each is called with real arguments, and its answer is held against
the schema that the document gives. A method without a call here fails the test.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import unittest

import harness
from harness import NetCase

TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "number": (int, float)}

# Packages of npm, and what uses them.
META_SCHEMA = ["ajv@8.20.0", "@open-rpc/meta-schema@1.14.9", "@json-schema-tools/meta-schema@1.8.0"]
CHECK = pathlib.Path(__file__).with_name("openrpc_check.mjs")

ROOT = "0x" + 32 * "07"

# (module (memory 1 1) (func (export "run")))
EMPTY_CONTRACT = (
    "0x0061736d01000000" "010401600000" "03020100" "05040101" "0101" "0707010372756e0000"
    "0a040102000b")


def fault(schema, value, root, path="result"):
    """What is wrong with the value; None if nothing is. The part of JSON Schema that is used."""
    if schema is True or schema == {}:
        return None
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return fault(target, value, root, path)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            faults = [fault(one, value, root, path) for one in schema[key]]
            return None if None in faults else f"{path}: none of {faults}"
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_kind(value, kind) for kind in kinds):
        return f"{path}: {value!r} is not {kinds}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                return f"{path}: no {name}"
        for name, item in value.items():
            if name in schema.get("properties", {}):
                found = fault(schema["properties"][name], item, root, f"{path}.{name}")
                if found:
                    return found
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            found = fault(schema["items"], item, root, f"{path}[{number}]")
            if found:
                return found
    return None


def is_kind(value, kind):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[kind])


class Methods(NetCase):
    @classmethod
    def setUpClass(cls):
        cls.network = harness.Net(4).start()
        cls.addClassCleanup(cls.network.close)
        cls.network.wait_height(2)

    def setUp(self):
        self.node = self.network.nodes[0]
        self.public = self.node.rpc("rpc.discover")
        self.admin = self.node.admin("rpc.discover")

    def test_the_document_is_openrpc(self):
        """Against the meta-schema of the OpenRPC project, which npm has."""
        folder = self.network.dir / "npm"
        folder.mkdir()
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None:
            self.skipTest("no npm on this machine: the OpenRPC meta-schema is not compared")
        try:
            installed = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", *META_SCHEMA], cwd=folder,
                capture_output=True, text=True, check=False, timeout=120)
        except subprocess.TimeoutExpired:
            self.skipTest("npm did not answer: the OpenRPC meta-schema is not compared")
        if installed.returncode != 0:
            self.skipTest(f"npm has no packages here: {installed.stderr.strip()[-200:]}")
        for document in (self.public, self.admin):
            done = subprocess.run(
                [node, str(CHECK)], input=json.dumps(document), cwd=folder,
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"{len(document['methods'])} methods", done.stdout)
        spoilt = {**self.public, "methods": [{"nam": "x"}]}
        done = subprocess.run(
            [node, str(CHECK)], input=json.dumps(spoilt), cwd=folder, capture_output=True,
            text=True, check=False)
        self.assertIn("required property 'name'", done.stderr)

    def arguments(self):
        """Real arguments for each method, in the order in which they are to be called."""
        node, address = self.node, harness.fresh_address(3)
        txn = self.faucet(node, address, 2)
        raw = node.rpc("tx_get", id=txn)["raw"]
        height = node.rpc("tx_status", id=txn)["height"]
        data = "0x" + b"a blob of this test".hex()
        root = node.rpc("blob_put", data=data)["root"]
        other = self.network.nodes[1]
        other_id = other.rpc("node_info")["id"]
        peer = f"{other_id}@{other.address}"
        return [
            ("rpc.discover", {}), ("node_info", {}), ("node_health", {}), ("node_syncStatus", {}),
            ("node_config", {}), ("node_peers", {}), ("node_buildInfo", {}), ("chain_head", {}),
            ("chain_finalized", {}), ("chain_wait", {"height": height}),
            ("chain_getBlock", {"block": height, "full": True}),
            ("chain_getHeader", {"block": "finalized"}), ("chain_getReceipts", {"block": height}),
            ("chain_getLogs", {"from": 0, "to": height}), ("chain_getProof", {"address": address}),
            ("chain_getCertificate", {"block": height}), ("chain_getGenesis", {}),
            ("tx_wait", {"id": txn}), ("tx_get", {"id": txn}), ("tx_status", {"id": txn}),
            ("tx_simulate", {"raw": raw}), ("tx_pending", {}),
            ("account_get", {"address": address}), ("account_nonce", {"address": address}),
            ("account_balance", {"address": address}), ("account_history", {"address": address}),
            ("task_list", {}), ("task_get", {"task": ROOT}), ("task_round", {}),
            ("task_leaderboard", {"task": ROOT}), ("task_results", {}),
            ("model_list", {}), ("model_get", {"task": ROOT}), ("dataset_list", {}),
            ("dataset_get", {"task": ROOT, "part": "test"}),
            ("task_curve", {"task": ROOT}), ("trainer_status", {}), ("trainer_devices", {}),
            ("trainer_logs", {}),
            ("contract_get", {"contract": address}), ("contract_getCode", {"contract": address}),
            ("contract_getAbi", {"contract": address}),
            ("contract_getStorage", {"contract": address, "key": "0x00"}),
            ("contract_call", {"contract": address, "method": "run", "trace": True}),
            ("contract_estimateGas", {"code": EMPTY_CONTRACT}),
            ("contract_getLogs", {"from": 0, "to": height}),
            ("mempool_status", {}), ("mempool_content", {}), ("consensus_info", {}),
            ("consensus_state", {}), ("consensus_committee", {}), ("consensus_term", {}),
            ("consensus_evidence", {}), ("consensus_elections", {}), ("consensus_scores", {}),
            ("blob_put", {"data": data}), ("blob_get", {"root": root}),
            ("blob_stat", {"root": root}),
            ("admin_addPeer", {"peer": peer}), ("admin_bans", {}),
            ("admin_snapshot", {}), ("dev_accounts", {}),
            ("dev_faucet", {"address": address, "amount": "5"}), ("dev_mine", {"blocks": 1}),
            ("dev_setTime", {"offsetMs": 0}), ("dev_faultSet", {"peer": other_id, "latencyMs": 1}),
            ("dev_faultList", {}), ("dev_faultClear", {}), ("admin_ban", {"id": other_id}),
            ("admin_unban", {"id": other_id}), ("admin_removePeer", {"id": other_id}),
        ]

    def executed_raw(self):
        txn = self.faucet(self.node, harness.fresh_address(4), 3)
        return self.node.rpc("tx_get", id=txn)["raw"]

    # Called elsewhere: they need a WebSocket, a fresh transaction or end the node.
    ELSEWHERE = {"sub_subscribe", "sub_unsubscribe", "tx_send", "admin_stop"}

    def test_every_method_answers_as_its_schema_says(self):
        documents = {}
        for document in (self.public, self.admin):
            for method in document["methods"]:
                documents[method["name"]] = (method, document)
        # What was executed once cannot be executed again, and its gas not be estimated.
        self.refused("badNonce", self.node.rpc, "tx_estimateGas", raw=self.executed_raw())
        # This chain's election is DPoS: it has no learning tasks.
        self.refused(
            "taskFailed", self.node.admin, "admin_keepTaskKey", task=ROOT, key=ROOT)
        called = {"tx_estimateGas", "admin_keepTaskKey"}
        for name, params in self.arguments():
            method, document = documents[name]
            caller = self.node.admin if name.startswith(("admin_", "dev_")) else self.node.rpc
            value = caller(name, **params)
            self.assertIsNone(
                fault(method["result"]["schema"], value, document), f"{name}: {value}")
            called.add(name)
        self.assertEqual(set(documents) - called, self.ELSEWHERE & set(documents))

    def test_parameters_may_be_given_by_position(self):
        self.assertEqual(self.node.rpc("chain_getHeader", 1)["height"], 1)

    def test_the_public_port_has_no_methods_of_the_operator(self):
        names = {method["name"] for method in self.public["methods"]}
        self.assertFalse([n for n in names if n.startswith(("admin_", "dev_"))])
        with self.assertRaises(harness.RpcError):
            self.node.rpc("admin_stop")

    def test_the_operators_port_wants_its_token(self):
        for token in (None, "wrong", self.node.token[:-1]):
            rpc = harness.Rpc(self.node.admin_port, token)
            status, _, _ = rpc.request(
                "POST", "/", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "admin_bans"}),
                {"Content-Type": "application/json",
                 **({"Authorization": "Bearer " + token} if token else {})})
            self.assertEqual(status, 401)

    def test_blobs_go_in_and_out_by_http(self):
        content = hashlib.sha256(b"seed").digest() * 20_000  # 640,000 bytes: three chunks
        status, _, body = self.node.rpc.request(
            "PUT", "/v1/blobs", content, {"Content-Type": "application/octet-stream"})
        self.assertIn(status, (200, 201), body)
        root = json.loads(body)["root"]
        status, headers, got = self.node.rpc.request("GET", f"/v1/blobs/{root}")
        self.assertEqual((status, got), (200, content))
        tag = headers.get("ETag")
        status, headers, got = self.node.rpc.request(
            "GET", f"/v1/blobs/{root}", headers={"Range": "bytes=262140-262150"})
        self.assertEqual((status, got), (206, content[262140:262151]))
        status, _, got = self.node.rpc.request(
            "GET", f"/v1/blobs/{root}", headers={"If-None-Match": tag})
        self.assertEqual((status, got), (304, b""))
        status, _, _ = self.node.rpc.request("GET", "/v1/blobs/0x" + "00" * 32)
        self.assertEqual(status, 404)

    def test_a_large_blob_goes_to_the_disk_and_not_into_memory(self):
        def resident():
            _, _, body = self.node.rpc.request("GET", "/metrics")
            return harness.metric(body.decode(), "process_resident_memory_bytes")

        mebibyte = hashlib.sha256(b"large").digest() * (1 << 15)
        before = resident()
        status, _, body = self.node.rpc.request(
            "PUT", "/v1/blobs", (mebibyte for _ in range(200)),
            {"Content-Type": "application/octet-stream", "Content-Length": str(200 << 20)})
        self.assertEqual(status, 201, body)
        self.assertLess(resident() - before, 16 << 20)
        root = json.loads(body)["root"]
        self.assertEqual(self.node.rpc("blob_stat", root=root)["bytes"], 200 << 20)

    def test_health_is_told_by_http(self):
        status, _, _ = self.node.rpc.request("GET", "/livez")
        self.assertEqual(status, 200)
        self.network.until(
            lambda: self.node.rpc.request("GET", "/readyz")[0] == 200, "the node is ready")
        _, _, body = self.node.rpc.request("GET", "/metrics")
        self.assertGreaterEqual(harness.metric(body.decode(), "polis_height"), 2)

    def test_the_example_client_uses_nothing_but_the_document(self):
        if shutil.which("node") is None:
            self.skipTest("no node: the JavaScript client is not tried")
        client = harness.Path(__file__).resolve().parents[2] / "docs/guides/client.mjs"
        done = subprocess.run(
            ["node", str(client), f"http://127.0.0.1:{self.node.rpc_port}",
             f"http://127.0.0.1:{self.node.admin_port}", self.node.token],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("success in block", done.stdout)


if __name__ == "__main__":
    harness.main()
