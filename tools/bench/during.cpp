#include <tools/bench/during.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <tools/bench/probe.hpp>

namespace polis::tools::bench {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kAnswerPatience{300};

std::uint64_t micros(Clock::duration time) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(time).count());
}

/// How far a process has come, so that a restarted one does not count twice.
struct Spent {
    pid_t pid = 0;
    std::uint64_t us = 0;
};

/// Processor time since the look before, of all nodes together.
std::uint64_t spent_since(
    const devnet::Devnet& devnet, std::map<std::size_t, Spent>& before, std::uint64_t& up) {
    std::uint64_t out = 0;
    for (const devnet::Node& node : devnet.nodes) {
        const auto process = read_process(node.process.pid);
        if (!process) {
            continue;
        }
        ++up;
        const std::uint64_t us = process->user_us + process->system_us;
        Spent& last = before[node.index];
        out += last.pid == node.process.pid ? us - std::min(us, last.us) : us;
        last = {node.process.pid, us};
    }
    return out;
}

void ask(const devnet::Node& node, Second& out) {
    RpcClient client = devnet::rpc_client(node, kAnswerPatience);
    const auto answers = client.batch(std::vector<RpcCall>{{"mempool_status"}, {"chain_head"}});
    if (!answers || !answers->front() || !answers->back()) {
        return;
    }
    out.waiting = std::max(out.waiting, number_in(*answers->front(), "count"));
    out.height = std::max(out.height, number_in(*answers->back(), "height"));
}

}  // namespace

void During::start() {
    start_ = Clock::now();
    threads_.emplace_back([this] { play(); });
    threads_.emplace_back([this] { look(); });
}

void During::stop() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

bool During::has_ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
}

devnet::Devnet During::now() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

void During::play() {
    for (const FaultStep& step : steps_) {
        std::this_thread::sleep_until(start_ + microseconds(step.at_us));
        marks_.push_back({.at_us = micros(Clock::now() - start_), .what = step.what});
        if (const auto done = step.act(devnet_); !done) {
            failure_ = step.what + ": " + done.error().message;
            return;
        }
        const std::lock_guard lock(mutex_);
        seen_ = devnet_;
    }
}

void During::look() {
    std::map<std::size_t, Spent> spent;
    std::uint64_t up = 0;
    static_cast<void>(spent_since(now(), spent, up));
    for (std::uint64_t at_s = 0; !has_ended(); ++at_s) {
        const Clock::time_point due = start_ + seconds(at_s + 1);
        {
            std::unique_lock lock(mutex_);
            wake_.wait_until(lock, due, [this] { return ended_; });
        }
        const devnet::Devnet devnet = now();
        Second second{.at_s = at_s};
        second.cpu_us = spent_since(devnet, spent, second.nodes_up);
        for (const devnet::Node& node : devnet.nodes) {
            ask(node, second);
        }
        looks_.push_back(second);
    }
}

}  // namespace polis::tools::bench
