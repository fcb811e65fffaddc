// dev_*: development networks only. Admin port, and only if the node allows it.
#include <optional>
#include <utility>

#include <core/crypto/address.hpp>
#include <core/integer.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/account.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/faucet.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>
#include <node/rpc/waiters.hpp>

namespace polis::node::rpc {

namespace {

Outcome accounts(const Call& call) {
    const std::string& seed = call.node.dev_seed;
    ledger::LatestState state(call.node.backend.chain());
    JsonWriter out;
    out.begin_object().text("seed", seed).begin_array("accounts");
    for (std::size_t i = 0; i < Faucet::kAccounts && !seed.empty(); ++i) {
        const auto key = genesis::dev_account_key(seed, i);
        const Address address = crypto::address_of(key.public_key());
        POLIS_TRY(const ledger::Account account, ask(ledger::load_account(state, address)));
        out.begin_object().number("index", i).address("address", address);
        const std::string name = "account " + std::to_string(i);
        out.bytes("secret", genesis::dev_seed(seed, name).view());
        out.decimal("balance", account.balance.value).end_object();
    }
    out.end_array().end_object();
    return out.take();
}

void faucet(const Call& call, Respond respond) {
    call.node.faucet.give(
        call.params.address("address"), Amount{call.params.count("amount")}, std::move(respond));
}

void mine(const Call& call, Respond respond) {
    const auto head = call.node.backend.chain().head();
    if (!head) {
        respond(std::unexpected(rpc_error(head.error())));
        return;
    }
    const Height target{saturating_add(head->height.value, call.params.count("blocks"))};
    call.node.waiters.wait_height(target, call.params.count("timeoutMs"), std::move(respond));
}

Reply<Answer<bool>> always_true(Respond respond) {
    return [respond = std::move(respond)](const Answer<bool>& answer) {
        answer ? respond("true") : respond(std::unexpected(rpc_error(answer.error())));
    };
}

void set_time(const Call& call, Respond respond) {
    call.node.backend.set_clock_offset(
        call.params.signed_count("offsetMs"), always_true(std::move(respond)));
}

void fault_set(const Call& call, Respond respond) {
    std::optional<p2p::NodeId> peer;
    if (call.params.has("peer")) {
        peer = call.params.node_id("peer");
    }
    const p2p::LinkFaults faults{
        .latency_ms = call.params.count("latencyMs"),
        .jitter_ms = call.params.count("jitterMs"),
        .loss_ppm = static_cast<std::uint32_t>(call.params.count("lossPpm")),
        .bytes_per_s = call.params.count("bytesPerS"),
        .cut = call.params.flag("cut")};
    call.node.backend.set_faults(peer, faults, always_true(std::move(respond)));
}

void fault_clear(const Call& call, Respond respond) {
    call.node.backend.clear_faults(always_true(std::move(respond)));
}

using FaultRows = std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>>;

void fault_list(const Call& call, Respond respond) {
    call.node.backend.faults([respond = std::move(respond)](const Answer<FaultRows>& answer) {
        if (!answer) {
            respond(std::unexpected(rpc_error(answer.error())));
            return;
        }
        JsonWriter out;
        out.begin_object().begin_array("faults");
        for (const auto& [peer, faults] : *answer) {
            out.begin_object();
            if (peer) {
                out.bytes("peer", peer->view());
            } else {
                out.null("peer");
            }
            out.number("latencyMs", faults.latency_ms).number("jitterMs", faults.jitter_ms);
            out.number("lossPpm", faults.loss_ppm).number("bytesPerS", faults.bytes_per_s);
            out.flag("cut", faults.cut).end_object();
        }
        out.end_array().end_object();
        respond(out.take());
    });
}

Param fault_number(std::string_view name, std::string_view description, std::uint64_t max) {
    return {
        .name = name,
        .type = ParamType::kCount,
        .description = description,
        .required = false,
        .standard = "0",
        .max = max};
}

std::vector<Method> fault_methods() {
    constexpr std::uint64_t kMinuteMs = 60'000;
    constexpr std::uint64_t kMillion = 1'000'000;
    return {
        {.name = "dev_faultSet",
         .side = Side::kDev,
         .summary = "Makes what this node sends slow, lossy or nothing at all.",
         .params =
             {{.name = "peer",
               .type = ParamType::kNodeId,
               .description = "To this node only; without it to all that have no faults of their "
                              "own.",
               .required = false},
              fault_number("latencyMs", "Delay.", kMinuteMs),
              fault_number("jitterMs", "Added to the delay, from 0 to this.", kMinuteMs),
              fault_number("lossPpm", "Messages lost, of a million.", kMillion),
              fault_number("bytesPerS", "Bandwidth; 0 is no limit.", UINT64_MAX),
              {.name = "cut",
               .type = ParamType::kFlag,
               .description = "Nothing gets through.",
               .required = false,
               .standard = "false"}},
         .result = "true",
         .errors = {ErrorName::kBusy},
         .handler = Async{fault_set}},
        {.name = "dev_faultClear",
         .side = Side::kDev,
         .summary = "Takes all faults back.",
         .params = {},
         .result = "true",
         .errors = {ErrorName::kBusy},
         .handler = Async{fault_clear}},
        {.name = "dev_faultList",
         .side = Side::kDev,
         .summary = "The faults that are set; peer null is the one for all others.",
         .params = {},
         .result = "{faults: [Faults]}",
         .errors = {ErrorName::kBusy},
         .handler = Async{fault_list}}};
}

}  // namespace

std::vector<Method> dev_methods() {
    std::vector<Method> out = {
        {.name = "dev_accounts",
         .side = Side::kDev,
         .summary = "The devnet's accounts with their secrets, which anybody can compute.",
         .params = {},
         .result = "{seed: text, accounts: [{index: number, address: address, secret: hex, "
                   "balance: decimal}]}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{accounts}},
        {.name = "dev_faucet",
         .side = Side::kDev,
         .summary = "Sends coins of a devnet's account.",
         .params =
             {{.name = "address", .type = ParamType::kAddress, .description = "Who gets them."},
              {.name = "amount",
               .type = ParamType::kAmount,
               .description = "Units of 10^-9 POLIS.",
               .min = 1}},
         .result = "{id: hash}",
         .errors = {ErrorName::kNotFound, ErrorName::kBusy, ErrorName::kStoreFailed},
         .handler = Async{faucet}},
        {.name = "dev_mine",
         .side = Side::kDev,
         .summary = "Answers when so many more blocks are final.",
         .params =
             {{.name = "blocks",
               .type = ParamType::kCount,
               .description = "How many.",
               .required = false,
               .standard = "1",
               .min = 1,
               .max = kMineBlocksMax},
              timeout_param()},
         .result = "{height: number}",
         .errors = {ErrorName::kTimeout, ErrorName::kTooManyWaiters, ErrorName::kStoreFailed},
         .handler = Async{mine}},
        {.name = "dev_setTime",
         .side = Side::kDev,
         .summary = "Moves the clock that the node shows to its machines.",
         .params =
             {{.name = "offsetMs",
               .type = ParamType::kSigned,
               .description = "Milliseconds from the real time."}},
         .result = "true",
         .errors = {ErrorName::kBusy},
         .handler = Async{set_time}}};
    for (Method& method : fault_methods()) {
        out.push_back(std::move(method));
    }
    return out;
}

}  // namespace polis::node::rpc
