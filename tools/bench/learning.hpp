#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include <core/types.hpp>
#include <ledger/modules/task_records.hpp>
#include <tools/bench/result.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>
#include <tools/learning/curve.hpp>

/// Real training beside a load: a task whose round lasts as long as the load, and what came of it.
namespace polis::tools::bench {

struct LessonPlan {
    std::uint64_t seconds = 10;  ///< of the load that the training must cover
    std::uint64_t seed = 1;      ///< of the data and their division
};

/// A round that trainers work on.
struct Lesson {
    Hash task;
    std::uint32_t target_ppm = 0;   ///< accuracy that wins
    std::uint64_t patience_ms = 0;  ///< by when it must be settled, from its beginning
};

/// Offers a task on drawn digits, which need no network and no file, and waits until every node
/// trains. Its owner is the devnet's last account, which must not send anything else meanwhile.
/// @pre the election is pole
/// @error no polis-trainer beside polisd; no round that opens in time
[[nodiscard]] Fallible<Lesson> start_lesson(
    const devnet::Devnet& devnet,
    const LessonPlan& plan,
    const std::function<void(std::string_view line)>& say);

/// Moments of the nodes' clock, Unix time.
struct LoadWindow {
    std::uint64_t from_ms = 0;
    std::uint64_t to_ms = 0;
};

/// Waits until the round is settled, then reads curves from all running nodes and the result from
/// the chain. @error it is not settled in time, a node that does not answer
[[nodiscard]] Fallible<Learning> end_lesson(
    const devnet::Devnet& devnet,
    const Lesson& lesson,
    LoadWindow load,
    const std::function<void(std::string_view line)>& say);

/// What the trainers told and how the round ended, in figures. One curve for each node that was
/// asked; a node without a job counts as one that did not train.
[[nodiscard]] Learning learning_of(
    std::span<const learning::NodeCurve> curves,
    const ledger::tasks::RoundResult& result,
    std::uint32_t target_ppm,
    LoadWindow load);

}  // namespace polis::tools::bench
