// no_fork(): whether all nodes have the same chain.
#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <tools/bench/faults.hpp>
#include <tools/client/rpc_client.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::chrono::milliseconds kPatience{30'000};
constexpr std::uint64_t kBatch = 100;  ///< what a node takes in one request

/// Hashes by height.
using Hashes = std::map<std::uint64_t, std::string>;

Failure odd_answer(const devnet::Node& node) {
    return Failure(fmt::format(
        "node {} tells its blocks in a way that this program does not know; are both of one "
        "version?",
        node.index));
}

Fallible<std::uint64_t> head_of(RpcClient& client, const devnet::Node& node) {
    const auto head = client.call("chain_head");
    if (!head) {
        return std::unexpected(to_failure(head.error()));
    }
    const auto height = head->is_object() ? head->find("height") : head->end();
    if (!head->is_object() || height == head->end() || !height->is_number_unsigned()) {
        return std::unexpected(odd_answer(node));
    }
    return height->get<std::uint64_t>();
}

/// Of all blocks that the node has; one that began with a copy of the state lacks the first ones.
Fallible<Hashes> hashes_of(const devnet::Node& node) {
    RpcClient client = devnet::rpc_client(node, kPatience);
    POLIS_TRY(const std::uint64_t head, head_of(client, node));
    Hashes out;
    for (std::uint64_t first = 1; first <= head; first += kBatch) {
        std::vector<RpcCall> calls;
        for (std::uint64_t height = first; height <= std::min(head, first + kBatch - 1); ++height) {
            calls.push_back({.method = "chain_getHeader", .params = {{"block", height}}});
        }
        const auto answers = client.batch(calls);
        if (!answers) {
            return std::unexpected(to_failure(answers.error()));
        }
        for (std::size_t i = 0; i < answers->size(); ++i) {
            const RpcClient::Answer& answer = (*answers)[i];
            if (!answer) {
                return std::unexpected(to_failure(answer.error()));
            }
            const std::string hash = answer->is_object() ? answer->value("hash", "") : "";
            if (hash.empty() && !answer->is_null()) {
                return std::unexpected(odd_answer(node));
            }
            if (!hash.empty()) {
                out.emplace(first + i, hash);
            }
        }
    }
    return out;
}

}  // namespace

Fallible<Check> no_fork(const devnet::Devnet& devnet) {
    std::vector<std::pair<std::size_t, std::future<Fallible<Hashes>>>> asked;
    for (const devnet::Node& node : devnet.nodes) {
        if (devnet::state_of(devnet, node) == devnet::ProcessState::kRunning) {
            asked.emplace_back(
                node.index, std::async(std::launch::async, [&node] { return hashes_of(node); }));
        }
    }
    std::map<std::uint64_t, std::pair<std::string, std::size_t>> seen;  // hash, and whose
    std::string fork;
    for (auto& [index, answer] : asked) {
        POLIS_TRY(const Hashes hashes, answer.get());
        for (const auto& [height, hash] : hashes) {
            const auto& [first, whose] = seen.try_emplace(height, hash, index).first->second;
            if (first != hash && fork.empty()) {
                fork = fmt::format(
                    "at height {} node {} has {} and node {} has {}",
                    height,
                    whose,
                    first,
                    index,
                    hash);
            }
        }
    }
    if (asked.size() < 2) {
        return std::unexpected(Failure(fmt::format(
            "{} of {} nodes run, so that no chains can be compared; look at the logs with --keep",
            asked.size(),
            devnet.nodes.size())));
    }
    Check out;
    out.what = kNoForkCheck;
    out.wanted = "the same blocks on all nodes";
    out.passed = fork.empty() && !seen.empty();
    out.found =
        !fork.empty() ? fork : fmt::format("{} heights on {} nodes", seen.size(), asked.size());
    return out;
}

}  // namespace polis::tools::bench
