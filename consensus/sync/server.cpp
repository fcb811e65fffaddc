#include <consensus/sync/server.hpp>

#include <algorithm>
#include <utility>

#include <consensus/sync/time.hpp>
#include <core/integer.hpp>

namespace polis::sync {

bool ServeBudget::admit(PeerId peer, TimeMs now) {
    const auto [entry, is_new] =
        buckets_.try_emplace(peer, Bucket{.bytes = options_.bytes_max, .debt = 0, .filled = now});
    Bucket& bucket = entry->second;
    std::uint64_t gained = saturating_mul(ms_between(bucket.filled, now), options_.bytes_per_ms);
    bucket.filled = std::max(bucket.filled, now);
    const std::uint64_t paid = std::min(gained, bucket.debt);
    bucket.debt -= paid;
    gained = std::min(gained - paid, options_.bytes_max - bucket.bytes);
    bucket.bytes += gained;
    if (bucket.debt > 0 || bucket.bytes < options_.request_bytes) {
        return false;
    }
    bucket.bytes -= options_.request_bytes;
    return true;
}

void ServeBudget::charge(PeerId peer, std::size_t bytes) {
    const auto entry = buckets_.find(peer);
    if (entry == buckets_.end()) {
        return;
    }
    Bucket& bucket = entry->second;
    const std::uint64_t paid = std::min<std::uint64_t>(bytes, bucket.bytes);
    bucket.bytes -= paid;
    bucket.debt += bytes - paid;
}

ServePlan plan_blocks(const BlockRequest& request, const HeadClaim& here) {
    if (request.count == 0 || request.from < here.base || request.from > here.head) {
        return {.from = request.from, .count = 0};
    }
    const std::uint64_t above = here.head.value - request.from.value;
    const std::uint64_t wanted = std::min<std::uint64_t>(request.count, kAnswerBlocksMax);
    return {.from = request.from, .count = above < wanted ? above + 1 : wanted};
}

BlockAnswer::BlockAnswer(const BlockRequest& request)
    : response_{.id = request.id, .from = request.from, .blocks = {}},
      count_max_(std::min<std::size_t>(request.count, kAnswerBlocksMax)) {}

bool BlockAnswer::add(SyncedBlock block) {
    const std::size_t bytes =
        block.block.size() + block.certificate.signatures.size() * Signature::kSize;
    const bool fits = response_.blocks.empty() || bytes_ + bytes <= kAnswerBytes;
    if (!fits || response_.blocks.size() >= count_max_) {
        return false;
    }
    bytes_ += bytes;
    response_.blocks.push_back(std::move(block));
    return response_.blocks.size() < count_max_ && bytes_ < kAnswerBytes;
}

std::vector<std::uint32_t> plan_items(
    const BodyRequest& request, std::span<const std::size_t> sizes) {
    std::vector<std::uint32_t> out;
    std::size_t bytes = 0;
    for (const std::uint32_t index : request.indexes) {
        const bool ascends = out.empty() || index > out.back();
        if (!ascends || index >= sizes.size() || out.size() == kBodyItemsMax) {
            break;
        }
        bytes += sizes[index];
        if (!out.empty() && bytes > kAnswerBytes) {
            break;
        }
        out.push_back(index);
    }
    return out;
}

}  // namespace polis::sync
