#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tools/devnet/devnet.hpp>

/// From nothing to a running network and back.
namespace polis::tools::devnet {

/// What a command that takes time says meanwhile.
using Say = std::function<void(std::string_view line)>;

/// When `up` is done.
struct Wait {
    std::optional<std::uint64_t> finalized;  ///< height of all nodes; nothing: all are ready
    std::chrono::milliseconds timeout{60'000};
};

/// Reads "ready" or "finalized:N". Nothing for any other text.
[[nodiscard]] std::optional<Wait> parse_wait(std::string_view text);

struct UpOptions {
    std::filesystem::path home;
    ManifestFlags flags;
    std::string polisd;   ///< empty: as last time, or beside this program
    std::string version;  ///< of this program; that of polisd must be equal
    Wait wait;
    bool detached = true;  ///< the nodes outlive this process
};

/// Makes the devnet if there is none, starts what does not run, waits.
/// @error a failed check, a node that died with its last lines, a timeout
[[nodiscard]] Fallible<Devnet> up(const UpOptions& options, const Say& say);

/// Ends the nodes of these numbers, all if there are none. @return how many did run
[[nodiscard]] Fallible<std::size_t> down(
    Devnet& devnet, const std::vector<std::size_t>& indices, const Say& say);

struct Begin {
    std::vector<std::size_t> positions;  ///< in Devnet::nodes
    std::string version;
    bool detached = true;
};

/// Writes configurations, starts the nodes, waits until each of them listens.
[[nodiscard]] Fallible<void> begin(Devnet& devnet, const Begin& what, const Say& say);

/// Kills a node without a chance to tidy up. @error if it does not run
[[nodiscard]] Fallible<void> kill_node(Devnet& devnet, std::size_t index);

/// SIGSTOP and SIGCONT. @error if it does not run
[[nodiscard]] Fallible<void> pause_node(const Devnet& devnet, std::size_t index, bool pause);

/// @error a timeout, with who lags and why; a node that died
[[nodiscard]] Fallible<void> wait_for(const Devnet& devnet, const Wait& wait, const Say& say);

/// The last lines of a node's log.
[[nodiscard]] std::string last_lines(const std::filesystem::path& file, std::size_t lines);

}  // namespace polis::tools::devnet
