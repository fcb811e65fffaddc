#include <node/validator/evidence_pool.hpp>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/payload.hpp>

namespace polis::node {

namespace {

/// @error the state cannot be read
ledger::StoreResult<Bytes> make_report(
    ledger::Chain& chain,
    const crypto::SigningKey& account,
    const TxnPool& pool,
    const pbft::Evidence& evidence) {
    const Address sender = crypto::address_of(account.public_key());
    POLIS_TRY(const auto record, ledger::load_account(chain.state(), sender));
    const ledger::Params& params = chain.params();
    ledger::TxnBody body;
    body.chain_id = params.chain_id;
    body.sender = account.public_key();
    body.nonce = pool.pool().next_nonce(sender).value_or(record.nonce);
    body.gas_price = params.gas_price_min;
    body.valid_until = ledger::evidence::expires_after(params, pbft::height_of(evidence));
    body.payload = ledger::ReportEvidence{evidence};
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    return codec::encode(ledger::sign(account, std::move(body)));
}

}  // namespace

void EvidencePool::add(const pbft::Evidence& evidence) {
    pending_.try_emplace(
        Key{pbft::height_of(evidence), evidence.offender}, Pending{evidence, std::nullopt});
    if (pending_.size() > kEvidenceMax) {
        pending_.erase(pending_.begin());
    }
}

/// No report can change anything any more.
ledger::StoreResult<bool> EvidencePool::is_settled(ledger::Chain& chain, const Pending& pending) {
    const Height offence_at = pbft::height_of(pending.evidence);
    if (chain.head().height >= ledger::evidence::expires_after(chain.params(), offence_at)) {
        return true;
    }
    POLIS_TRY(
        const auto owner, ledger::staking::owner_of(chain.state(), pending.evidence.offender));
    if (!owner) {
        return true;
    }
    POLIS_TRY(const auto offence, ledger::evidence::offence(chain.state(), *owner, offence_at));
    return offence.has_value();
}

ledger::StoreResult<std::vector<Hash>> EvidencePool::report(
    ledger::Chain& chain, const crypto::SigningKey& account, TxnPool& pool) {
    std::vector<Hash> reports;
    for (auto it = pending_.begin(); it != pending_.end();) {
        Pending& pending = it->second;
        POLIS_TRY(const bool settled, is_settled(chain, pending));
        if (settled) {
            it = pending_.erase(it);
            continue;
        }
        ++it;
        if (pbft::height_of(pending.evidence) > chain.head().height ||
            (pending.txn && pool.pool().contains(*pending.txn))) {
            continue;
        }
        POLIS_TRY(const Bytes report, make_report(chain, account, pool, pending.evidence));
        POLIS_TRY(const Arrival arrival, pool.add(report, chain.state()));
        if (arrival.accepted()) {
            pending.txn = arrival.id;
            reports.push_back(arrival.id);
        }
    }
    return reports;
}

std::size_t EvidencePool::memory_bytes() const { return pending_.size() * sizeof(Pending); }

}  // namespace polis::node
