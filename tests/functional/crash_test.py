#!/usr/bin/env python3
"""kill -9 of any node, again and again, under load: crash_test.py POLIS POLISD

Goal: no finalized block is lost, nobody votes twice, all roots are equal. Method: four nodes, a
steady load of transfers, a seed that picks the node and the moment. The long campaign is
POLIS_KILLS=100 crash_test.py ...; without it a short one runs.
"""

import os
import random
import subprocess
import threading
import time
import unittest

import harness
from harness import NetCase

KILLS = int(os.environ.get("POLIS_KILLS", "6"))
SEED = int(os.environ.get("POLIS_SEED", "1"))


class Load:
    """Transfers that go on beside the kills; what a killed node forgets is sent anew."""

    def __init__(self, net, case):
        self.net, self.case, self.stop = net, case, False
        self.acknowledged = []  # (id, height) of what some node called final
        self.thread = threading.Thread(target=self.run)
        self.address = harness.fresh_address(77)

    def run(self):
        # Connections of its own: the test asks the same nodes at the same time.
        asks = [harness.Rpc(node.rpc_port) for node in self.net.nodes]
        orders = [harness.Rpc(node.admin_port, node.token) for node in self.net.nodes]
        number = 0
        while not self.stop:
            number += 1
            node = number % len(asks)
            try:
                sent = orders[node]("dev_faucet", address=self.address, amount="1")
                done = asks[node]("tx_wait", id=sent["id"], timeoutMs=1_000)
                if done["status"] == "finalized":
                    self.acknowledged.append((sent["id"], done["height"]))
            except (OSError, harness.RpcError, ValueError, harness.http.client.HTTPException):
                time.sleep(0.01)
        for rpc in asks + orders:
            rpc.close()


class Crash(NetCase):
    def test_nothing_final_is_lost(self):
        choice = random.Random(SEED)
        net = self.net(4).start()
        net.wait_height(2)
        load = Load(net, self)
        load.thread.start()
        seen = [0] * 4  # highest block that each node has acknowledged
        hashes = {}
        began = time.monotonic()
        for number in range(KILLS):
            victim = choice.choice(net.nodes)
            time.sleep(choice.uniform(0.0, 0.4))
            head = victim.rpc("chain_head")
            hashes.setdefault(head["height"], head["hash"])
            self.assertEqual(hashes[head["height"]], head["hash"])
            seen[victim.index] = head["height"]
            victim.kill()
            others = [n for n in net.nodes if n is not victim]
            if choice.random() < 0.5:
                net.advance(1, others)
            victim.start()
            self.assertGreaterEqual(
                victim.height(), seen[victim.index], f"kill {number}: went back")
            net.advance(1)
        load.stop = True
        load.thread.join()
        net.advance(1)
        height = net.nodes[0].height()
        self.check(net, load, hashes)
        print(f"{KILLS} kills in {time.monotonic() - began:.0f} s, "
              f"{len(load.acknowledged)} transfers acknowledged, height {height}",
              flush=True)

    def check(self, net, load, hashes):
        net.assert_same_chain()
        for node in net.nodes:
            for height, name in hashes.items():
                self.assertEqual(node.rpc("chain_getHeader", height)["hash"], name)
            evidence = node.rpc("consensus_evidence")
            self.assertEqual(evidence["reports"], [], "somebody voted twice")
            self.assertEqual(evidence["alarms"], [])
        self.assertGreater(len(load.acknowledged), 0)
        for txn, height in load.acknowledged:
            for node in net.nodes:
                status = node.rpc("tx_status", id=txn)
                self.assertEqual((status["status"], status["height"]), ("finalized", height))
        # Everything on disk again, from genesis, with every root compared.
        for node in net.nodes:
            self.assertEqual(node.stop(), 0)
            done = subprocess.run(
                [harness.POLIS, "ledger", "verify", "--home", str(node.home), "--json"],
                capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    harness.main()
