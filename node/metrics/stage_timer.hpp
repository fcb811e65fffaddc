#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <core/types.hpp>
#include <ledger/chain.hpp>
#include <node/metrics/stages.hpp>
#include <node/validator/validator.hpp>

namespace polis::node {

/// Makes stages of what the validator marks. It reads no clock: the driver says when. Owned by the
/// consensus thread.
///
/// A transaction's time in the mempool is measured for one in kSampled, chosen by its id: to write
/// down the arrival of each would cost more than the rest of the measuring together, and ids are
/// hashes, so the choice is a fair one.
class StageTimer {
  public:
    static constexpr std::size_t kSampled = 64;
    static constexpr std::size_t kBlocksMax = 64;  ///< being decided: the oldest go
    static constexpr std::size_t kSamplesMax = 4'096;

    /// @pre times outlives this
    explicit StageTimer(StageTimes& times) : times_(times) {}

    /// The validator's step got to this point. Times never go back.
    void mark(Mark mark, const Hash& block, std::uint64_t now_us);

    /// A stage of applying the block that was marked last is over.
    void mark(ledger::ApplyStage stage, std::uint64_t now_us);

    /// A transaction is new in the mempool.
    void taken_in(const Hash& txn, std::uint64_t now_us);

    /// So many transactions that were verified at `verified_us` are in the mempool now.
    void admitted(std::size_t count, std::uint64_t verified_us, std::uint64_t now_us);

    /// A block is final, and what was known of older ones is of no use any more.
    void finalized(const Hash& block, const std::vector<Hash>& txns);

  private:
    /// When a block got where.
    struct Times {
        Hash block;
        std::optional<std::uint64_t> shown;  ///< its proposal was known, or built here
        std::optional<std::uint64_t> complete;
        std::optional<std::uint64_t> accepted;
        std::optional<std::uint64_t> prepared;
        std::optional<std::uint64_t> decided;
    };

    [[nodiscard]] Times& of(const Hash& block);
    void between(Stage stage, std::optional<std::uint64_t> from, std::uint64_t now_us);

    StageTimes& times_;
    std::deque<Times> blocks_;  ///< by age
    std::uint64_t building_ = 0;
    std::uint64_t writing_vote_ = 0;
    std::uint64_t applying_ = 0;
    std::map<Hash, std::uint64_t> samples_;  ///< waiting transactions, since when
    std::deque<Hash> samples_by_age_;        ///< also some that wait no more
};

}  // namespace polis::node
