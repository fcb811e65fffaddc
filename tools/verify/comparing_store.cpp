#include <tools/verify/comparing_store.hpp>

#include <algorithm>
#include <cstdint>

#include <core/hex.hpp>
#include <core/types.hpp>

namespace polis::tools {

namespace {

using ledger::StoreResult;
namespace rows = ledger::rows;

bool same_table(ByteView key, ByteView other) { return key[0] == other[0]; }

bool is_kept(ByteView key) {
    return same_table(key, rows::state_key(Hash{})) || same_table(key, rows::head_key());
}

bool within(ByteView key, const rows::Range& range) {
    return !less(key, range.first) && less(key, range.last);
}

/// False for rows that executing the blocks does not write.
bool follows_from_blocks(ByteView key) {
    return !within(key, rows::snapshot_range()) &&
           !within(key, rows::pending_range(Height{UINT64_MAX})) && !equal(key, rows::vote_key());
}

bool same(std::optional<ByteView> left, const std::optional<Bytes>& right) {
    return left ? right && equal(*left, *right) : !right;
}

/// Long rows differ somewhere: their hash would say less than their beginning and length.
std::string show(std::optional<ByteView> value) {
    constexpr std::size_t kShown = 24;
    if (!value) {
        return "nothing";
    }
    const std::string head = to_hex_prefixed(value->first(std::min(value->size(), kShown)));
    return value->size() <= kShown ? head
                                   : head + "... (" + std::to_string(value->size()) + " bytes)";
}

}  // namespace

StoreResult<void> ComparingStore::write(
    const ledger::WriteBatch& batch, ledger::Durability durability) {
    ledger::WriteBatch kept;
    StoreResult<void> outcome;
    bool ends_genesis = false;  // the schema row comes last, when all else of block 0 is there
    batch.visit([&](ByteView key, std::optional<ByteView> value) {
        ends_genesis = ends_genesis || equal(key, rows::schema_key());
        if (outcome && !is_kept(key) && genesis_written_) {
            outcome = compare(key, value);
        } else if (value) {
            kept.put(key, *value);
        } else {
            kept.remove(key);
        }
    });
    POLIS_TRY_VOID(outcome);
    genesis_written_ = genesis_written_ || ends_genesis;
    return kept_.write(kept, durability);
}

StoreResult<void> ComparingStore::compare(ByteView key, std::optional<ByteView> value) {
    POLIS_TRY(const auto found, original_.get(key));
    if (same(value, found)) {
        ++equal_rows_;
    } else {
        note(key, value, found);
    }
    return {};
}

void ComparingStore::note(
    ByteView key, std::optional<ByteView> expected, std::optional<ByteView> found) {
    if (!mismatch_) {
        mismatch_ = {"row " + rows::describe_key(key), show(expected), show(found)};
    }
}

StoreResult<std::uint64_t> ComparingStore::finish() {
    std::uint64_t equal = equal_rows_;
    const ledger::MemoryImage kept = kept_.image();
    for (const auto& [key, value] : kept) {
        POLIS_TRY(const auto found, original_.get(key));
        if (found == value) {
            ++equal;
        } else {
            note(key, value, found);
        }
    }
    std::uint64_t total = 0;
    const auto count = [&](ByteView key, ByteView /*value*/) {
        if (follows_from_blocks(key)) {
            ++total;
        }
        return true;
    };
    POLIS_TRY_VOID(original_.scan({}, {}, count));
    if (total != equal && !mismatch_) {
        mismatch_ = {
            "number of rows", std::to_string(equal), std::to_string(total) + " in the store"};
    }
    return equal;
}

}  // namespace polis::tools
