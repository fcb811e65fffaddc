#pragma once

#include <cstdint>
#include <vector>

#include <consensus/sync/messages.hpp>
#include <core/codec/borsh.hpp>

/// A chain of blocks that say only their height, for machines to which blocks are opaque.
namespace polis::sync {

inline SyncedBlock block_at(std::uint64_t height) {
    SyncedBlock out;
    out.block = codec::encode(height);
    out.certificate.statement.height = Height{height};
    out.certificate.statement.phase = pbft::Phase::kCommit;
    return out;
}

/// What a driver finds out with the committee's keys.
inline bool is_valid(const SyncedBlock& block, Height height) {
    return block == block_at(height.value);
}

inline std::vector<SyncedBlock> blocks_from(std::uint64_t first, std::uint64_t count) {
    std::vector<SyncedBlock> out;
    for (std::uint64_t i = 0; i < count; ++i) {
        out.push_back(block_at(first + i));
    }
    return out;
}

inline BlockResponse answer_to(const BlockRequest& request) {
    return {
        .id = request.id,
        .from = request.from,
        .blocks = blocks_from(request.from.value, request.count)};
}

}  // namespace polis::sync
