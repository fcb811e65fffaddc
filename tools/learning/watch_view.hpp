#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tools/client/rpc_client.hpp>
#include <tools/learning/curve.hpp>

/// What `polis task watch` shows: from answers of nodes to lines of text.
namespace polis::tools::learning {

/// Everything known at one moment.
struct Watched {
    Json task;                      ///< task_get
    Json round;                     ///< task_round; null if the open one is another's
    Json result;                    ///< task_leaderboard; null until it is settled
    std::vector<NodeCurve> curves;  ///< of nodes that answered
    std::size_t silent = 0;         ///< nodes that did not
    std::uint64_t now_ms = 0;       ///< the clock of the nodes
};

/// The whole picture, for a terminal. @param width in columns
[[nodiscard]] std::string picture(const Watched& watched, std::size_t width);

/// One object, for programs.
[[nodiscard]] Json to_json(const Watched& watched);

/// Lines about what has changed, for logs: phases, entries, jobs and their accuracy.
class Narrator {
  public:
    [[nodiscard]] std::vector<std::string> tell(const Watched& watched);

  private:
    struct Told {
        std::string end;
        std::uint64_t accuracy_ppm = 0;
        std::uint64_t at_ms = 0;  ///< of the curve
    };

    std::string phase_;
    std::size_t entries_ = 0;
    std::map<std::string, Told> jobs_;
};

}  // namespace polis::tools::learning
