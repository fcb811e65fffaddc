// Any sequence of blocks of transfers and staking payloads, with slashing in between. No coin
// appears or vanishes but by slashing; the shares of a pool are those of its holders; no empty
// record stays; the candidates are exactly the validators with the minimum in their pool.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <core/integer.hpp>
#include <core/small_bytes.hpp>
#include <ledger/account.hpp>
#include <ledger/execution.hpp>
#include <ledger/gas.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/modules/terms.hpp>
#include <tests/formats/example.hpp>
#include <tests/fuzz/choices.hpp>

namespace polis::ledger {
namespace {

using fuzz::Choices;

constexpr std::size_t kActors = 4;
constexpr std::uint64_t kBalance = 1'000'000;
constexpr std::uint64_t kBlocksMax = 64;

struct Actor {
    Address address;
    RegisterValidator registration;
};

Params make_params() {
    Params params = formats::make_example().params;
    params.delegation_min = Amount{1};
    params.stake_min = Amount{1'000};
    params.unbonding_era_blocks = 4;
    params.unbonding_blocks = 6;
    params.jail_blocks = 3;
    return params;
}

const Params& params() {
    static const Params kParams = make_params();
    return kParams;
}

/// Addresses with their registrations, whose signatures are made once.
const std::array<Actor, kActors>& actors() {
    static const std::array<Actor, kActors> kAll = [] {
        std::array<Actor, kActors> out;
        for (std::uint8_t i = 0; i < kActors; ++i) {
            const crypto::SigningKey consensus =
                formats::key_of(static_cast<std::uint8_t>(100 + i));
            Actor& actor = out.at(i);
            actor.address = crypto::address_of(formats::key_of(i).public_key());
            actor.registration = {
                .consensus_key = consensus.public_key(),
                .vrf_key = formats::vrf_key_of(i),
                .commission_bps = static_cast<std::uint16_t>(i * 2'500),
                .possession =
                    consensus.sign(staking::possession_message(params().chain_id, actor.address))};
        }
        return out;
    }();
    return kAll;
}

/// Records by path.
class MapState final : public StateView {
  public:
    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override {
        const auto found = records_.find(key.path());
        return found == records_.end() ? std::optional<SmallBytes>{}
                                       : std::optional{found->second.second};
    }

    void apply(const StateChanges& changes) {
        for (const StateChange& change : changes) {
            if (change.value) {
                records_.insert_or_assign(change.key.path(), std::pair(change.key, *change.value));
            } else {
                records_.erase(change.key.path());
            }
        }
    }

    [[nodiscard]] const std::map<Hash, std::pair<StateKey, SmallBytes>>& records() const {
        return records_;
    }

  private:
    std::map<Hash, std::pair<StateKey, SmallBytes>> records_;
};

/// What all records together say.
struct Totals {
    std::vector<Address> candidates;  ///< the list
    std::vector<Address> eligible;    ///< whoever has the minimum
    u128 coins = 0;
    std::uint64_t supply = 0;
    std::map<Bytes, std::uint64_t> pool_shares;    ///< by the key of the pool without its kind
    std::map<Bytes, std::uint64_t> holder_shares;  ///< the same, summed over holders
};

void add_record(Totals& totals, const StateKey& key, ByteView value) {
    constexpr std::size_t kEraBytes = 8;
    const ByteView name = key.bytes().subspan(1);
    const auto number = [value] { return *codec::decode<std::uint64_t>(value); };
    switch (key.kind()) {
        case RecordKind::kAccount: {
            const auto account = *codec::decode<Account>(value);
            POLIS_ASSERT(!(account == Account{}));
            totals.coins += account.balance.value;
            break;
        }
        case RecordKind::kValidator: {
            const auto validator = *codec::decode<staking::Validator>(value);
            totals.coins += validator.pool.tokens.value;
            totals.pool_shares[to_bytes(name)] = validator.pool.shares;
            if (validator.pool.tokens >= params().stake_min) {
                totals.eligible.push_back(Address::from_view(name));
            }
            break;
        }
        case RecordKind::kUnbondingPool: {
            const auto pool = *codec::decode<staking::Pool>(value);
            POLIS_ASSERT_OP(pool.shares, >, 0);
            totals.coins += pool.tokens.value;
            totals.pool_shares[to_bytes(name)] = pool.shares;
            break;
        }
        case RecordKind::kDelegation:
            POLIS_ASSERT_OP(number(), >, 0);
            totals.holder_shares[to_bytes(name.first(Address::kSize))] += number();
            break;
        case RecordKind::kUnbonding: {
            POLIS_ASSERT_OP(number(), >, 0);
            Bytes pool = to_bytes(name.first(Address::kSize));
            append(pool, name.last(kEraBytes));
            totals.holder_shares[pool] += number();
            break;
        }
        case RecordKind::kSupply:
            totals.supply = number();
            break;
        case RecordKind::kValidatorList:
            totals.candidates = *codec::decode<std::vector<Address>>(value);
            POLIS_ASSERT(!totals.candidates.empty());
            break;
        case RecordKind::kTask:
        case RecordKind::kTaskIndex:
        case RecordKind::kParams:
        case RecordKind::kConsensusKey:
        case RecordKind::kTerms:
        case RecordKind::kElection:
        case RecordKind::kFact:
        case RecordKind::kOffence:
        case RecordKind::kContract:
        case RecordKind::kCode:
        case RecordKind::kStorage:
            break;
    }
}

void check_state(const MapState& state) {
    Totals totals;
    for (const auto& [path, record] : state.records()) {
        add_record(totals, record.first, record.second);
    }
    POLIS_ASSERT(totals.coins == totals.supply);
    std::erase_if(totals.pool_shares, [](const auto& entry) { return entry.second == 0; });
    POLIS_ASSERT(totals.pool_shares == totals.holder_shares);
    std::ranges::sort(totals.eligible);
    POLIS_ASSERT(totals.candidates == totals.eligible);
}

/// Small numbers are likely, so that rounding matters; large ones are possible.
Amount amount_of(Choices& choices) {
    const std::uint8_t shape = choices.byte();
    const std::uint64_t low = choices.byte() + std::uint64_t{1};
    return Amount{low << (shape % 32)};
}

const Address& actor_of(Choices& choices) { return actors().at(choices.byte() % kActors).address; }

Payload payload_of(Choices& choices, std::size_t sender, std::uint64_t era) {
    switch (choices.byte() % 7) {
        case 0:
            return Transfer{.to = actor_of(choices), .amount = amount_of(choices)};
        case 1:
            return actors().at(sender).registration;
        case 2:
            return Delegate{.validator = actor_of(choices), .amount = amount_of(choices)};
        case 3:
            return Unbond{.validator = actor_of(choices), .amount = std::nullopt};
        case 4:
            return Unbond{.validator = actor_of(choices), .amount = amount_of(choices)};
        case 5: {
            const Address& validator = actor_of(choices);
            return Withdraw{.validator = validator, .era = era - choices.byte() % 4};
        }
        default:
            return Unjail{};
    }
}

/// What check() would return for a transaction of this payload; nobody looks at the signature.
CheckedTxn txn_of(MapState& state, std::size_t sender, Nonce nonce_after, const Payload& payload) {
    CheckedTxn out;
    out.sender = actors().at(sender).address;
    const auto account = load_account(state, out.sender);
    out.encoded_bytes = 1;
    out.intrinsic_gas = intrinsic_gas(payload, out.encoded_bytes);
    out.txn.body.gas_limit = Gas{out.intrinsic_gas.value + nonce_after.value};
    out.txn.body.gas_price = GasPrice{nonce_after.value % 3};
    out.txn.body.nonce = Nonce{account->nonce.value + nonce_after.value};
    out.txn.body.payload = payload;
    out.fee_max = *fee_of(out.txn.body.gas_limit, out.txn.body.gas_price);
    return out;
}

void run_block(MapState& state, Choices& choices, Height height) {
    CheckedBlock block;
    block.header.height = height;
    block.header.proposer = actor_of(choices);
    std::array<std::uint64_t, kActors> used{};
    const std::size_t count = choices.byte() % 6;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t sender = choices.byte() % kActors;
        const Payload payload = payload_of(choices, sender, staking::era_of(params(), height));
        block.txns.push_back(txn_of(state, sender, Nonce{used.at(sender)++}, payload));
    }
    const auto outcome = execute_block(state, params(), block);
    POLIS_ASSERT(outcome.has_value());
    state.apply(outcome->changes);
}

void slash(MapState& state, Choices& choices, Height now) {
    Journal journal(state);
    const Address& validator = actor_of(choices);
    const Height infraction{now.value - choices.byte() % 16};
    const auto fraction = static_cast<std::uint16_t>(choices.byte() * 10'000 / 255);
    POLIS_ASSERT(staking::slash(journal, params(), validator, infraction, now, fraction));
    state.apply(journal.changes());
}

void run(Choices choices) {
    MapState state;
    Journal journal(state);
    for (const Actor& actor : actors()) {
        POLIS_ASSERT(
            save_account(journal, actor.address, {.balance = Amount{kBalance}, .nonce = {}})
                .has_value());
    }
    POLIS_ASSERT(bank::set_supply(journal, Amount{kBalance * kActors}).has_value());
    POLIS_ASSERT(terms::save_first_term(journal, {}).has_value());
    state.apply(journal.changes());
    Height height{100};
    for (std::uint64_t i = 0; i < kBlocksMax && !choices.empty(); ++i) {
        const std::uint8_t step = choices.byte();
        height.value += 1 + step % 4;
        if (step >= 0xf0) {
            slash(state, choices, height);
        } else {
            run_block(state, choices, height);
        }
        check_state(state);
    }
}

}  // namespace
}  // namespace polis::ledger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::ledger::run(polis::fuzz::Choices({data, size}));
    return 0;
}
