#include <node/validator/txn_pool.hpp>

#include <memory>
#include <utility>

#include <core/codec/borsh.hpp>
#include <ledger/mempool/account_source.hpp>

namespace polis::node {

TxnPool::TxnPool(
    const ledger::TxnRules& rules,
    const ledger::MempoolLimits& limits,
    Height height,
    consensus::CryptoChecker& checker)
    : rules_(rules), checker_(checker), pool_(limits, height) {}

ledger::StoreResult<Arrival> TxnPool::add(ByteView encoded, ledger::StateView& state) {
    const Hash id = ledger::txn_id(encoded);
    if (pool_.contains(id)) {
        return Arrival{id, ledger::MempoolError::kAlreadyKnown};
    }
    auto checked = ledger::check(encoded, rules_);
    if (!checked) {
        return Arrival{id, checked.error()};
    }
    const Hash signed_hash = ledger::signing_hash(checked->txn.body);
    if (!checker_.signature_valid(
            checked->txn.body.sender, signed_hash.view(), checked->txn.signature)) {
        return Arrival{id, ledger::TxnError::kBadSignature};
    }
    return add_verified(std::make_shared<const ledger::CheckedTxn>(*std::move(checked)), state);
}

ledger::StoreResult<Arrival> TxnPool::add_verified(ledger::TxnPtr txn, ledger::StateView& state) {
    const Hash id = txn->id;
    ledger::StateAccounts accounts(state);
    POLIS_TRY(const ledger::Verdict verdict, pool_.add(std::move(txn), accounts));
    if (!verdict) {
        return Arrival{id, verdict.error()};
    }
    return Arrival{id, *verdict};
}

ledger::StoreResult<void> TxnPool::on_block(
    const ledger::CheckedBlock& block,
    const std::vector<Address>& touched,
    ledger::StateView& state) {
    std::vector<Hash> included;
    included.reserve(block.txns.size());
    for (const ledger::CheckedTxn& txn : block.txns) {
        included.push_back(txn.id);
    }
    const ledger::BlockSummary summary{
        .height = block.header.height, .included = included, .touched = touched};
    ledger::StateAccounts accounts(state);
    POLIS_TRY_VOID(pool_.on_block(summary, accounts));
    return {};
}

std::vector<TxnBatch> TxnPool::batches(const std::vector<Hash>& txns) const {
    std::vector<TxnBatch> batches;
    std::size_t room = 0;
    for (const Hash& id : txns) {
        const ledger::TxnPtr txn = pool_.get(id);
        if (!txn) {
            continue;
        }
        if (batches.empty() || txn->encoded_bytes > room ||
            batches.back().txns.size() == kTxnBatchCountMax) {
            batches.emplace_back();
            room = kTxnBatchBytesMax;
        }
        room -= txn->encoded_bytes;
        batches.back().txns.push_back(codec::encode(txn->txn));
    }
    return batches;
}

std::vector<Hash> TxnPool::dearest() const {
    const ledger::BlockSpace space{
        .gas_max = Gas{UINT64_MAX},
        .bytes_max = SIZE_MAX,
        .count_max = kTxnAnnounceMax,
        .height = Height{0}};
    std::vector<Hash> out;
    for (const ledger::TxnPtr& txn : pool_.select(space)) {
        out.push_back(txn->id);
    }
    return out;
}

}  // namespace polis::node
