#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <core/types.hpp>
#include <tools/failure.hpp>

/// task.toml: what a person asks of the chain's trainers. docs/guides/first-task.md
namespace polis::tools::learning {

struct TaskFile {
    std::string name;

    // [data]
    std::string source;  ///< as data::load_source reads it; paths are relative to the file
    std::uint32_t test_ppm = 150'000;        ///< of the samples, if the source has no test set
    std::uint32_t validation_ppm = 100'000;  ///< of what is left
    std::uint64_t seed = 1;                  ///< of the division

    // [model]
    std::string kind = "mlp";
    std::vector<std::uint32_t> hidden = {64};

    std::uint32_t target_ppm = 0;  ///< [target] at_least

    // [round]
    std::uint64_t window_ms = 20'000;
    std::uint64_t reveal_ms = 10'000;
    std::uint64_t scoring_ms = 60'000;

    // [pay]
    Amount reward;
    Amount bond;
    Amount trainer_bond;
    std::uint16_t runner_up_bps = 0;

    bool operator==(const TaskFile&) const = default;
};

/// @param file names it in errors, and is where relative paths begin
/// @error syntax, an unknown key (with the one that was probably meant), a wrong type, a range:
/// FILE:LINE, cause and cure
[[nodiscard]] Fallible<TaskFile> parse_task_file(std::string_view text, const std::string& file);

}  // namespace polis::tools::learning
