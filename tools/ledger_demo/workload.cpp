#include <tools/ledger_demo/workload.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <core/crypto/address.hpp>
#include <core/random.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/staking.hpp>

namespace polis::tools {

namespace {

using ledger::Chain;
using ledger::CheckedBlock;
using ledger::CheckedTxn;
using ledger::Params;
using ledger::StoreResult;

constexpr std::uint64_t kPolis = 1'000'000'000;
constexpr std::uint64_t kBlockTimeMs = 1'000;
constexpr Gas kGasLimit{5'000};  // above what any order costs

// Every kStakingPeriod blocks one account delegates, later unbonds, and withdraws what has matured.
constexpr std::uint64_t kStakingPeriod = 6;
constexpr std::uint64_t kDelegateAt = 1;
constexpr std::uint64_t kUnbondAt = 3;

Result<CheckedBlock, std::string> accept(
    const Bytes& encoded, const Chain& chain, WorkerPool& workers) {
    auto checked = ledger::check_block(encoded, chain.head(), chain.rules());
    if (!checked) {
        return std::unexpected("block refused: " + describe(checked.error()));
    }
    if (const auto signatures = check_signatures(*checked, workers); !signatures) {
        return std::unexpected("block refused: " + describe(signatures.error()));
    }
    return *std::move(checked);
}

std::optional<std::string> failed_txn(const std::vector<ledger::Receipt>& receipts) {
    for (std::size_t i = 0; i < receipts.size(); ++i) {
        if (receipts[i].status != ledger::TxnStatus::kSuccess) {
            return "transaction " + std::to_string(i) +
                   " failed: " + std::string(to_string(receipts[i].status));
        }
    }
    return std::nullopt;
}

}  // namespace

Workload::Workload(const WorkloadOptions& options)
    : seed_(options.seed), transfers_(options.transfers) {
    for (std::size_t i = 0; i < options.devnet.accounts; ++i) {
        keys_.push_back(genesis::dev_account_key(options.devnet.seed, i));
        accounts_.push_back(crypto::address_of(keys_.back().public_key()));
    }
    for (std::size_t i = 0; i < options.devnet.validators; ++i) {
        validators_.push_back(
            crypto::address_of(genesis::dev_operator_key(options.devnet.seed, i).public_key()));
    }
}

std::vector<Workload::Order> Workload::orders(const Params& params, Height height) const {
    Random random(seed_, "demo block " + std::to_string(height.value));
    std::vector<Order> out;
    out.reserve(transfers_ + 2);
    for (std::size_t i = 0; i < transfers_; ++i) {
        const std::size_t from = random.below(accounts_.size());
        Address to = accounts_[(from + random.between(1, accounts_.size() - 1)) % accounts_.size()];
        if (random.chance(1, 8)) {
            random.fill(to.data);  // somebody new
        }
        out.push_back({from, ledger::Transfer{to, Amount{random.between(1, kPolis)}}});
    }
    add_staking(out, params, height);
    return out;
}

void Workload::add_staking(std::vector<Order>& orders, const Params& params, Height height) const {
    const auto account_of = [this](std::uint64_t round) { return round % accounts_.size(); };
    const auto validator_of = [this](std::uint64_t round) {
        return validators_[round % validators_.size()];
    };
    const std::uint64_t round = height.value / kStakingPeriod;
    if (height.value % kStakingPeriod == kDelegateAt) {
        orders.push_back(
            {account_of(round), ledger::Delegate{validator_of(round), Amount{50 * kPolis}}});
    }
    if (height.value % kStakingPeriod == kUnbondAt) {
        orders.push_back(
            {account_of(round), ledger::Unbond{validator_of(round), Amount{20 * kPolis}}});
    }
    for (std::uint64_t past = 0; past < round; ++past) {
        const Height unbonded{past * kStakingPeriod + kUnbondAt};
        const std::uint64_t era = ledger::staking::era_of(params, unbonded);
        if (ledger::staking::matures_at(params, era) == height) {
            orders.push_back({account_of(past), ledger::Withdraw{validator_of(past), era}});
        }
    }
}

StoreResult<std::vector<ledger::TxnBody>> Workload::bodies(
    Chain& chain, const std::vector<Order>& orders) const {
    std::vector<Nonce> nonces;
    for (const Address& account : accounts_) {
        POLIS_TRY(const ledger::Account record, load_account(chain.state(), account));
        nonces.push_back(record.nonce);
    }
    std::vector<ledger::TxnBody> out;
    out.reserve(orders.size());
    for (const Order& order : orders) {
        ledger::TxnBody body;
        body.chain_id = chain.params().chain_id;
        body.nonce = Nonce{nonces[order.account].value++};
        body.gas_limit = kGasLimit;
        body.gas_price = chain.params().gas_price_min;
        body.valid_until = Height{chain.head().height.value + 10};
        body.payload = order.payload;
        out.push_back(body);
    }
    return out;
}

Result<CheckedBlock, std::string> Workload::assemble(Chain& chain, WorkerPool& workers) const {
    const Height height{chain.head().height.value + 1};
    const std::vector<Order> work = orders(chain.params(), height);
    const auto unsigned_bodies = bodies(chain, work);
    if (!unsigned_bodies) {
        return std::unexpected(unsigned_bodies.error().context);
    }
    std::vector<CheckedTxn> txns(work.size());
    std::vector<std::uint8_t> good(work.size(), 0);
    const ledger::TxnRules rules = chain.rules();
    const auto sign_range = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            auto checked =
                ledger::check(sign(keys_[work[i].account], (*unsigned_bodies)[i]), rules);
            if (checked) {
                txns[i] = *std::move(checked);
                good[i] = 1;
            }
        }
    };
    workers.run(work.size(), sign_range, /*grain=*/16);
    if (std::ranges::find(good, 0) != good.end()) {
        return std::unexpected("a transaction of the workload breaks the chain's rules");
    }
    const ledger::BlockPlan plan{
        .chain_id = chain.params().chain_id,
        .time = TimeMs{chain.head().time.value + kBlockTimeMs},
        .proposer = validators_[height.value % validators_.size()]};
    return make_block(chain.head(), plan, std::move(txns));
}

Result<std::size_t, std::string> Workload::write_block(Chain& chain, WorkerPool& workers) const {
    POLIS_TRY(const CheckedBlock made, assemble(chain, workers));
    POLIS_TRY(const CheckedBlock block, accept(encode_block(made), chain, workers));
    const auto applied = chain.apply(block);
    if (!applied) {
        return std::unexpected(applied.error().context);
    }
    if (const auto failed = failed_txn(applied->receipts)) {
        return std::unexpected(*failed);
    }
    return block.txns.size();
}

}  // namespace polis::tools
