#include <tools/load/load.hpp>

#include <algorithm>
#include <utility>

#include <core/crypto/address.hpp>
#include <core/random.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/load/drive.hpp>
#include <tools/load/transactions.hpp>

namespace polis::tools {

namespace {

constexpr Amount kAccountFunds{10'000'000'000};  ///< 10 POLIS for fees and transfers

/// Gives every load account coins from the devnet's first account, and waits for it.
Fallible<void> fund(const LoadOptions& options, RpcClient& node, const LoadAccounts& accounts) {
    LoadAccounts payer = LoadAccounts::of_devnet(options.seed, 1);
    POLIS_TRY(const SenderView chain, payer.view(node));
    POLIS_TRY_VOID(payer.read_nonces(node));
    std::vector<ledger::Payload> payloads;
    for (const Address& account : accounts.addresses()) {
        payloads.emplace_back(ledger::Transfer{.to = account, .amount = kAccountFunds});
    }
    std::vector<DueTxn> due;
    for (SignedTxn& txn : payer.sign(chain, payloads)) {
        due.push_back({.txn = std::move(txn), .at_us = 0, .node = 0});
    }
    POLIS_TRY(const Driven driven, drive({.nodes = options.nodes}, std::move(due)));
    const auto funded = static_cast<std::size_t>(std::ranges::count(driven.succeeded, true));
    if (funded < accounts.size()) {
        return std::unexpected(Failure(
            "the load's accounts were not funded: " + std::to_string(accounts.size() - funded) +
            " transfers of the devnet's account 0 did not become final; look at polis devnet "
            "status"));
    }
    return {};
}

/// Signed transfers of one unit each, in turn from every account to one that chance picks.
std::vector<DueTxn> plan(
    const LoadOptions& options, const SenderView& chain, LoadAccounts& accounts) {
    Random random(options.random_seed, "load");
    std::vector<ledger::Payload> payloads;
    for (std::uint64_t i = 0; i < options.rate * options.seconds; ++i) {
        const auto to = static_cast<std::size_t>(random.below(accounts.size()));
        payloads.emplace_back(ledger::Transfer{.to = accounts.address(to), .amount = Amount{1}});
    }
    std::vector<SignedTxn> txns = accounts.sign(chain, payloads);
    std::vector<DueTxn> out;
    out.reserve(txns.size());
    for (std::size_t i = 0; i < txns.size(); ++i) {
        out.push_back(
            {.txn = std::move(txns[i]),
             .at_us = i * 1'000'000 / options.rate,
             .node = i % accounts.size() % options.nodes.size()});
    }
    return out;
}

LoadResult summarise(
    const LoadOptions& options, const std::vector<std::uint64_t>& due_us, const Driven& driven) {
    LoadResult out;
    out.offered = due_us.size();
    out.refusals = driven.refusals;
    std::uint64_t before = 0;
    for (const SeenBlock& block : driven.blocks) {
        const std::uint64_t at = driven.had_by(1, block.height);
        ++out.blocks;
        for (const std::size_t txn : block.txns) {
            out.latency_us.record(at - std::min(at, due_us[txn]));
            out.in_time += at <= options.seconds * 1'000'000 ? 1U : 0U;
        }
        if (!block.txns.empty()) {
            out.finalized += block.txns.size();
            out.pause_us_max = std::max(out.pause_us_max, at - std::min(at, before));
            before = at;
        }
    }
    out.unfinished = out.offered - out.finalized;
    return out;
}

}  // namespace

Fallible<LoadResult> run_load(const LoadOptions& options) {
    RpcClient node(options.nodes.front());
    LoadAccounts accounts = LoadAccounts::of_load(options.seed, options.accounts);
    options.say("funding " + std::to_string(accounts.size()) + " accounts");
    POLIS_TRY_VOID(fund(options, node, accounts));
    POLIS_TRY_VOID(accounts.read_nonces(node));
    options.say("signing " + std::to_string(options.rate * options.seconds) + " transfers");
    POLIS_TRY(const SenderView chain, accounts.view(node));
    std::vector<DueTxn> load = plan(options, chain, accounts);
    std::vector<std::uint64_t> due_us;
    std::ranges::transform(load, std::back_inserter(due_us), &DueTxn::at_us);
    options.say("sending for " + std::to_string(options.seconds) + " s");
    POLIS_TRY(
        const Driven driven,
        drive({.nodes = options.nodes, .load_us = options.seconds * 1'000'000}, std::move(load)));
    return summarise(options, due_us, driven);
}

}  // namespace polis::tools
