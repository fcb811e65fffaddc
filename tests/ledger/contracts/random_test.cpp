// Random scripts of contracts that call each other, against a model that knows maps and numbers
// only: the same storage, coins, events and endings, and the whole state kept twice.
#include <core/random.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tests/ledger/contracts/contract_fixture.hpp>
#include <vm/limits.hpp>

namespace polis::ledger::testing {
namespace {

struct Step;
using Steps = std::vector<Step>;

struct Step {
    enum Kind { kSet, kRemove, kEmit, kTransfer, kCall, kRevert, kTrap, kBadPointer };

    Kind kind = kSet;
    std::uint8_t key = 0;
    std::uint8_t content = 0;
    std::size_t target = 0;  ///< of people and contracts
    std::uint64_t amount = 0;
    Steps inner = {};
};

/// What the contracts' world should be.
struct Model {
    std::map<Address, std::map<std::uint8_t, std::string>> storage;
    std::map<Address, std::uint64_t> coins;
    std::vector<std::pair<Address, std::uint8_t>> events;

    bool operator==(const Model&) const = default;
};

class RandomContracts : public ContractsTest, public ::testing::WithParamInterface<std::uint64_t> {
  protected:
    static constexpr std::size_t kContracts = 3;

    RandomContracts() {
        for (std::size_t i = 0; i < kContracts; ++i) {
            places.push_back(deploy(1 + i % 2, 300));
        }
        places.push_back(nobody(0x77));
        for (const Address& place : places) {
            model.coins[place] = world.balance(place);
        }
    }

    Steps steps(std::size_t depth) {
        Steps out(random.below(depth == 0 ? 6 : 4));
        for (Step& step : out) {
            step.key = static_cast<std::uint8_t>(random.below(3));
            step.content = static_cast<std::uint8_t>(random.below(200));
            step.target = random.below(places.size());
            step.amount = random.below(150);
            const std::uint64_t draw = random.below(20);
            step.kind = draw < 5    ? Step::kSet
                        : draw < 7  ? Step::kRemove
                        : draw < 9  ? Step::kEmit
                        : draw < 12 ? Step::kTransfer
                        : draw < 17 ? Step::kCall
                        : draw < 18 ? Step::kRevert
                        : draw < 19 ? Step::kTrap
                                    : Step::kBadPointer;
            if (step.kind == Step::kCall && depth < 10) {
                step.inner = steps(depth + 1);
            }
        }
        return out;
    }

    Script script_of(const Steps& steps) {
        Script out;
        for (const Step& step : steps) {
            const Bytes content(step.content % 5, step.content);
            switch (step.kind) {
                case Step::kSet:
                    out.set(step.key, content);
                    break;
                case Step::kRemove:
                    out.remove(step.key);
                    break;
                case Step::kEmit:
                    out.emit(Bytes{step.content});
                    break;
                case Step::kTransfer:
                    out.transfer(places[step.target], step.amount);
                    break;
                case Step::kCall:
                    out.call(
                        {.to = places[step.target],
                         .value = step.amount,
                         .input = script_of(step.inner).bytes()});
                    break;
                case Step::kRevert:
                    out.revert("r");
                    break;
                case Step::kTrap:
                    out.trap();
                    break;
                case Step::kBadPointer:
                    out.bad_pointer();
                    break;
            }
        }
        return out;
    }

    bool pay(Model& now, const Address& from, const Address& to, std::uint64_t amount) const {
        if (now.coins[from] < amount) {
            return false;
        }
        now.coins[from] -= amount;
        now.coins[to] += amount;
        return true;
    }

    /// What the contract would do. @return whether it ended well; else `now` is as it was
    bool carry_out(Model& now, std::size_t place, const Steps& steps, std::uint32_t depth) {
        const Model before = now;
        const Address& self = places[place];
        for (const Step& step : steps) {
            switch (step.kind) {
                case Step::kSet:
                    now.storage[self][step.key] =
                        std::string(step.content % 5, static_cast<char>(step.content));
                    break;
                case Step::kRemove:
                    now.storage[self].erase(step.key);
                    break;
                case Step::kEmit:
                    now.events.emplace_back(self, step.content);
                    break;
                case Step::kTransfer:
                    pay(now, self, places[step.target], step.amount);
                    break;
                case Step::kCall: {
                    const bool is_contract = step.target < kContracts;
                    const Model outside = now;
                    if (!is_contract || depth == vm::kContractDepthMax ||
                        !pay(now, self, places[step.target], step.amount) ||
                        !carry_out(now, step.target, step.inner, depth + 1)) {
                        now = outside;
                    }
                    break;
                }
                case Step::kRevert:
                case Step::kTrap:
                case Step::kBadPointer:
                    now = before;
                    return false;
            }
        }
        return true;
    }

    void compare(const Receipt& receipt, std::size_t events_before) {
        for (std::size_t i = 0; i < places.size(); ++i) {
            ASSERT_EQ(world.balance(places[i]), model.coins[places[i]]) << i;
            for (std::uint8_t key = 0; key < 3; ++key) {
                const auto& expected = model.storage[places[i]];
                const auto value = expected.find(key);
                ASSERT_EQ(
                    stored(places[i], key),
                    value != expected.end() ? std::optional{value->second} : std::nullopt);
            }
        }
        ASSERT_EQ(receipt.events.size(), model.events.size() - events_before);
        for (std::size_t i = 0; i < receipt.events.size(); ++i) {
            const auto event = codec::decode<contracts::ContractEvent>(receipt.events[i].data);
            ASSERT_EQ(event->contract, model.events[events_before + i].first);
            ASSERT_EQ(event->data, Bytes{model.events[events_before + i].second});
        }
    }

    Random random{GetParam(), "contracts"};
    std::vector<Address> places;  ///< contracts first
    Model model;
};

TEST_P(RandomContracts, do_what_the_model_does) {
    std::size_t done = 0;
    for (int round = 0; round < 60; ++round) {
        const std::size_t target = random.below(kContracts);
        const std::uint64_t value = random.below(40);
        const Steps script = steps(0);
        const std::size_t events = model.events.size();
        if (script_of(script).bytes().size() > kContractInputBytesMax) {
            continue;
        }
        const Receipt receipt = call(places[target], script_of(script), value, 9'000'000);
        Model next = model;
        next.coins[places[target]] += value;
        const bool well = carry_out(next, target, script, 1);
        if (well) {
            model = std::move(next);
        }
        ASSERT_EQ(receipt.status == TxnStatus::kSuccess, well) << words(receipt);
        compare(receipt, events);
        done += well ? 1 : 0;
    }
    EXPECT_GT(done, 10U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomContracts, ::testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace polis::ledger::testing
