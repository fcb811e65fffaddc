#include <p2p/session/inbox.hpp>

#include <algorithm>
#include <utility>

#include <core/check.hpp>

namespace polis::p2p {

namespace {

std::optional<TokenBucket> bucket(std::uint64_t per_s, TimeMs now) {
    if (per_s == 0) {
        return std::nullopt;
    }
    return TokenBucket(per_s, Session::kBurstMs, now);
}

}  // namespace

Inbox::Inbox(const Session::Limits& limits, TimeMs now) {
    for (std::size_t i = 0; i < kChannels; ++i) {
        lanes_[i].message_bytes_max = limits.message_bytes_max[i];
        lanes_[i].messages = bucket(limits.allowances[i].messages_per_s, now);
        lanes_[i].bytes = bucket(limits.allowances[i].bytes_per_s, now);
    }
}

bool Inbox::within_allowance(Lane& lane, bool begins, std::size_t bytes, TimeMs now) {
    if (begins && lane.messages && !lane.messages->take(1, now)) {
        return false;
    }
    return !lane.bytes || lane.bytes->take(bytes, now);
}

Result<std::optional<Bytes>, Fault> Inbox::take(const Frame& frame, TimeMs now) {
    POLIS_ASSERT_OP(frame.kind, <, kChannels);
    Lane& lane = lanes_[frame.kind];
    if (frame.first == lane.open) {
        return std::unexpected(
            Fault{CloseReason::kBadRecord, "a fragment that continues no message"});
    }
    if (frame.first) {
        if (frame.total > lane.message_bytes_max) {
            return std::unexpected(
                Fault{CloseReason::kMessageTooLarge, "a message is over the limit"});
        }
        lane.total = frame.total;
    }
    if (!within_allowance(lane, frame.first, frame.body.size(), now)) {
        return std::unexpected(
            Fault{CloseReason::kFlooding, "more on a channel than its allowance"});
    }
    const std::size_t wanted = lane.total - lane.gathered.size();
    if (frame.last ? frame.body.size() != wanted : frame.body.size() >= wanted) {
        return std::unexpected(
            Fault{CloseReason::kBadRecord, "a message of another length than announced"});
    }
    // Doubling, but never beyond the end that is known.
    const std::size_t needed = lane.gathered.size() + frame.body.size();
    if (needed > lane.gathered.capacity()) {
        lane.gathered.reserve(std::min(lane.total, std::max(needed, 2 * lane.gathered.size())));
    }
    append(lane.gathered, frame.body);
    lane.open = !frame.last;
    if (lane.open) {
        return std::nullopt;
    }
    return std::exchange(lane.gathered, {});
}

Result<void, Fault> Inbox::take_ping(TimeMs now) {
    Lane& lane = lanes_[static_cast<std::size_t>(Channel::kControl)];
    if (!within_allowance(lane, /*begins=*/true, 0, now)) {
        return std::unexpected(Fault{CloseReason::kFlooding, "too many pings"});
    }
    return {};
}

std::size_t Inbox::memory_bytes() const {
    std::size_t out = 0;
    for (const Lane& lane : lanes_) {
        out += lane.gathered.capacity();
    }
    return out;
}

}  // namespace polis::p2p
