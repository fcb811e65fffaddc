#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <core/types.hpp>
#include <tools/demo/leaders.hpp>
#include <tools/demo/lesson.hpp>
#include <tools/failure.hpp>

/// `polis demo`: validators train models for a reward and for the proposer's seat, while the
/// network carries transfers and loses one of its nodes.
namespace polis::tools {

inline constexpr std::size_t kDemoRounds = 2;

struct DemoOptions {
    std::filesystem::path home;  ///< of a devnet that does not exist yet
    std::string polisd;          ///< empty: beside this program
    std::string version;
    std::size_t nodes = 4;
    std::uint64_t transfers_per_s = 200;
    bool learning = true;              ///< false: an election by stake, and no tasks
    std::string data = "digits:3000";  ///< of the tasks, as data::load_source reads it
    std::uint64_t window_ms = 10'000;  ///< for training, in each of kDemoRounds
    bool keep = false;                 ///< the nodes go on running
    std::function<void(std::string_view step, std::string_view what)> say;
};

struct DemoSummary {
    std::uint64_t up_ms = 0;  ///< from nothing to three final blocks on all nodes
    std::size_t killed_node = 0;
    std::uint64_t killed_height = 0;   ///< of the node that was killed
    std::uint64_t height_without = 0;  ///< of the others when it came back
    std::uint64_t catch_up_ms = 0;
    std::uint64_t transfers = 0;  ///< that the nodes took in
    std::uint64_t refused = 0;    ///< sent again later
    std::uint64_t final_height = 0;
    std::string state_root;         ///< of all nodes at that height
    std::uint64_t transfer_ms = 0;  ///< of the last one, from the key to finality
    std::string transfer_id;
    Address sender;
    Amount sender_balance;
    Address recipient;
    Amount recipient_balance;
    std::vector<LessonResult> lessons;  ///< with learning: kDemoRounds of them
    std::vector<LeaderRow> leaders;     ///< a row for each node
};

/// @error what did not hold, for a person; the nodes have ended
[[nodiscard]] Fallible<DemoSummary> run_demo(const DemoOptions& options);

}  // namespace polis::tools
