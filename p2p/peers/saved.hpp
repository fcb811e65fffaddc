#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <p2p/peers/bans.hpp>
#include <p2p/peers/book.hpp>

/// What a node remembers of its peers: the file peers.bin. Byte layout: docs/formats/peers.md.
namespace polis::p2p {

inline constexpr std::uint8_t kBookVersion = 1;
inline constexpr std::size_t kAnchorsMax = 8;

/// A peer that was dialled and stayed: dialled first after a restart.
struct Anchor {
    Endpoint endpoint;
    NodeId id;

    bool operator==(const Anchor&) const = default;
    static constexpr auto kFields = codec::fields(&Anchor::endpoint, &Anchor::id);
};

struct SavedBook {
    Hash secret;  ///< assigns the buckets; whoever learns it can aim at them
    std::vector<BookEntry> entries;
    std::vector<Anchor> anchors;  ///< oldest first
    std::map<NodeId, Ban> bans;

    bool operator==(const SavedBook&) const = default;
    static constexpr auto kFields = codec::fields(
        &SavedBook::secret,
        codec::bounded(&SavedBook::entries, kTriedMax + kNewMax),
        codec::bounded(&SavedBook::anchors, kAnchorsMax),
        codec::bounded(&SavedBook::bans, kBansMax));
};

/// Version, content, checksum of both.
[[nodiscard]] Bytes encode_book(const SavedBook& book);

/// Nothing if a byte was changed, added or lost, or another version wrote it.
[[nodiscard]] std::optional<SavedBook> decode_book(ByteView bytes);

}  // namespace polis::p2p
