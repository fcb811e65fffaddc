#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include <consensus/sync/messages.hpp>
#include <consensus/sync/peer.hpp>
#include <core/types.hpp>

/// The other side of sync: how much of an answer, and how often. The driver reads the store.
namespace polis::sync {

/// What one peer may draw from this node: a bucket of bytes that refills with time, so that no
/// asker takes bandwidth and disk from the others. Spec [Y14].
class ServeBudget {
  public:
    struct Options {
        std::uint64_t bytes_per_ms = std::uint64_t{8} * 1024;
        std::uint64_t bytes_max = std::uint64_t{32} * 1024 * 1024;  ///< saved up at most
        std::uint64_t request_bytes =
            std::uint64_t{4} * 1024;  ///< what a request costs beside its answer
    };

    explicit ServeBudget(const Options& options) : options_(options) {}

    /// True if the peer may be answered; charges the request.
    [[nodiscard]] bool admit(PeerId peer, TimeMs now);

    /// Charges an answer; may go into debt, which later time pays.
    void charge(PeerId peer, std::size_t bytes);

    void peer_left(PeerId peer) { buckets_.erase(peer); }

  private:
    struct Bucket {
        std::uint64_t bytes = 0;
        std::uint64_t debt = 0;
        TimeMs filled;
    };

    const Options options_;
    std::map<PeerId, Bucket> buckets_;
};

/// Which blocks a request gets: `count` from `from`, fewer if they fill an answer.
struct ServePlan {
    Height from;
    std::uint64_t count = 0;  ///< 0: nothing of it is here
};

/// Bounds a request by what this node has and by the limits. Pure. Spec [Y15].
[[nodiscard]] ServePlan plan_blocks(const BlockRequest& request, const HeadClaim& here);

/// Puts an answer together until it is full:
///     BlockAnswer answer(request);
///     for (h in plan) { if (!answer.add(load(h))) break; }
class BlockAnswer {
  public:
    explicit BlockAnswer(const BlockRequest& request);

    /// Takes the next block. @return false if the answer is full now
    bool add(SyncedBlock block);

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    [[nodiscard]] BlockResponse take() { return std::move(response_); }

  private:
    BlockResponse response_;
    std::size_t count_max_;
    std::size_t bytes_ = 0;
};

/// The indexes of a request that may be served from a block of `txns` transactions whose encoded
/// sizes are `sizes`: ascending, in range, as many as fit one answer. Pure. Spec [Y25].
[[nodiscard]] std::vector<std::uint32_t> plan_items(
    const BodyRequest& request, std::span<const std::size_t> sizes);

}  // namespace polis::sync
