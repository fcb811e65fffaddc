#include <tools/demo/demo.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <genesis/decimal.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/payload.hpp>
#include <tools/client/sender.hpp>
#include <tools/demo/transfer_load.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/status.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t kFirstBlocks = 3;
constexpr std::uint64_t kBlocksWithout = 6;  ///< that the others make while one is gone
constexpr milliseconds kPatience{30'000};
constexpr milliseconds kPoll{50};
constexpr Amount kLastTransfer{1'500'000'000};
constexpr std::size_t kHashShown = 18;

std::uint64_t ms_since(Clock::time_point begin) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<milliseconds>(Clock::now() - begin).count());
}

class Demo {
  public:
    explicit Demo(const DemoOptions& options) : options_(options) {}

    Fallible<DemoSummary> run() {
        auto done = steps();
        load_.reset();
        if (!done || !options_.keep) {
            static_cast<void>(devnet::down(devnet_, {}, progress()));
        }
        POLIS_TRY_VOID(std::move(done));
        return out_;
    }

  private:
    Fallible<void> steps() {
        POLIS_TRY_VOID(start());
        POLIS_TRY_VOID(send_transfers());
        std::optional<Lesson> second;
        if (options_.learning) {
            POLIS_TRY_VOID(first_lesson());
            POLIS_TRY_VOID(begin_second(second));
        }
        POLIS_TRY_VOID(kill_one());
        POLIS_TRY_VOID(bring_it_back());
        if (second) {
            POLIS_TRY_VOID(end_lesson(*second));
            POLIS_TRY_VOID(name_leader());
        }
        POLIS_TRY_VOID(compare());
        if (options_.learning) {
            POLIS_TRY_VOID(count_blocks());
        }
        return last_transfer();
    }

    [[nodiscard]] devnet::Say progress() const {
        return [this](std::string_view line) { options_.say("", line); };
    }

    /// Without it there would be rounds that nobody takes part in.
    Fallible<void> look_for_trainer() const {
        const std::string beside =
            std::filesystem::path(devnet_.polisd).parent_path() / "polis-trainer";
        std::error_code ignored;
        if (options_.learning && !std::filesystem::exists(beside, ignored)) {
            return std::unexpected(Failure(fmt::format(
                "there is no {}: it is built where libtorch is installed (libtorch-dev); or choose "
                "--election dpos",
                beside)));
        }
        return {};
    }

    Fallible<void> start() {
        options_.say("start", fmt::format("{} nodes, each a process of its own", options_.nodes));
        const Clock::time_point begin = Clock::now();
        devnet::UpOptions up;
        up.home = options_.home;
        up.flags.nodes = options_.nodes;
        up.polisd = options_.polisd;
        up.version = options_.version;
        up.flags.election = options_.learning ? "pole" : "dpos";
        up.wait.finalized = kFirstBlocks;
        up.detached = options_.keep;
        POLIS_TRY(devnet_, devnet::up(up, progress()));
        out_.up_ms = ms_since(begin);
        POLIS_TRY_VOID(look_for_trainer());
        victim_ = devnet_.nodes.back().index;
        out_.killed_node = victim_;
        options_.say(
            "final",
            fmt::format(
                "{} blocks on all nodes after {} ms; RPC at http://{}",
                kFirstBlocks,
                out_.up_ms,
                devnet::rpc_address(devnet_.nodes.front()).text()));
        return {};
    }

    /// To all nodes but the one that will be killed, until the demo compares.
    Fallible<void> send_transfers() {
        TransferLoad::Options load{
            .seed = devnet_.manifest.seed,
            .accounts = senders(),
            .nodes = {},
            .transfers_per_s = options_.transfers_per_s};
        for (const devnet::Node& node : devnet_.nodes) {
            if (node.index != victim_) {
                load.nodes.push_back(devnet::rpc_address(node));
            }
        }
        load_.emplace(std::move(load));
        POLIS_TRY(const std::uint64_t height, others_at_least(kFirstBlocks + kBlocksWithout));
        options_.say(
            "transfers",
            fmt::format(
                "{} a second between {} accounts; {} taken in by height {}",
                options_.transfers_per_s,
                senders(),
                load_->accepted(),
                height));
        return {};
    }

    /// The last account offers the tasks.
    [[nodiscard]] std::size_t senders() const { return devnet_.manifest.accounts - 1; }

    [[nodiscard]] Lesson::Options lesson_options() const {
        const std::uint64_t number = out_.lessons.size() + 1;
        return {
            .source = options_.data,
            .name = fmt::format("lesson {}", number),
            .window_ms = options_.window_ms,
            .seed = number,
            .say = options_.say};
    }

