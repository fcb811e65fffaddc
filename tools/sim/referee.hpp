#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/certificate.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <ledger/chain.hpp>
#include <tools/sim/result.hpp>
#include <tools/sim/school.hpp>

namespace polis::sim {

/// Judges what correct nodes finalize. It executes every block on a chain of its own and works out
/// from that state who may vote, without the code that nodes do it with, so it takes no node's word
/// for anything.
class Referee {
  public:
    struct Setup {
        const genesis::Genesis& genesis;
        consensus::CryptoChecker& checker;
        WorkerPool& workers;
        std::set<Address> correct;  ///< validators that never lie
    };

    explicit Referee(Setup setup);

    /// A correct node says that a block is final. @param chain the node's, which holds the block
    [[nodiscard]] std::optional<Violation> finalized(
        const ledger::Head& head, const pbft::Certificate& certificate, const ledger::Chain& chain);

    /// What a correct node's store holds when it is opened.
    [[nodiscard]] std::optional<Violation> opened(const ledger::Chain& chain);

    /// The last height that any correct node has finalized.
    [[nodiscard]] Height height() const { return chain_->head().height; }

    /// Hash of the final block. @pre height <= height()
    [[nodiscard]] const ledger::Head& head(Height height) const { return heads_.at(height.value); }

    /// View in which the block was decided. @pre 1 <= height <= height()
    [[nodiscard]] View view(Height height) const { return views_.at(height.value); }

    /// Who votes at that height. @pre height <= height() + 1
    [[nodiscard]] const std::vector<consensus::Member>& members(Height height) const;

    /// The correct answer to a fact. @pre not known otherwise
    void expect(const consensus::Fact& fact) { expected_.emplace(fact.subject, fact.result); }

    /// Two correct nodes have finalized different blocks at this height; nothing if never.
    [[nodiscard]] std::optional<Height> forked_at() const { return forked_at_; }

    [[nodiscard]] std::uint64_t facts() const { return facts_; }

    /// Rounds of learning that were settled.
    [[nodiscard]] std::uint64_t rounds();

    /// How they ended, as far as the chain remembers them.
    [[nodiscard]] SchoolTally school() { return school_tally(*chain_); }

    [[nodiscard]] std::size_t committees() const { return voted_.size(); }

  private:
    [[nodiscard]] std::optional<Violation> compare(const ledger::Head& head);
    [[nodiscard]] std::optional<Violation> append(
        const ledger::Chain& source, Height height, const pbft::Certificate& certificate);
    [[nodiscard]] std::optional<Violation> catch_up(const ledger::Chain& source, Height last);
    [[nodiscard]] std::optional<Violation> check_certificate(
        const pbft::Certificate& certificate, Height height, const Hash& block);
    [[nodiscard]] std::optional<Violation> check_facts(const ledger::CheckedBlock& block) const;
    [[nodiscard]] std::optional<Violation> end_term(Height height);
    [[nodiscard]] std::optional<Violation> count_coins();
    [[nodiscard]] std::vector<consensus::Member> by_stake(
        const std::vector<consensus::Member>& incumbent);

    // Constant after construction.
    ChainId chain_id_;
    std::uint64_t term_blocks_;
    consensus::CryptoChecker& checker_;
    WorkerPool& workers_;
    std::set<Address> correct_;

    std::unique_ptr<ledger::Chain> chain_;
    std::vector<ledger::Head> heads_;  ///< by height
    std::vector<View> views_;          ///< by height
    std::map<Term, std::vector<consensus::Member>> members_;
    std::set<Hash> voted_;            ///< committees
    std::map<Hash, Bytes> expected_;  ///< results by subject
    std::optional<Height> forked_at_;
    std::uint64_t facts_ = 0;
};

}  // namespace polis::sim
