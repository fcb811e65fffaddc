#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <ledger/mempool/mempool.hpp>

namespace polis::ledger::test {

/// The mempool once more, without any index: every answer is computed from the whole list. Slow,
/// short and close to the words of the rules.
class Model {
  public:
    Model(const MempoolLimits& limits, Height height) : limits_(limits), height_(height) {}

    /// The executed state; changes are seen at once, as the pool sees them by on_block().
    std::map<Address, Account> accounts;

    Verdict add(const TxnPtr& txn);
    std::vector<Removal> on_block(Height height, const std::vector<Hash>& included);
    [[nodiscard]] std::vector<Hash> select(BlockSpace space, const std::set<Hash>& taken) const;

    /// Ids by sender and nonce.
    [[nodiscard]] std::vector<Hash> content() const;
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::optional<Nonce> next_nonce(const Address& sender) const;

    /// Broken invariants are failures of the test.
    void check_invariants() const;

  private:
    struct Record {
        TxnPtr txn;
        std::uint64_t sequence;
    };

    /// Pending or not, lowest price on the way, number of earlier ones.
    struct Rank {
        bool pending;
        GasPrice floor;
        std::size_t index;

        [[nodiscard]] bool worth_less_than(const Rank& other) const {
            return pending != other.pending ? other.pending : floor < other.floor;
        }
    };

    [[nodiscard]] Account account_of(const Address& address) const;
    [[nodiscard]] std::vector<Record> records_of(const Address& sender) const;
    [[nodiscard]] const Record* find(const Address& sender, Nonce nonce) const;
    [[nodiscard]] Rank rank_of(const CheckedTxn& txn) const;
    [[nodiscard]] u128 cost_of(const CheckedTxn& txn) const;
    [[nodiscard]] bool overfull(const std::vector<Record>& records) const;
    [[nodiscard]] std::vector<Record> eviction_order() const;
    [[nodiscard]] std::optional<MempoolError> refusal(const CheckedTxn& txn) const;
    void remove(const Hash& id);

    MempoolLimits limits_;
    Height height_;
    std::uint64_t sequence_next_ = 0;
    std::vector<Record> records_;  ///< in order of arrival
};

}  // namespace polis::ledger::test
