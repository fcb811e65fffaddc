#include <tools/verify/comparing_store.hpp>

#include <algorithm>

#include <core/codec/borsh.hpp>
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

/// True if the original's index entry is of a later place in the chain: the same transaction was
/// put into two blocks, and only the first of them had an effect.
bool is_later_place(ByteView key, ByteView written, const std::optional<Bytes>& found) {
    if (!same_table(key, rows::txn_key(Hash{})) || !found) {
        return false;
    }
    const auto first = codec::decode<rows::TxnPlace>(written);
    const auto later = codec::decode<rows::TxnPlace>(*found);
    return first && later && first->height < later->height;
}

/// The schema row comes last, when everything else of block 0 is there.
bool ends_genesis(const ledger::WriteBatch& batch) {
    return std::ranges::any_of(batch.operations(), [](const auto& operation) {
        return operation.key == rows::schema_key();
    });
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
    for (const ledger::WriteBatch::Operation& operation : batch.operations()) {
        if (is_kept(operation.key) || !genesis_written_) {
            operation.value ? kept.put(operation.key, *operation.value)
                            : kept.remove(operation.key);
        } else {
            POLIS_TRY_VOID(compare(operation));
        }
    }
    genesis_written_ = genesis_written_ || ends_genesis(batch);
    return kept_.write(kept, durability);
}

StoreResult<void> ComparingStore::compare(const ledger::WriteBatch::Operation& operation) {
    POLIS_TRY(const auto found, original_.get(operation.key));
    overwritten_.erase(operation.key);
    if (found == operation.value) {
        ++equal_rows_;
    } else if (operation.value && is_later_place(operation.key, *operation.value, found)) {
        overwritten_.insert_or_assign(operation.key, *operation.value);
    } else {
        note(operation.key, operation.value, found);
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
    for (const auto& [key, written] : overwritten_) {
        POLIS_TRY(const auto found, original_.get(key));
        note(key, written, found);
    }
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
    const auto count = [&total](ByteView /*key*/, ByteView /*value*/) {
        ++total;
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
