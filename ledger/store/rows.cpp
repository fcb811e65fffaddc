#include <ledger/store/rows.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/hex.hpp>
#include <ledger/limits.hpp>
#include <ledger/state/key.hpp>

namespace polis::ledger::rows {

namespace {

/// Tables, by the first byte of the key.
enum class Table : char {
    kAccountTxns = 'A',
    kBlocks = 'B',
    kCertificates = 'C',
    kHeights = 'H',
    kTermLinks = 'L',
    kMeta = 'M',
    kPending = 'P',
    kReceipts = 'R',
    kSnapshotManifests = 'Y',
    kSnapshotChunks = 'Z',
    kState = 'S',
    kTxns = 'T',
};

/// The first byte of a table's keys, as a view that outlives every call.
template <Table table>
ByteView table_byte() {
    static constexpr std::array<std::uint8_t, 1> kByte{static_cast<std::uint8_t>(table)};
    return kByte;
}

Bytes make_key(Table table, std::initializer_list<ByteView> parts) {
    Bytes key{static_cast<std::uint8_t>(table)};
    for (const ByteView part : parts) {
        append(key, part);
    }
    return key;
}

std::array<std::uint8_t, kSealBytes> seal_of_pieces(std::initializer_list<ByteView> pieces) {
    crypto::Blake2b256 hash(crypto::kDomainStoreRow);
    for (const ByteView piece : pieces) {
        hash.update(piece);
    }
    const Hash whole = hash.finish();
    std::array<std::uint8_t, kSealBytes> out{};
    std::copy_n(whole.data.begin(), kSealBytes, out.begin());
    return out;
}

std::unexpected<StoreError> corrupt(ByteView key, std::string_view what) {
    return std::unexpected(
        StoreError{StoreErrc::kCorrupt, "row " + describe_key(key) + ": " + std::string(what)});
}

}  // namespace

Bytes schema_key() { return make_key(Table::kMeta, {as_bytes("schema")}); }

Bytes genesis_key() { return make_key(Table::kMeta, {as_bytes("genesis")}); }

Bytes base_key() { return make_key(Table::kMeta, {as_bytes("base")}); }

Bytes head_key() { return make_key(Table::kMeta, {as_bytes("head")}); }

Bytes vote_key() { return make_key(Table::kMeta, {as_bytes("vote")}); }

Bytes certificate_key(Height height) {
    return make_key(Table::kCertificates, {big_endian(height.value)});
}

Bytes term_link_key(Term term) { return make_key(Table::kTermLinks, {big_endian(term.value)}); }

Bytes pending_key(Height height, const Hash& block) {
    return make_key(Table::kPending, {big_endian(height.value), block.view()});
}

Range pending_range(Height height) {
    const Bytes prefix = make_key(Table::kPending, {big_endian(height.value)});
    return {make_key(Table::kPending, {}), after_prefix(prefix)};
}

Bytes block_key(Height height) { return make_key(Table::kBlocks, {big_endian(height.value)}); }

Bytes receipts_key(Height height) { return make_key(Table::kReceipts, {big_endian(height.value)}); }

Bytes height_key(const Hash& block) { return make_key(Table::kHeights, {block.view()}); }

Bytes txn_key(const Hash& txn_id) { return make_key(Table::kTxns, {txn_id.view()}); }

Bytes account_txn_key(const Address& account, const TxnPlace& place) {
    return make_key(
        Table::kAccountTxns,
        {account.view(), big_endian(place.height.value), big_endian(place.index)});
}

Bytes account_txns_begin(const Address& account) {
    return make_key(Table::kAccountTxns, {account.view()});
}

Bytes account_txns_end(const Address& account) { return after_prefix(account_txns_begin(account)); }

StoreResult<TxnPlace> place_of(ByteView account_txn_key) {
    constexpr std::size_t kPrefixBytes = 1 + Address::kSize;
    if (account_txn_key.size() != kPrefixBytes + 12) {
        return corrupt(account_txn_key, "malformed account index");
    }
    const ByteView place = account_txn_key.subspan(kPrefixBytes);
    return TxnPlace{
        Height{from_big_endian<std::uint64_t>(place)},
        from_big_endian<std::uint32_t>(place.subspan(8))};
}

Bytes state_key(const Hash& path) { return make_key(Table::kState, {path.view()}); }

Bytes snapshot_chunk_key(Height height, std::uint32_t index) {
    return make_key(Table::kSnapshotChunks, {big_endian(height.value), big_endian(index)});
}

Bytes snapshot_manifest_key(Height height) {
    return make_key(Table::kSnapshotManifests, {big_endian(height.value)});
}

std::optional<Height> snapshot_height(ByteView key) {
    if (key.size() < 1 + sizeof(std::uint64_t)) {
        return std::nullopt;
    }
    return Height{from_big_endian<std::uint64_t>(key.subspan(1))};
}

Range snapshot_manifest_range() {
    return {make_key(Table::kSnapshotManifests, {}), make_key(Table::kSnapshotChunks, {})};
}

Range snapshot_range() {
    const Bytes chunks = make_key(Table::kSnapshotChunks, {});
    return {make_key(Table::kSnapshotManifests, {}), after_prefix(chunks)};
}

Range state_range(const Hash& path, std::size_t bits) {
    Hash first = path;
    Hash last = path;
    for (std::size_t byte = 0; byte < Hash::kSize; ++byte) {
        const std::size_t kept = bits > byte * 8 ? std::min<std::size_t>(8, bits - byte * 8) : 0;
        const auto free_bits = static_cast<std::uint8_t>(0xffU >> kept);
        first.data[byte] = static_cast<std::uint8_t>(path.data[byte] & ~free_bits);
        last.data[byte] = static_cast<std::uint8_t>(path.data[byte] | free_bits);
    }
    Bytes end = state_key(last);
    end.push_back(0);  // the key right after the last path
    return {state_key(first), std::move(end)};
}

void put_state(WriteBatch& batch, const Hash& path, ByteView record_key, ByteView record) {
    POLIS_ASSERT_OP(record_key.size(), <, 256);
    const std::array<std::uint8_t, 1> key_size{static_cast<std::uint8_t>(record_key.size())};
    batch.put({table_byte<Table::kState>(), path.view()}, {key_size, record_key, record});
}

void put_txn(WriteBatch& batch, const Hash& txn_id, const TxnPlace& place) {
    batch.put({table_byte<Table::kTxns>(), txn_id.view()}, {codec::encode(place)});
}

void put_account_txn(
    WriteBatch& batch, const Address& account, const TxnPlace& place, AccountRole role) {
    const std::array<std::uint8_t, 1> value{static_cast<std::uint8_t>(role)};
    const auto height = big_endian(place.height.value);
    const auto index = big_endian(place.index);
    const ByteView table = table_byte<Table::kAccountTxns>();
    const auto seal = seal_of_pieces({table, account.view(), height, index, value});
    batch.put({table, account.view(), height, index}, {value, seal});
}

StoreResult<StateRow> parse_state_row(ByteView key, ByteView value) {
    if (key.size() != 1 + Hash::kSize || value.empty() || value[0] == 0 ||
        value.size() < 1 + std::size_t{value[0]}) {
        return corrupt(key, "malformed state record");
    }
    const StateRow row{
        .path = Hash::from_view(key.subspan(1)),
        .key = value.subspan(1, value[0]),
        .value = value.subspan(1 + std::size_t{value[0]})};
    if (row.key.size() > kStateKeyBytesMax || path_of(row.key) != row.path) {
        return corrupt(key, "the record's key does not hash to its path");
    }
    return row;
}

std::array<std::uint8_t, kSealBytes> seal_of(ByteView key, ByteView value) {
    return seal_of_pieces({key, value});
}

StoreResult<ByteView> unseal(ByteView key, ByteView sealed) {
    if (sealed.size() < kSealBytes) {
        return corrupt(key, "shorter than its seal");
    }
    const ByteView value = sealed.first(sealed.size() - kSealBytes);
    if (!equal(seal_of(key, value), sealed.last(kSealBytes))) {
        return corrupt(key, "checksum mismatch");
    }
    return value;
}

Bytes after_prefix(ByteView prefix) {
    Bytes out = to_bytes(prefix);
    while (!out.empty() && out.back() == 0xff) {
        out.pop_back();
    }
    if (!out.empty()) {
        ++out.back();
    }
    return out;
}

std::string describe_key(ByteView key) {
    if (key.empty()) {
        return "(empty)";
    }
    std::string out(1, static_cast<char>(key[0]));
    return key[0] == static_cast<std::uint8_t>(Table::kMeta)
               ? out + ":" + std::string(as_text(key.subspan(1)))
               : out + ":" + to_hex(key.subspan(1));
}

}  // namespace polis::ledger::rows
