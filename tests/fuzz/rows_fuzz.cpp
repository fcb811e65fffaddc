// Rows as a damaged store may return them: the first byte is the length of the key. Each parser
// gives a named error or a value that makes the same row again.
#include <cstddef>
#include <cstdint>
#include <optional>

#include <ledger/store/rows.hpp>
#include <tests/fuzz/alloc_guard.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::ledger {
namespace {

Bytes sealed_row(ByteView key, ByteView value) {
    Bytes out = to_bytes(value);
    append(out, rows::seal_of(key, value));
    return out;
}

void check_state_row(ByteView key, ByteView value) {
    const fuzz::AllocGuard guard(key.size() + value.size());
    const auto row = rows::parse_state_row(key, value);
    if (!row) {
        POLIS_ASSERT(row.error().code == StoreErrc::kCorrupt);
        return;
    }
    POLIS_ASSERT(equal(ByteView{rows::state_key(row->path)}.subspan(1), key.subspan(1)));
    WriteBatch batch;
    rows::put_state(batch, row->path, row->key, row->value);
    batch.visit([value](ByteView /*key*/, std::optional<ByteView> again) {
        POLIS_ASSERT(again && equal(*again, value));
    });
}

void check_seal(ByteView key, ByteView value) {
    const fuzz::AllocGuard guard(key.size() + value.size());
    const auto opened = rows::unseal(key, value);
    if (opened) {
        POLIS_ASSERT(equal(sealed_row(key, *opened), value));
    } else {
        POLIS_ASSERT(opened.error().code == StoreErrc::kCorrupt);
    }
    Bytes sealed = sealed_row(key, value);
    const auto whole = rows::unseal(key, sealed);
    POLIS_ASSERT(whole && equal(*whole, value));
    sealed[value.size() / 2] ^= 0x10;
    POLIS_ASSERT(!rows::unseal(key, sealed));
}

void check_place(ByteView key) {
    const fuzz::AllocGuard guard(key.size());
    const auto place = rows::place_of(key);
    if (!place) {
        POLIS_ASSERT(place.error().code == StoreErrc::kCorrupt);
        return;
    }
    const Address account = Address::from_view(key.subspan(1, Address::kSize));
    const Bytes again = rows::account_txn_key(account, *place);
    POLIS_ASSERT(equal(ByteView{again}.subspan(1), key.subspan(1)));
    POLIS_ASSERT(less(again, rows::account_txns_end(account)));
    POLIS_ASSERT(!less(again, rows::account_txns_begin(account)));
}

void check_ranges(ByteView key, std::size_t bits) {
    if (key.size() == 1 + Hash::kSize) {
        const Hash path = Hash::from_view(key.subspan(1));
        const auto range = rows::state_range(path, bits);
        const Bytes inside = rows::state_key(path);
        POLIS_ASSERT(!less(inside, range.first) && less(inside, range.last));
    }
    const Bytes after = rows::after_prefix(key);
    POLIS_ASSERT(after.empty() || less(key, after));
    POLIS_ASSERT(!rows::describe_key(key).empty());
}

void run(ByteView input) {
    fuzz::Choices choices(input);
    const ByteView key = choices.take(choices.byte());
    const ByteView value = choices.rest();
    check_state_row(key, value);
    check_seal(key, value);
    check_place(key);
    check_ranges(key, value.size() % 257);
    (void)fuzz::decode_canonical<rows::TxnPlace>(value);
}

}  // namespace
}  // namespace polis::ledger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::ledger::run({data, size});
    return 0;
}
