#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/account.hpp>
#include <ledger/mempool/mempool.hpp>

/// Transactions without keys and accounts without a store: the pool looks at neither.
namespace polis::ledger::test {

inline Address address_of(std::uint64_t number) {
    Address out;
    const auto bytes = big_endian(number);
    std::ranges::copy(bytes, out.data.begin() + 2);
    return out;
}

inline Hash id_of(std::uint64_t number) {
    Hash out;
    // The low digits first, so that ids do not arrive in order.
    for (std::size_t i = 0; i < 8; ++i) {
        out.data[i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return out;
}

/// What a test says of a transaction; the rest does not matter to the pool.
struct TxnSpec {
    std::uint64_t id = 0;
    std::uint64_t sender = 1;
    std::uint64_t nonce = 0;
    std::uint64_t price = 10;
    std::uint64_t amount = 100;
    std::uint64_t gas = 1'000;
    std::uint64_t valid_until = 1'000;
    std::size_t bytes = 200;
};

inline TxnPtr make_txn(const TxnSpec& spec) {
    CheckedTxn out;
    out.txn.body.nonce = Nonce{spec.nonce};
    out.txn.body.gas_limit = Gas{spec.gas};
    out.txn.body.gas_price = GasPrice{spec.price};
    out.txn.body.valid_until = Height{spec.valid_until};
    out.txn.body.payload = Transfer{.to = address_of(99), .amount = Amount{spec.amount}};
    out.id = id_of(spec.id);
    out.sender = address_of(spec.sender);
    out.encoded_bytes = spec.bytes;
    out.fee_max = Amount{spec.gas * spec.price};
    return std::make_shared<const CheckedTxn>(std::move(out));
}

/// Accounts in a map; `failing` makes every look-up fail.
class FakeAccounts : public AccountSource {
  public:
    std::map<Address, Account> accounts;
    bool failing = false;
    std::uint64_t loads = 0;

    void set(std::uint64_t sender, std::uint64_t balance, std::uint64_t nonce = 0) {
        accounts[address_of(sender)] = {Amount{balance}, Nonce{nonce}};
    }

    StoreResult<Account> load(const Address& address) override {
        ++loads;
        if (failing) {
            return std::unexpected(StoreError{StoreErrc::kIo, "test"});
        }
        const auto found = accounts.find(address);
        return found != accounts.end() ? found->second : Account{};
    }
};

/// What came of an add, as text, so that a failing test says what it got.
inline std::string describe(const StoreResult<Verdict>& result) {
    if (!result) {
        return "undetermined";
    }
    if (!*result) {
        return std::string(to_string(result->error()));
    }
    const Admission& admission = **result;
    std::string out = admission.standing == Standing::kPending ? "pending" : "queued";
    out += admission.replaced ? ", replaced" : "";
    out += admission.evicted.empty() ? "" : ", evicted " + std::to_string(admission.evicted.size());
    return out;
}

/// A pool with small limits and funded senders 1 to 9.
struct Pool {
    static MempoolLimits small_limits() {
        return {
            .bytes_max = 2'000,
            .count_max = 8,
            .txn_bytes_max = 1'000,
            .sender_count_max = 5,
            .nonce_gap_max = 3,
            .replacement_rise_percent = 10};
    }

    FakeAccounts accounts;
    Mempool pool;

    explicit Pool(const MempoolLimits& limits = small_limits()) : pool(limits, Height{5}) {
        for (std::uint64_t sender = 1; sender < 10; ++sender) {
            accounts.set(sender, 1'000'000'000);
        }
    }

    StoreResult<Verdict> add(const TxnSpec& spec) { return pool.add(make_txn(spec), accounts); }

    /// As text, for comparison with describe().
    std::string put(const TxnSpec& spec) { return describe(add(spec)); }

    /// The error of an add that must be refused.
    std::optional<MempoolError> error_of(const TxnSpec& spec) {
        const auto result = add(spec);
        return result && !*result ? std::optional{result->error()} : std::nullopt;
    }

    std::vector<Removal> block(
        std::uint64_t height,
        const std::vector<Hash>& included,
        const std::vector<Address>& touched) {
        auto out = pool.on_block(
            {.height = Height{height}, .included = included, .touched = touched}, accounts);
        return out ? *out : std::vector<Removal>{};
    }

    [[nodiscard]] std::vector<Hash> selected(const BlockSpace& space = roomy()) const {
        std::vector<Hash> out;
        for (const TxnPtr& txn : pool.select(space)) {
            out.push_back(txn->id);
        }
        return out;
    }

    static BlockSpace roomy() {
        return {
            .gas_max = Gas{1'000'000'000},
            .bytes_max = 1'000'000,
            .count_max = 1'000,
            .height = Height{6}};
    }
};

inline std::vector<Hash> ids(std::initializer_list<std::uint64_t> numbers) {
    std::vector<Hash> out;
    for (const std::uint64_t number : numbers) {
        out.push_back(id_of(number));
    }
    return out;
}

}  // namespace polis::ledger::test
