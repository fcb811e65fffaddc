#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <node/metrics/time_histogram.hpp>

/// Where the time of a transaction and of its block goes in one node.
namespace polis::node {

/// In the order of a transaction's way. Those from kPropose on are of blocks.
enum class Stage : std::uint8_t {
    kWait,
    kVerify,
    kAdmit,
    kPool,
    kPropose,
    kObtain,
    kJudge,
    kPrepare,
    kCommit,
    kExecute,
    kEncode,
    kPersist,
    kDeliver,
    kVote,
    kSync,
};

inline constexpr std::size_t kStages = 15;

/// What a stage is called in metrics and reports, and from what to what it lasts.
struct StageText {
    std::string_view name;
    std::string_view about;
};

/// By Stage.
inline constexpr std::array<StageText, kStages> kStageTexts{{
    {"wait", "transaction received -> taken up by a crypto thread"},
    {"verify", "transaction taken up -> decoded, checked, signature verified"},
    {"admit", "transaction verified -> in the mempool"},
    {"pool", "transaction in the mempool -> in a proposed block (one in 64 is measured)"},
    {"propose", "turn to propose a block -> block chosen, built and checked"},
    {"obtain", "proposal known -> all of its transactions are here"},
    {"judge", "all transactions of a proposal here -> proposal checked"},
    {"prepare", "proposal accepted -> prepared by a quorum"},
    {"commit", "block prepared -> decided by a quorum"},
    {"execute", "execution of a block begins -> its new state root"},
    {"encode", "new state root -> rows for the store"},
    {"persist", "rows of a block -> durable in the store"},
    {"deliver", "block decided -> executed, durable and out of the mempool"},
    {"vote", "vote to be signed -> its record durable"},
    {"sync", "fsync of a file of the store; within persist and vote, or beside them"},
}};

[[nodiscard]] constexpr const StageText& text_of(Stage stage) {
    return kStageTexts[static_cast<std::size_t>(stage)];
}

/// The times of all stages since the start. Any thread.
class StageTimes {
  public:
    void add(Stage stage, std::uint64_t us, std::uint64_t times = 1) {
        times_[static_cast<std::size_t>(stage)].add(us, times);
    }

    [[nodiscard]] const TimeHistogram& of(Stage stage) const {
        return times_[static_cast<std::size_t>(stage)];
    }

  private:
    std::array<TimeHistogram, kStages> times_;
};

}  // namespace polis::node
