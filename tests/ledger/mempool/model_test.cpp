// Random calls to the mempool and to a naive model of it must give the same answers, content and
// selections after every step. The seed of a failure is in its message.
#include <tests/ledger/mempool/model.hpp>

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <core/random.hpp>
#include <tests/ledger/mempool/fixture.hpp>

namespace polis::ledger::test {
namespace {

constexpr Height kStart{10};

/// One seeded history, driven into the pool and the model at once.
class History {
  public:
    explicit History(std::uint64_t seed)
        : random_(seed),
          limits_(random_limits()),
          pool_(limits_, kStart),
          model_(limits_, kStart),
          senders_(random_.between(1, 12)) {
        for (std::uint64_t sender = 1; sender <= senders_; ++sender) {
            if (!random_.chance(1, 10)) {
                const std::uint64_t start = random_.between(0, 3);
                set_account(sender, {Amount{random_.below(600'000)}, Nonce{start}});
            }
        }
    }

    void step() {
        random_.chance(1, 25) ? take_block() : add_one();
        EXPECT_EQ(pool_.count(), model_.content().size());
        EXPECT_EQ(pool_.bytes(), model_.bytes());
        EXPECT_EQ(content(), model_.content());
        model_.check_invariants();
        compare_selection();
        for (std::uint64_t sender = 1; sender <= senders_; ++sender) {
            const Address address = address_of(sender);
            EXPECT_EQ(pool_.next_nonce(address), model_.next_nonce(address));
        }
    }

    /// Everything that the pool answered so far.
    [[nodiscard]] const std::string& transcript() const { return transcript_; }

    [[nodiscard]] const std::set<std::string>& outcomes() const { return outcomes_; }

  private:
    MempoolLimits random_limits() {
        return {
            .bytes_max = random_.between(1'000, 6'000),
            .count_max = random_.between(1, 30),
            .txn_bytes_max = 900,
            .sender_count_max = random_.between(1, 8),
            .nonce_gap_max = random_.between(0, 5),
            .replacement_rise_percent = random_.between(0, 1) * 10};
    }

    void set_account(std::uint64_t sender, const Account& account) {
        model_.accounts[address_of(sender)] = account;
        source_.accounts[address_of(sender)] = account;
    }

    TxnPtr random_txn() {
        const std::uint64_t sender = random_.between(1, senders_);
        const auto account = model_.accounts[address_of(sender)];
        const std::uint64_t base =
            model_.next_nonce(address_of(sender)).value_or(account.nonce).value;
        const std::uint64_t nonce =
            random_.chance(1, 2) ? base
                                 : base + random_.below(8) - std::min<std::uint64_t>(base, 3);
        return make_txn(
            {.id = ids_made_++,
             .sender = sender,
             .nonce = nonce,
             .price = random_.chance(1, 20) ? 1'000'000 : random_.below(random_.between(1, 60)),
             .amount = random_.between(1, 20'000),
             .gas = random_.between(1'000, 3'000),
             .valid_until = height_ + random_.below(40),
             .bytes =
                 random_.chance(1, 20) ? random_.between(600, 950) : random_.between(100, 300)});
    }

    void add_one() {
        if (made_.empty() || !random_.chance(1, 15)) {
            made_.push_back(random_txn());
        }
        const TxnPtr txn = random_.chance(1, 15) ? random_.pick(made_) : made_.back();
        const auto actual = pool_.add(txn, source_);
        ASSERT_TRUE(actual.has_value());
        const Verdict expected = model_.add(txn);
        ASSERT_EQ(describe(actual), describe(expected));
        EXPECT_EQ(*actual, expected);
        outcomes_.insert(actual->has_value() ? "in" : std::string(to_string(actual->error())));
        transcript_ += describe(actual) + "\n";
    }

    /// Executes a part of what the pool offers and some of what it never saw.
    void take_block() {
        ++height_;
        std::vector<Hash> included;
        for (const TxnPtr& txn : pool_.select(random_space())) {
            Account& account = model_.accounts[txn->sender];
            if (random_.chance(3, 4) && account.nonce == txn->txn.body.nonce) {
                account.nonce.value += 1;
                account.balance.value -=
                    txn->fee_max.value + amount_moved(txn->txn.body.payload).value;
                included.push_back(txn->id);
            }
        }
        std::vector<Address> touched;
        for (auto& [address, account] : model_.accounts) {
            if (account != Account{} && random_.chance(1, 4)) {
                account.nonce.value += random_.chance(1, 4) ? random_.below(3) : 0;
                account.balance.value = random_.chance(1, 2) ? account.balance.value + 50'000
                                                             : account.balance.value / 2;
                touched.push_back(address);
            }
        }
        source_.accounts = model_.accounts;
        random_.shuffle(touched);
        const BlockSummary block{
            .height = Height{height_}, .included = included, .touched = touched};
        const auto actual = pool_.on_block(block, source_);
        ASSERT_TRUE(actual.has_value());
        EXPECT_EQ(*actual, model_.on_block(block.height, included));
        for (const Removal& removal : *actual) {
            outcomes_.insert("removed: " + std::string(to_string(removal.reason)));
            transcript_ += std::string(to_string(removal.reason)) + "\n";
        }
    }

    BlockSpace random_space() {
        return {
            .gas_max = Gas{random_.below(60'000)},
            .bytes_max = random_.below(6'000),
            .count_max = random_.below(40),
            .height = Height{height_ + random_.between(1, 5)}};
    }

    void compare_selection() {
        const BlockSpace space = random_space();
        std::set<Hash> taken;
        for (const TxnPtr& txn : pool_.content()) {
            if (random_.chance(1, 8)) {
                taken.insert(txn->id);
            }
        }
        std::vector<Hash> picked;
        for (const TxnPtr& txn : pool_.select(space, taken)) {
            picked.push_back(txn->id);
            transcript_ += to_hex(txn->id.view().first(8)) + " ";
        }
        EXPECT_EQ(picked, model_.select(space, taken));
    }

    [[nodiscard]] std::vector<Hash> content() const {
        std::vector<Hash> out;
        for (const TxnPtr& txn : pool_.content()) {
            EXPECT_EQ(pool_.get(txn->id), txn);
            out.push_back(txn->id);
        }
        return out;
    }

    Random random_;
    MempoolLimits limits_;
    Mempool pool_;
    Model model_;
    FakeAccounts source_;
    std::uint64_t senders_;
    std::uint64_t height_ = kStart.value;
    std::uint64_t ids_made_ = 0;
    std::vector<TxnPtr> made_;
    std::string transcript_;
    std::set<std::string> outcomes_;
};

TEST(Model, random_histories_agree) {
    std::set<std::string> outcomes;
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        History history(seed);
        for (int step = 0; step < 400; ++step) {
            history.step();
            if (testing::Test::HasFailure()) {
                FAIL() << "step " << step;
            }
        }
        outcomes.insert(history.outcomes().begin(), history.outcomes().end());
    }
    // Every error, every reason for removal and admission: none is out of the histories' reach.
    EXPECT_EQ(outcomes.size(), 10U + 4 + 1);
}

TEST(Model, the_same_history_twice_gives_the_same_answers) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        History first(seed);
        History second(seed);
        for (int step = 0; step < 300; ++step) {
            first.step();
            second.step();
        }
        EXPECT_EQ(first.transcript(), second.transcript());
        EXPECT_FALSE(first.transcript().empty());
    }
}

}  // namespace
}  // namespace polis::ledger::test
