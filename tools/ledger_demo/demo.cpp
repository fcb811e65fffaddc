#include <tools/ledger_demo/demo.hpp>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>
#include <core/worker_pool.hpp>
#include <genesis/decimal.hpp>
#include <genesis/devnet.hpp>
#include <ledger/account.hpp>
#include <node/home/home.hpp>
#include <tools/ledger_demo/child.hpp>
#include <tools/ledger_demo/workload.hpp>
#include <tools/verify/replay.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using Step = Result<void, std::string>;

/// A writer that acknowledges nothing for this long has failed.
constexpr std::chrono::seconds kPatience{60};

std::uint64_t ms_since(Clock::time_point begin) {
    using std::chrono::milliseconds;
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<milliseconds>(Clock::now() - begin).count());
}

Workload workload_of(const LedgerDemoOptions& options) {
    return Workload({.seed = options.seed, .transfers = options.transfers, .devnet = {}});
}

/// When to kill: after one block of the middle half was acknowledged, and part of a block later.
struct KillPlan {
    Height after;
    std::uint64_t permille = 0;  ///< of the time that a block takes
};

KillPlan kill_plan(const LedgerDemoOptions& options) {
    Random random(options.seed, "demo kill");
    const std::uint64_t first = options.blocks / 4;
    return {Height{random.between(first, options.blocks * 3 / 4)}, random.below(1'000)};
}

class LedgerDemo {
  public:
    explicit LedgerDemo(const LedgerDemoOptions& options)
        : options_(options), workers_(options.threads) {}

    Result<LedgerDemoSummary, std::string> run() {
        POLIS_TRY_VOID(create());
        POLIS_TRY_VOID(kill_a_writer());
        POLIS_TRY_VOID(go_on());
        POLIS_TRY_VOID(verify());
        return out_;
    }

  private:
    Step create() {
        const std::string preset = genesis::devnet_toml({});
        POLIS_TRY(const auto chain, node::create_home(options_.home, preset, "devnet"));
        out_.genesis = chain->genesis();
        say("genesis",
            fmt::format(
                "{} with 4 validators and 10 accounts",
                to_hex_prefixed(out_.genesis.view()).substr(0, 18)));
        return {};
    }

    Step kill_a_writer() {
        auto writer = WriterProcess::start(
            {"polis",
             "ledger",
             "demo-writer",
             "--home",
             options_.home.string(),
             "--blocks",
             std::to_string(options_.blocks),
             "--transfers",
             std::to_string(options_.transfers),
             "--seed",
             std::to_string(options_.seed)});
        if (!writer) {
            return std::unexpected(writer.error());
        }
        say("writer",
            fmt::format(
                "process {} writes blocks of {} signed transfers, each synced to disk",
                writer->pid(),
                options_.transfers));
        POLIS_TRY_VOID(follow(*writer));
        if (!writer->kill()) {
            return std::unexpected("the writer ended by itself; its message is above");
        }
        while (const auto height = writer->next_ack(microseconds{0})) {
            out_.acknowledged = *height;
        }
        say("kill -9", fmt::format("after height {} was acknowledged", out_.acknowledged.value));
        return {};
    }

    /// Reads acknowledgements up to the moment of the kill.
    Step follow(WriterProcess& writer) {
        const KillPlan plan = kill_plan(options_);
        const Clock::time_point begin = Clock::now();
        while (out_.acknowledged < plan.after) {
            const auto height = writer.next_ack(kPatience);
            if (!height) {
                return std::unexpected(fmt::format(
                    "the writer stopped after height {}; its message is above",
                    out_.acknowledged.value));
            }
            out_.acknowledged = *height;
        }
        const auto elapsed = std::chrono::duration_cast<microseconds>(Clock::now() - begin);
        const auto block_time = elapsed / static_cast<std::int64_t>(plan.after.value);
        const auto until =
            Clock::now() + block_time * static_cast<std::int64_t>(plan.permille) / 1'000;
        for (auto now = Clock::now(); now < until; now = Clock::now()) {
            const auto rest = std::chrono::ceil<microseconds>(until - now);
            out_.acknowledged = writer.next_ack(rest).value_or(out_.acknowledged);
        }
        return {};
    }

    Step go_on() {
        POLIS_TRY(const auto chain, node::open_home(options_.home));
        out_.reopened = chain->head().height;
        if (out_.reopened < out_.acknowledged) {
            return std::unexpected(fmt::format(
                "height {} was acknowledged, but the store holds only {}: a block was lost",
                out_.acknowledged.value,
                out_.reopened.value));
        }
        say("reopened",
            fmt::format("at height {}: nothing acknowledged is missing", out_.reopened.value));
        const Workload workload = workload_of(options_);
        const Clock::time_point begin = Clock::now();
        while (chain->head().height.value < options_.blocks) {
            POLIS_TRY(const std::size_t txns, workload.write_block(*chain, workers_));
            out_.written_txns += txns;
        }
        out_.write_ms = ms_since(begin);
        out_.height = chain->head().height;
        out_.state_root = chain->head().state_root;
        say("continued", fmt::format("to height {}, then closed", out_.height.value));
        return {};
    }

    Step verify() {
        POLIS_TRY(const auto chain, node::open_home(options_.home));
        const Clock::time_point begin = Clock::now();
        const auto summary = replay(*chain, {.threads = options_.threads, .on_block = {}});
        if (!summary) {
            return std::unexpected("verify: " + describe(summary.error()));
        }
        out_.verify_ms = ms_since(begin);
        out_.txns = summary->txns;
        out_.rows = summary->rows;
        if (summary->state_root != out_.state_root || summary->height != out_.height) {
            return std::unexpected("verify: the reopened chain ends elsewhere");
        }
        say("verified",
            fmt::format(
                "{} blocks, {} transactions and {} rows executed again: all roots equal",
                out_.height.value,
                out_.txns,
                out_.rows));
        return prove(*chain);
    }

    Step prove(ledger::Chain& chain) {
        const PublicKey key = genesis::dev_account_key(genesis::kDevSeed, 0).public_key();
        out_.account = crypto::address_of(key);
        POLIS_TRY(const auto present, proved(chain, out_.account));
        const auto account = present ? codec::decode<ledger::Account>(*present)
                                     : Result<ledger::Account, codec::DecodeError>{};
        if (!present || !account) {
            return std::unexpected("the proof of account 0 shows no account");
        }
        out_.balance = account->balance;
        say("inclusion",
            fmt::format(
                "{} has {} POLIS: proof verified",
                crypto::to_text(out_.account),
                genesis::to_text(out_.balance)));
        out_.absent.data.fill(0xee);
        POLIS_TRY(const auto absent, proved(chain, out_.absent));
        if (absent) {
            return std::unexpected("the proof of an unused address shows an account");
        }
        say("exclusion", crypto::to_text(out_.absent) + " has no record: proof verified");
        return {};
    }

    /// What the account's proof shows to somebody who knows the state root only.
    Result<std::optional<Bytes>, std::string> proved(
        ledger::Chain& chain, const Address& address) const {
        const ledger::StateKey key = ledger::account_key(address);
        const auto proof = chain.prove(key);
        if (!proof) {
            return std::unexpected(proof.error().context);
        }
        auto record = verify_proof(out_.state_root, key.bytes(), *proof);
        if (!record) {
            return std::unexpected(
                "a state proof does not verify: " + std::string(to_string(record.error())));
        }
        return *std::move(record);
    }

    void say(std::string_view step, std::string_view what) const {
        if (options_.say) {
            options_.say(step, what);
        }
    }

    const LedgerDemoOptions& options_;
    WorkerPool workers_;
    LedgerDemoSummary out_;
};

}  // namespace

Result<LedgerDemoSummary, std::string> run_ledger_demo(const LedgerDemoOptions& options) {
    return LedgerDemo(options).run();
}

Step run_ledger_demo_writer(const LedgerDemoOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    const Workload workload = workload_of(options);
    WorkerPool workers(options.threads);
    while (chain->head().height.value < options.blocks) {
        POLIS_TRY_VOID(workload.write_block(*chain, workers));
        if (!acknowledge(chain->head().height)) {
            return {};
        }
    }
    wait_for_the_end();
    return {};
}

}  // namespace polis::tools
