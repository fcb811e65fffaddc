// What a trainer and a host may send each other. The first byte picks: one message of either side
// decoded and encoded again, or a stream in portions to the host's side of a connection.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <core/check.hpp>
#include <ml/protocol/host_link.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::trainer {
namespace {

/// A greeted host with a job, and a trainer that says anything.
void converse(fuzz::Choices choices) {
    const HelloNonce nonce{{1}};
    HostLink link({}, nonce, 0);
    POLIS_ASSERT(link.received(frame_of(TrainerMessage{Hello{.proof = prove({}, nonce)}}), 0));
    (void)link.train({.job = 1});
    std::uint64_t now_ms = 0;
    while (!choices.empty()) {
        now_ms += choices.byte();
        const auto messages = link.received(choices.take(choices.byte()), now_ms);
        if (!messages) {
            return;
        }
        for (const TrainerMessage& message : *messages) {
            POLIS_ASSERT(!std::holds_alternative<Hello>(message));
            POLIS_ASSERT(!std::holds_alternative<Heartbeat>(message));
        }
        POLIS_ASSERT(link.ready() != link.job().has_value());
    }
}

}  // namespace
}  // namespace polis::trainer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    switch (choices.byte() % 3) {
        case 0:
            (void)polis::fuzz::decode_canonical<polis::trainer::HostMessage>(choices.rest());
            break;
        case 1:
            (void)polis::fuzz::decode_canonical<polis::trainer::TrainerMessage>(choices.rest());
            break;
        default:
            polis::trainer::converse(choices);
    }
    return 0;
}
