#include <tests/consensus/sync/snapshot_world.hpp>

#include <utility>

#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::sync {

namespace {

Bytes encode_header(const HeaderFacts& facts) {
    Bytes out;
    codec::encode_to(out, facts.chain);
    codec::encode_to(out, facts.height);
    codec::encode_to(out, facts.term);
    codec::encode_to(out, facts.parent);
    codec::encode_to(out, facts.parent_state_root);
    codec::encode_to(out, facts.committee);
    codec::encode_to(out, facts.next_committee);
    return out;
}

struct TestManifest {
    Height height;
    Hash block;
    Hash state_root;
    std::vector<Hash> chunks;

    static constexpr auto kFields = codec::fields(
        &TestManifest::height,
        &TestManifest::block,
        &TestManifest::state_root,
        &TestManifest::chunks);
};

struct TestBlock {
    Bytes header;
    Hash body;  ///< must be the header's hash under another tag

    static constexpr auto kFields = codec::fields(&TestBlock::header, &TestBlock::body);
};

Hash body_of(ByteView header) { return crypto::blake2b_256(crypto::kDomainMerkleLeaf, header); }

}  // namespace

std::optional<HeaderFacts> TestReader::header_facts(ByteView header) const {
    codec::Reader reader(header);
    HeaderFacts out;
    codec::Codec<ChainId>::decode(reader, out.chain);
    codec::Codec<Height>::decode(reader, out.height);
    codec::Codec<Term>::decode(reader, out.term);
    for (Hash* hash : {&out.parent, &out.parent_state_root, &out.committee, &out.next_committee}) {
        codec::Codec<Hash>::decode(reader, *hash);
    }
    return reader.ok() && reader.remaining() == 0 ? std::optional{out} : std::nullopt;
}

std::optional<ManifestFacts> TestReader::manifest_facts(ByteView manifest) const {
    auto read = codec::decode<TestManifest>(manifest);
    if (!read) {
        return std::nullopt;
    }
    return ManifestFacts{read->height, read->block, read->state_root, std::move(read->chunks)};
}

std::optional<Hash> TestReader::block_hash(ByteView block) const {
    const auto read = codec::decode<TestBlock>(block);
    if (!read || read->body != body_of(read->header)) {
        return std::nullopt;
    }
    return crypto::blake2b_256(crypto::kDomainHeader, read->header);
}

TestChain::TestChain() {
    for (std::uint64_t term = 0; term <= kChainLength / kTermBlocks + 1; ++term) {
        Term& made = terms_.emplace_back();
        const std::uint64_t seed = term == 1 ? 0 : term;
        for (std::uint64_t i = 0; i < 4 + seed % 3; ++i) {
            const Bytes bytes = codec::encode(seed * 100 + i);
            const Hash secret = crypto::blake2b_256(crypto::kDomainDevKey, bytes);
            made.keys.emplace_back(crypto::Seed(secret.view()));
            consensus::Member member;
            member.consensus_key = made.keys.back().public_key();
            member.stake = Amount{1'000 - i};
            made.members.push_back(member);
        }
    }
    headers_.emplace_back();
    for (std::uint64_t height = 1; height <= kChainLength; ++height) {
        const polis::Term term = consensus::term_of(Height{height}, kTermBlocks);
        headers_.push_back(encode_header(
            {.chain = kChain,
             .height = Height{height},
             .term = term,
             .parent = hash(height - 1),
             .parent_state_root = state_root(height - 1),
             .committee = consensus::committee_hash(members(term.value)),
             .next_committee = consensus::committee_hash(members(term.value + 1))}));
    }
}

TestChain& TestChain::shared() {
    static TestChain chain;
    return chain;
}

const std::vector<consensus::Member>& TestChain::members(std::uint64_t term) const {
    return terms_.at(term).members;
}

Hash TestChain::hash(std::uint64_t height) const {
    return crypto::blake2b_256(crypto::kDomainHeader, headers_.at(height));
}

Hash TestChain::state_root(std::uint64_t height) {
    return crypto::blake2b_256(crypto::kDomainStateNode, codec::encode(height));
}

Bytes TestChain::block(std::uint64_t height) const {
    return codec::encode(TestBlock{.header = header(height), .body = body_of(header(height))});
}

pbft::Certificate TestChain::certificate(std::uint64_t height, std::optional<std::uint64_t> term) {
    const std::uint64_t own = consensus::term_of(Height{height}, kTermBlocks).value;
    const std::uint64_t signer = term.value_or(own);
    const auto known = certificates_.find({height, signer});
    if (known != certificates_.end()) {
        return known->second;
    }
    pbft::Statement statement;
    statement.chain = kChain;
    statement.term = polis::Term{own};
    statement.height = Height{height};
    statement.phase = pbft::Phase::kCommit;
    statement.digest = hash(height);
    std::vector<pbft::Vote> votes;
    const Term& who = terms_.at(signer);
    const Hash message = pbft::signing_hash(statement);
    for (std::size_t i = 0; i < consensus::quorum(who.members.size()); ++i) {
        votes.push_back(
            {.statement = statement,
             .member = static_cast<consensus::MemberIndex>(i),
             .signature = who.keys[i].sign(message.view())});
    }
    auto made = pbft::make_certificate(votes, who.members.size());
    return certificates_.emplace(std::pair{height, signer}, std::move(made)).first->second;
}

TermLink TestChain::link(std::uint64_t term) {
    const std::uint64_t height = term * kTermBlocks + 1;
    return {
        .header = header(height), .certificate = certificate(height), .members = members(term + 1)};
}

Anchor TestChain::anchor(std::uint64_t height) {
    return {
        .block = {.block = block(height), .certificate = certificate(height)},
        .next_header = header(height + 1),
        .next_certificate = certificate(height + 1)};
}

TestSnapshot TestChain::snapshot(
    std::uint64_t height, std::size_t chunks, std::uint8_t salt) const {
    TestSnapshot out;
    TestManifest manifest{
        .height = Height{height},
        .block = hash(height),
        .state_root = state_root(height),
        .chunks = {}};
    for (std::size_t i = 0; i < chunks; ++i) {
        Bytes chunk = codec::encode(height * 1'000 + i);
        chunk.push_back(salt);
        manifest.chunks.push_back(crypto::blake2b_256(crypto::kDomainSnapshot, chunk));
        out.chunks.push_back(std::move(chunk));
    }
    out.manifest = codec::encode(manifest);
    out.offer = {
        .height = manifest.height,
        .block = manifest.block,
        .state_root = manifest.state_root,
        .manifest = manifest_hash(out.manifest)};
    return out;
}

SnapshotSync::Trust TestChain::trust() const {
    return {.chain = kChain, .term_blocks = kTermBlocks, .genesis = members(0)};
}

}  // namespace polis::sync
