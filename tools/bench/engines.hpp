#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tools/bench/result.hpp>
#include <tools/bench/run.hpp>
#include <tools/bench/sweep.hpp>
#include <tools/failure.hpp>

/// The same load over different elections.
namespace polis::tools::bench {

/// An election to compare; a new one joins by a line in engines.cpp.
struct Engine {
    std::string_view name;      ///< Run::name
    std::string_view election;  ///< as genesis names it
    std::string_view about;     ///< one line
    bool training = false;      ///< every node trains during the load
};

/// The first one is what the others are compared with.
[[nodiscard]] std::span<const Engine> engines();

/// @error no such engine, and which there are
[[nodiscard]] Fallible<const Engine*> find_engine(std::string_view name);

/// What an engine must still do beside training, of what the first one does.
inline constexpr std::uint64_t kTrainingPercent = 70;

struct EnginesOptions {
    std::vector<const Engine*> engines;  ///< not empty
    std::uint64_t rate = 0;              ///< transactions a second; 0: the knee of the first engine
    KneeOptions knee;
};

/// Loads an engine at a rate; a search makes shorter loads. @error as measure()
using LoadEngine =
    std::function<Fallible<Run>(const Engine& engine, std::uint64_t rate, bool is_search)>;

/// One run for each engine at one rate. @error that of a load
[[nodiscard]] Fallible<Report> compare_engines(
    const EnginesOptions& options, const LoadEngine& load, const Say& say);

/// The claims over the runs together; none if the engines that they need are not among them.
[[nodiscard]] std::vector<Check> judge_engines(const std::vector<Run>& runs);

/// measure(), with training beside the load if the engine has it.
/// @pre the network's election is the engine's, and its last account is no sender
[[nodiscard]] Fallible<Run> measure_engine(
    Network& network, const Engine& engine, LoadPlan plan, const Say& say);

}  // namespace polis::tools::bench
