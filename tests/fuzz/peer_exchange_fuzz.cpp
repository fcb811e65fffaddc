// Control messages as a peer may send them. The first byte picks: one message decoded and encoded
// again, or a conversation with a Peers machine, which keeps its bounds whatever is said.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <variant>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <p2p/peers.hpp>
#include <p2p/peers/book.hpp>
#include <p2p/peers/messages.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::p2p {
namespace {

constexpr std::size_t kPeers = 4;

Endpoint endpoint_of(std::uint8_t number) {
    return {
        .address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, number, number, 1, 1},
        .port = 26'600};
}

Remote remote_of(std::uint8_t number) {
    Remote out;
    out.id.data[0] = number;
    out.hello.listen_port = 26'600;
    return out;
}

void check_bounds(const Peers& peers, const PeersEffects& effects, const Peers::Limits& limits) {
    POLIS_ASSERT_OP(peers.known_count(), <=, kTriedMax + kNewMax);
    const auto dials = std::ranges::count_if(
        effects, [](const auto& effect) { return std::holds_alternative<Dial>(effect); });
    POLIS_ASSERT_OP(static_cast<std::size_t>(dials), <=, limits.outbound_max);
    for (const PeersEffect& effect : effects) {
        if (const auto* send = std::get_if<SendControl>(&effect)) {
            POLIS_ASSERT(codec::decode<PeersMessage>(send->bytes).has_value());
        }
    }
}

void run_conversation(fuzz::Choices choices) {
    Peers::Setup setup;
    setup.self.data[0] = 200;
    setup.limits.local_network = choices.byte() % 2 == 0;
    Peers peers(setup, TimeMs{1'000});
    TimeMs now{1'000};
    ConnectionId next = 1;
    for (; next <= kPeers; ++next) {
        const auto number = static_cast<std::uint8_t>(20 + next);
        if (next % 2 == 0) {
            peers.dialled(next, endpoint_of(number), now);
        } else {
            POLIS_ASSERT(peers.accepted(next, endpoint_of(number), now));
        }
        (void)peers.established(next, remote_of(number), now);
    }
    while (!choices.empty()) {
        now.value += choices.byte() * std::uint64_t{100};
        const ConnectionId from = 1 + choices.byte() % kPeers;
        const ByteView message = choices.take(choices.byte());
        check_bounds(peers, peers.control(from, message, now), setup.limits);
        for (const PeersEffect& effect : peers.tick(now)) {
            if (const auto* dial = std::get_if<Dial>(&effect)) {
                (void)peers.dial_failed(dial->endpoint, now);
            }
        }
    }
    setup.book = peers.save();
    const Peers again(setup, now);
    POLIS_ASSERT(!again.book_dropped());
    POLIS_ASSERT_OP(again.known_count(), ==, peers.known_count());
}

}  // namespace
}  // namespace polis::p2p

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    if (choices.byte() % 2 == 0) {
        (void)polis::fuzz::decode_canonical<polis::p2p::PeersMessage>(choices.rest());
    } else {
        polis::p2p::run_conversation(choices);
    }
    return 0;
}
