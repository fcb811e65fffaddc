// The journal against a std::map with copies as checkpoints.
#include <ledger/state/journal.hpp>

#include <gtest/gtest.h>

#include <tests/ledger/state/fixture.hpp>

namespace polis::ledger::test {
namespace {

using Model = std::map<std::uint64_t, Bytes>;

/// A view over a map, which can fail.
class MapView : public StateView {
  public:
    std::map<Hash, Bytes> records;
    bool failing = false;
    std::uint64_t reads = 0;

    StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override {
        ++reads;
        if (failing) {
            return std::unexpected(StoreError{StoreErrc::kIo, "test"});
        }
        const auto found = records.find(key.path());
        return found != records.end() ? std::optional<SmallBytes>{found->second} : std::nullopt;
    }
};

std::optional<SmallBytes> in(const Model& model, std::uint64_t number) {
    const auto found = model.find(number);
    return found != model.end() ? std::optional<SmallBytes>{found->second} : std::nullopt;
}

void put(Journal& journal, std::uint64_t number, const Bytes& value) {
    ASSERT_TRUE(journal.put(key_of(number), value).has_value());
}

void remove(Journal& journal, std::uint64_t number) {
    ASSERT_TRUE(journal.remove(key_of(number)).has_value());
}

std::optional<SmallBytes> get(Journal& journal, std::uint64_t number) {
    auto value = journal.get(key_of(number));
    EXPECT_TRUE(value.has_value());
    return value ? *value : std::nullopt;
}

TEST(Journal, reads_see_the_latest_write) {
    MapView base;
    base.records[key_of(1).path()] = {1};
    Journal journal(base);
    EXPECT_EQ(get(journal, 1), Bytes{1});
    EXPECT_EQ(get(journal, 2), std::nullopt);
    put(journal, 1, {7});
    put(journal, 2, {8});
    EXPECT_EQ(get(journal, 1), Bytes{7});
    EXPECT_EQ(get(journal, 2), Bytes{8});
    remove(journal, 1);
    EXPECT_EQ(get(journal, 1), std::nullopt);
    EXPECT_EQ(base.records.at(key_of(1).path()), Bytes{1}) << "nothing reaches the view beneath";
    EXPECT_EQ(base.reads, 2U) << "each record is read once";
    EXPECT_EQ(**journal.peek(key_of(2)), Bytes{8});
}

TEST(Journal, nested_checkpoints) {
    MapView base;
    Journal journal(base);
    put(journal, 1, {1});
    const auto outer = journal.checkpoint();
    put(journal, 1, {2});
    const auto inner = journal.checkpoint();
    remove(journal, 1);
    put(journal, 2, {3});
    journal.rollback(inner);
    EXPECT_EQ(get(journal, 1), Bytes{2});
    EXPECT_EQ(get(journal, 2), std::nullopt);
    put(journal, 3, {4});
    journal.rollback(inner);
    EXPECT_EQ(get(journal, 3), std::nullopt);
    journal.rollback(outer);
    EXPECT_EQ(get(journal, 1), Bytes{1});
    journal.rollback(0);
    EXPECT_TRUE(journal.changes().empty());
    EXPECT_DEATH(journal.rollback(1), "checkpoint");
}

TEST(Journal, changes_hold_differences_only) {
    MapView base;
    base.records[key_of(1).path()] = {1};
    base.records[key_of(2).path()] = {2};
    Journal journal(base);
    put(journal, 1, {9});
    put(journal, 1, {1});  // back to what it was
    remove(journal, 2);    // a removal
    put(journal, 3, {3});  // an insertion
    put(journal, 4, {4});
    remove(journal, 4);                        // came and went
    EXPECT_EQ(get(journal, 5), std::nullopt);  // read only
    put(journal, 6, {});                       // an empty record is a record
    std::map<Hash, std::optional<SmallBytes>> changes;
    for (const StateChange& change : journal.changes()) {
        changes[change.key.path()] = change.value;
    }
    EXPECT_EQ(
        changes,
        (std::map<Hash, std::optional<SmallBytes>>{
            {key_of(2).path(), std::nullopt},
            {key_of(3).path(), Bytes{3}},
            {key_of(6).path(), Bytes{}}}));
}

TEST(Journal, errors_from_beneath_propagate_and_leave_no_trace) {
    MapView base;
    base.records[key_of(1).path()] = {1};
    base.failing = true;
    Journal journal(base);
    EXPECT_EQ(journal.get(key_of(1)).error().code, StoreErrc::kIo);
    EXPECT_EQ(journal.put(key_of(1), Bytes{2}).error().code, StoreErrc::kIo);
    EXPECT_EQ(journal.remove(key_of(1)).error().code, StoreErrc::kIo);
    base.failing = false;
    EXPECT_EQ(get(journal, 1), Bytes{1});
    EXPECT_TRUE(journal.changes().empty());
}

TEST(Journal, refuses_oversized_records) {
    MapView base;
    Journal journal(base);
    EXPECT_TRUE(journal.put(key_of(1), Bytes(kStateValueBytesMax)).has_value());
    EXPECT_DEATH((void)journal.put(key_of(1), Bytes(kStateValueBytesMax + 1)), "value.size");
}

/// A journal over a random base, its model, and the copies that stand for checkpoints.
struct Pair {
    MapView base;
    Model base_model;
    Model model;
    Journal journal{base};
    std::vector<std::pair<Journal::Checkpoint, Model>> checkpoints;

