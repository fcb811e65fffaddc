#include <tools/bench/ledger_bench.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <sched.h>

#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <core/random.hpp>
#include <ledger/account.hpp>
#include <ledger/chain.hpp>
#include <ledger/gas.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/params.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <node/home/home.hpp>
#include <tools/bench/admission_bench.hpp>
#include <tools/bench/stopwatch.hpp>

namespace polis::tools {

namespace {

using ledger::ApplyStage;
using ledger::StoreResult;

constexpr std::size_t kStages = 4;
constexpr std::array<std::string_view, kStages> kStageNames{"execute", "root", "encode", "write"};
constexpr Amount kBalance{1'000'000'000};
constexpr std::size_t kProofs = 2'000;
constexpr std::size_t kAdmissions = 4'000;

struct Figures {
    double create_s = 0;
    double check_s = 0;  ///< stateless checks of all blocks, without signatures
    std::array<double, kStages> stage_s{};
    std::vector<double> block_s;
    double apply_cpu_s = 0;  ///< all threads
    std::uint64_t transfers = 0;
    std::uint64_t succeeded = 0;
    double reopen_s = 0;
    double proof_mean_us = 0;
    double proof_worst_us = 0;
    std::uint64_t store_bytes = 0;
    std::size_t tree_bytes = 0;
    std::uint64_t peak_rss_bytes = 0;
    AdmissionFigures admission;

    [[nodiscard]] double apply_s() const {
        double total = 0;
        for (const double seconds : block_s) {
            total += seconds;
        }
        return total;
    }
};

/// A state in which nothing has happened yet.
class EmptyView : public ledger::StateView {
  public:
    StoreResult<std::optional<SmallBytes>> get(const ledger::StateKey& /*key*/) override {
        return std::optional<SmallBytes>{};
    }
};

/// Nobody signs in this benchmark, so a public key is any 32 bytes.
std::vector<PublicKey> make_keys(std::uint64_t seed, std::uint64_t count) {
    Random random(seed, "accounts");
    std::vector<PublicKey> keys(count);
    for (PublicKey& key : keys) {
        random.fill(key.data);
    }
    return keys;
}

ledger::Params bench_params(const LedgerBenchOptions& options) {
    ledger::Params params;
    params.chain_id = {7};
    params.block_gas_max = {options.block_txns * 10'000};
    params.gas_price_min = {1};
    params.committee_size_max = 1;
    params.term_blocks = 100;
    params.stake_min = {1};
    params.unbonding_era_blocks = 100;
    return params;
}

StoreResult<ledger::GenesisState> make_genesis(
    const LedgerBenchOptions& options, const std::vector<PublicKey>& keys) {
    EmptyView empty;
    ledger::Journal journal(empty);
    const ledger::Params params = bench_params(options);
    POLIS_TRY_VOID(ledger::save_params(journal, params));
    POLIS_TRY_VOID(ledger::bank::set_supply(journal, {kBalance.value * keys.size()}));
    for (const PublicKey& key : keys) {
        POLIS_TRY_VOID(ledger::save_account(
            journal, crypto::address_of(key), {.balance = kBalance, .nonce = {}}));
    }
    POLIS_TRY(const Hash committee, ledger::terms::save_first_term(journal, {}));
    return ledger::GenesisState{
        .params = params,
        .time = {1'700'000'000'000},
        .source = {},
        .records = journal.changes(),
        .committee = committee};
}

/// Transfers between accounts drawn uniformly, as blocks see them: encoded.
class Workload {
  public:
    Workload(std::uint64_t seed, const std::vector<PublicKey>& keys)
        : random_(seed, "transfers"), keys_(keys), nonces_(keys.size()) {}

    ledger::Transaction next() {
        const std::size_t from = random_.below(keys_.size());
        const std::size_t to = random_.below(keys_.size());
        ledger::TxnBody body{
            .chain_id = {7},
            .sender = keys_[from],
            .nonce = {nonces_[from]++},
            .gas_limit = {10'000},
            .gas_price = {1},
            .valid_until = {1'000'000},
            .payload = ledger::Transfer{crypto::address_of(keys_[to]), {1 + random_.below(1'000)}}};
        return {.body = std::move(body), .signature = {}};
    }

  private:
    Random random_;
    const std::vector<PublicKey>& keys_;
    std::vector<std::uint64_t> nonces_;
};

class LedgerBench {
  public:
    explicit LedgerBench(const LedgerBenchOptions& options)
        : options_(options), keys_(make_keys(options.seed, options.accounts)) {}

    StoreResult<Figures> run(const std::filesystem::path& dir) {
        POLIS_TRY_VOID(create(dir));
        POLIS_TRY_VOID(apply_blocks());
        figures_.tree_bytes = chain_->memory_bytes();
        figures_.store_bytes = chain_->store().size_bytes();
        POLIS_TRY_VOID(reopen(dir));
        POLIS_TRY_VOID(prove());
        figures_.admission = measure_admission(options_.seed, kAdmissions);
        return figures_;
    }

  private:
    ledger::Chain::Options chain_options() {
        ledger::Chain::Options out;
        out.tree.cache_bytes_max = options_.cache_mib << 20;
        out.on_stage = [this](ApplyStage stage) {
            figures_.stage_s[static_cast<std::size_t>(stage)] += stage_watch_.lap();
        };
        return out;
    }

    StoreResult<void> create(const std::filesystem::path& dir) {
        Stopwatch watch;
        POLIS_TRY(auto store, ledger::open_leveldb(dir));
        POLIS_TRY(const auto genesis, make_genesis(options_, keys_));
        POLIS_TRY(chain_, ledger::Chain::create(std::move(store), genesis, chain_options()));
        figures_.create_s = watch.lap();
        return {};
    }

    StoreResult<void> apply_blocks() {
        Workload workload(options_.seed, keys_);
        while (figures_.transfers < options_.transfers) {
            const auto count =
                std::min(options_.block_txns, options_.transfers - figures_.transfers);
            POLIS_TRY_VOID(apply_block(workload, count));
            figures_.transfers += count;
        }
        return {};
    }

    StoreResult<void> apply_block(Workload& workload, std::uint64_t count) {
        std::vector<ledger::CheckedTxn> txns;
        txns.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            txns.push_back(*ledger::check(workload.next(), chain_->rules()));
        }
        const ledger::Head& head = chain_->head();
        const ledger::BlockPlan plan{
            .chain_id = {7}, .time = {head.time.value + 1}, .proposer = {}};
        const Bytes encoded = encode_block(make_block(head, plan, std::move(txns)));
        Stopwatch watch;
        const auto checked = check_block(encoded, head, chain_->rules());
        POLIS_ASSERT(checked.has_value());
        figures_.check_s += watch.lap();
        stage_watch_.lap();
        const double cpu_before = process_cpu_seconds();
        POLIS_TRY(const auto applied, chain_->apply(*checked));
        figures_.block_s.push_back(watch.lap());
        figures_.apply_cpu_s += process_cpu_seconds() - cpu_before;
        for (const ledger::Receipt& receipt : applied.receipts) {
            figures_.succeeded += receipt.status == ledger::TxnStatus::kSuccess ? 1 : 0;
        }
        return {};
    }

    StoreResult<void> reopen(const std::filesystem::path& dir) {
        chain_.reset();
        Stopwatch watch;
        POLIS_TRY(auto store, ledger::open_leveldb(dir));
        POLIS_TRY(chain_, ledger::Chain::open(std::move(store), chain_options()));
        figures_.reopen_s = watch.lap();
        return {};
    }

    StoreResult<void> prove() {
        Random random(options_.seed, "proofs");
        double total = 0;
        for (std::size_t i = 0; i < kProofs; ++i) {
            const auto key =
                ledger::account_key(crypto::address_of(keys_[random.below(keys_.size())]));
            Stopwatch watch;
            POLIS_TRY(const auto proof, chain_->prove(key));
            const double seconds = watch.lap();
            const auto record = verify_proof(chain_->head().state_root, key.bytes(), proof);
            POLIS_ASSERT(record.has_value() && record->has_value());
            total += seconds;
            figures_.proof_worst_us = std::max(figures_.proof_worst_us, seconds * 1e6);
        }
        figures_.proof_mean_us = total * 1e6 / static_cast<double>(kProofs);
        return {};
    }

    const LedgerBenchOptions& options_;
    const std::vector<PublicKey> keys_;
    std::unique_ptr<ledger::Chain> chain_;
    Stopwatch stage_watch_;
    Figures figures_;
};

void pin_to_one_core() {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        std::perror("polis: cannot pin to one core, going on unpinned");
    }
}

/// The process's peak resident memory, in bytes (Linux).
std::uint64_t peak_rss_bytes() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == "VmHWM:") {
            std::uint64_t kib = 0;
            status >> kib;
            return kib << 10;
        }
    }
    return 0;
}

nlohmann::json to_json(const LedgerBenchOptions& options, const Figures& figures) {
    nlohmann::json stages;
    for (std::size_t i = 0; i < kStages; ++i) {
        stages[std::string(kStageNames[i]) + "_ms_per_block"] =
            figures.stage_s[i] * 1e3 / static_cast<double>(figures.block_s.size());
    }
    nlohmann::json parallel = nlohmann::json::array();
    for (const auto& point : figures.admission.parallel) {
        parallel.push_back({{"threads", point.threads}, {"txns_per_s", point.txns_per_second}});
    }
    return {
        {"accounts", options.accounts},
        {"transfers", figures.transfers},
        {"succeeded", figures.succeeded},
        {"block_txns", options.block_txns},
        {"one_core", options.one_core},
        {"create_s", figures.create_s},
        {"apply_transfers_per_s", static_cast<double>(figures.transfers) / figures.apply_s()},
        {"apply_transfers_per_cpu_s", static_cast<double>(figures.transfers) / figures.apply_cpu_s},
        {"slowest_block_ms", *std::ranges::max_element(figures.block_s) * 1e3},
        {"check_us_per_txn", figures.check_s * 1e6 / static_cast<double>(figures.transfers)},
        {"stages", stages},
        {"reopen_s", figures.reopen_s},
        {"proof_mean_us", figures.proof_mean_us},
        {"proof_worst_us", figures.proof_worst_us},
        {"store_mib", figures.store_bytes >> 20},
        {"tree_mib", figures.tree_bytes >> 20},
        {"peak_rss_mib", figures.peak_rss_bytes >> 20},
        {"verify_us", figures.admission.verify_us},
        {"admission_us", figures.admission.admission_us},
        {"admission_ratio", figures.admission.admission_us / figures.admission.verify_us},
        {"admission_parallel", parallel}};
}

void print_row(const std::string& name, const nlohmann::json& value) {
    if (value.is_number_float()) {
        std::printf("%-26s %.6g\n", name.c_str(), value.get<double>());
    } else {
        std::printf("%-26s %s\n", name.c_str(), value.dump().c_str());
    }
}

void print_table(const nlohmann::json& figures) {
    for (const auto& [name, value] : figures.items()) {
        if (value.is_object()) {
            print_table(value);
        } else if (value.is_array()) {
            for (const auto& point : value) {
                print_row(name + "_" + point.at("threads").dump(), point.at("txns_per_s"));
            }
        } else {
            print_row(name, value);
        }
    }
}

/// The directory to work in, removed at the end if it is ours.
class Workplace {
  public:
    explicit Workplace(std::filesystem::path dir, bool temporary)
        : dir_(std::move(dir)), temporary_(temporary) {}

    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

    ~Workplace() {
        if (temporary_) {
            std::error_code ignored;
            std::filesystem::remove_all(dir_, ignored);
        }
    }

    [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }

  private:
    const std::filesystem::path dir_;
    const bool temporary_;
};

Result<std::filesystem::path, std::string> working_directory(const std::string& home) {
    if (home.empty()) {
        return node::fresh_directory("bench");
    }
    std::error_code failed;
    std::filesystem::create_directories(home, failed);
    if (failed) {
        return std::unexpected(
            "cannot make the directory " + home + ": " + failed.message() +
            "; choose another with --home");
    }
    return home;
}

int fail(const std::string& message) {
    std::fprintf(stderr, "polis: %s\n", message.c_str());
    return 1;
}

}  // namespace

int run_ledger_bench(const LedgerBenchOptions& options) {
    if (options.accounts == 0 || options.transfers == 0 || options.block_txns == 0 ||
        options.block_txns > ledger::kBlockTxnsMax) {
        std::fprintf(
            stderr,
            "polis: accounts, transfers and block-txns must be at least 1, block-txns at most "
            "%zu\n",
            ledger::kBlockTxnsMax);
        return 2;
    }
    if (options.one_core) {
        pin_to_one_core();
    }
    const auto dir = working_directory(options.home);
    if (!dir) {
        return fail(dir.error());
    }
    const Workplace workplace(*dir, /*temporary=*/options.home.empty());
    auto figures = LedgerBench(options).run(workplace.dir() / "chain");
    if (!figures) {
        return fail(std::string(to_string(figures.error().code)) + ": " + figures.error().context);
    }
    figures->peak_rss_bytes = peak_rss_bytes();
    const nlohmann::json report = to_json(options, *figures);
    if (options.json) {
        std::printf("%s\n", report.dump(2).c_str());
    } else {
        print_table(report);
    }
    return 0;
}

}  // namespace polis::tools
