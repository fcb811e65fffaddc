#pragma once

#include <cstddef>
#include <set>
#include <variant>

#include <core/codec/borsh.hpp>
#include <p2p/endpoint.hpp>

/// Peer exchange, on Channel::kControl. Byte layouts: docs/formats/peers.md.
namespace polis::p2p {

inline constexpr std::size_t kAnswerEndpointsMax = 128;

/// "Whom do you know?"
struct PeersQuestion {
    bool operator==(const PeersQuestion&) const = default;
    static constexpr auto kFields = codec::fields();
};

/// Addresses that the sender has spoken to. One answer to each question.
struct PeersAnswer {
    std::set<Endpoint> endpoints;

    bool operator==(const PeersAnswer&) const = default;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&PeersAnswer::endpoints, kAnswerEndpointsMax));
};

/// Append only: the position is the tag on the wire.
using PeersMessage = std::variant<PeersQuestion, PeersAnswer>;

}  // namespace polis::p2p
