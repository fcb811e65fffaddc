#include <tools/devnet/lifecycle.hpp>

#include <algorithm>
#include <csignal>
#include <deque>
#include <fstream>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include <core/integer.hpp>
#include <tools/devnet/node_home.hpp>
#include <tools/devnet/preflight.hpp>
#include <tools/devnet/stall.hpp>
#include <tools/devnet/status.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPollPause{10};
constexpr milliseconds kListenPatience{20'000};  ///< a store of millions of blocks takes long
constexpr milliseconds kEndPatience{10'000};     ///< after SIGTERM
constexpr milliseconds kSayEvery{1'000};
constexpr std::size_t kLastLines = 12;

/// Says a line at most once a second.
class Progress {
  public:
    explicit Progress(const Say& say) : say_(say) {}

    template <class MakeLine>
    void update(MakeLine make_line) {
        if (Clock::now() - last_ >= kSayEvery) {
            last_ = Clock::now();
            say_(make_line());
        }
    }

  private:
    const Say& say_;
    Clock::time_point last_ = Clock::now();
};

fs::path ready_file(const Devnet& devnet, const Node& node) {
    return node_home(devnet, node) / "ready.json";
}

bool has_said_ready(const Devnet& devnet, const Node& node) {
    std::ifstream in(ready_file(devnet, node));
    std::string line;
    return std::getline(in, line) && !in.eof() && line.contains("\"ready\"");
}

std::unexpected<Failure> died(const Devnet& devnet, const Node& node) {
    const std::string how = ending_of(node.process.pid).value_or("nobody knows how");
    return std::unexpected(Failure(fmt::format(
        "node {} ended ({}); the last lines of its log, {}, say why:\n{}",
        node.index,
        how,
        log_file(devnet, node).string(),
        last_lines(log_file(devnet, node), kLastLines))));
}

Fallible<void> start_node(const Devnet& devnet, Node& node, bool detached) {
    const std::string home = node_home(devnet, node).string();
    StartOptions start_options;
    start_options.arguments = {devnet.polisd, "run", "--home", home};
    if (!detached) {
        start_options.arguments.emplace_back("--exit-with-parent");
    }
    start_options.output = ready_file(devnet, node);
    start_options.log = log_file(devnet, node);
    start_options.detached = detached;
    POLIS_TRY(node.process, start(start_options));
    return {};
}

Fallible<void> wait_until_listening(const Devnet& devnet, const Begin& what, const Say& say) {
    const Clock::time_point deadline = Clock::now() + kListenPatience;
    Progress progress(say);
    for (const std::size_t position : what.positions) {
        const Node& node = devnet.nodes[position];
        while (!has_said_ready(devnet, node)) {
            if (state_of(devnet, node) == ProcessState::kGone) {
                return died(devnet, node);
            }
            if (Clock::now() > deadline) {
                return timed_out(fmt::format(
                    "node {} does not listen after {} s; look with `polis devnet logs {}`",
                    node.index,
                    kListenPatience.count() / 1'000,
                    node.index));
            }
            progress.update([&] { return fmt::format("waiting for node {}", node.index); });
            std::this_thread::sleep_for(kPollPause);
        }
    }
    return {};
}

/// A devnet as the manifest, the flags and the defaults describe it; nothing on disk yet.
Fallible<Devnet> plan(const UpOptions& options) {
    Devnet out;
    out.home = options.home;
    std::error_code failed;
    const fs::path file = manifest_file(options.home);
    if (fs::exists(file, failed)) {
        POLIS_TRY(const std::string text, read_file(file));
        POLIS_TRY(out.manifest, parse_manifest(text, file.string(), options.flags));
    } else {
        out.manifest = manifest_of(options.flags);
    }
    if (out.manifest.base_port == 0) {
        POLIS_TRY(out.manifest.base_port, free_ports(out.manifest.nodes));
    }
    for (std::size_t i = 0; i < out.manifest.nodes; ++i) {
        out.nodes.push_back(make_node(out.manifest, i, /*validator=*/true));
    }
    return out;
}

/// The devnet in the home, or a new one.
Fallible<Devnet> open_or_plan(const UpOptions& options) {
    std::error_code failed;
    if (!fs::exists(options.home / "devnet.json", failed)) {
        POLIS_TRY(Devnet fresh, plan(options));
        fresh.polisd = (own_program().parent_path() / "polisd").string();
        return fresh;
    }
    POLIS_TRY(Devnet known, load(options.home));
    POLIS_TRY(const std::string text, read_file(manifest_file(options.home)));
    const std::string file = manifest_file(options.home).string();
    POLIS_TRY(const Manifest manifest, parse_manifest(text, file, options.flags));
    if (manifest != known.manifest) {
        return wrong_usage(fmt::format(
            "{} has changed and the chain follows from it; undo the change, or begin again with "
            "`polis devnet reset --manifest`",
            file));
    }
    return known;
}

Fallible<void> make_homes(const Devnet& devnet, const Say& say) {
    std::error_code failed;
    if (!fs::exists(manifest_file(devnet.home), failed)) {
        POLIS_TRY_VOID(write_file(manifest_file(devnet.home), to_toml(devnet.manifest)));
    }
    Progress progress(say);
    for (const Node& node : devnet.nodes) {
        POLIS_TRY_VOID(make_home(devnet, node));
        progress.update([&] { return fmt::format("made the home of node {}", node.index); });
    }
    return {};
}

void send_signal(const Node& node, int signal) { ::kill(node.process.pid, signal); }

/// Waits until all of them are gone. @return false if some are not
bool wait_until_gone(const Devnet& devnet, const std::vector<Node>& ending, const Say& say) {
    const Clock::time_point deadline = Clock::now() + kEndPatience;
    Progress progress(say);
    for (const Node& node : ending) {
        while (state_of(devnet, node) != ProcessState::kGone) {
            if (Clock::now() > deadline) {
                return false;
            }
            progress.update(
                [&] { return fmt::format("waiting for the end of node {}", node.index); });
            std::this_thread::sleep_for(kPollPause);
        }
        static_cast<void>(ending_of(node.process.pid));  // reaps a child of ours
    }
    return true;
}

/// Who keeps the devnet from what is waited for; empty: nobody.
std::string lagging(const std::vector<NodeStatus>& nodes, const Wait& wait) {
    std::string out;
    for (const NodeStatus& node : nodes) {
        std::string why;
        if (node.health != Health::kRunning) {
            why = to_string(node.health);
        } else if (wait.finalized && node.height < *wait.finalized) {
            why = fmt::format("at height {}", node.height);
        } else if (!wait.finalized && !node.ready) {
            why = node.reasons.empty() ? "not ready" : node.reasons.front();
        }
        if (!why.empty()) {
            out += fmt::format("{}node {} {}", out.empty() ? "" : ", ", node.node.index, why);
        }
    }
    return out;
}

}  // namespace

std::string last_lines(const fs::path& file, std::size_t lines) {
    std::ifstream in(file);
    std::deque<std::string> kept;
    for (std::string line; std::getline(in, line);) {
        kept.push_back(std::move(line));
        if (kept.size() > lines) {
            kept.pop_front();
        }
    }
    std::string out;
    for (const std::string& line : kept) {
        out += (out.empty() ? "  " : "\n  ") + line;
    }
    return out;
}

std::optional<Wait> parse_wait(std::string_view text) {
    constexpr std::string_view kFinalized = "finalized:";
    Wait out;
    if (text == "ready") {
        return out;
    }
    if (!text.starts_with(kFinalized)) {
        return std::nullopt;
    }
    out.finalized = parse_u64(text.substr(kFinalized.size()));
    return out.finalized ? std::optional{out} : std::nullopt;
}

Fallible<void> begin(Devnet& devnet, const Begin& what, const Say& say) {
    std::vector<Node> starting;
    for (const std::size_t position : what.positions) {
        starting.push_back(devnet.nodes[position]);
    }
    POLIS_TRY_VOID(check_start(devnet, starting, what.version));
    for (const Node& node : starting) {
        POLIS_TRY_VOID(write_config(devnet, node));
    }
    for (const std::size_t position : what.positions) {
        POLIS_TRY_VOID(start_node(devnet, devnet.nodes[position], what.detached));
        POLIS_TRY_VOID(save(devnet));  // at once: a node that nobody knows could not be ended
    }
    return wait_until_listening(devnet, what, say);
}

Fallible<Devnet> up(const UpOptions& options, const Say& say) {
    POLIS_TRY_VOID(check_home(options.home));
    POLIS_TRY(Devnet devnet, open_or_plan(options));
    if (!options.polisd.empty()) {
        devnet.polisd = fs::absolute(options.polisd).lexically_normal().string();
    }
    std::error_code failed;
    fs::create_directories(options.home, failed);
    if (failed) {
        return std::unexpected(Failure(fmt::format(
            "cannot make {}: {}; choose another --home", options.home.string(), failed.message())));
    }
    POLIS_TRY(const FileDescriptor held, lock(options.home));
    Begin what{.positions = {}, .version = options.version, .detached = options.detached};
    for (std::size_t i = 0; i < devnet.nodes.size(); ++i) {
        if (state_of(devnet, devnet.nodes[i]) == ProcessState::kGone) {
            what.positions.push_back(i);
        }
    }
    if (!what.positions.empty()) {
        POLIS_TRY_VOID(make_homes(devnet, say));
        POLIS_TRY_VOID(begin(devnet, what, say));
    }
    POLIS_TRY_VOID(wait_for(devnet, options.wait, say));
    return devnet;
}

Fallible<std::size_t> down(
    Devnet& devnet, const std::vector<std::size_t>& indices, const Say& say) {
    std::vector<Node> ending;
    for (const Node& node : devnet.nodes) {
        const bool chosen =
            indices.empty() || std::ranges::find(indices, node.index) != indices.end();
        if (chosen && state_of(devnet, node) != ProcessState::kGone) {
            send_signal(node, SIGTERM);
            send_signal(node, SIGCONT);  // a paused one hears nothing
            ending.push_back(node);
        }
    }
    if (!wait_until_gone(devnet, ending, say)) {
        for (const Node& node : ending) {
            if (state_of(devnet, node) != ProcessState::kGone) {
                say(fmt::format("node {} does not end by itself: killed", node.index));
                send_signal(node, SIGKILL);
            }
        }
        static_cast<void>(wait_until_gone(devnet, ending, say));
    }
    for (Node& node : devnet.nodes) {
        if (state_of(devnet, node) == ProcessState::kGone) {
            node.process = {};
        }
    }
    POLIS_TRY_VOID(save(devnet));
    return ending.size();
}

Fallible<void> kill_node(Devnet& devnet, std::size_t index) {
    POLIS_TRY(const std::size_t position, position_of(devnet, index));
    Node& node = devnet.nodes[position];
    if (state_of(devnet, node) == ProcessState::kGone) {
        return std::unexpected(Failure(fmt::format(
            "node {} does not run; start it: polis devnet fault restart {}", index, index)));
    }
    send_signal(node, SIGKILL);
    static_cast<void>(wait_until_gone(devnet, {node}, [](std::string_view) {}));
    node.process = {};
    return save(devnet);
}

Fallible<void> pause_node(const Devnet& devnet, std::size_t index, bool pause) {
    POLIS_TRY(const std::size_t position, position_of(devnet, index));
    const Node& node = devnet.nodes[position];
    if (state_of(devnet, node) == ProcessState::kGone) {
        return std::unexpected(Failure(fmt::format(
            "node {} does not run; start it: polis devnet fault restart {}", index, index)));
    }
    send_signal(node, pause ? SIGSTOP : SIGCONT);
    const ProcessState wanted = pause ? ProcessState::kPaused : ProcessState::kRunning;
    for (const auto deadline = Clock::now() + kSayEvery;
         state_of(devnet, node) != wanted && Clock::now() < deadline;) {
        std::this_thread::sleep_for(kPollPause);
    }
    return {};
}

Fallible<void> wait_for(const Devnet& devnet, const Wait& wait, const Say& say) {
    const Clock::time_point deadline = Clock::now() + wait.timeout;
    Progress progress(say);
    while (true) {
        const std::vector<NodeStatus> nodes = status_of(devnet);
        const std::string who = lagging(nodes, wait);
        if (who.empty()) {
            return {};
        }
        for (const NodeStatus& node : nodes) {
            if (node.health == Health::kDown) {
                return died(devnet, node.node);
            }
        }
        if (Clock::now() > deadline) {
            const auto stall = explain_stall(nodes, devnet.manifest.block_interval_ms);
            return timed_out(fmt::format(
                "the devnet runs, but after {} s: {}; {}",
                wait.timeout.count() / 1'000,
                who,
                stall.value_or("look with `polis devnet status`")));
        }
        progress.update([&] { return "waiting: " + who; });
        std::this_thread::sleep_for(5 * kPollPause);
    }
}

}  // namespace polis::tools::devnet
