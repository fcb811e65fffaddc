// Sessions in every kind of company; the first byte picks: two honest ones over a network that the
// input drives (portions, damage, time), a peer that has keys and says what the input says, and
// bytes without keys to a session that dialled or was dialled. Nothing crashes, what arrives is
// what was sent, in order and from the start, and nobody is blamed for what the network did.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <core/check.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/p2p/session/raw_peer.hpp>
#include <tests/p2p/session/setups.hpp>

namespace polis::p2p {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using fuzz::Choices;

constexpr std::size_t kStepsMax = 300;
constexpr std::size_t kAll = std::size_t{1} << 24;

Session::Setup small_setup(Role role, std::uint8_t number) {
    Session::Setup out = setup_of(role, number);
    out.limits.message_bytes_max = {200, 70'000, 70'000, 5'000, 5'000};
    out.limits.queue_bytes_max = {1'000, 200'000, 200'000, 20'000, 20'000};
    return out;
}

/// One end of the honest pair, the bytes on their way to it, and what it was sent and has got.
struct Side {
    explicit Side(Session::Setup setup) : session(std::move(setup), kStart) {}

    void take(const SessionEvents& events) {
        for (const SessionEvent& event : events) {
            POLIS_ASSERT(!closed);
            if (const auto* message = std::get_if<Message>(&event)) {
                const auto channel = static_cast<std::size_t>(message->channel);
                POLIS_ASSERT_OP(got[channel], <, expected[channel].size());
                POLIS_ASSERT(expected[channel][got[channel]] == message->bytes);
                ++got[channel];
            } else if (const auto* end = std::get_if<Closed>(&event)) {
                POLIS_ASSERT(!end->misbehaved);
                closed = true;
            }
        }
    }

    Session session;
    Bytes wire;
    std::array<std::vector<Bytes>, kChannels> expected;
    std::array<std::size_t, kChannels> got{};
    bool closed = false;
};

void deliver(Choices& choices, Side& from, Side& to, TimeMs now) {
    append(to.wire, from.session.take_output(std::size_t{choices.byte()} * 300, now));
    const std::size_t count = std::min(std::size_t{choices.byte()} * 300, to.wire.size());
    to.take(to.session.receive(ByteView(to.wire).first(count), now));
    to.wire.erase(to.wire.begin(), to.wire.begin() + static_cast<std::ptrdiff_t>(count));
}

void send(Choices& choices, Side& from, Side& to) {
    const std::size_t channel = choices.byte() % kChannels;
    const std::size_t size = std::size_t{choices.byte()} * (channel == 0  ? 0
                                                            : channel < 3 ? 256
                                                                          : 16);
    if (!from.session.established()) {
        return;
    }
    const Bytes message(size + channel, choices.byte());
    if (from.session.send(static_cast<Channel>(channel), message)) {
        to.expected[channel].push_back(message);
    }
}

void damage(Choices& choices, Side& to) {
    if (to.wire.empty()) {
        return;
    }
    const std::size_t at = (std::size_t{choices.byte()} * 256 + choices.byte()) % to.wire.size();
    const auto place = to.wire.begin() + static_cast<std::ptrdiff_t>(at);
    switch (choices.byte() % 3) {
        case 0:
            *place ^= static_cast<std::uint8_t>(1U << (choices.byte() % 8));
            break;
        case 1:
            to.wire.erase(place);
            break;
        default:
            to.wire.insert(place, *place);
            break;
    }
}

void run_pair(Choices choices) {
    Side a(small_setup(Role::kInitiator, 1));
    Side b(small_setup(Role::kResponder, 2));
    TimeMs now = kStart;
    for (std::size_t i = 0; i < kStepsMax && !choices.empty(); ++i) {
        const std::uint8_t choice = choices.byte();
        Side& from = (choice & 1) == 0 ? a : b;
        Side& to = (choice & 1) == 0 ? b : a;
        switch (choice % 14 / 2) {
            case 0:
                send(choices, from, to);
                break;
            case 1:
            case 2:
                deliver(choices, from, to, now);
                break;
            case 3:
                now.value += std::uint64_t{choices.byte()} * 100;
                from.take(from.session.tick(now));
                break;
            case 4:
                damage(choices, to);
                break;
            case 5:
                from.take(from.session.tick(from.session.next_timer().value_or(now)));
                break;
            default:
                from.session.close(CloseReason::kLeft, "the input says so");
                from.closed = true;
                break;
        }
        POLIS_ASSERT_OP(a.session.memory_bytes(), <=, std::size_t{1} << 20);
        POLIS_ASSERT_OP(b.session.memory_bytes(), <=, std::size_t{1} << 20);
    }
}

/// Each stretch of up to 256 bytes times 16 of the input is the plaintext of a record.
void run_peer(Choices choices) {
    Session session(small_setup(Role::kResponder, 2), kStart);
    RawPeer peer(small_setup(Role::kInitiator, 1));
    (void)peer.greet(session, kStart);
    POLIS_ASSERT(session.established());
    std::size_t sent = 0;
    while (!choices.empty()) {
        const Bytes plain = to_bytes(choices.take(4'096));
        sent += plain.size();
        bool ended = false;
        for (const SessionEvent& event : session.receive(peer.record(plain), kStart)) {
            ended = ended || std::holds_alternative<Closed>(event);
        }
        POLIS_ASSERT(!ended || !session.established());
        POLIS_ASSERT_OP(session.memory_bytes(), <=, 4 * sent + 16'384);
    }
    // Whatever it says is well-formed: the peer can read it.
    (void)peer.read(session.take_output(kAll, kStart));
}

void run_stranger(Role role, Choices choices) {
    Session session(small_setup(role, 1), kStart);
    const Bytes opening = session.take_output(kAll, kStart);
    bool closed = false;
    while (!choices.empty() && !closed) {
        for (const SessionEvent& event :
             session.receive(choices.take(std::size_t{1} + choices.byte()), kStart)) {
            const auto* end = std::get_if<Closed>(&event);
            POLIS_ASSERT(end != nullptr && !end->misbehaved);
            closed = true;
        }
        POLIS_ASSERT(!session.established());
        POLIS_ASSERT_OP(session.memory_bytes(), <=, 4'096);
    }
}

}  // namespace
}  // namespace polis::p2p

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using polis::p2p::Role;
    polis::fuzz::Choices choices({data, size});
    switch (choices.byte() % 4) {
        case 0:
            polis::p2p::run_pair(choices);
            break;
        case 1:
            polis::p2p::run_peer(choices);
            break;
        case 2:
            polis::p2p::run_stranger(Role::kResponder, choices);
            break;
        default:
            polis::p2p::run_stranger(Role::kInitiator, choices);
            break;
    }
    return 0;
}
