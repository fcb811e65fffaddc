#include <tools/lab/intervals.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include <core/integer.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/client/sender.hpp>
#include <tools/devnet/process.hpp>
#include <tools/learning/offer.hpp>

namespace polis::tools::lab {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{60'000};
constexpr milliseconds kLookPause{50};
constexpr milliseconds kSettlePause{1'000};  ///< trainers load their data first
constexpr std::uint64_t kFirstBlocks = 3;
constexpr Amount kReward{100'000'000'000};
constexpr Amount kBond{10'000'000'000};
/// LeNet behind a map takes a processor core about a second for so many samples and 15 passes.
constexpr std::uint64_t kSamplesForASecond = 800;

/// Busy time of all cores since the boot, from the first line of /proc/stat.
std::uint64_t machine_cpu_ms() {
    std::ifstream in("/proc/stat");
    std::string word;
    std::uint64_t user = 0;
    std::uint64_t nice = 0;
    std::uint64_t system = 0;
    in >> word >> user >> nice >> system;
    return (user + nice + system) * 1'000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
}

/// The process that started this one.
std::optional<pid_t> parent_of(const fs::path& process) {
    std::ifstream in(process / "stat");
    std::string text;
    std::getline(in, text);
    const std::size_t end = text.rfind(')');  // the name may hold anything
    if (end == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream rest(text.substr(end + 1));
    std::string state;
    pid_t out = 0;
    rest >> state >> out;
    return out;
}

/// Processor time of each trainer: the only processes that nodes start.
std::map<std::uint64_t, std::uint64_t> trainers_cpu_ms(const devnet::Devnet& devnet) {
    std::map<std::uint64_t, std::uint64_t> out;
    std::error_code failed;
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc", failed)) {
        const auto pid = parse_u64(entry.path().filename().string());
        const auto parent = pid ? parent_of(entry.path()) : std::nullopt;
        const bool ours =
            parent && std::ranges::any_of(devnet.nodes, [&](const devnet::Node& node) {
                return node.process.pid == *parent;
            });
        if (ours) {
            const auto usage = devnet::usage_of(static_cast<pid_t>(*pid));
            out.emplace(*pid, usage ? usage->cpu_ms : 0);
        }
    }
    return out;
}

/// What those that run now used since; the last moments of one that has ended are not seen.
std::uint64_t used_since(
    const std::map<std::uint64_t, std::uint64_t>& before,
    const std::map<std::uint64_t, std::uint64_t>& after) {
    std::uint64_t out = 0;
    for (const auto& [pid, cpu_ms] : after) {
        const auto known = before.find(pid);
        out += cpu_ms - (known == before.end() ? 0 : std::min(cpu_ms, known->second));
    }
    return out;
}

Fallible<Json> ask_node(RpcClient& client, std::string_view method, Json params = Json::object()) {
    auto answer = client.call(method, std::move(params));
    return answer ? Fallible<Json>(*std::move(answer))
                  : std::unexpected(to_failure(answer.error()));
}

Fallible<std::uint64_t> head_of(RpcClient& client) {
    POLIS_TRY(const Json header, ask_node(client, "chain_getHeader", {{"block", "finalized"}}));
    return header.value("height", std::uint64_t{0});
}

/// Times and views of the blocks [first, last].
Fallible<void> read_headers(
    RpcClient& client, std::uint64_t first, std::uint64_t last, BlockPace& out) {
    std::vector<std::uint64_t> times;
    for (std::uint64_t height = first; height <= last; ++height) {
        POLIS_TRY(const Json header, ask_node(client, "chain_getHeader", {{"block", height}}));
        times.push_back(header.value("timeMs", std::uint64_t{0}));
        out.views += header.value("view", std::uint64_t{0});
    }
    if (times.size() < 3) {
        return std::unexpected(Failure(fmt::format(
            "{} blocks came while they were counted; watch for longer with --seconds",
            times.size())));
    }
    out.interval_ms = summarise(steps_of(times));
    return {};
}

class Network {
  public:
    Network(const IntervalOptions& options, const devnet::Say& say)
        : options_(options), say_(say) {}

    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    ~Network() {
        if (devnet_) {
            static_cast<void>(devnet::down(*devnet_, {}, [](std::string_view) {}));
        }
    }

    Fallible<void> start(const std::string& election) {
        devnet::UpOptions up;
        up.home = options_.folder / election;
        up.flags.nodes = options_.nodes;
        up.flags.election = election;
        up.flags.block_interval_ms = options_.block_interval_ms;
        if (options_.base_port != 0) {
            up.flags.base_port = options_.base_port;
        }
        up.polisd = options_.polisd;
        up.version = options_.version;
        up.wait.finalized = kFirstBlocks;
        up.detached = false;
        POLIS_TRY(devnet_, devnet::up(up, say_));
        client_.emplace(devnet::rpc_client(devnet_->nodes.front(), kPatience));
        return {};
    }

    Fallible<BlockPace> watch(std::string what) {
        say_(fmt::format("{}: {} s", what, options_.each.count()));
        BlockPace out{.what = std::move(what), .interval_ms = {}};
        POLIS_TRY(const std::uint64_t first, head_of(*client_));
        const std::uint64_t machine = machine_cpu_ms();
        const auto trainers = trainers_cpu_ms(*devnet_);
        std::this_thread::sleep_for(options_.each);
        const auto ms = static_cast<std::uint64_t>(milliseconds(options_.each).count());
        out.machine_mcores = (machine_cpu_ms() - machine) * 1'000 / ms;
        out.trainers_mcores = used_since(trainers, trainers_cpu_ms(*devnet_)) * 1'000 / ms;
        POLIS_TRY(const std::uint64_t last, head_of(*client_));
        POLIS_TRY_VOID(read_headers(*client_, first, last, out));
        return out;
    }

    /// A task that keeps every trainer busy for longer than it is watched.
    Fallible<void> offer_task() {
        const auto seconds = static_cast<std::uint64_t>(options_.each.count());
        learning::TaskFile file;
        file.name = "lab";
        file.source = fmt::format(
            "digits:{}", std::max(4 * seconds, std::uint64_t{10}) * kSamplesForASecond / 2);
        file.seed = options_.seed;
        file.kind = "lenet";
        file.hidden = {};
        file.target_ppm = 1'000'000;
        file.window_ms = 2'000 * seconds + 10'000;
        file.reward = kReward;
        file.bond = kBond;
        file.trainer_bond = kBond;
        const auto key = genesis::dev_account_key(devnet_->manifest.seed, 0);
        POLIS_TRY(RpcClient admin, devnet::admin_client(*devnet_, devnet_->nodes.front()));
        POLIS_TRY(
            const learning::Offered offered,
            learning::offer(
                {.node = *client_, .admin = admin, .owner = key}, file, file.name, say_));
        POLIS_TRY_VOID(wait_success(*client_, offered.sent.id, kPatience, say_));
        return {};
    }

    Fallible<void> wait_for_training() {
        for (const auto deadline = Clock::now() + kPatience; Clock::now() < deadline;) {
            POLIS_TRY(const Json round, ask_node(*client_, "task_round"));
            if (round.is_object() && round.value("phase", "") == "training") {
                std::this_thread::sleep_for(kSettlePause);
                return {};
            }
            std::this_thread::sleep_for(kLookPause);
        }
        return timed_out(fmt::format(
            "no round opened in {} s; look at the logs in {}",
            kPatience.count() / 1'000,
            options_.folder.string()));
    }

    /// @error they ended before the watch did, so it saw something else
    Fallible<void> still_training() {
        POLIS_TRY(const Json round, ask_node(*client_, "task_round"));
        if (round.is_object() && round.value("phase", "") == "training") {
            return {};
        }
        return std::unexpected(Failure("the round was over before the blocks were counted"));
    }

  private:
    const IntervalOptions& options_;
    const devnet::Say& say_;
    std::optional<devnet::Devnet> devnet_;
    std::optional<RpcClient> client_;
};

}  // namespace

Fallible<std::vector<BlockPace>> measure_intervals(
    const IntervalOptions& options, const devnet::Say& say) {
    std::vector<BlockPace> out;
    {
        Network rotating(options, say);
        POLIS_TRY_VOID(rotating.start("dpos"));
        POLIS_TRY(BlockPace pace, rotating.watch("rotation"));
        out.push_back(std::move(pace));
    }
    Network learning(options, say);
    POLIS_TRY_VOID(learning.start("pole"));
    POLIS_TRY(BlockPace idle, learning.watch("pole, no task"));
    out.push_back(std::move(idle));
    POLIS_TRY_VOID(learning.offer_task());
    POLIS_TRY_VOID(learning.wait_for_training());
    POLIS_TRY(BlockPace training, learning.watch("pole, training"));
    POLIS_TRY_VOID(learning.still_training());
    out.push_back(std::move(training));
    return out;
}

}  // namespace polis::tools::lab