    Fallible<void> first_lesson() {
        Lesson lesson(devnet_, lesson_options());
        POLIS_TRY_VOID(lesson.offer());
        POLIS_TRY_VOID(lesson.wait_for_training());
        POLIS_TRY_VOID(end_lesson(lesson));
        return name_leader();
    }

    Fallible<void> begin_second(std::optional<Lesson>& lesson) {
        lesson.emplace(devnet_, lesson_options());
        POLIS_TRY_VOID(lesson->offer());
        return lesson->wait_for_training();
    }

    Fallible<void> end_lesson(Lesson& lesson) {
        POLIS_TRY(LessonResult result, lesson.settle());
        out_.lessons.push_back(std::move(result));
        return {};
    }

    /// Waits until the latest winner has proposed for a term.
    Fallible<void> name_leader() {
        RpcClient client = devnet::rpc_client(devnet_.nodes.front(), kPatience);
        POLIS_TRY(const std::uint64_t settled, term_of(client, out_.lessons.back().settled));
        for (const auto deadline = Clock::now() + kPatience; Clock::now() < deadline;) {
            POLIS_TRY(const std::uint64_t term, term_of(client, std::nullopt));
            if (term >= settled + 2) {
                options_.say(
                    "leader",
                    fmt::format(
                        "node {} proposes since term {}",
                        *out_.lessons.back().winner,
                        settled + 1));
                return {};
            }
            std::this_thread::sleep_for(kPoll);
        }
        return timed_out("no term ended in 30 s; look: polis devnet status");
    }

    /// @param height nothing: of the head
    static Fallible<std::uint64_t> term_of(RpcClient& client, std::optional<Height> height) {
        const auto answer = height ? client.call("chain_getHeader", {{"block", height->value}})
                                   : client.call("chain_head");
        if (!answer) {
            return std::unexpected(to_failure(answer.error()));
        }
        return answer->value("term", std::uint64_t{0});
    }

    Fallible<void> count_blocks() {
        std::vector<Height> settled;
        for (const LessonResult& lesson : out_.lessons) {
            settled.push_back(lesson.settled);
        }
        RpcClient client = devnet::rpc_client(devnet_.nodes.front(), kPatience);
        POLIS_TRY(out_.leaders, count_leaders(client, devnet_, settled));
        return {};
    }

    Fallible<void> kill_one() {
        out_.killed_height = status_of(victim_).height;
        POLIS_TRY_VOID(devnet::kill_node(devnet_, victim_));
        options_.say("kill -9", fmt::format("node {} at height {}", victim_, out_.killed_height));
        POLIS_TRY(out_.height_without, others_at_least(out_.killed_height + kBlocksWithout));
        options_.say(
            "without it",
            fmt::format(
                "{} of {} validators go on: height {}, {} transfers taken in",
                devnet_.nodes.size() - 1,
                devnet_.nodes.size(),
                out_.height_without,
                load_->accepted()));
        return {};
    }

    Fallible<void> bring_it_back() {
        const Clock::time_point begin = Clock::now();
        POLIS_TRY(const std::size_t position, devnet::position_of(devnet_, victim_));
        const devnet::Begin what{
            .positions = {position}, .version = options_.version, .detached = options_.keep};
        POLIS_TRY_VOID(devnet::begin(devnet_, what, progress()));
        devnet::Wait wait;
        wait.finalized = out_.height_without;
        POLIS_TRY_VOID(devnet::wait_for(devnet_, wait, progress()));
        out_.catch_up_ms = ms_since(begin);
        options_.say(
            "restart",
            fmt::format(
                "node {} is back and has every block up to {} after {} ms",
                victim_,
                out_.height_without,
                out_.catch_up_ms));
        return {};
    }

    /// All heads at one height, once nothing waits any more.
    Fallible<void> compare() {
        load_->stop();
        out_.transfers = load_->accepted();
        out_.refused = load_->refused();
        for (const auto deadline = Clock::now() + kPatience; Clock::now() < deadline;) {
            const auto nodes = devnet::status_of(devnet_);
            const devnet::NodeStatus& first = nodes.front();
            const bool calm = std::ranges::all_of(nodes, [&](const devnet::NodeStatus& node) {
                return node.mempool == 0 && node.height == first.height && node.height > 0;
            });
            if (calm && std::ranges::any_of(nodes, [&](const devnet::NodeStatus& node) {
                    return node.state_root != first.state_root || node.hash != first.hash;
                })) {
                return std::unexpected(Failure(fmt::format(
                    "the nodes disagree at height {}; keep {} and report it",
                    first.height,
                    options_.home.string())));
            }
            if (calm) {
                POLIS_TRY_VOID(count_transfers());
                out_.final_height = first.height;
                out_.state_root = first.state_root;
                options_.say(
                    "equal",
                    fmt::format(
                        "all {} nodes at height {} with state root {}; {} transfers final",
                        nodes.size(),
                        first.height,
                        first.state_root.substr(0, kHashShown),
                        out_.transfers));
                return {};
            }
            std::this_thread::sleep_for(kPoll);
        }
        return timed_out(fmt::format(
            "the nodes did not come to one height in {} s; look: polis devnet status --home {}",
            kPatience.count() / 1'000,
            options_.home.string()));
    }

