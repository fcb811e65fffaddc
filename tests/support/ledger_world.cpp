#include <tests/support/ledger_world.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/integer.hpp>
#include <core/random.hpp>
#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/staking_records.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/state/record.hpp>
#include <ledger/store/memory_store.hpp>
#include <ledger/store/state_rows.hpp>

namespace polis::ledger::testing {

namespace {

crypto::SigningKey key_of(std::string_view role, std::uint64_t index) {
    Bytes name = to_bytes(as_bytes(role));
    append(name, big_endian(index));
    return crypto::SigningKey(
        crypto::Seed(crypto::blake2b_256(crypto::kDomainAddress, name).view()));
}

/// Sums over all records of a state.
struct Totals {
    u128 coins = 0;
    u128 supply = 0;
    std::map<Bytes, u128> pool_shares;    ///< by the part of the key that names the pool
    std::map<Bytes, u128> holder_shares;  ///< the same
};

Bytes pool_name(RecordKind kind, ByteView validator, ByteView era) {
    Bytes name{static_cast<std::uint8_t>(kind)};
    append(name, validator);
    append(name, era);
    return name;
}

void add_record(Totals& totals, ByteView key, ByteView value) {
    const auto kind = static_cast<RecordKind>(key[0]);
    const ByteView parts = key.subspan(1);
    switch (kind) {
        case RecordKind::kSupply:
            totals.supply += codec::decode<Amount>(value).value().value;
            return;
        case RecordKind::kAccount:
            totals.coins += codec::decode<Account>(value).value().balance.value;
            return;
        case RecordKind::kValidator: {
            const auto pool = codec::decode<staking::Validator>(value).value().pool;
            totals.coins += pool.tokens.value;
            totals.pool_shares[pool_name(RecordKind::kValidator, parts, {})] += pool.shares;
            return;
        }
        case RecordKind::kUnbondingPool: {
            const auto pool = codec::decode<staking::Pool>(value).value();
            totals.coins += pool.tokens.value;
            totals.pool_shares[pool_name(kind, parts.first(20), parts.subspan(20))] += pool.shares;
            return;
        }
        case RecordKind::kDelegation:
            totals.holder_shares[pool_name(RecordKind::kValidator, parts.first(20), {})] +=
                codec::decode<std::uint64_t>(value).value();
            return;
        case RecordKind::kUnbonding:
            totals.holder_shares[pool_name(
                RecordKind::kUnbondingPool, parts.first(20), parts.subspan(40))] +=
                codec::decode<std::uint64_t>(value).value();
            return;
        case RecordKind::kTask:
            totals.coins += codec::decode<tasks::Task>(value).value().escrow.value;
            return;
        case RecordKind::kTaskIndex:
        case RecordKind::kParams:
        case RecordKind::kValidatorList:
        case RecordKind::kConsensusKey:
        case RecordKind::kTerms:
        case RecordKind::kElection:
        case RecordKind::kFact:
        case RecordKind::kOffence:
        case RecordKind::kContract:
        case RecordKind::kCode:
        case RecordKind::kStorage:
            return;
    }
}

std::string fault_of(Totals totals) {
    if (totals.coins != totals.supply) {
        return "coins " + to_decimal(totals.coins) + ", supply " + to_decimal(totals.supply);
    }
    std::erase_if(totals.pool_shares, [](const auto& pool) { return pool.second == 0; });
    std::erase_if(totals.holder_shares, [](const auto& pool) { return pool.second == 0; });
    return totals.pool_shares == totals.holder_shares ? "" : "shares of a pool and of its holders";
}

}  // namespace

const Actor& actor(std::size_t index) {
    static std::deque<Actor> everybody;
    while (everybody.size() <= index) {
        const std::uint64_t number = everybody.size();
        crypto::SigningKey key = key_of("account", number);
        const Address address = crypto::address_of(key.public_key());
        everybody.push_back({std::move(key), key_of("consensus", number), address});
    }
    return everybody[index];
}

Address nobody(std::uint8_t number) {
    Address out;
    out.data.fill(number);
    return out;
}

pbft::Evidence double_prepare(const crypto::SigningKey& offender, Height height) {
    pbft::Equivocation proof;
    proof.first = {
        .chain = world_params().chain_id,
        .term = consensus::term_of(height, world_params().term_blocks),
        .height = height,
        .view = {},
        .phase = pbft::Phase::kPrepare,
        .digest = {}};
    proof.second = proof.first;
    proof.second.digest.data[0] = 1;
    proof.first_signature = offender.sign(signing_hash(proof.first).view());
    proof.second_signature = offender.sign(signing_hash(proof.second).view());
    return {.offender = offender.public_key(), .proof = proof};
}

consensus::CertifiedFact certified_fact(
    Term term,
    const consensus::Fact& fact,
    const std::vector<const crypto::SigningKey*>& keys,
    std::size_t signers) {
    consensus::CertifiedFact out{
        .term = term, .fact = fact, .signers = Bytes((keys.size() + 7) / 8), .signatures = {}};
    const Hash message = consensus::fact_signing_hash(world_params().chain_id, term, fact);
    for (std::size_t i = 0; i < signers; ++i) {
        out.signers[i / 8] = static_cast<std::uint8_t>(out.signers[i / 8] | 1U << (i % 8));
        out.signatures.push_back(keys[i]->sign(message.view()));
    }
    return out;
}

Params world_params() {
    return {
        .chain_id = ChainId{7},
        .block_gas_max = Gas{10'000'000},
        .gas_price_min = GasPrice{1},
        .committee_size_max = 4,
        .term_blocks = 5,
        .stake_min = Amount{1'000},
        .delegation_min = Amount{10},
        .unbonding_blocks = 10,
        .unbonding_era_blocks = 4,
        .jail_blocks = 6,
        .slash_double_sign_bps = 500};
}

RegisterValidator registration(
    const Actor& operator_actor, const Params& params, std::uint16_t commission_bps) {
    RegisterValidator out;
    out.consensus_key = operator_actor.consensus_key.public_key();
    out.vrf_key = VrfPublicKey::from_view(operator_actor.key.public_key().view());
    out.commission_bps = commission_bps;
    out.possession = operator_actor.consensus_key.sign(
        staking::possession_message(params.chain_id, operator_actor.address));
    return out;
}

StoreResult<std::optional<SmallBytes>> MapView::get(const StateKey& key) {
    const auto record = records_.find(to_bytes(key.bytes()));
    return record == records_.end() ? std::optional<SmallBytes>{}
                                    : std::optional<SmallBytes>{record->second};
}

void MapView::apply(const StateChanges& changes) {
    for (const StateChange& change : changes) {
        if (change.value) {
            records_.insert_or_assign(to_bytes(change.key.bytes()), to_bytes(*change.value));
        } else {
            records_.erase(to_bytes(change.key.bytes()));
        }
    }
}

StateChanges MapView::all() const {
    StateChanges out;
    for (const auto& [key, value] : records_) {
        out.push_back({StateKey::from_bytes(key), value});
    }
    std::ranges::sort(out, {}, [](const StateChange& change) { return change.key.path(); });
    return out;
}

std::string audit(const std::map<Bytes, Bytes>& records) {
    Totals totals;
    for (const auto& [key, value] : records) {
        add_record(totals, key, value);
    }
    return fault_of(std::move(totals));
}

std::string audit(const KeyValueStore& store) {
    Totals totals;
    must(StateRows(store).visit([&totals](const rows::StateRow& row) -> StoreResult<void> {
        add_record(totals, row.key, row.value);
        return {};
    }));
    return fault_of(std::move(totals));
}

ModuleWorld::ModuleWorld(Params world) : state(base), params(world) {}

void ModuleWorld::mint(const Address& to, std::uint64_t amount) {
    EXPECT_EQ(must(bank::credit(state, to, Amount{amount})), TxnStatus::kSuccess);
    must(bank::set_supply(state, Amount{supply() + amount}));
}

std::uint64_t ModuleWorld::balance(const Address& address) {
    return must(load_account(state, address)).balance.value;
}

std::uint64_t ModuleWorld::supply() { return must(bank::supply(state)).value; }

staking::Validator ModuleWorld::validator(const Address& address) {
    return must(staking::validator(state, address)).value();
}

std::uint64_t ModuleWorld::delegated(const Address& validator, const Address& delegator) {
    return must(staking::delegated(state, validator, delegator)).value;
}

const Address& ModuleWorld::add_validator(
    std::size_t index, std::uint64_t stake, std::uint16_t commission_bps) {
    const Actor& who = actor(index);
    EXPECT_EQ(apply(who.address, registration(who, params, commission_bps)), TxnStatus::kSuccess);
    if (stake > 0) {
        mint(who.address, stake);
        EXPECT_EQ(apply(who.address, Delegate{who.address, Amount{stake}}), TxnStatus::kSuccess);
    }
    return who.address;
}

std::vector<Address> ModuleWorld::eligible() const {
    MapView now = base;
    now.apply(state.changes());
    std::vector<Address> out;
    for (const auto& [key, value] : now.records()) {
        if (static_cast<RecordKind>(key[0]) == RecordKind::kValidator &&
            codec::decode<staking::Validator>(value).value().pool.tokens >= params.stake_min) {
            out.push_back(Address::from_view(ByteView{key}.subspan(1)));
        }
    }
    return out;
}

void ModuleWorld::check() {
    MapView now = base;
    now.apply(state.changes());
    EXPECT_EQ(audit(now.records()), "");
    const auto list = must(staking::candidates(state));
    EXPECT_EQ(std::ranges::adjacent_find(list, std::ranges::greater_equal{}), list.end());
    EXPECT_LE(list.size(), kValidatorsMax);
    EXPECT_TRUE(std::ranges::includes(eligible(), list));
}

TxnRules world_rules() {
    const Params params = world_params();
    return {params.chain_id, params.block_gas_max, params.gas_price_min};
}

TxnBody txn_body(const Actor& sender, Payload payload, const TxnOptions& options) {
    TxnBody body;
    body.chain_id = world_params().chain_id;
    body.sender = sender.key.public_key();
    body.nonce = Nonce{options.nonce};
    body.gas_price = GasPrice{options.gas_price};
    body.valid_until = Height{options.valid_until};
    body.payload = std::move(payload);
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit = Gas{options.gas_limit.value_or(
        intrinsic_gas(body.payload, bytes).value + execution_gas_max(body.payload).value)};
    return body;
}

Transaction signed_txn(const Actor& sender, Payload payload, const TxnOptions& options) {
    return sign(sender.key, txn_body(sender, std::move(payload), options));
}

CheckedTxn checked_txn(const Actor& sender, Payload payload, const TxnOptions& options) {
    auto checked = check(
        Transaction{.body = txn_body(sender, std::move(payload), options), .signature = {}},
        world_rules());
    if (!checked) {
        throw std::runtime_error("bad transaction: " + std::string(to_string(checked.error())));
    }
    return *std::move(checked);
}

GenesisState world_genesis(std::size_t people, std::size_t validators, std::uint64_t balance) {
    ModuleWorld world;
    must(save_params(world.state, world.params));
    for (std::size_t i = 0; i < people; ++i) {
        world.mint(actor(i).address, balance);
    }
    for (std::size_t i = 0; i < validators; ++i) {
        world.add_validator(i, 100'000 * (i + 1), static_cast<std::uint16_t>(1'000 * i));
    }
    const auto members =
        must(staking::top_by_stake(world.state, world.params, world.params.committee_size_max));
    const Hash committee = must(terms::save_first_term(world.state, members));
    MapView view;
    view.apply(world.state.changes());
    return {
        .params = world.params,
        .time = TimeMs{1'000},
        .source = to_bytes(as_bytes("small world")),
        .records = view.all(),
        .committee = committee};
}

CheckedBlock block_on(const Head& head, std::vector<CheckedTxn> txns, const Address& proposer) {
    const BlockPlan plan{
        .chain_id = world_params().chain_id,
        .time = TimeMs{head.time.value + 10},
        .proposer = proposer};
    return make_block(head, plan, std::move(txns));
}

namespace {

Payload random_payload(Random& random, std::size_t people, const Actor& sender, Height height) {
    const Address& other = actor(random.below(people)).address;
    const Amount amount{random.between(1, 20'000)};
    switch (random.below(8)) {
        case 0:
            return registration(
                sender, world_params(), static_cast<std::uint16_t>(random.below(10'001)));
        case 1:
        case 2:
            return Delegate{other, amount};
        case 3:
            return Unbond{
                other, random.chance(1, 3) ? std::optional<Amount>{} : std::optional{amount}};
        case 4:
            return Withdraw{other, height.value / 4 - std::min(height.value / 4, random.below(6))};
        default:
            return Transfer{random.chance(1, 9) ? nobody(9) : other, amount};
    }
}

}  // namespace

Workload::Workload(std::uint64_t seed, std::size_t people, std::size_t txns_max)
    : seed_(seed), people_(people), txns_max_(txns_max) {}

CheckedBlock Workload::next(const Head& head, StateView& state) const {
    Random random(seed_ + head.height.value, "workload");
    std::map<Address, std::uint64_t> nonces;
    std::vector<CheckedTxn> txns;
    for (std::uint64_t i = random.below(txns_max_ + 1); i > 0; --i) {
        const Actor& sender = actor(random.below(people_));
        auto nonce = nonces.find(sender.address);
        if (nonce == nonces.end()) {
            const std::uint64_t next = must(load_account(state, sender.address)).nonce.value;
            nonce = nonces.emplace(sender.address, next).first;
        }
        Payload payload = random_payload(random, people_, sender, Height{head.height.value + 1});
        txns.push_back(checked_txn(
            sender,
            std::move(payload),
            {.nonce = nonce->second++, .gas_price = random.between(1, 3)}));
    }
    return block_on(head, std::move(txns), actor(random.below(people_)).address);
}

Chain::Options chain_options(std::size_t cache_bytes_max, Durability durability) {
    Chain::Options options;
    options.tree.cache_bytes_max = cache_bytes_max;
    options.durability = durability;
    return options;
}

ReferenceChain::ReferenceChain(
    GenesisState genesis_state, const Workload& workload, std::size_t count)
    : genesis(std::move(genesis_state)) {
    const auto chain = must(Chain::create(std::make_unique<MemoryStore>(), genesis, {}));
    heads.push_back(chain->head());
    while (blocks.size() < count) {
        blocks.push_back(workload.next(chain->head(), chain->state()));
        must(chain->apply(blocks.back()));
        heads.push_back(chain->head());
    }
}

}  // namespace polis::ledger::testing
