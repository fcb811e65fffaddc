// The worked example of docs/formats/example.md. Its bytes are read out of the document and decoded
// twice: by a decoder written here from the document alone (own byte order, own trees, BLAKE2b from
// libsodium), and by the program. Every stated value is computed again by both.
#include <tests/formats/example.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sodium.h>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/hex.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/state/hashing.hpp>
#include <ledger/state/proof.hpp>
#include <tests/formats/document.hpp>

namespace polis::formats {
namespace {

constexpr const char* kPath = "docs/formats/example.md";
using Values = std::map<std::string, Bytes>;

const Example& example() {
    static const Example kExample = make_example();
    return kExample;
}

Bytes documented_block() {
    Bytes out;
    for (const DumpLine& line : dump_lines(read_document(kPath))) {
        append(out, line.bytes);
    }
    return out;
}

// ---- from the document alone ------------------------------------------------------------------

Bytes blake2b(std::string_view tag, std::initializer_list<ByteView> parts, std::size_t size = 32) {
    std::array<unsigned char, 16> personal{};
    std::ranges::copy(tag, personal.begin());
    Bytes message;
    for (const ByteView part : parts) {
        message.insert(message.end(), part.begin(), part.end());
    }
    Bytes out(size);
    EXPECT_EQ(
        crypto_generichash_blake2b_salt_personal(
            out.data(), size, message.data(), message.size(), nullptr, 0, nullptr, personal.data()),
        0);
    return out;
}

Bytes merkle_subtree(const std::vector<Bytes>& contents) {
    if (contents.size() == 1) {
        return blake2b("polis.mt.leaf", {contents.front()});
    }
    std::ptrdiff_t split = 1;
    while (split * 2 < std::ssize(contents)) {
        split *= 2;
    }
    return blake2b(
        "polis.mt.node",
        {merkle_subtree({contents.begin(), contents.begin() + split}),
         merkle_subtree({contents.begin() + split, contents.end()})});
}

Bytes merkle_root(const std::vector<Bytes>& contents) {
    if (contents.empty()) {
        return Bytes(32);
    }
    Bytes count(8);
    count[0] = static_cast<std::uint8_t>(contents.size());
    return blake2b("polis.mt.node", {count, merkle_subtree(contents)});
}

/// Leaf hashes by path.
Bytes state_subtree(const std::map<Bytes, Bytes>& leaves, std::size_t depth) {
    if (leaves.size() < 2) {
        return leaves.empty() ? Bytes(32) : leaves.begin()->second;
    }
    std::array<std::map<Bytes, Bytes>, 2> halves;
    for (const auto& [path, leaf] : leaves) {
        const std::size_t side = (std::size_t{path[depth / 8]} >> (7 - depth % 8)) & 1;
        halves.at(side).emplace(path, leaf);
    }
    return blake2b(
        "polis.st.node",
        {state_subtree(halves[0], depth + 1), state_subtree(halves[1], depth + 1)});
}

class HandDecoder {
  public:
    explicit HandDecoder(Bytes bytes) : bytes_(std::move(bytes)) {}

    Bytes take(std::size_t count) {
        EXPECT_LE(at_ + count, bytes_.size());
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
        at_ += count;
        return {begin, begin + static_cast<std::ptrdiff_t>(count)};
    }

    std::uint64_t number(std::size_t size) {
        std::uint64_t out = 0;
        const Bytes raw = take(size);
        for (std::size_t i = size; i > 0; --i) {
            out = out * 256 + raw[i - 1];
        }
        return out;
    }

    /// The bytes from `begin` to here.
    [[nodiscard]] Bytes since(std::size_t begin) const {
        return {
            bytes_.begin() + static_cast<std::ptrdiff_t>(begin),
            bytes_.begin() + static_cast<std::ptrdiff_t>(at_)};
    }

    [[nodiscard]] std::size_t at() const { return at_; }

    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

