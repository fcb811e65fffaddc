// blob_*: content by its root. Large blobs go over PUT and GET /v1/blobs.
#include <algorithm>

#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

constexpr std::uint64_t kChunkBytes = 65'536;  // as blobs are proved and sent between nodes

const Param kRootParam{.name = "root", .type = ParamType::kHash, .description = "The blob's root."};

Outcome put(const Call& call) {
    const Bytes& data = call.params.bytes("data");
    const auto root = call.node.backend.put_blob(data);
    if (!root) {
        return std::unexpected(rpc_error(ErrorName::kBlobFailed, root.error()));
    }
    JsonWriter out;
    out.begin_object().bytes("root", root->view()).number("bytes", data.size()).end_object();
    return out.take();
}

Outcome get(const Call& call) {
    const Hash& root = call.params.hash("root");
    const std::uint64_t offset = call.params.count("offset");
    const auto bytes = call.node.backend.blob_bytes(root);
    if (!bytes) {
        return std::unexpected(rpc_error(ErrorName::kNotFound, "this node has no such blob"));
    }
    if (offset > *bytes) {
        return std::unexpected(
            rpc_error(ErrorName::kOutOfRange, "the blob has " + std::to_string(*bytes) + " bytes"));
    }
    const std::uint64_t count = std::min(call.params.count("count"), *bytes - offset);
    const auto data = call.node.backend.read_blob(root, offset, count);
    if (!data) {
        return std::unexpected(rpc_error(ErrorName::kBlobFailed, data.error()));
    }
    JsonWriter out;
    out.begin_object().bytes("root", root.view()).number("bytes", *bytes);
    out.number("offset", offset).bytes("data", *data).end_object();
    return out.take();
}

Outcome stat(const Call& call) {
    const auto bytes = call.node.backend.blob_bytes(call.params.hash("root"));
    if (!bytes) {
        return "null";
    }
    JsonWriter out;
    out.begin_object().bytes("root", call.params.hash("root").view()).number("bytes", *bytes);
    out.number("chunks", (*bytes + kChunkBytes - 1) / kChunkBytes).end_object();
    return out.take();
}

}  // namespace

std::vector<Method> blob_methods() {
    return {
        {.name = "blob_put",
         .summary = "Stores a blob. Larger ones: PUT /v1/blobs.",
         .params =
             {{.name = "data",
               .type = ParamType::kBytes,
               .description = "The content.",
               .max = kBlobPutBytesMax}},
         .result = "{root: hash, bytes: number}",
         .errors = {ErrorName::kTooLarge, ErrorName::kBlobFailed},
         .handler = OnWorker{put}},
        {.name = "blob_get",
         .summary = "A part of a blob. Larger ones: GET /v1/blobs/ROOT with Range.",
         .params =
             {kRootParam,
              {.name = "offset",
               .type = ParamType::kCount,
               .description = "First byte.",
               .required = false,
               .standard = "0"},
              {.name = "count",
               .type = ParamType::kCount,
               .description = "Bytes at most.",
               .required = false,
               .standard = "262144",
               .max = kBlobReadMax}},
         .result = "{root: hash, bytes: number, offset: number, data: hex}",
         .errors = {ErrorName::kNotFound, ErrorName::kOutOfRange, ErrorName::kBlobFailed},
         .handler = OnWorker{get}},
        {.name = "blob_stat",
         .summary = "Size of a blob; null if this node has none of that root.",
         .params = {kRootParam},
         .result = "{root: hash, bytes: number, chunks: number}|null",
         .errors = {},
         .handler = OnWorker{stat}}};
}

}  // namespace polis::node::rpc
