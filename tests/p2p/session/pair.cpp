#include <tests/p2p/session/pair.hpp>

#include <utility>

#include <gtest/gtest.h>

#include <core/hex.hpp>

namespace polis::p2p::testing {

namespace {

constexpr std::size_t kSocketBytes = std::size_t{256} << 10;

std::string describe(const SessionEvent& event) {
    if (const auto* established = std::get_if<Established>(&event)) {
        return "established with " + to_hex(established->remote.id.view()) + " " +
               established->remote.hello.agent;
    }
    if (const auto* message = std::get_if<Message>(&event)) {
        return "message " + std::to_string(static_cast<unsigned>(message->channel)) + " of " +
               std::to_string(message->bytes.size());
    }
    const auto& closed = std::get<Closed>(event);
    return "closed: " + std::string(to_string(closed.reason)) + ", " + closed.note;
}

}  // namespace

Bytes random_bytes(Random& random, std::size_t count) {
    Bytes out(count);
    random.fill(out);
    return out;
}

void End::take(SessionEvents more) {
    for (SessionEvent& event : more) {
        EXPECT_TRUE(closed.empty()) << "nothing follows the end";
        log.push_back(describe(event));
        if (auto* message = std::get_if<Message>(&event)) {
            messages.push_back(std::move(*message));
        } else if (const auto* end = std::get_if<Closed>(&event)) {
            closed.push_back(*end);
        } else {
            ++established;
        }
    }
}

Bytes Pair::move(End& from, End& to) {
    Bytes all;
    while (from.session.has_output()) {
        const Bytes out = from.session.take_output(kSocketBytes, now);
        EXPECT_FALSE(out.empty());
        to.take(to.session.receive(out, now));
        append(all, out);
    }
    return all;
}

void Pair::pump() {
    while (a.session.has_output() || b.session.has_output()) {
        move(a, b);
        move(b, a);
    }
}

void Pair::pump(Random& random) {
    Bytes to_a;
    Bytes to_b;
    const auto step = [&](End& from, Bytes& wire, End& to) {
        if (random.chance(1, 2)) {
            const auto room = static_cast<std::size_t>(random.between(0, 70'000));
            append(wire, from.session.take_output(room, now));
        }
        const auto portion = static_cast<std::size_t>(
            random.chance(1, 3) ? random.between(0, 40) : random.between(0, wire.size()));
        const std::size_t count = std::min(portion, wire.size());
        to.take(to.session.receive(ByteView(wire).first(count), now));
        wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(count));
    };
    while (a.session.has_output() || b.session.has_output() || !to_a.empty() || !to_b.empty()) {
        step(a, to_b, b);
        step(b, to_a, a);
    }
}

void Pair::wait(std::uint64_t ms) {
    now.value += ms;
    a.take(a.session.tick(now));
    b.take(b.session.tick(now));
}

}  // namespace polis::p2p::testing
