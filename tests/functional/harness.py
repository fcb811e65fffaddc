"""Real nodes for functional tests: processes on loopback, started, killed and asked by JSON-RPC.

A test gets a fresh directory and free ports; every process ends with it, whatever happens. Waiting
is always for something, with a deadline; a deadline that passes prints the ends of the nodes' logs.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SEED = "polis-devnet"
POLIS = ""
POLISD = ""
PATIENCE_S = 60


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(f"{error.get('code')} {error.get('message')} {error.get('data')}")
        self.code = error.get("code")
        self.data = error.get("data") or {}
        self.name = self.data.get("name")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Rpc:
    """One connection that is kept open; a new one after an error."""

    def __init__(self, port, token=None, timeout=30):
        self.port, self.token, self.timeout = port, token, timeout
        self.connection = None

    def request(self, method, target, body=None, headers=None):
        """(status, headers, body) of one HTTP request."""
        for attempt in (0, 1):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(
                        "127.0.0.1", self.port, timeout=self.timeout)
                self.connection.request(method, target, body, headers or {})
                answer = self.connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (OSError, http.client.HTTPException):
                self.close()
                if attempt:
                    raise
        raise AssertionError("unreachable")

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def post(self, value):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        _, _, body = self.request("POST", "/", json.dumps(value), headers)
        return json.loads(body)

    def __call__(self, method, /, *args, **params):
        answer = self.post(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(args) or params})
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]


class Node:
    """One polisd and its home. `flags` are those of `polisd run`, without the dashes."""

    def __init__(self, net, index, genesis, validator=True, **flags):
        self.net, self.index = net, index
        self.home = net.dir / f"node{index}"
        self.p2p, self.rpc_port, self.admin_port = free_ports(3)
        self.flags = {
            "p2p.listen": f"127.0.0.1:{self.p2p}",
            "rpc.listen": f"127.0.0.1:{self.rpc_port}",
            "admin.listen": f"127.0.0.1:{self.admin_port}",
            "p2p.local_network": "true",
            "admin.dev": "true",
            "consensus.empty_block_interval_ms": "200",
            "node.moniker": f"node{index}",
            **{key.replace("__", "."): str(value) for key, value in flags.items()}}
        self.process = None
        self.log = net.dir / f"node{index}.log"
        init = [POLISD, "init", "--home", self.home]
        if validator:
            init += ["--devnet-index", str(index), "--devnet-seed", SEED,
                     "--devnet-validators", str(net.validators)]
        else:
            init += ["--genesis", genesis]
        done = subprocess.run(list(map(str, init)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        # A node of a devnet knows the usual ports of the others; here they have other ones.
        config = self.home / "config.toml"
        config.write_text(re.sub(r"(?ms)^boot = \[.*?\]", "boot = []", config.read_text()))
        self.rpc = Rpc(self.rpc_port)
        self.admin_rpc = None

    @property
    def address(self):
        return f"127.0.0.1:{self.p2p}"

    @property
    def token(self):
        return (self.home / "api.token").read_text().strip()

    @property
    def admin(self):
        if self.admin_rpc is None:
            self.admin_rpc = Rpc(self.admin_port, self.token)
        return self.admin_rpc

    def command(self, **flags):
        merged = {**self.flags, **{k.replace("__", "."): str(v) for k, v in flags.items()}}
        return [POLISD, "run", "--home", str(self.home), "--exit-with-parent",
                *[f"--{key}={value}" for key, value in merged.items() if value]]

    def start(self, wait=True, **flags):
        assert self.process is None
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                self.command(**flags), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            self.wait_listening()
        return self

    def wait_listening(self):
        def listening():
            assert self.process.poll() is None, f"node {self.index} ended:\n{self.tail()}"
            try:
                return self.rpc("node_info")
            except (OSError, http.client.HTTPException):
                return None
        return self.net.until(listening, f"node {self.index} answers")

    def kill(self):
        """SIGKILL, at once."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        """SIGTERM. @return the exit code"""
        self.process.terminate()
        code = self.process.wait(timeout=PATIENCE_S)
        self.process = None
        return code

    def hang_up(self):
        for rpc in (self.rpc, self.admin_rpc):
            if rpc is not None:
                rpc.close()

    def height(self):
        return self.rpc("chain_head")["height"]

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Net:
    """A directory, a genesis and its nodes."""

    def __init__(self, validators, **flags):
        self.validators = validators
        self.dir = Path(tempfile.mkdtemp(prefix="polis-net-"))
        self.flags = flags
        self.genesis = self.dir / "genesis.toml"
        text = subprocess.run(
            [POLIS, "genesis", "devnet", "--validators", str(validators), "--seed", SEED],
            capture_output=True, text=True, check=True).stdout
        self.genesis.write_text(text)
        self.nodes = []
        for _ in range(validators):
            self.add()

    def add(self, validator=True, boot=None, genesis=None, **flags):
        """A further node, not started; it knows the first ones unless told whom."""
        boot = boot if boot is not None else [node.address for node in self.nodes[:2]]
        node = Node(
            self, len(self.nodes), genesis or self.genesis, validator=validator,
            **{**self.flags, "p2p__boot": ",".join(boot), **flags})
        self.nodes.append(node)
        return node

    def start(self):
        for node in self.nodes:
            node.start(wait=False)
        for node in self.nodes:
            node.wait_listening()
        return self

    def until(self, condition, what, seconds=PATIENCE_S):
        """What `condition` answers once it is true."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                logs = "\n".join(
                    f"---- node {n.index}\n{n.tail()}" for n in self.nodes if n.log.exists())
                raise AssertionError(f"waited {seconds} s in vain until {what}\n{logs}")
            time.sleep(0.02)

    def running(self):
        return [node for node in self.nodes if node.process is not None]

    def wait_height(self, height, nodes=None, seconds=PATIENCE_S):
        nodes = nodes if nodes is not None else self.running()
        self.until(
            lambda: all(node.height() >= height for node in nodes),
            f"height {height} on {[n.index for n in nodes]}", seconds)

    def advance(self, blocks=2, nodes=None):
        """Waits until so many further blocks are final everywhere."""
        nodes = nodes if nodes is not None else self.running()
        self.wait_height(max(node.height() for node in nodes) + blocks, nodes)

    def assert_same_chain(self, nodes=None):
        """Every block that two nodes have is the same, with the same state root after it."""
        nodes = nodes if nodes is not None else self.running()
        common = min(node.height() for node in nodes)
        base = max(node.rpc("node_syncStatus")["base"] for node in nodes)
        for height in range(max(1, base, common - 50), common + 1):
            seen = {(lambda b: (b["hash"], b["parentStateRoot"]))(
                node.rpc("chain_getHeader", height)) for node in nodes}
            assert len(seen) == 1, f"height {height}: {seen}"
        return common

    def close(self):
        for node in self.nodes:
            node.hang_up()
        for node in self.running():
            node.kill()
        if os.environ.get("POLIS_KEEP"):
            print(f"kept {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


class NetCase(unittest.TestCase):
    """Keeps nets for a test and ends them with it."""

    def net(self, validators, **options):
        net = Net(validators, **options)
        self.addCleanup(net.close)
        return net

    def faucet(self, node, address, amount=1):
        """Sends units of a devnet account; waits until that is final."""
        sent = node.admin("dev_faucet", address=address, amount=str(amount))
        done = node.rpc("tx_wait", id=sent["id"], timeoutMs=20_000)
        self.assertEqual(done["status"], "finalized")
        return sent["id"]

    def refused(self, name, call, *args, **params):
        with self.assertRaises(RpcError) as caught:
            call(*args, **params)
        self.assertEqual(caught.exception.name, name, caught.exception)
        return caught.exception


def amount_of(node, address):
    return int(node.rpc("account_get", address=address)["balance"])


def fresh_address(number):
    """The address of a key that only this test knows."""
    done = subprocess.run(
        [POLIS, "keys", "show", "--seed", f"{number:064x}", "--json"],
        capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["address"]


def main():
    """TEST.py POLIS POLISD [unittest arguments]"""
    global POLIS, POLISD  # pylint: disable=global-statement
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} POLIS POLISD [unittest arguments]")
    POLIS, POLISD = sys.argv[1], sys.argv[2]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)


def metric(text, name):
    """A sample of Prometheus text without labels, or the sum over its labels."""
    found = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, flags=re.M)
    assert found, f"no metric {name}"
    return sum(map(float, found))
