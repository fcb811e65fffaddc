// Records of the state and of the store: the first byte picks the type. One encoding each, and the
// share arithmetic of any pool rounds in the pool's favour.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <consensus/pbft/certificate.hpp>
#include <core/integer.hpp>
#include <ledger/account.hpp>
#include <ledger/block.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/params.hpp>
#include <ledger/store/snapshot.hpp>
#include <ledger/validation.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::ledger {
namespace {

using fuzz::decode_canonical;
using staking::Pool;

/// Coins that go in never come out as more.
void check_shares(const Pool& pool, Amount amount) {
    const auto bought = staking::shares_for(pool, amount);
    const auto tokens = checked_add(pool.tokens, amount);
    const auto shares = bought ? checked_add(pool.shares, *bought) : std::nullopt;
    const bool worthless = pool.shares > 0 && pool.tokens == Amount{};
    POLIS_ASSERT(!worthless || !bought);
    if (bought && *bought > 0 && !worthless) {
        POLIS_ASSERT(staking::cost_of(pool, *bought) <= amount);
    }
    if (tokens && shares && (pool.shares > 0 || pool.tokens == Amount{})) {
        POLIS_ASSERT(staking::worth_of({*tokens, *shares}, *bought) <= amount);
    }
    const auto redeemed = pool.shares > 0 ? staking::shares_to_redeem(pool, amount) : std::nullopt;
    if (redeemed && *redeemed <= pool.shares) {
        POLIS_ASSERT(staking::worth_of(pool, *redeemed) >= amount);
    }
}

void check_validator(ByteView bytes) {
    const auto validator = decode_canonical<staking::Validator>(bytes);
    if (validator) {
        check_shares(validator->pool, Amount{validator->jailed_until.value});
    }
}

void check_chunk(ByteView bytes) {
    const auto canonical = decode_canonical<std::vector<SnapshotRecord>>(bytes);
    const auto records = decode_chunk(bytes);
    POLIS_ASSERT(!records || records == canonical);
    if (records) {
        for (const SnapshotRecord& record : *records) {
            POLIS_ASSERT(!record.key.empty() && record.key.size() <= kStateKeyBytesMax);
        }
    }
}

struct PoolAndAmount {
    Pool pool;
    Amount amount;
    static constexpr auto kFields = codec::fields(&PoolAndAmount::pool, &PoolAndAmount::amount);
};

/// Records of learning tasks and rounds.
void check_task(fuzz::Choices& choices) {
    switch (choices.byte() % 6) {
        case 0:
            (void)decode_canonical<tasks::Task>(choices.rest());
            break;
        case 1:
            (void)decode_canonical<tasks::RoundResult>(choices.rest());
            break;
        case 2:
            (void)decode_canonical<consensus::pole::Round>(choices.rest());
            break;
        case 3:
            (void)decode_canonical<consensus::pole::Entry>(choices.rest());
            break;
        case 4:
            (void)decode_canonical<consensus::pole::Standing>(choices.rest());
            break;
        default:
            (void)decode_canonical<consensus::pole::ScoreResult>(choices.rest());
            break;
    }
}

void run(ByteView input) {
    fuzz::Choices choices(input);
    switch (choices.byte() % 32) {
        case 0:
            (void)decode_canonical<Head>(choices.rest());
            break;
        case 1:
            (void)decode_canonical<Params>(choices.rest());
            break;
        case 2:
            (void)decode_canonical<Account>(choices.rest());
            break;
        case 3:
            check_validator(choices.rest());
            break;
        case 4:
            (void)decode_canonical<std::vector<staking::Member>>(choices.rest());
            break;
        case 5:
            (void)decode_canonical<std::vector<Address>>(choices.rest());
            break;
        case 6:
            (void)decode_canonical<staking::Unbonded>(choices.rest());
            break;
        case 7:
            (void)decode_canonical<staking::Withdrawn>(choices.rest());
            break;
        case 8:
            (void)decode_canonical<Header>(choices.rest());
            break;
        case 9:
            (void)decode_canonical<Payload>(choices.rest());
            break;
        case 10:
            (void)decode_canonical<Amount>(choices.rest());
            break;
        case 11:
            (void)decode_canonical<staking::Delegated>(choices.rest());
            break;
        case 12:
            (void)decode_canonical<SnapshotManifest>(choices.rest());
            break;
        case 13:
            check_chunk(choices.rest());
            break;
        case 16:
            (void)decode_canonical<terms::TermRecord>(choices.rest());
            break;
        case 17:
            (void)decode_canonical<facts::FactRecord>(choices.rest());
            break;
        case 18:
            (void)decode_canonical<evidence::Offence>(choices.rest());
            break;
        case 19:
            (void)decode_canonical<evidence::Punished>(choices.rest());
            break;
        case 20:
            (void)decode_canonical<pbft::Certificate>(choices.rest());
            break;
        case 21:
            check_task(choices);
            break;
        default:
            if (const auto item = decode_canonical<PoolAndAmount>(choices.rest())) {
                check_shares(item->pool, item->amount);
            }
            break;
    }
}

}  // namespace
}  // namespace polis::ledger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::ledger::run({data, size});
    return 0;
}
