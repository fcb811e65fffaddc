#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/facts/fact.hpp>
#include <consensus/pbft/evidence.hpp>
#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/small_bytes.hpp>
#include <core/types.hpp>
#include <ledger/chain.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/tasks.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>
#include <ledger/validation.hpp>

/// A small deterministic world for the tests of the ledger: people with keys, a genesis, blocks.
namespace polis::ledger::testing {

/// The value, or a failed test that ends here.
template <class T>
T must(StoreResult<T> result) {
    if (!result) {
        ADD_FAILURE() << to_string(result.error().code) << ": " << result.error().context;
        throw std::runtime_error(result.error().context);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

/// Somebody with an account key and, for validators, a consensus key.
struct Actor {
    crypto::SigningKey key;
    crypto::SigningKey consensus_key;
    Address address;
};

/// The same person for the same index in every run.
const Actor& actor(std::size_t index);

/// An address that nobody holds a key of.
Address nobody(std::uint8_t number);

/// Two prepares of one view that name different blocks: what no honest member signs.
pbft::Evidence double_prepare(const crypto::SigningKey& offender, Height height);

/// A fact that the first `signers` of `keys`, a whole committee, have signed.
consensus::CertifiedFact certified_fact(
    Term term,
    const consensus::Fact& fact,
    const std::vector<const crypto::SigningKey*>& keys,
    std::size_t signers);

/// Small numbers, so that eras, terms and limits are reached in a few blocks.
Params world_params();

RegisterValidator registration(
    const Actor& operator_actor, const Params& params, std::uint16_t commission_bps = 0);

/// A state in memory that shares no code with StateTree.
class MapView final : public StateView {
  public:
    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override;

    void apply(const StateChanges& changes);

    /// By record key.
    [[nodiscard]] const std::map<Bytes, Bytes>& records() const { return records_; }

    /// Everything, as a genesis wants it.
    [[nodiscard]] StateChanges all() const;

  private:
    std::map<Bytes, Bytes> records_;
};

/// What is wrong with the coins and shares of a state; empty if nothing is.
///
/// Balances, validator pools and unbonding pools add up to the supply, and the holders' shares of
/// each pool to the pool's own count.
std::string audit(const std::map<Bytes, Bytes>& records);
std::string audit(const KeyValueStore& store);

/// A module's surroundings: one journal over an empty map.
class ModuleWorld {
  public:
    explicit ModuleWorld(Params world = world_params());

    /// Gives coins to an account and to the supply.
    void mint(const Address& to, std::uint64_t amount);

    template <class Payload>
    TxnStatus apply(const Address& sender, const Payload& payload);

    [[nodiscard]] std::uint64_t balance(const Address& address);
    [[nodiscard]] std::uint64_t supply();
    [[nodiscard]] staking::Validator validator(const Address& address);
    [[nodiscard]] std::uint64_t delegated(const Address& validator, const Address& delegator);

    /// Registers actor(index) and stakes its own coins, minted for this.
    const Address& add_validator(
        std::size_t index, std::uint64_t stake, std::uint16_t commission_bps = 0);

    /// The validators with the minimum in their pool, sorted, found without the list.
    [[nodiscard]] std::vector<Address> eligible() const;

    /// Tries the journal's content against audit(), and the list of candidates: sorted, without
    /// repetition, within its limit, and nobody in it who is not eligible().
    void check();

    MapView base;
    Journal state;
    Params params;
    Height height;
    TimeMs time;
    std::vector<Event> events;
    vm::ProgramCache programs{kProgramCacheBytes};
};

template <class Payload>
TxnStatus ModuleWorld::apply(const Address& sender, const Payload& payload) {
    const Journal::Checkpoint before = state.checkpoint();
    TxnContext context{state, params, height, sender, events, programs, time};
    TxnStatus status = TxnStatus::kSuccess;
    if constexpr (std::same_as<Payload, Transfer>) {
        status = must(bank::apply(context, payload));
    } else if constexpr (std::same_as<Payload, ReportEvidence>) {
        status = must(evidence::apply(context, payload));
    } else if constexpr (requires { tasks::apply(context, payload); }) {
        status = must(tasks::apply(context, payload));
    } else {
        status = must(staking::apply(context, payload));
    }
    if (status != TxnStatus::kSuccess) {
        state.rollback(before);
    }
    return status;
}

/// What a transaction says beside its payload; the defaults pass every check.
struct TxnOptions {
    std::uint64_t nonce = 0;
    std::optional<std::uint64_t> gas_limit = std::nullopt;  ///< nothing: what the payload costs
    std::uint64_t gas_price = 1;
    std::uint64_t valid_until = UINT64_MAX;
};

TxnBody txn_body(const Actor& sender, Payload payload, const TxnOptions& options = {});

/// Signed.
Transaction signed_txn(const Actor& sender, Payload payload, const TxnOptions& options = {});

/// Unsigned and checked: execution does not look at signatures.
CheckedTxn checked_txn(const Actor& sender, Payload payload, const TxnOptions& options = {});

TxnRules world_rules();

/// A genesis in which actors 0 to `people` - 1 have coins and the first `validators` of them stake.
GenesisState world_genesis(
    std::size_t people = 8, std::size_t validators = 2, std::uint64_t balance = 1'000'000'000);

/// A block on the head, made by `proposer`; its time is ten milliseconds after the head's.
CheckedBlock block_on(
    const Head& head, std::vector<CheckedTxn> txns, const Address& proposer = actor(0).address);

/// Blocks full of transfers and staking, for chains that must be the same each time.
///
/// A block is drawn from the seed and the head alone, so whoever knows the seed knows every root.
class Workload {
  public:
    Workload(std::uint64_t seed, std::size_t people, std::size_t txns_max);

    /// The block on `head`, whose state is `state`.
    [[nodiscard]] CheckedBlock next(const Head& head, StateView& state) const;

  private:
    std::uint64_t seed_;
    std::size_t people_;
    std::size_t txns_max_;
};

Chain::Options chain_options(std::size_t cache_bytes_max, Durability durability);

/// A chain that never met a fault, to compare others with.
struct ReferenceChain {
    ReferenceChain(GenesisState genesis_state, const Workload& workload, std::size_t count);

    GenesisState genesis;
    std::vector<CheckedBlock> blocks;  ///< [0] has height 1
    std::vector<Head> heads;           ///< by height
};

}  // namespace polis::ledger::testing
