#include <p2p/peers/book.hpp>

#include <algorithm>
#include <utility>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::p2p {

namespace {

enum Purpose : std::uint8_t { kSpread, kBucket, kSlot };

Bytes joined(Table table, ByteView first, ByteView second) {
    Bytes out{static_cast<std::uint8_t>(table)};
    append(out, first);
    append(out, second);
    return out;
}

}  // namespace

Book::Book(const Hash& secret, bool local_network)
    : secret_(secret), local_network_(local_network) {}

std::uint64_t Book::keyed(std::uint8_t purpose, ByteView input) const {
    const std::array<std::uint8_t, 1> kind{purpose};
    const Hash hash = crypto::Blake2b256(crypto::kDomainPeerBook)
                          .update(secret_.view())
                          .update(kind)
                          .update(input)
                          .finish();
    return from_big_endian<std::uint64_t>(hash.view());
}

Book::Places Book::places_of(const BookEntry& entry) const {
    const Bytes endpoint = codec::encode(entry.endpoint);
    const AddressGroup group = group_of(entry.endpoint, local_network_);
    const Table table = entry.table;
    std::uint64_t bucket = 0;
    if (table == Table::kTried) {
        const std::uint64_t spread =
            keyed(kSpread, joined(table, endpoint, {})) % kTriedBucketsPerGroup;
        bucket = keyed(kBucket, joined(table, group.bytes, big_endian(spread))) % kTriedBuckets;
    } else {
        const AddressGroup source = group_of(entry.source_endpoint, local_network_);
        const std::uint64_t spread =
            keyed(kSpread, joined(table, group.bytes, source.bytes)) % kNewBucketsPerSource;
        bucket = keyed(kBucket, joined(table, source.bytes, big_endian(spread))) % kNewBuckets;
    }
    Places out;
    std::uint64_t slot = keyed(kSlot, joined(table, endpoint, big_endian(bucket)));
    for (Place& place : out) {
        place = {
            .table = table,
            .slot = static_cast<std::size_t>(bucket * kBucketSlots + slot % kBucketSlots)};
        slot /= kBucketSlots;
    }
    return out;
}

std::optional<Book::Place> Book::make_place(const Places& places) {
    for (const Place& place : places) {
        if (!slots_.contains(place)) {
            return place;
        }
    }
    for (const Place& place : places) {
        const Endpoint holder = slots_.at(place);
        if (entries_.at(holder).failures > 0) {
            erase(holder);
            return place;
        }
    }
    return std::nullopt;
}

bool Book::add(const Endpoint& endpoint, const Source& source) {
    if (!is_acceptable(endpoint, local_network_) || entries_.contains(endpoint)) {
        return false;
    }
    const auto told = told_.find(source.id);
    if (told != told_.end() && told->second >= kNewPerSourceMax) {
        return false;
    }
    BookEntry entry;
    entry.endpoint = endpoint;
    entry.source = source.id;
    entry.source_endpoint = source.endpoint;
    const auto place = make_place(places_of(entry));
    if (!place) {
        return false;
    }
    insert(entry, *place);
    return true;
}

void Book::attempted(const Endpoint& endpoint, TimeMs now) {
    const auto entry = entries_.find(endpoint);
    if (entry != entries_.end()) {
        entry->second.last_try = now;
    }
}

void Book::failed(const Endpoint& endpoint, TimeMs now) {
    const auto found = entries_.find(endpoint);
    if (found == entries_.end()) {
        return;
    }
    BookEntry& entry = found->second;
    entry.last_try = now;
    ++entry.failures;
    const bool is_new = entry.table == Table::kNew;
    if (entry.challenged || entry.failures >= (is_new ? kNewFailuresMax : kTriedFailuresMax)) {
        erase(endpoint);
    }
}

void Book::connected(const Endpoint& endpoint, const NodeId& id, TimeMs now) {
    if (!is_acceptable(endpoint, local_network_)) {
        return;
    }
    BookEntry entry;
    if (const BookEntry* known = find(endpoint); known != nullptr) {
        entry = *known;
        erase(endpoint);
    } else {
        entry.endpoint = endpoint;
        entry.source = id;
        entry.source_endpoint = endpoint;
    }
    entry.table = Table::kTried;
    entry.id = id;
    entry.failures = 0;
    entry.challenged = false;
    entry.last_try = now;
    entry.last_success = now;
    const Places places = places_of(entry);
    auto place = make_place(places);
    if (!place) {
        entries_.at(slots_.at(places.front())).challenged = true;
        entry.table = Table::kNew;
        place = make_place(places_of(entry));
    }
    if (place) {
        insert(entry, *place);
    }
}

void Book::remove(const Endpoint& endpoint) {
    if (entries_.contains(endpoint)) {
        erase(endpoint);
    }
}

std::optional<Endpoint> Book::pick(Table table, Random& random, const Eligible& eligible) const {
    std::vector<std::vector<Endpoint>> buckets;
    std::optional<std::size_t> current;
    for (auto slot = slots_.lower_bound(Place{.table = table, .slot = 0});
         slot != slots_.end() && slot->first.table == table;
         ++slot) {
        if (!eligible(entries_.at(slot->second))) {
            continue;
        }
        const std::size_t bucket = slot->first.slot / kBucketSlots;
        if (current != bucket) {
            current = bucket;
            buckets.emplace_back();
        }
        buckets.back().push_back(slot->second);
    }
    if (buckets.empty()) {
        return std::nullopt;
    }
    return random.pick(random.pick(buckets));
}

const BookEntry* Book::find(const Endpoint& endpoint) const {
    const auto entry = entries_.find(endpoint);
    return entry == entries_.end() ? nullptr : &entry->second;
}

std::size_t Book::count(Table table) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        slots_, [table](const auto& slot) { return slot.first.table == table; }));
}

void Book::restore(BookEntry entry, TimeMs now) {
    // A clock that was set back must not silence an address until it is caught up with.
    entry.last_try = std::min(entry.last_try, now);
    entry.last_success = std::min(entry.last_success, now);
    if (!is_acceptable(entry.endpoint, local_network_) || entries_.contains(entry.endpoint)) {
        return;
    }
    for (const Place& place : places_of(entry)) {
        if (!slots_.contains(place)) {
            insert(entry, place);
            return;
        }
    }
}

void Book::insert(const BookEntry& entry, const Place& place) {
    POLIS_ASSERT(slots_.emplace(place, entry.endpoint).second);
    places_.emplace(entry.endpoint, place);
    entries_.emplace(entry.endpoint, entry);
    if (entry.table == Table::kNew) {
        ++told_[entry.source];
    }
}

void Book::erase(const Endpoint& endpoint) {
    const auto entry = entries_.find(endpoint);
    if (entry->second.table == Table::kNew) {
        const auto told = told_.find(entry->second.source);
        if (--told->second == 0) {
            told_.erase(told);
        }
    }
    const auto place = places_.find(endpoint);
    slots_.erase(place->second);
    places_.erase(place);
    entries_.erase(entry);
}

}  // namespace polis::p2p
