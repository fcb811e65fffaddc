#include <algorithm>
#include <utility>

#include <core/integer.hpp>
#include <p2p/blobs.hpp>
#include <p2p/peers/time.hpp>

namespace polis::p2p {

namespace {

SendBlob message_to(ConnectionId peer, const BlobMessage& message) {
    return {.connection = peer, .bytes = codec::encode(message)};
}

}  // namespace

std::string_view to_string(BlobFault fault) {
    switch (fault) {
        case BlobFault::kBadMessage:
            return "a blob message that is none";
        case BlobFault::kBadShape:
            return "a blob's shape that does not lead to its root";
        case BlobFault::kBadChunk:
            return "a chunk that does not lead to its root";
        case BlobFault::kUnasked:
            return "a blob answer that nobody asked for";
        case BlobFault::kBadRequest:
            return "a request for chunks that no blob has";
    }
    return "unknown";
}

Result<BlobMessage, BlobFault> decode_blob_message(ByteView bytes) {
    auto message = codec::decode<BlobMessage>(bytes);
    if (!message) {
        return std::unexpected(BlobFault::kBadMessage);
    }
    return *std::move(message);
}

BlobServe::Bucket& BlobServe::bucket_of(ConnectionId peer, TimeMs now) {
    Bucket& bucket =
        buckets_.try_emplace(peer, Bucket{.bytes = limits_.bytes_max, .filled = now}).first->second;
    const std::uint64_t gained =
        saturating_mul(ms_between(bucket.filled, now), limits_.bytes_per_ms);
    bucket.bytes = std::min(saturating_add(bucket.bytes, gained), limits_.bytes_max);
    bucket.filled = std::max(bucket.filled, now);
    return bucket;
}

bool BlobServe::charge(Bucket& bucket, std::uint64_t bytes) const {
    if (bucket.bytes < bytes) {
        return false;
    }
    bucket.bytes -= bytes;
    return true;
}

BlobEffects BlobServe::on_query(
    ConnectionId peer, const BlobQuery& query, const BlobSource& source, TimeMs now) {
    if (!charge(bucket_of(peer, now), limits_.request_bytes)) {
        return {message_to(peer, BlobBusy{query.root})};
    }
    return {message_to(peer, BlobHave{.root = query.root, .shape = source.shape(query.root)})};
}

BlobEffects BlobServe::on_request(
    ConnectionId peer, const BlobChunkRequest& request, const BlobSource& source, TimeMs now) {
    const bool ascends = std::ranges::adjacent_find(request.indexes, std::greater_equal<>()) ==
                         request.indexes.end();
    if (request.indexes.empty() || !ascends || request.indexes.back() >= kBlobChunksMax) {
        return {BlobBlame{.connection = peer, .fault = BlobFault::kBadRequest}};
    }
    BlobEffects out;
    Bucket& bucket = bucket_of(peer, now);
    for (const std::uint32_t index : request.indexes) {
        if (!charge(bucket, limits_.request_bytes + kBlobChunkBytes)) {
            out.emplace_back(message_to(peer, BlobBusy{request.root}));
            break;
        }
        BlobChunk answer = source.chunk(request.root, index);
        answer.root = request.root;
        answer.index = index;
        bucket.bytes += kBlobChunkBytes - std::min(answer.bytes.size(), kBlobChunkBytes);
        out.emplace_back(message_to(peer, std::move(answer)));
    }
    return out;
}

}  // namespace polis::p2p
