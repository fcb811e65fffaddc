#!/usr/bin/env python3
"""Nodes that come, go and meet: join_test.py POLIS POLISD

Goal: a newcomer finds everybody from one address, gets the chain, and
whoever belongs to another chain is told so. Method: real processes on loopback.
"""

import unittest

import harness
from harness import NetCase


class Join(NetCase):
    def test_peers_are_found_from_one_address(self):
        net = self.net(4)
        for node in net.nodes[1:]:
            node.flags["p2p.boot"] = net.nodes[0].address
        net.start()
        net.until(
            lambda: all(len(n.rpc("node_peers")["peers"]) == 3 for n in net.nodes),
            "everybody knows everybody")
        net.advance(2)
        net.assert_same_chain()

    def test_a_late_observer_syncs_and_follows(self):
        net = self.net(4).start()
        net.wait_height(10)
        address = harness.fresh_address(1)
        self.faucet(net.nodes[0], address, 5)
        late = net.add(validator=False).start()
        net.wait_height(net.nodes[0].height(), [late])
        self.assertEqual(harness.amount_of(late, address), 5)
        self.assertIsNone(late.rpc("node_info")["validator"])
        net.advance(2)
        net.assert_same_chain()
        # It passes on what its own clients send.
        self.faucet(late, address, 1)
        net.until(lambda: harness.amount_of(net.nodes[3], address) == 6, "everybody has it")

    def test_a_newcomer_skips_history_with_a_snapshot(self):
        net = self.net(4).start()
        address = harness.fresh_address(1)
        net.wait_height(8)
        self.faucet(net.nodes[0], address, 5)
        taken = [node.admin("admin_snapshot")["height"] for node in net.nodes]
        net.advance(2)
        late = net.add(validator=False, sync__start="snapshot").start()
        base = late.rpc("node_syncStatus")["base"]
        self.assertIn(base, taken)
        net.wait_height(net.nodes[0].height(), [late])
        self.assertEqual(harness.amount_of(late, address), 5)
        self.assertIsNone(late.rpc("chain_getBlock", 1))
        self.assertFalse((late.home / "restore").exists())
        net.advance(2)
        net.assert_same_chain()
        self.assertNotIn("alarm", late.tail(50))

    def test_who_began_with_a_snapshot_lasts_and_serves_the_next_one(self):
        net = self.net(1).start()
        net.wait_height(3)
        net.nodes[0].admin("admin_snapshot")
        net.advance(2)
        late = net.add(validator=False, sync__start="snapshot").start()
        net.advance(2)
        self.assertEqual(late.stop(), 0)
        late.start()
        newer = late.admin("admin_snapshot")["height"]
        net.advance(2)
        last = net.add(validator=False, sync__start="snapshot").start()
        self.assertEqual(last.rpc("node_syncStatus")["base"], newer)
        net.advance(2)
        net.assert_same_chain()

    def test_without_a_snapshot_a_newcomer_takes_all_blocks(self):
        net = self.net(4).start()
        net.wait_height(5)
        late = net.add(
            validator=False, sync__start="snapshot", sync__snapshot_wait_ms=1_000).start()
        net.wait_height(net.nodes[0].height(), [late])
        self.assertIn("no peer serves a snapshot", late.tail(50))
        self.assertIsNotNone(late.rpc("chain_getBlock", 1))

    def test_a_newcomer_that_waits_ends_when_it_is_told_to(self):
        net = self.net(1)
        waits = net.add(validator=False, sync__start="snapshot").start(wait=False)
        net.until(lambda: "looking for a snapshot" in waits.tail(), "it looks for one")
        self.assertEqual(waits.stop(), 0)
        self.assertFalse((waits.home / "chain").exists())

    def test_a_restarted_net_goes_on_where_it_was(self):
        net = self.net(4).start()
        net.wait_height(4)
        for node in net.nodes:
            self.assertEqual(node.stop(), 0, node.tail())
        net.start()
        net.wait_height(8)
        net.assert_same_chain()

    def test_one_of_four_may_be_away_and_two_may_not(self):
        net = self.net(4).start()
        net.wait_height(3)
        net.nodes[3].kill()
        net.advance(3)
        net.nodes[2].kill()
        stuck = max(node.height() for node in net.running())
        state = net.until(
            lambda: (lambda s: s if "need 3" in (s["explanation"] or "") else None)(
                net.nodes[0].rpc("consensus_state")), "the stall explains itself")
        self.assertLessEqual(net.nodes[0].height(), stuck + 1)
        self.assertEqual(state["quorum"], 3)
        net.nodes[2].start()
        net.advance(2)
        net.nodes[3].start()
        net.advance(2)
        net.assert_same_chain()


class Strangers(NetCase):
    def refused_with(self, edit, reason):
        net = self.net(1).start()
        net.wait_height(1)
        other = net.dir / "other.toml"
        other.write_text(edit(net.genesis.read_text()))
        stranger = net.add(genesis=other, validator=False).start()
        net.until(lambda: reason in stranger.tail(200), f"the stranger hears of {reason}")
        self.assertEqual(stranger.rpc("node_peers")["peers"], [])
        self.assertEqual(net.nodes[0].rpc("node_peers")["peers"], [])
        net.advance(1, [net.nodes[0]])

    def test_another_chain_id_is_refused(self):
        self.refused_with(lambda t: t.replace("chain_id = 101", "chain_id = 102"), "wrong chain")

    def test_another_genesis_is_refused(self):
        self.refused_with(lambda t: t.replace("00:00:00Z", "00:00:01Z"), "wrong genesis")


if __name__ == "__main__":
    harness.main()
