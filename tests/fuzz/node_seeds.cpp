#include <tests/fuzz/node_seeds.hpp>

#include <cstdint>
#include <variant>
#include <vector>

#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>

namespace polis::fuzz {

namespace {

using namespace node;

/// As validator_fuzz.cpp reads it: 10 ms later, who, how many bytes, the bytes.
void say(Bytes& out, PeerId from, ByteView bytes) {
    for (const std::size_t part : {std::size_t{1}, from - std::size_t{1}, bytes.size() / 256}) {
        out.push_back(static_cast<std::uint8_t>(part));
    }
    out.push_back(static_cast<std::uint8_t>(bytes.size() % 256));
    append(out, bytes);
}

/// What node 0 of a network of four hears until a few blocks are final.
Bytes heard(bool silent_leader) {
    testing::Network network(4);
    Bytes out{1};
    network.set_filter([&](PeerId from, PeerId to, const Bytes& bytes) {
        const bool lost = silent_leader && from == 1;
        if (to == 0 && !lost) {
            say(out, from, bytes);
        }
        return !lost;
    });
    network.input(2, SubmitTxn{testing::transfer(network.genesis(), 0, 1, 5, 0)});
    (void)network.run_until([&] { return network.all_at(Height{2}); }, 5'000);
    return out;
}

}  // namespace

std::map<std::string, Bytes> node_seeds() {
    std::map<std::string, Bytes> out;
    const std::vector<std::pair<std::string, Envelope>> kinds{
        {"batch", TxnBatch{{Bytes{1, 2, 3}, Bytes{}}}},
        {"claim", sync::HeadClaim{Height{1}, Height{7}}},
        {"blocks_asked", sync::BlockRequest{1, Height{1}, 3}},
        {"blocks", sync::BlockResponse{1, Height{2}, {sync::SyncedBlock{Bytes{9}, {}}}}},
        {"body_asked", sync::BodyRequest{Hash{}, false, {1, 5}}},
        {"announce", TxnAnnounce{{Hash{}, Hash{}}}},
        {"relayed", Relayed{pbft::Message{pbft::Ballot{}}}},
        {"graft", RelayGraft{}},
        {"offers_asked", sync::SnapshotRequest{sync::OffersRequest{}}},
        {"anchor_asked", sync::SnapshotRequest{sync::AnchorRequest{Height{1}}}},
        {"links", sync::SnapshotResponse{sync::LinksResponse{Term{3}, {}}}}};
    Bytes all{1};
    for (const auto& [name, message] : kinds) {
        const Bytes bytes = encode_wire(message);
        Bytes one{0};
        append(one, bytes);
        out["validator/seed_" + name] = one;
        say(all, 1, bytes);
    }
    out["validator/seed_every_kind"] = all;
    out["validator/seed_blocks_made"] = heard(false);
    out["validator/seed_silent_member"] = heard(true);
    return out;
}

}  // namespace polis::fuzz
