#include <tools/sim/growth.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <consensus/memo_checker.hpp>
#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <genesis/dev_keys.hpp>
#include <genesis/devnet.hpp>
#include <ledger/gas.hpp>
#include <ledger/transaction.hpp>
#include <tools/sim/cluster.hpp>
#include <tools/sim/judge.hpp>
#include <tools/sim/scenario.hpp>
#include <tools/sim/trace.hpp>

namespace polis::sim {

namespace {

/// Until these are final nodes connect and learn whose messages they need not pass on.
constexpr std::uint64_t kHeightsBefore = 3;
constexpr std::uint64_t kPatienceMs = 60'000;  // for all heights that are waited for together
constexpr std::size_t kAccounts = 256;
constexpr std::uint64_t kTxnLife = 100;  // heights

Scenario scenario_of(const GrowthOptions& options) {
    Scenario out;
    out.run.seed = options.seed;
    out.run.options = {.nodes_min = options.nodes, .nodes_max = options.nodes, .faults = Faults{}};
    out.validators = options.nodes;
    out.seats = options.nodes;
    out.timing.block_interval_ms = options.block_interval_ms;
    // Connections of one country: order is kept, nothing is lost.
    out.network = {.base_ms_max = 20, .jitter_ms_max = 5, .keeps_order = true};
    for (std::size_t member = 0; member < options.nodes; ++member) {
        out.nodes.push_back({.member = member});
    }
    return out;
}

genesis::Genesis genesis_of(Scenario& scenario) {
    genesis::GenesisPreset preset =
        genesis::devnet_preset({.validators = scenario.validators, .accounts = kAccounts});
    preset.params.committee_size_max = static_cast<std::uint32_t>(scenario.seats);
    scenario.term_blocks = preset.params.term_blocks;
    auto out = genesis::build(preset, "a simulated chain");
    POLIS_ASSERT(out.has_value());
    return *std::move(out);
}

/// Accounts pay each other in turns, so that everything follows from the number.
Bytes make_transfer(const ledger::Chain& chain, std::uint64_t number) {
    const auto key = [](std::uint64_t index) {
        return genesis::dev_account_key(genesis::kDevSeed, index % kAccounts);
    };
    const crypto::SigningKey sender = key(number);
    ledger::TxnBody body;
    body.chain_id = chain.params().chain_id;
    body.sender = sender.public_key();
    body.nonce = Nonce{number / kAccounts};
    body.gas_price = chain.params().gas_price_min;
    body.valid_until = Height{chain.head().height.value + kTxnLife};
    body.payload =
        ledger::Transfer{crypto::address_of(key(number + 1).public_key()), Amount{1 + number}};
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    return codec::encode(ledger::sign(sender, body));
}

class GrowthRun {
  public:
    explicit GrowthRun(const GrowthOptions& options)
        : options_(options),
          scenario_(scenario_of(options)),
          genesis_(genesis_of(scenario_)),
          trace_(kRunStart, {}),
          judge_({scenario_, genesis_, checker_, workers_}),
          cluster_(
              {.scenario = scenario_,
               .genesis = genesis_,
               .checker = checker_,
               .workers = workers_,
               .judge = judge_,
               .trace = trace_,
               .own_checkers = true,
               .cpu_clock = options.cpu_clock}) {}

    Growth run() {
        cluster_.start();
        const Height first{kHeightsBefore};
        const Height last{kHeightsBefore + options_.heights};
        Growth out;
        if (reach(first)) {
            out.before = cluster_.traffic();
            const std::uint64_t checks = cluster_.checks();
            const std::uint64_t cpu_ns = cluster_.cpu_ns();
            const TimeMs begin = cluster_.now();
            if (reach(last)) {
                out.traffic = cluster_.traffic().since(out.before);
                out.checks = cluster_.checks() - checks;
                out.cpu_ns = cluster_.cpu_ns() - cpu_ns;
                out.simulated_ms = cluster_.now().value - begin.value;
                count_blocks(first, last, out);
            }
        }
        out.memory_bytes_max = judge_.memory_bytes_max();
        out.violation = judge_.violation();
        return out;
    }

  private:
    /// Until all nodes have the block, or something is wrong.
    bool reach(Height goal) {
        const TimeMs limit{cluster_.now().value + kPatienceMs};
        while (!judge_.violation() && !all_at(goal)) {
            const TimeMs due = next_due();
            const bool event = cluster_.has_next() && cluster_.next_time() <= due;
            if ((event ? cluster_.next_time() : due) > limit) {
                judge_.fault(
                    Broken::kLiveness,
                    fmt::format("block {} is not final after {} ms", goal.value, kPatienceMs));
            } else if (event) {
                cluster_.step();
            } else {
                cluster_.advance_to(due);
                submit();
            }
        }
        return !judge_.violation();
    }

    [[nodiscard]] bool all_at(Height goal) const {
        for (NodeId id = 0; id < cluster_.size(); ++id) {
            if (cluster_.announced(id) < goal) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] TimeMs next_due() const {
        return TimeMs{kRunStart.value + txns_ * 1'000 / options_.txns_per_second};
    }

    /// An account speaks to one node, so that its transactions keep their order.
    void submit() {
        const auto id = static_cast<NodeId>(txns_ % kAccounts % cluster_.size());
        cluster_.input(id, node::SubmitTxn{make_transfer(cluster_.validator(id).chain(), txns_)});
        ++txns_;
    }

    void count_blocks(Height first, Height last, Growth& out) {
        const ledger::Chain& chain = cluster_.validator(0).chain();
        for (Height height{first.value + 1}; height <= last; ++height.value) {
            const auto block = chain.block(height);
            POLIS_ASSERT(block.has_value() && block->has_value());
            ++out.blocks;
            out.txns += (*block)->txns.size();
            out.views += judge_.referee().view(height).value;
        }
    }

    const GrowthOptions options_;
    Scenario scenario_;
    genesis::Genesis genesis_;
    consensus::MemoChecker checker_;  ///< of the judge
    WorkerPool workers_{0};
    Trace trace_;
    Judge judge_;
    Cluster cluster_;
    std::uint64_t txns_ = 0;  ///< that were submitted
};

}  // namespace

Growth run_growth(const GrowthOptions& options) {
    POLIS_ASSERT(options.nodes >= 1 && options.nodes <= kGrowthNodesMax);
    POLIS_ASSERT(options.heights > 0 && options.txns_per_second > 0);
    return GrowthRun(options).run();
}

}  // namespace polis::sim
