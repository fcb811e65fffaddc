#include <node/validator/wire.hpp>

#include <array>
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

    p2p::Channel operator()(const Relayed& /*message*/) const { return p2p::Channel::kConsensus; }

    p2p::Channel operator()(const RelayPrune& /*message*/) const {
        return p2p::Channel::kConsensus;
    }

    p2p::Channel operator()(const RelayGraft& /*message*/) const {
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

constexpr std::size_t kEnvelopeKinds = std::variant_size_v<Envelope>;

/// By tag, which is the position in Envelope.
template <std::size_t... kTags>
std::array<p2p::Channel, kEnvelopeKinds> channels(std::index_sequence<kTags...> /*tags*/) {
    return {ChannelOf{}(std::variant_alternative_t<kTags, Envelope>{})...};
}

}  // namespace

std::optional<p2p::Channel> channel_of_bytes(ByteView bytes) {
    static const auto kChannels = channels(std::make_index_sequence<kEnvelopeKinds>());
    return bytes.empty() || bytes[0] >= kEnvelopeKinds ? std::nullopt
                                                       : std::optional{kChannels[bytes[0]]};
}

bool is_txn_batch(ByteView bytes) {
    constexpr std::uint8_t kTag = 2;
    static_assert(std::is_same_v<std::variant_alternative_t<kTag, Envelope>, TxnBatch>);
    return !bytes.empty() && bytes[0] == kTag;
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