  private:
    Bytes bytes_;
    std::size_t at_ = 0;
};

struct HandTxn {
    std::uint64_t nonce = 0;
    std::uint8_t tag = 0;
    Bytes to;
    std::uint64_t amount = 0;
    Bytes sender_key;
    Bytes body;
    Bytes whole;
    Bytes signature;
};

HandTxn hand_decode_txn(HandDecoder& in) {
    HandTxn out;
    const std::size_t begin = in.at();
    EXPECT_EQ(in.number(1), 1U);  // version
    EXPECT_EQ(in.number(8), 7U);  // chain id
    out.sender_key = in.take(32);
    out.nonce = in.number(8);
    EXPECT_EQ(in.number(8), 3'000U);  // gas limit
    EXPECT_EQ(in.number(8), 2U);      // gas price
    EXPECT_EQ(in.number(8), 1'000U);  // valid until
    out.tag = static_cast<std::uint8_t>(in.number(1));
    out.to = in.take(20);
    out.amount = in.number(8);
    out.body = in.since(begin);
    out.signature = in.take(64);
    out.whole = in.since(begin);
    return out;
}

struct HandBlock {
    std::uint64_t height = 0;
    std::uint64_t time = 0;
    Bytes txn_root;
    Bytes parent_state_root;
    Bytes proposer;
    Bytes header;
    std::vector<HandTxn> txns;
};

HandBlock hand_decode(Bytes bytes) {
    HandDecoder in(std::move(bytes));
    HandBlock out;
    EXPECT_EQ(in.number(1), 1U);  // version
    EXPECT_EQ(in.number(8), 7U);  // chain id
    out.height = in.number(8);
    EXPECT_EQ(in.number(8), 1U);  // view
    EXPECT_EQ(in.number(8), 3U);  // term
    out.time = in.number(8);
    EXPECT_EQ(in.take(32), Bytes(32, 0xaa));  // parent
    EXPECT_EQ(in.take(32), Bytes(32, 0xc1));  // parent certificate
    out.txn_root = in.take(32);
    EXPECT_EQ(in.take(32), Bytes(32));        // facts root
    EXPECT_EQ(in.take(32), Bytes(32, 0xbe));  // beacon
    in.take(80);                              // beacon proof
    out.parent_state_root = in.take(32);
    EXPECT_EQ(in.take(32), Bytes(32));        // parent receipts root
    EXPECT_EQ(in.number(8), 0U);              // parent gas used
    EXPECT_EQ(in.take(32), Bytes(32, 0xc0));  // committee
    EXPECT_EQ(in.take(32), Bytes(32, 0xc2));  // next committee
    out.proposer = in.take(20);
    out.header = in.since(0);
    const std::uint64_t count = in.number(4);
    for (std::uint64_t i = 0; i < count; ++i) {
        out.txns.push_back(hand_decode_txn(in));
    }
    EXPECT_EQ(in.number(4), 0U);  // facts
    EXPECT_TRUE(in.at_end());
    return out;
}

/// The values that follow from the block, the receipts and the records of the document.
Values hand_values(const Values& stated) {
    const HandBlock block = hand_decode(documented_block());
    Values out;
    std::vector<Bytes> ids;
    for (std::size_t i = 0; i < block.txns.size(); ++i) {
        const std::string name = "txn" + std::to_string(i) + "_";
        const HandTxn& txn = block.txns[i];
        out[name + "signing_hash"] = blake2b("polis.txn.sign", {txn.body});
        out[name + "sender"] = blake2b("polis.address", {txn.sender_key}, 20);
        out[name + "id"] = blake2b("polis.txn.id", {txn.whole});
        ids.push_back(out[name + "id"]);
    }
    out["txn_root"] = merkle_root(ids);
    out["block_hash"] = blake2b("polis.header", {block.header});
    out["receipts_root"] = merkle_root({stated.at("receipt0"), stated.at("receipt1")});
    std::map<Bytes, Bytes> leaves;
    for (const std::string name : {"record0", "record1"}) {
        const Bytes path = blake2b("polis.st.path", {stated.at(name + "_key")});
        out[name + "_path"] = path;
        out[name + "_leaf"] = blake2b("polis.st.leaf", {path, stated.at(name + "_value")});
        leaves[path] = out[name + "_leaf"];
    }
    out["state_node"] = blake2b("polis.st.node", {out["record0_leaf"], out["record1_leaf"]});
    out["state_root"] = blake2b("polis.st.node", {Bytes(32), out["state_node"]});
    EXPECT_EQ(out["state_root"], state_subtree(leaves, 0));
    return out;
}

// ---- from the program -------------------------------------------------------------------------

Bytes whole(ByteView bytes) { return to_bytes(bytes); }

Values program_values() {
    const Example& item = example();
    Values out;
    for (std::size_t i = 0; i < item.block.txns.size(); ++i) {
        const std::string name = "txn" + std::to_string(i) + "_";
        const ledger::CheckedTxn& txn = item.block.txns[i];
        out[name + "signing_hash"] = whole(ledger::signing_hash(txn.txn.body).view());
        out[name + "sender"] = whole(txn.sender.view());
        out[name + "id"] = whole(txn.id.view());
        out["receipt" + std::to_string(i)] = codec::encode(item.outcome.receipts[i]);
    }
    out["txn_root"] = whole(item.block.header.txn_root.view());
    out["block_hash"] = whole(item.block.hash.view());
    out["receipts_root"] = whole(item.outcome.receipts_root.view());
    std::vector<ledger::state::Leaf> leaves;
    for (std::size_t i = 0; i < item.state.size(); ++i) {
        const std::string name = "record" + std::to_string(i) + "_";
        const ledger::StateChange& record = item.state[i];
        const Hash& path = record.key.path();
        out[name + "key"] = whole(record.key.bytes());
        out[name + "value"] = whole(*record.value);
        out[name + "path"] = whole(path.view());
        const Hash leaf = ledger::state::leaf_hash(path, *record.value);
        out[name + "leaf"] = whole(leaf.view());
        leaves.push_back({.path = path, .hash = leaf, .value = {}});
    }
    EXPECT_EQ(ledger::state::common_bits(leaves.front().path, leaves.back().path), 1U);
    out["state_node"] = whole(ledger::state::summarize(leaves, 1).hash.view());
    out["state_root"] = whole(item.parent.state_root.view());
    return out;
}

std::string as_document(const Values& values) {
    std::string out;
    for (const auto& [name, value] : values) {
        out += name + std::string(18 - std::min<std::size_t>(17, name.size()), ' ') + "= " +
               to_hex(value) + "\n";
    }
    return out;
}

TEST(FormatsExample, dump_is_the_block_without_gaps) {
    std::size_t offset = 0;
    for (const DumpLine& line : dump_lines(read_document(kPath))) {
        EXPECT_EQ(line.offset, offset);
        offset += line.bytes.size();
    }
    EXPECT_EQ(to_hex(documented_block()), to_hex(example().encoded));
}

TEST(FormatsExample, the_program_decodes_the_dump) {
    const auto block = codec::decode<ledger::Block>(documented_block());
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->header, example().block.header);
    const auto checked = ledger::check_block(*block, example().parent, rules_of(example().params));
    ASSERT_TRUE(checked.has_value()) << ledger::describe(checked.error());
    WorkerPool pool(1);
    EXPECT_TRUE(ledger::check_signatures(*checked, pool).has_value());
}

TEST(FormatsExample, a_decoder_written_from_the_document_agrees) {
    const HandBlock block = hand_decode(documented_block());
    const ledger::Header& header = example().block.header;
    EXPECT_EQ(block.height, header.height.value);
    EXPECT_EQ(block.time, header.time.value);
    EXPECT_EQ(block.txn_root, whole(header.txn_root.view()));
    EXPECT_EQ(block.proposer, whole(example().bob.view()));
    EXPECT_EQ(block.parent_state_root, whole(example().parent.state_root.view()));
    ASSERT_EQ(block.txns.size(), 2U);
    EXPECT_EQ(block.txns[0].tag, 0U);
    EXPECT_EQ(block.txns[0].to, whole(example().carol.view()));
    EXPECT_EQ(block.txns[0].amount, 1'000'000'000U);
    EXPECT_EQ(block.txns[1].tag, 2U);
    EXPECT_EQ(block.txns[1].nonce, 1U);
    EXPECT_EQ(block.txns[1].to, whole(example().bob.view()));
    EXPECT_EQ(block.txns[1].amount, 5'000'000'000U);
    for (const HandTxn& txn : block.txns) {
        const Bytes message = blake2b("polis.txn.sign", {txn.body});
        EXPECT_EQ(
            crypto_sign_verify_detached(
                txn.signature.data(), message.data(), message.size(), txn.sender_key.data()),
            0);
    }
}

TEST(FormatsExample, stated_values_are_those_of_the_program) {
    const Values stated = stated_values(read_document(kPath));
    EXPECT_EQ(as_document(stated), as_document(program_values()));
}

TEST(FormatsExample, stated_values_follow_from_the_document_alone) {
    const Values stated = stated_values(read_document(kPath));
    for (const auto& [name, value] : hand_values(program_values())) {
        ASSERT_TRUE(stated.contains(name)) << name;
        EXPECT_EQ(to_hex(value), to_hex(stated.at(name))) << name;
    }
}

TEST(FormatsExample, the_proof_of_the_first_record_is_as_described) {
    const Values stated = stated_values(read_document(kPath));
    const ledger::StateProof proof{
        .siblings = {Hash{}, Hash::from_view(stated.at("record1_leaf"))},
        .leaf = ledger::StateProof::End{
            .path = Hash::from_view(stated.at("record0_path")),
            .value = stated.at("record0_value")}};
    const auto value = ledger::verify_proof(
        Hash::from_view(stated.at("state_root")), stated.at("record0_key"), proof);
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(*value, stated.at("record0_value"));
}

TEST(FormatsExample, names_every_key_and_address) {
    const std::string document = read_document(kPath);
    const crypto::VrfKey vrf(crypto::Seed(Bytes(32, 5)));
    EXPECT_NE(document.find(to_hex(key_of(1).public_key().view())), std::string::npos);
    EXPECT_NE(document.find(to_hex(key_of(4).public_key().view())), std::string::npos);
    EXPECT_NE(document.find(to_hex(vrf.public_key().view())), std::string::npos);
    for (const Address& address : {example().alice, example().bob, example().carol}) {
        EXPECT_NE(document.find(to_hex(address.view())), std::string::npos);
        EXPECT_NE(document.find(crypto::to_text(address)), std::string::npos)
            << crypto::to_text(address);
    }
}

}  // namespace
}  // namespace polis::formats