    /// Each transfer that a node took in is on the chain: the nonces of the senders count them.
    Fallible<void> count_transfers() const {
        RpcClient client = devnet::rpc_client(devnet_.nodes.front(), kPatience);
        std::uint64_t executed = 0;
        for (std::size_t i = 0; i < senders(); ++i) {
            const auto key = genesis::dev_account_key(devnet_.manifest.seed, i);
            POLIS_TRY(
                const SenderView view, sender_view(client, crypto::address_of(key.public_key())));
            executed += view.nonce.value;
        }
        if (executed != out_.transfers) {
            return std::unexpected(Failure(fmt::format(
                "the nodes took in {} transfers and the chain has {}; keep {} and report it",
                out_.transfers,
                executed,
                options_.home.string())));
        }
        return {};
    }

    /// Through the node that was killed.
    Fallible<void> last_transfer() {
        const std::string& seed = devnet_.manifest.seed;
        const auto key = genesis::dev_account_key(seed, 0);
        out_.sender = crypto::address_of(key.public_key());
        out_.recipient = crypto::address_of(genesis::dev_account_key(seed, 1).public_key());
        POLIS_TRY(const std::size_t position, devnet::position_of(devnet_, victim_));
        RpcClient client = devnet::rpc_client(devnet_.nodes[position], kPatience);
        const Clock::time_point begin = Clock::now();
        POLIS_TRY(
            const Sent sent,
            send_payload(client, key, ledger::Transfer{out_.recipient, kLastTransfer}, {}));
        POLIS_TRY(const Executed executed, wait_success(client, sent.id, kPatience, progress()));
        out_.transfer_ms = ms_since(begin);
        out_.transfer_id = to_hex_prefixed(sent.id.view());
        POLIS_TRY(out_.sender_balance, balance(client, out_.sender));
        POLIS_TRY(out_.recipient_balance, balance(client, out_.recipient));
        options_.say(
            "transfer",
            fmt::format(
                "1.5 POLIS through node {}: final in block {} after {} ms",
                victim_,
                executed.height.value,
                out_.transfer_ms));
        options_.say(
            "balances",
            fmt::format(
                "dev:0 {} POLIS, dev:1 {} POLIS",
                genesis::to_text(out_.sender_balance),
                genesis::to_text(out_.recipient_balance)));
        return {};
    }

    static Fallible<Amount> balance(RpcClient& client, const Address& address) {
        const auto answer = client.call("account_balance", {{"address", crypto::to_text(address)}});
        if (!answer) {
            return std::unexpected(to_failure(answer.error()));
        }
        const auto units = parse_u64(answer->value("balance", ""));
        if (!units) {
            return std::unexpected(Failure("account_balance has no balance; is this our node?"));
        }
        return Amount{*units};
    }

    [[nodiscard]] devnet::NodeStatus status_of(std::size_t index) const {
        const auto nodes = devnet::status_of(devnet_);
        return *std::ranges::find_if(
            nodes, [&](const devnet::NodeStatus& node) { return node.node.index == index; });
    }

    /// Waits until every other node is at the height. @return the lowest height then
    Fallible<std::uint64_t> others_at_least(std::uint64_t goal) const {
        for (const auto deadline = Clock::now() + kPatience; Clock::now() < deadline;) {
            std::uint64_t lowest = UINT64_MAX;
            for (const devnet::NodeStatus& node : devnet::status_of(devnet_)) {
                if (node.node.index != victim_) {
                    lowest = std::min(lowest, node.height);
                }
            }
            if (lowest >= goal) {
                return lowest;
            }
            std::this_thread::sleep_for(kPoll);
        }
        return timed_out(fmt::format(
            "no block {} after {} s; look: polis devnet status --home {}",
            goal,
            kPatience.count() / 1'000,
            options_.home.string()));
    }

    const DemoOptions& options_;
    devnet::Devnet devnet_;
    std::size_t victim_ = 0;
    std::optional<TransferLoad> load_;
    DemoSummary out_;
};

}  // namespace

Fallible<DemoSummary> run_demo(const DemoOptions& options) { return Demo(options).run(); }

}  // namespace polis::tools
