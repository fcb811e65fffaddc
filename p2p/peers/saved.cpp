#include <p2p/peers/saved.hpp>

#include <utility>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::p2p {

Bytes encode_book(const SavedBook& book) {
    Bytes out{kBookVersion};
    codec::encode_to(out, book);
    append(out, crypto::blake2b_256(crypto::kDomainPeerBook, out).view());
    return out;
}

std::optional<SavedBook> decode_book(ByteView bytes) {
    if (bytes.size() < 1 + Hash::kSize || bytes.front() != kBookVersion) {
        return std::nullopt;
    }
    const ByteView content = bytes.first(bytes.size() - Hash::kSize);
    const Hash checksum = crypto::blake2b_256(crypto::kDomainPeerBook, content);
    if (!equal(checksum.view(), bytes.last(Hash::kSize))) {
        return std::nullopt;
    }
    auto book = codec::decode<SavedBook>(content.subspan(1));
    return book ? std::optional{*std::move(book)} : std::nullopt;
}

}  // namespace polis::p2p
