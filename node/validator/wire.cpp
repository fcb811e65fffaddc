#include <node/validator/wire.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace polis::node {

namespace {

struct ChannelOf {
    p2p::Channel operator()(const pbft::Message& /*message*/) const {
        return p2p::Channel::kConsensus;
    }

    p2p::Channel operator()(const consensus::FactVote& /*message*/) const {
        return p2p::Channel::kConsensus;
    }

    p2p::Channel operator()(const TxnBatch& /*message*/) const { return p2p::Channel::kTxns; }

    p2p::Channel operator()(const TxnAnnounce& /*message*/) const { return p2p::Channel::kTxns; }

    p2p::Channel operator()(const TxnRequest& /*message*/) const { return p2p::Channel::kTxns; }

    template <class SyncMessage>
    p2p::Channel operator()(const SyncMessage& /*message*/) const {
        return p2p::Channel::kBlocks;
    }
};

}  // namespace

std::optional<p2p::Channel> channel_of_bytes(ByteView bytes) {
    if (bytes.empty() || bytes[0] >= std::variant_size_v<Envelope>) {
        return std::nullopt;
    }
    // The tag is the position in Envelope.
    constexpr std::uint8_t kTxns = 2;
    static_assert(std::is_same_v<std::variant_alternative_t<kTxns, Envelope>, TxnBatch>);
    if (bytes[0] == kTxns) {
        return p2p::Channel::kTxns;
    }
    return bytes[0] < kTxns ? p2p::Channel::kConsensus : p2p::Channel::kBlocks;
}

p2p::Channel channel_of(const Envelope& message) { return std::visit(ChannelOf{}, message); }

Bytes encode_wire(const Envelope& message) { return codec::encode(message); }

std::optional<Envelope> decode_wire(ByteView bytes) {
    if (bytes.size() > kWireBytesMax) {
        return std::nullopt;
    }
    auto message = codec::decode<Envelope>(bytes);
    return message ? std::optional{*std::move(message)} : std::nullopt;
}

}  // namespace polis::node
