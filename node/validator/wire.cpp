#include <node/validator/wire.hpp>

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

}  // namespace

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
