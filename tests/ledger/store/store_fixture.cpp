#include <tests/ledger/store/store_fixture.hpp>

#include <cstdlib>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis::ledger::testing {

Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

WriteBatch batch_of(const Rows& rows) {
    WriteBatch batch;
    for (const auto& [key, value] : rows) {
        batch.put(bytes_of(key), bytes_of(value));
    }
    return batch;
}

Rows rows_between(const KeyValueStore& store, std::string_view first, std::string_view last) {
    Rows rows;
    const auto scanned =
        store.scan(as_bytes(first), as_bytes(last), [&rows](ByteView key, ByteView value) {
            rows.emplace(as_text(key), as_text(value));
            return true;
        });
    EXPECT_TRUE(scanned.has_value()) << scanned.error().context;
    return rows;
}

Rows all_rows(const KeyValueStore& store) { return rows_between(store, "", ""); }

std::string value_of(const KeyValueStore& store, std::string_view key) {
    const auto value = store.get(as_bytes(key));
    if (!value) {
        ADD_FAILURE() << value.error().context;
        return "(error)";
    }
    return *value ? std::string(as_text(**value)) : "(none)";
}

ReferenceRun::ReferenceRun(std::size_t batch_count, std::size_t value_bytes)
    : batches_(batch_count + 1), states_(batch_count + 1) {
    constexpr std::size_t kRows = 12;
    for (std::size_t i = 1; i <= batch_count; ++i) {
        Bytes noise(value_bytes + i);
        Random(i).fill(noise);
        const std::map<std::string, std::string> puts = {
            {"check", "check of " + std::to_string(i * 7919)},
            {"counter", std::to_string(i)},
            {"row" + std::to_string(i % kRows), std::string(as_text(noise))}};
        const std::string removed = "row" + std::to_string((i + 7) % kRows);
        states_[i] = states_[i - 1];
        for (const auto& [key, value] : puts) {
            batches_[i].put(bytes_of(key), bytes_of(value));
            states_[i][key] = value;
        }
        batches_[i].remove(bytes_of(removed));
        states_[i].erase(removed);
    }
}

std::optional<std::size_t> ReferenceRun::find_state(const KeyValueStore& store) const {
    const auto found = find_state(all_rows(store));
    EXPECT_TRUE(found.has_value()) << "the rows are not those after any batch";
    return found;
}

std::optional<std::size_t> ReferenceRun::find_state(const Rows& rows) const {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        if (states_[i] == rows) {
            return i;
        }
    }
    return std::nullopt;
}

namespace {

constexpr std::uint64_t kKeptRows = 12;  ///< of the endless run: older ones are deleted

std::string kill_row(std::uint64_t number) { return "row" + std::to_string(number); }

std::string kill_value(std::uint64_t number) {
    Bytes noise(2'000 + number % 5'000);
    Random(number).fill(noise);
    return std::string(as_text(noise));
}

}  // namespace

WriteBatch kill_batch(std::uint64_t number) {
    WriteBatch batch;
    batch.put(bytes_of("counter"), bytes_of(std::to_string(number)));
    batch.put(bytes_of(kill_row(number)), bytes_of(kill_value(number)));
    if (number > kKeptRows) {
        batch.remove(bytes_of(kill_row(number - kKeptRows)));
    }
    return batch;
}

Rows kill_state(std::uint64_t number) {
    Rows rows;
    for (std::uint64_t i = number; i > 0 && i + kKeptRows > number; --i) {
        rows[kill_row(i)] = kill_value(i);
    }
    if (number > 0) {
        rows["counter"] = std::to_string(number);
    }
    return rows;
}

}  // namespace polis::ledger::testing
