#include <tests/ledger/store/store_fixture.hpp>

#include <cstdlib>

#include <gtest/gtest.h>

namespace polis::ledger::testing {

TempDir::TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "polis_store_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
    EXPECT_FALSE(path_.empty()) << "no temporary directory";
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

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

}  // namespace polis::ledger::testing
