#include <tests/ledger/state/fixture.hpp>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::ledger::test {

namespace {

using Records = std::vector<std::pair<Hash, Bytes>>;

bool bit_of(const Hash& path, std::size_t depth) {
    return (path.data[depth / 8] & (1U << (7 - depth % 8))) != 0;
}

Hash reference_hash(const Records& records, std::size_t depth) {
    if (records.empty()) {
        return {};
    }
    if (records.size() == 1) {
        Bytes message = to_bytes(records.front().first.view());
        append(message, records.front().second);
        return crypto::blake2b_256(crypto::kDomainStateLeaf, message);
    }
    Records halves[2];
    for (const auto& record : records) {
        halves[bit_of(record.first, depth) ? 1 : 0].push_back(record);
    }
    Bytes message = to_bytes(reference_hash(halves[0], depth + 1).view());
    append(message, reference_hash(halves[1], depth + 1).view());
    return crypto::blake2b_256(crypto::kDomainStateNode, message);
}

}  // namespace

Hash reference_root(const RecordMap& records) {
    Records list;
    for (const auto& [path, record] : records) {
        list.emplace_back(path, record.value);
    }
    return reference_hash(list, 0);
}

std::vector<StateKey> keys_with_common_bits(std::size_t bits, std::size_t count) {
    const Hash start = key_of(0).path();
    std::vector<StateKey> out{key_of(0)};
    for (std::uint64_t number = 1; out.size() < count; ++number) {
        const StateKey key = key_of(number);
        if (state::common_bits(start, key.path()) >= bits) {
            out.push_back(key);
        }
    }
    return out;
}

}  // namespace polis::ledger::test
