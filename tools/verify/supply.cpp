#include <tools/verify/supply.hpp>

#include <string>

#include <core/codec/borsh.hpp>
#include <core/hex.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/state/key.hpp>
#include <ledger/store/state_rows.hpp>

namespace polis::tools {

namespace {

using ledger::RecordKind;
using ledger::StoreResult;

std::unexpected<ledger::StoreError> corrupt(const ledger::rows::StateRow& row, const char* what) {
    return std::unexpected(ledger::StoreError{
        ledger::StoreErrc::kCorrupt, "state record " + to_hex(row.key) + ": " + what});
}

template <class Record>
StoreResult<Record> decode(const ledger::rows::StateRow& row) {
    auto record = codec::decode<Record>(row.value);
    if (!record) {
        return corrupt(row, "does not decode");
    }
    return *std::move(record);
}

StoreResult<void> add(SupplyAudit& audit, const ledger::rows::StateRow& row) {
    switch (static_cast<RecordKind>(row.key[0])) {
        case RecordKind::kAccount: {
            POLIS_TRY(const auto account, decode<ledger::Account>(row));
            audit.balances += account.balance.value;
            ++audit.accounts;
            return {};
        }
        case RecordKind::kValidator: {
            POLIS_TRY(const auto validator, decode<ledger::staking::Validator>(row));
            audit.staked += validator.pool.tokens.value;
            ++audit.validators;
            return {};
        }
        case RecordKind::kUnbondingPool: {
            POLIS_TRY(const auto pool, decode<ledger::staking::Pool>(row));
            audit.unbonding += pool.tokens.value;
            ++audit.unbonding_pools;
            return {};
        }
        case RecordKind::kTask: {
            POLIS_TRY(const auto task, decode<ledger::tasks::Task>(row));
            audit.escrowed += task.escrow.value;
            return {};
        }
        case RecordKind::kTaskIndex:
        case RecordKind::kParams:
        case RecordKind::kSupply:
        case RecordKind::kValidatorList:
        case RecordKind::kConsensusKey:
        case RecordKind::kDelegation:
        case RecordKind::kUnbonding:
        case RecordKind::kTerms:
        case RecordKind::kElection:
        case RecordKind::kFact:
        case RecordKind::kOffence:
        case RecordKind::kContract:
        case RecordKind::kCode:
        case RecordKind::kStorage:
            return {};  // holds shares or no coins at all
    }
    return corrupt(row, "of a kind that this version does not know");
}

}  // namespace

StoreResult<SupplyAudit> audit_supply(ledger::Chain& chain) {
    SupplyAudit audit;
    const ledger::StateRows rows(chain.store());
    POLIS_TRY_VOID(rows.visit([&audit](const auto& row) { return add(audit, row); }));
    POLIS_TRY(audit.recorded, ledger::bank::supply(chain.state()));
    return audit;
}

}  // namespace polis::tools
