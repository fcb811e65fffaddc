#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <node/validator/validator.hpp>
#include <node/validator/wire.hpp>
#include <tools/sim/accountant.hpp>
#include <tools/sim/referee.hpp>
#include <tools/sim/result.hpp>
#include <tools/sim/scenario.hpp>
#include <tools/sim/vote_book.hpp>

namespace polis::sim {

/// Sees everything that correct nodes do and says what is wrong with it. Called after each event;
/// keeps the first fault.
class Judge {
  public:
    struct Setup {
        const Scenario& scenario;
        const genesis::Genesis& genesis;
        consensus::CryptoChecker& checker;
        WorkerPool& workers;
    };

    explicit Judge(const Setup& setup);

    // What correct nodes do; `node` is for the message only.
    void said(NodeId node, const PublicKey& key, const node::Envelope& message);
    void heard(const node::Envelope& message);
    void finalized(NodeId node, const node::Finalized& output, const ledger::Chain& chain);
    void reopened(NodeId node, const ledger::Chain& chain, Height announced);
    void accused(NodeId node, const node::Accused& output);
    void alarmed(NodeId node, const pbft::Alarm& alarm, bool expected);
    void penalised(NodeId node, NodeId peer, const std::string& reason);
    void measured(NodeId node, std::size_t memory_bytes);
    void fault(Broken broken, const std::string& what);

    /// After a fork: are enough liars, and only liars, convicted?
    void call_to_account();

    [[nodiscard]] Referee& referee() { return referee_; }

    [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

    [[nodiscard]] bool forked() const { return referee_.forked_at().has_value(); }

    [[nodiscard]] std::uint64_t accusations() const { return accusations_; }

    [[nodiscard]] std::uint64_t memory_bytes_max() const { return memory_bytes_max_; }

  private:
    void take(NodeId node, std::optional<Violation> violation);
    void check_new_view(NodeId node, const pbft::Message& message);

    // Constant after construction.
    ChainId chain_id_;
    bool above_f_;
    std::set<PublicKey> liars_;
    std::size_t faults_max_;
    std::uint64_t term_blocks_;
    consensus::CryptoChecker& checker_;

    Referee referee_;
    VoteBook book_;
    Accountant accountant_;
    std::optional<Violation> violation_;
    std::uint64_t accusations_ = 0;
    std::uint64_t memory_bytes_max_ = 0;
};

}  // namespace polis::sim
