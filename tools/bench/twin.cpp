#include <tools/bench/twin.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include <tools/bench/launcher.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/node_home.hpp>

namespace polis::tools::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPatience{30'000};
constexpr const char* kValidatorKeys = "validator";  ///< directory in a home

Fallible<void> copy_keys(const fs::path& from, const fs::path& to) {
    std::error_code failed;
    fs::copy(from / kValidatorKeys, to / kValidatorKeys, fs::copy_options::recursive, failed);
    if (failed) {
        return std::unexpected(Failure(fmt::format(
            "cannot copy the keys in {} for a twin: {}; check permissions",
            (from / kValidatorKeys).string(),
            failed.message())));
    }
    return {};
}

Fallible<Json> ask(RpcClient& client, std::string_view method, Json params) {
    auto answer = client.call(method, std::move(params));
    if (!answer) {
        return std::unexpected(to_failure(answer.error()));
    }
    return *std::move(answer);
}

/// Punished offences from the events of all blocks.
Fallible<void> read_punished(RpcClient& client, TwinTraces& out) {
    Json params = {{"from", 0}, {"name", "evidence.punished"}, {"limit", 1'000}};
    while (true) {
        POLIS_TRY(const Json page, ask(client, "chain_getLogs", params));
        if (!page.is_object() || !page.contains("logs") || !page["logs"].is_array()) {
            return std::unexpected(Failure(
                "chain_getLogs answers in a way that this program does not know; are polis and "
                "polisd of one version?"));
        }
        out.punished += page["logs"].size();
        const auto cursor = page.find("cursor");
        if (cursor == page.end() || !cursor->is_string()) {
            return {};
        }
        params["cursor"] = *cursor;
    }
}

Fallible<void> read_alarms(RpcClient& client, TwinTraces& out) {
    POLIS_TRY(const Json evidence, ask(client, "consensus_evidence", Json::object()));
    const auto alarms = evidence.is_object() ? evidence.find("alarms") : evidence.end();
    if (!evidence.is_object() || alarms == evidence.end() || !alarms->is_array()) {
        return {};
    }
    out.alarms += alarms->size();
    if (out.first_alarm.empty() && !alarms->empty() && alarms->front().is_string()) {
        out.first_alarm = alarms->front().get<std::string>();
    }
    return {};
}

}  // namespace

Fallible<void> Twin::start(const devnet::Devnet& devnet, std::size_t victim) {
    if (devnet_) {
        return std::unexpected(Failure("a twin runs already; end it first"));
    }
    POLIS_TRY(const std::size_t position, devnet::position_of(devnet, victim));
    devnet::Devnet both = devnet;
    const std::size_t index = both.nodes.back().index + 1;
    both.nodes.push_back(devnet::make_node(both.manifest, index, /*validator=*/false));
    POLIS_TRY_VOID(devnet::make_home(both, both.nodes.back()));
    POLIS_TRY_VOID(copy_keys(
        devnet::node_home(both, both.nodes[position]), devnet::node_home(both, both.nodes.back())));
    devnet_ = std::move(both);
    return on_lasting_thread([this] {
        const devnet::Begin what{
            .positions = {devnet_->nodes.size() - 1}, .version = {}, .detached = false};
        return devnet::begin(*devnet_, what, [](std::string_view) {});
    });
}

void Twin::end() {
    if (devnet_) {
        static_cast<void>(devnet::kill_node(*devnet_, devnet_->nodes.back().index));
        devnet_.reset();
    }
}

Fallible<TwinTraces> twin_traces(const devnet::Devnet& devnet) {
    TwinTraces out;
    bool first = true;
    for (const devnet::Node& node : devnet.nodes) {
        if (devnet::state_of(devnet, node) == devnet::ProcessState::kRunning) {
            RpcClient client = devnet::rpc_client(node, kPatience);
            POLIS_TRY_VOID(read_alarms(client, out));
            if (first) {
                POLIS_TRY_VOID(read_punished(client, out));
                first = false;
            }
        }
    }
    return out;
}

}  // namespace polis::tools::bench
