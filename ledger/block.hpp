#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ledger/transaction.hpp>

namespace polis::ledger {

inline constexpr std::uint8_t kHeaderVersion = 1;

/// What the committee votes on. Execution is off the voting path, so a header carries the results
/// of its parent: a wrong state surfaces one height later. Byte layout: docs/formats/block.md.
struct Header {
    std::uint8_t version = kHeaderVersion;
    ChainId chain_id;
    Height height;
    View view;
    Term term;
    TimeMs time;
    Hash parent;              ///< block hash of height - 1; genesis: the genesis hash
    Hash parent_certificate;  ///< hash of the commit certificate of the parent
    Hash txn_root;            ///< Merkle root over transaction ids
    Hash facts_root;          ///< Merkle root over attested facts
    Hash beacon;              ///< randomness: consensus/pbft/beacon.hpp
    VrfProof beacon_proof;
    Hash parent_state_root;     ///< state after the parent block
    Hash parent_receipts_root;  ///< receipts of the parent block
    Gas parent_gas_used;
    Hash committee;       ///< who votes on this height
    Hash next_committee;  ///< who votes in the next term
    Address proposer;     ///< receives the fees

    bool operator==(const Header&) const = default;
    static constexpr auto kFields = codec::fields(
        &Header::version,
        &Header::chain_id,
        &Header::height,
        &Header::view,
        &Header::term,
        &Header::time,
        &Header::parent,
        &Header::parent_certificate,
        &Header::txn_root,
        &Header::facts_root,
        &Header::beacon,
        &Header::beacon_proof,
        &Header::parent_state_root,
        &Header::parent_receipts_root,
        &Header::parent_gas_used,
        &Header::committee,
        &Header::next_committee,
        &Header::proposer);
};

struct Block {
    Header header;
    std::vector<Transaction> txns;
    std::vector<consensus::CertifiedFact> facts;  ///< ascending by kind and subject

    bool operator==(const Block&) const = default;
    static constexpr auto kFields = codec::fields(
        &Block::header,
        codec::bounded(&Block::txns, kBlockTxnsMax),
        codec::bounded(&Block::facts, consensus::kBlockFactsMax));
};

/// The name of a block: the tagged hash of its encoded header.
[[nodiscard]] Hash block_hash(const Header& header);

/// Merkle root over transaction ids, in block order.
[[nodiscard]] Hash txn_root(std::span<const Hash> txn_ids);

}  // namespace polis::ledger
