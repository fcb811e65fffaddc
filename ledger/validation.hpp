#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <ledger/block.hpp>
#include <ledger/transaction.hpp>

/// What makes a block valid as seen by the ledger. Who may propose it is checked by check_seat(),
/// the certificates of its facts by facts::check_facts(); its own certificate is for consensus.
namespace polis::ledger {

/// The end of a chain: everything the next header must agree with.
struct Head {
    Height height;
    Hash block;
    TimeMs time;
    Hash state_root;            ///< after the block
    Hash receipts_root;         ///< of the block
    Gas gas_used;               ///< by the block
    std::uint64_t records = 0;  ///< in the state
    Hash beacon;                ///< of the block's header

    bool operator==(const Head&) const = default;
    static constexpr auto kFields = codec::fields(
        &Head::height,
        &Head::block,
        &Head::time,
        &Head::state_root,
        &Head::receipts_root,
        &Head::gas_used,
        &Head::records,
        &Head::beacon);
};

enum class BlockError : std::uint8_t {
    kMalformed,  ///< not the canonical encoding of a block
    kTooLarge,   ///< over kBlockBytesMax or kBlockTxnsMax
    kBadVersion,
    kWrongChain,
    kWrongHeight,  ///< not the parent's plus one
    kWrongParent,
    kWrongTime,       ///< not after the parent
    kWrongStateRoot,  ///< disagrees with this node's execution of the parent
    kWrongReceiptsRoot,
    kWrongGasUsed,
    kWrongTxnRoot,
    kWrongFactsRoot,
    kBadTxn,  ///< `txn` says which check and `index` which transaction
    kDuplicateTxn,
    kGasOverLimit,    ///< the transactions' gas limits add up to more than a block's
    kDuplicateFact,   ///< two facts about one subject of one kind
    kFactsUnordered,  ///< not ascending by kind and subject
};

std::string_view to_string(BlockError error);

struct BlockFault {
    BlockError code = BlockError::kMalformed;
    std::size_t index = 0;  ///< of the offending transaction
    std::optional<TxnError> txn;

    bool operator==(const BlockFault&) const = default;
};

/// For a person: the rule, and the transaction it was broken by.
std::string describe(const BlockFault& fault);

/// A block that passed every check but those of its signatures.
struct CheckedBlock {
    Header header;
    Hash hash;
    std::vector<CheckedTxn> txns;
    std::vector<consensus::CertifiedFact> facts;
};

/// Decodes and checks a block on top of `parent`. Costs no signature and no state.
/// Source: spec [B1] to [B9], [B12].
[[nodiscard]] Result<CheckedBlock, BlockFault> check_block(
    ByteView encoded, const Head& parent, const TxnRules& rules);

/// The same for a decoded block, with the same limits on its size.
[[nodiscard]] Result<CheckedBlock, BlockFault> check_block(
    const Block& block, const Head& parent, const TxnRules& rules);

/// A block whose transactions were checked one by one: what a node puts together from those that
/// it has, without encoding and hashing them again.
struct DraftBlock {
    Header header;
    std::vector<CheckedTxn> txns;  ///< by check() of this chain
    std::vector<consensus::CertifiedFact> facts;
};

/// Checks the transactions of a block one by one.
[[nodiscard]] Result<DraftBlock, BlockFault> draft_of(const Block& block, const TxnRules& rules);

/// All that check_block() checks beside.
[[nodiscard]] Result<CheckedBlock, BlockFault> check_block(
    DraftBlock draft, const Head& parent, const TxnRules& rules);

/// Verifies every transaction's signature on the pool: spec [B10].
/// @return the first bad one's fault
[[nodiscard]] Result<void, BlockFault> check_signatures(
    const CheckedBlock& block, WorkerPool& workers);

/// The header's fields of consensus: see check_seat(). All zero on a chain without agreement, which
/// only benchmarks and demonstrations make.
struct Seat {
    View view;
    Term term;
    Hash parent_certificate;
    Hash beacon;
    VrfProof beacon_proof;
    Hash committee;
    Hash next_committee;
};

/// What the maker of a block decides; the ledger computes the rest of the header's own fields.
struct BlockPlan {
    ChainId chain_id;
    TimeMs time;
    Address proposer;
    Seat seat = {};
    std::vector<consensus::CertifiedFact> facts = {};  ///< in any order
};

/// A block on top of `parent`, with its facts in the order of [B12].
/// @pre the transactions pass check_block() on this parent; facts of distinct kind and subject, at
/// most kBlockFactsMax
[[nodiscard]] CheckedBlock make_block(
    const Head& parent, BlockPlan plan, std::vector<CheckedTxn> txns);

/// The canonical bytes of the block.
[[nodiscard]] Bytes encode_block(const CheckedBlock& block);

}  // namespace polis::ledger
