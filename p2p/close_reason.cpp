#include <p2p/session.hpp>

namespace polis::p2p {

namespace {

struct Texts {
    std::string_view name;
    std::string_view explanation;  ///< what is wrong, and what to do about it
};

Texts texts(CloseReason reason) {
    switch (reason) {
        case CloseReason::kBadHandshake:
            return {
                "bad handshake",
                "the other end does not speak this protocol or cannot prove its identity; check "
                "that the address is the p2p address of a Polis node"};
        case CloseReason::kWrongChain:
            return {
                "wrong chain",
                "the other end is on a chain with another id; remove it from the peers or use the "
                "genesis of its chain"};
        case CloseReason::kWrongGenesis:
            return {
                "wrong genesis",
                "the other end began the same chain id from another genesis; compare the genesis "
                "hashes and start again from the right genesis.toml"};
        case CloseReason::kWrongVersion:
            return {
                "wrong version",
                "the other end speaks another version of the protocol; upgrade the older node"};
        case CloseReason::kWrongNode:
            return {
                "wrong node",
                "another node answers at this address; correct the id or the address of the peer"};
        case CloseReason::kSelf:
            return {
                "self",
                "this is a connection to the node itself, or a second node runs with the same "
                "key; remove the node's own address from its peers, give each node its own key"};
        case CloseReason::kHandshakeTooSlow:
            return {
                "handshake too slow",
                "the handshake was not done in time; the other end is overloaded, far away or no "
                "Polis node"};
        case CloseReason::kBadRecord:
            return {
                "bad record",
                "bytes were changed on the way or break the rules of the protocol; upgrade the "
                "older node, and if it goes on suspect the network between"};
        case CloseReason::kMessageTooLarge:
            return {
                "message too large",
                "a message is over the limit of its channel; upgrade the older node or give both "
                "the same limits"};
        case CloseReason::kTooSlow:
            return {
                "too slow",
                "the other end does not take what is sent to it; it is overloaded or its line is "
                "too narrow"};
        case CloseReason::kSilent:
            return {
                "silent",
                "nothing came for too long; the other end has stopped or the network is cut"};
        case CloseReason::kFlooding:
            return {"flooding", "far more messages came than an honest node sends"};
        case CloseReason::kNoncesUsedUp:
            return {
                "nonces used up",
                "this connection has carried all that its keys are good for; connect again"};
        case CloseReason::kLeft:
            return {"left", "the connection is not needed any more; nothing is wrong"};
    }
    return {"unknown", "unknown"};
}

}  // namespace

std::string_view to_string(CloseReason reason) { return texts(reason).name; }

std::string explain(CloseReason reason) { return std::string(texts(reason).explanation); }

}  // namespace polis::p2p
