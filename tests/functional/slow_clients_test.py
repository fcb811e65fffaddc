#!/usr/bin/env python3
"""Clients that do not come to the point: slow_clients_test.py POLIS POLISD

Goal: connections that send their headers or body byte by byte, or never read, cost the node little,
keep nobody else out and end at their deadline. Method: many sockets from one thread beside a client
that asks as usual. POLIS_SLOW=10000 is the long campaign; it prints the latencies of the healthy
client with and without them.
"""

import os
import selectors
import socket
import time
import unittest

import harness
from harness import NetCase

SLOW = int(os.environ.get("POLIS_SLOW", "600"))
ASKED = 400
BODY = b'{"jsonrpc":"2.0","id":1,"method":"chain_head","params":[]}'
HEAD = (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(BODY))
KINDS = ("headers", "body", "reading")


class Crowd:
    """Slow connections in equal parts of each kind, a byte every few seconds."""

    def __init__(self, port, count):
        self.sockets = []
        for number in range(count):
            one = socket.create_connection(("127.0.0.1", port), timeout=10)
            kind = KINDS[number % len(KINDS)]
            if kind == "headers":
                one.sendall(HEAD[:20])
            elif kind == "body":
                one.sendall(HEAD + BODY[:5])
            else:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                one.sendall((HEAD + BODY) * 20)
            one.setblocking(False)
            self.sockets.append(one)

    def drip(self):
        for one in self.sockets:
            try:
                one.send(b"x")
            except OSError:
                pass

    def closed(self):
        """How many the node has ended."""
        ended = 0
        with selectors.DefaultSelector() as selector:
            for one in self.sockets:
                selector.register(one, selectors.EVENT_READ)
            for key, _ in selector.select(0):
                try:
                    ended += key.fileobj.recv(1 << 20) == b""
                except OSError:
                    ended += 1
        return ended

    def close(self):
        for one in self.sockets:
            one.close()


def latencies_ms(rpc):
    out = []
    for _ in range(ASKED):
        began = time.perf_counter()
        rpc("chain_head")
        out.append((time.perf_counter() - began) * 1e3)
    return sorted(out)


def percentile(sorted_values, percent):
    return sorted_values[min(len(sorted_values) - 1, len(sorted_values) * percent // 100)]


class SlowClients(NetCase):
    def test_do_not_keep_others_out(self):
        net = self.net(1).start()
        node = net.nodes[0]
        net.wait_height(1)
        idle = latencies_ms(node.rpc)
        before = harness.metric(self.metrics(node), "process_resident_memory_bytes")
        crowd = Crowd(node.rpc_port, SLOW)
        self.addCleanup(crowd.close)
        crowd.drip()
        latencies_ms(node.rpc)  # until what the crowd did send is answered
        busy = latencies_ms(node.rpc)
        grown = harness.metric(self.metrics(node), "process_resident_memory_bytes") - before
        print(f"{SLOW} slow connections: p50 {percentile(idle, 50):.2f} -> "
              f"{percentile(busy, 50):.2f} ms, p99 {percentile(idle, 99):.2f} -> "
              f"{percentile(busy, 99):.2f} ms, {grown / SLOW / 1024:.1f} KiB each", flush=True)
        # New clients come in beside them, and the chain goes on.
        newcomer = harness.Rpc(node.rpc_port)
        self.addCleanup(newcomer.close)
        self.assertTrue(newcomer("node_health"))
        self.assertLess(grown / SLOW, 64 * 1024)
        net.advance(2)

    def test_are_ended_at_their_deadline(self):
        net = self.net(1).start()
        crowd = Crowd(net.nodes[0].rpc_port, 30)
        self.addCleanup(crowd.close)
        unfinished = len([n for n in range(30) if KINDS[n % 3] != "reading"])

        def ended():
            crowd.drip()
            return crowd.closed() >= unfinished
        net.until(ended, "the node ends what never finishes", seconds=90)

    def metrics(self, node):
        _, _, body = node.rpc.request("GET", "/metrics")
        return body.decode()


if __name__ == "__main__":
    harness.main()
