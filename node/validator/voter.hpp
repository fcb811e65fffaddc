#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/messages.hpp>
#include <consensus/pbft/verify.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <ledger/block.hpp>
#include <ledger/seat.hpp>
#include <node/validator/keeper.hpp>
#include <node/validator/txn_pool.hpp>

namespace polis::node {

/// How a block came here, as far as the rules depend on it.
struct BlockClaim {
    View view;           ///< of the proposal or of the certificate
    bool fresh = false;  ///< built for that view
    /// Hash of the parent's certificate as the proposer showed it; nothing if that is not known.
    std::optional<Hash> parent_certificate;
};

/// Valid, invalid, or (the store error around it) undetermined.
struct Judgement {
    BlockPtr block;      ///< if valid
    std::string reason;  ///< if invalid, for a person

    [[nodiscard]] bool valid() const { return block != nullptr; }
};

/// Decides whether whole blocks are valid on the head. Spec [J5], [J6], [J4].
class Voter {
  public:
    /// @pre all outlive the voter
    Voter(
        Keeper& keeper, const TxnPool& pool, consensus::CryptoChecker& checker, WorkerPool& workers)
        : keeper_(keeper), pool_(pool), checker_(checker), workers_(workers) {}

    /// Everything that a member answers for with its vote, but the clock: see due_at().
    [[nodiscard]] ledger::StoreResult<Judgement> judge_proposal(
        ledger::DraftBlock block, const BlockClaim& claim, const pbft::Schedule& schedule) const;

    /// What a certified block must satisfy if this node's state is right. Its facts and its parent
    /// certificate were judged by the quorum that signed it.
    [[nodiscard]] ledger::StoreResult<Judgement> judge_final(
        ledger::DraftBlock block, View decided_in, const pbft::Schedule& schedule) const;

    /// A block that was judged before, in the light of another proposal.
    [[nodiscard]] ledger::StoreResult<bool> fits(
        const ledger::Header& header,
        const BlockClaim& claim,
        const pbft::Schedule& schedule) const;

    [[nodiscard]] consensus::CryptoChecker& checker() const { return checker_; }

  private:
    [[nodiscard]] ledger::StoreResult<std::optional<ledger::SeatError>> seat_objection(
        const ledger::Header& header,
        const BlockClaim& claim,
        const pbft::Schedule& schedule) const;
    [[nodiscard]] ledger::StoreResult<Judgement> judge(
        ledger::DraftBlock block, const BlockClaim& claim, const pbft::Schedule& schedule) const;

    Keeper& keeper_;
    const TxnPool& pool_;
    consensus::CryptoChecker& checker_;
    WorkerPool& workers_;
};

/// When a block of that time may be accepted by a clock that grants `drift_ms_max`.
[[nodiscard]] TimeMs due_at(TimeMs block_time, std::uint64_t drift_ms_max);

/// False if ids and facts are not those of the header: whoever sent the summary made it up.
[[nodiscard]] bool is_whole(const pbft::Summary& summary);

/// True if the transactions and facts are those that the header names.
[[nodiscard]] bool body_matches(const ledger::Block& block);

}  // namespace polis::node