    explicit Pair(Random& random) {
        for (std::uint64_t number = 0; number < 100; ++number) {
            if (random.chance(1, 2)) {
                const Bytes value = random_value(random);
                base.records[key_of(number).path()] = value;
                base_model[number] = value;
            }
        }
        model = base_model;
    }

    void step(Random& random, std::uint64_t numbers) {
        const std::uint64_t number = random.below(numbers);
        switch (random.below(10)) {
            case 0:
                checkpoints.emplace_back(journal.checkpoint(), model);
                break;
            case 1:
                if (!checkpoints.empty()) {
                    checkpoints.resize(random.between(1, checkpoints.size()));
                    journal.rollback(checkpoints.back().first);
                    model = checkpoints.back().second;
                }
                break;
            case 2:
            case 3:
            case 4:
                remove(journal, number);
                model.erase(number);
                break;
            case 5:
                EXPECT_EQ(**journal.peek(key_of(number)), in(model, number));
                break;
            default:
                model[number] = random.chance(1, 4)
                                    ? to_bytes(in(base_model, number).value_or(Bytes{}))
                                    : random_value(random);
                put(journal, number, model[number]);
        }
        EXPECT_EQ(get(journal, number), in(model, number));
    }

    void check_changes(std::uint64_t numbers) const {
        std::map<Hash, std::optional<SmallBytes>> expected;
        for (std::uint64_t number = 0; number < numbers; ++number) {
            if (in(model, number) != in(base_model, number)) {
                expected[key_of(number).path()] = in(model, number);
            }
        }
        const StateChanges changes = journal.changes();
        ASSERT_EQ(changes.size(), expected.size());
        auto next = expected.begin();  // the map's order is the order of paths
        for (const StateChange& change : changes) {
            EXPECT_EQ(change.key.path(), next->first);
            EXPECT_EQ(change.value, next->second);
            ++next;
        }
    }
};

TEST(Journal, equals_a_map_under_random_operations) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        const std::uint64_t numbers = seed % 2 == 0 ? 12 : 1'000;  // the table grows in the second
        Pair pair(random);
        for (int step = 0; step < 2'000; ++step) {
            pair.step(random, numbers);
        }
        pair.check_changes(numbers);
        for (std::uint64_t number = 0; number < numbers; ++number) {
            EXPECT_EQ(get(pair.journal, number), in(pair.model, number));
        }
    }
}

}  // namespace
}  // namespace polis::ledger::test
