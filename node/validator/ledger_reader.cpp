#include <node/validator/ledger_reader.hpp>

#include <utility>

#include <core/codec/borsh.hpp>
#include <ledger/block.hpp>
#include <ledger/store/snapshot.hpp>
#include <node/validator/voter.hpp>

namespace polis::node {

std::optional<sync::HeaderFacts> SyncLedgerReader::header_facts(ByteView header) const {
    const auto read = codec::decode<ledger::Header>(header);
    if (!read) {
        return std::nullopt;
    }
    return sync::HeaderFacts{
        .chain = read->chain_id,
        .height = read->height,
        .term = read->term,
        .parent = read->parent,
        .parent_state_root = read->parent_state_root,
        .committee = read->committee,
        .next_committee = read->next_committee};
}

std::optional<sync::ManifestFacts> SyncLedgerReader::manifest_facts(ByteView manifest) const {
    auto read = codec::decode<ledger::SnapshotManifest>(manifest);
    if (!read) {
        return std::nullopt;
    }
    return sync::ManifestFacts{
        .height = read->height,
        .block = read->block,
        .state_root = read->state_root,
        .chunks = std::move(read->chunks)};
}

std::optional<Hash> SyncLedgerReader::block_hash(ByteView block) const {
    const auto read = codec::decode<ledger::Block>(block);
    return read && body_matches(*read) ? std::optional{ledger::block_hash(read->header)}
                                       : std::nullopt;
}

}  // namespace polis::node
