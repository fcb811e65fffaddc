#include <p2p/peers/score.hpp>

#include <algorithm>

#include <core/integer.hpp>

namespace polis::p2p {

std::uint32_t points_of(Offence offence) {
    switch (offence) {
        case Offence::kBrokeProtocol:
            return kBanPoints;
        case Offence::kInvalidData:
            return 20;
        case Offence::kFlooding:
            return 10;
        case Offence::kUseless:
            return 5;
    }
    return kBanPoints;
}

std::uint32_t Scores::add(const NodeId& id, std::uint32_t points, TimeMs now) {
    if (!faded_at_.contains(id)) {
        make_room(now);
    }
    TimeMs& faded = faded_at_[id];
    faded.value = saturating_add(std::max(faded, now).value, points * kFadeMs);
    return at(id, now);
}

std::uint32_t Scores::at(const NodeId& id, TimeMs now) const {
    const auto entry = faded_at_.find(id);
    if (entry == faded_at_.end() || entry->second <= now) {
        return 0;
    }
    const std::uint64_t left = entry->second.value - now.value;
    const std::uint64_t points = left / kFadeMs + (left % kFadeMs != 0 ? 1 : 0);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(points, UINT32_MAX));
}

void Scores::make_room(TimeMs now) {
    if (faded_at_.size() < kScoresMax) {
        return;
    }
    std::erase_if(faded_at_, [now](const auto& entry) { return entry.second <= now; });
    if (faded_at_.size() >= kScoresMax) {
        faded_at_.erase(std::ranges::min_element(
            faded_at_, {}, [](const auto& entry) { return entry.second; }));
    }
}

}  // namespace polis::p2p
