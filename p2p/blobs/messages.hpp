#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <core/blob.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

/// Transfer of blobs, on Channel::kBlobs. Byte layouts: docs/formats/blobs.md.
namespace polis::p2p {

/// Chunks asked for at once.
inline constexpr std::size_t kBlobRequestChunksMax = 4;

/// "Do you have this blob?"
struct BlobQuery {
    Hash root;

    bool operator==(const BlobQuery&) const = default;
    static constexpr auto kFields = codec::fields(&BlobQuery::root);
};

/// The whole blob is here, or it is not.
struct BlobHave {
    Hash root;
    std::optional<BlobShape> shape;  ///< nothing: not here

    bool operator==(const BlobHave&) const = default;
    static constexpr auto kFields = codec::fields(&BlobHave::root, &BlobHave::shape);
};

struct BlobChunkRequest {
    Hash root;
    std::vector<std::uint32_t> indexes;  ///< ascending

    bool operator==(const BlobChunkRequest&) const = default;
    static constexpr auto kFields = codec::fields(
        &BlobChunkRequest::root, codec::bounded(&BlobChunkRequest::indexes, kBlobRequestChunksMax));
};

/// One chunk with the way to the root; one such message for each index asked for.
struct BlobChunk {
    Hash root;
    std::uint32_t index = 0;
    Bytes bytes;  ///< empty: not here (any more)
    std::vector<Hash> siblings;

    bool operator==(const BlobChunk&) const = default;
    static constexpr auto kFields = codec::fields(
        &BlobChunk::root,
        &BlobChunk::index,
        codec::bounded(&BlobChunk::bytes, kBlobChunkBytes),
        codec::bounded(&BlobChunk::siblings, kBlobSiblingsMax));
};

/// "Not now": the asker has used up what this node gives one peer. Ends its requests for the blob.
struct BlobBusy {
    Hash root;

    bool operator==(const BlobBusy&) const = default;
    static constexpr auto kFields = codec::fields(&BlobBusy::root);
};

/// Append only: the position is the tag on the wire.
using BlobMessage = std::variant<BlobQuery, BlobHave, BlobChunkRequest, BlobChunk, BlobBusy>;

}  // namespace polis::p2p
