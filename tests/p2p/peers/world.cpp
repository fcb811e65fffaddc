#include <tests/p2p/peers/world.hpp>

#include <algorithm>
#include <variant>

#include <gtest/gtest.h>

namespace polis::p2p::testing {

NodeId id_of(std::uint32_t number) {
    NodeId out;
    Random random(number, "node_id");
    random.fill(out.data);
    return out;
}

Endpoint ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return {.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, .port = 26'600};
}

Endpoint local_endpoint(std::uint32_t number) {
    Endpoint out = ipv4(127, 0, 0, 1);
    out.port = static_cast<std::uint16_t>(20'000 + number);
    return out;
}

Endpoint public_endpoint(std::uint32_t number) {
    return ipv4(
        static_cast<std::uint8_t>(20 + number / 256), static_cast<std::uint8_t>(number), 7, 9);
}

Remote remote_of(const NodeId& id, std::uint16_t listen_port, std::uint64_t run) {
    Remote out;
    out.id = id;
    out.hello.listen_port = listen_port;
    out.hello.nonce = run;
    out.hello.agent = "test/1";
    return out;
}

std::size_t World::add(const Endpoint& listen, Peers::Setup setup) {
    nodes_.push_back(
        {.listen = listen, .setup = std::move(setup), .peers = {}, .run = 0, .up = {}});
    return nodes_.size() - 1;
}

void World::start(std::size_t index) {
    Node& node = nodes_[index];
    ++node.run;
    node.setup.nonce = (static_cast<std::uint64_t>(index) << 16) + node.run;
    node.setup.random_seed = options_.seed * 1'000 + index + node.run * 1'000'000;
    node.peers = std::make_unique<Peers>(node.setup, now_);
}

Bytes World::stop(std::size_t index) {
    Node& node = nodes_[index];
    Bytes saved = node.peers->save();
    node.peers.reset();
    node.up.clear();
    for (std::size_t wire = 0; wire < wires_.size(); ++wire) {
        if (wires_[wire].open && wires_[wire].dialler.node == index) {
            close(wire, /*by_dialler=*/true);
        } else if (wires_[wire].open && wires_[wire].other.node == index) {
            close(wire, /*by_dialler=*/false);
        }
    }
    return saved;
}

void World::later(std::uint64_t ms, std::function<void()> action) {
    events_.push({TimeMs{now_.value + ms}, sequence_++, std::move(action)});
}

void World::later(std::function<void()> action) {
    later(options_.latency_ms + random_.between(0, options_.jitter_ms), std::move(action));
}

bool World::alive(const End& end) const {
    return nodes_[end.node].peers && nodes_[end.node].run == end.run;
}

std::optional<std::size_t> World::wire_of(std::size_t node, ConnectionId id) const {
    const auto found = wire_by_end_.find({node, id});
    return found == wire_by_end_.end() ? std::nullopt : std::optional{found->second};
}

void World::dial(std::size_t index, const Dial& dial) {
    ++dials_;
    const std::uint64_t run = nodes_[index].run;
    later([this, index, run, dial] {
        if (!nodes_[index].peers || nodes_[index].run != run) {
            return;
        }
        for (std::size_t to = 0; to < nodes_.size(); ++to) {
            if (nodes_[to].peers && nodes_[to].listen == dial.endpoint) {
                connect(index, to, dial);
                return;
            }
        }
        perform(index, nodes_[index].peers->dial_failed(dial.endpoint, now_));
    });
}

void World::connect(std::size_t from, std::size_t to, const Dial& dial) {
    const std::size_t index = wires_.size();
    wires_.push_back(
        {.dialler = {from, nodes_[from].run, next_id_},
         .other = {to, nodes_[to].run, next_id_ + 1},
         .open = true});
    next_id_ += 2;
    const Wire wire = wires_.back();
    wire_by_end_[{from, wire.dialler.id}] = index;
    wire_by_end_[{to, wire.other.id}] = index;
    nodes_[from].peers->dialled(wire.dialler.id, dial.endpoint, now_);
    Endpoint source = nodes_[from].listen;
    source.port = static_cast<std::uint16_t>(40'000 + next_id_ % 20'000);
    const bool wrong_node = dial.expected && *dial.expected != nodes_[to].setup.self;
    if (!nodes_[to].peers->accepted(wire.other.id, source, now_) || wrong_node) {
        close(index, /*by_dialler=*/false);
        return;
    }
    later([this, index] { establish(index, /*dialler=*/true); });
}

void World::establish(std::size_t index, bool dialler) {
    const Wire wire = wires_[index];
    const End& here = dialler ? wire.dialler : wire.other;
    const End& there = dialler ? wire.other : wire.dialler;
    if (!wire.open || !alive(here)) {
        return;
    }
    if (dialler) {
        later(options_.latency_ms, [this, index] { establish(index, /*dialler=*/false); });
        busy_until_[{index, true}] = TimeMs{now_.value + options_.latency_ms};
    }
    const Node& peer = nodes_[there.node];
    const Remote remote = remote_of(peer.setup.self, peer.listen.port, peer.setup.nonce);
    perform(here.node, nodes_[here.node].peers->established(here.id, remote, now_));
}

void World::close(std::size_t index, bool by_dialler) {
    Wire& wire = wires_[index];
    wire.open = false;
    const End here = by_dialler ? wire.dialler : wire.other;
    const End there = by_dialler ? wire.other : wire.dialler;
    const auto end = [this](const End& which) {
        if (alive(which)) {
            const auto effects =
                nodes_[which.node].peers->closed(which.id, std::nullopt, false, now_);
            perform(which.node, effects);
        }
    };
    later(0, [end, here] { end(here); });
    later(options_.latency_ms * 2 + options_.jitter_ms, [end, there] { end(there); });
}

void World::perform(std::size_t index, PeersEffects effects) {
    Node& node = nodes_[index];
    for (PeersEffect& effect : effects) {
        if (const auto* order = std::get_if<Dial>(&effect)) {
            dial(index, *order);
        } else if (const auto* disconnect = std::get_if<Disconnect>(&effect)) {
            const auto wire = wire_of(index, disconnect->connection);
            ASSERT_TRUE(wire);
            if (wires_[*wire].open) {
                close(*wire, wires_[*wire].dialler.id == disconnect->connection);
            }
        } else if (auto* send = std::get_if<SendControl>(&effect)) {
            const auto wire = wire_of(index, send->connection);
            ASSERT_TRUE(wire);
            const bool by_dialler = wires_[*wire].dialler.id == send->connection;
            TimeMs& busy = busy_until_[{*wire, by_dialler}];
            busy = std::max(
                busy,
                TimeMs{now_.value + options_.latency_ms + random_.between(0, options_.jitter_ms)});
            const End to = by_dialler ? wires_[*wire].other : wires_[*wire].dialler;
            later(busy.value - now_.value, [this, to, w = *wire, bytes = std::move(send->bytes)] {
                if (wires_[w].open && alive(to)) {
                    perform(to.node, nodes_[to.node].peers->control(to.id, bytes, now_));
                }
            });
        } else if (const auto* up = std::get_if<PeerUp>(&effect)) {
            EXPECT_TRUE(node.up.insert(up->connection).second);
        } else if (const auto* down = std::get_if<PeerDown>(&effect)) {
            EXPECT_EQ(node.up.erase(down->connection), 1U);
        }
    }
}

void World::run_until(TimeMs time) {
    while (true) {
        TimeMs next = time;
        if (!events_.empty()) {
            next = std::min(next, events_.top().at);
        }
        for (const Node& node : nodes_) {
            if (node.peers) {
                next = std::min(next, node.peers->next_timer().value_or(time));
            }
        }
        if (next >= time) {
            now_ = time;
            return;
        }
        now_ = std::max(now_, next);
        while (!events_.empty() && events_.top().at <= now_) {
            const auto action = events_.top().action;
            events_.pop();
            action();
        }
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (nodes_[i].peers && nodes_[i].peers->next_timer().value_or(time) <= now_) {
                perform(i, nodes_[i].peers->tick(now_));
                const auto again = nodes_[i].peers->next_timer();
                ASSERT_TRUE(!again || *again > now_) << "a timer that never rests";
            }
        }
    }
}

std::set<std::size_t> World::neighbours(std::size_t index) const {
    std::set<std::size_t> out;
    for (const ConnectionId id : nodes_[index].up) {
        const Wire& wire = wires_[*wire_of(index, id)];
        out.insert(wire.dialler.node == index ? wire.other.node : wire.dialler.node);
    }
    return out;
}

std::set<std::size_t> World::reachable(std::size_t from) const {
    std::set<std::size_t> out{from};
    std::vector<std::size_t> open{from};
    while (!open.empty()) {
        const std::size_t node = open.back();
        open.pop_back();
        for (const std::size_t next : neighbours(node)) {
            if (out.insert(next).second) {
                open.push_back(next);
            }
        }
    }
    return out;
}

}  // namespace polis::p2p::testing
