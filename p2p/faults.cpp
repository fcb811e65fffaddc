#include <p2p/faults.hpp>

#include <algorithm>
#include <utility>

#include <core/integer.hpp>

namespace polis::p2p {

namespace {

constexpr std::uint32_t kMillion = 1'000'000;
constexpr LinkFaults kNoFaults{};

std::size_t index_of(Channel channel) { return static_cast<std::size_t>(channel); }

}  // namespace

FaultyLinks::FaultyLinks(std::uint64_t seed) : random_(seed, "faulty_links") {}

void FaultyLinks::set(const std::optional<NodeId>& peer, const LinkFaults& faults) {
    if (peer) {
        peers_[*peer] = faults;
    } else {
        everyone_ = faults;
    }
    reschedule();
}

void FaultyLinks::clear() {
    everyone_.reset();
    peers_.clear();
    reschedule();
}

std::optional<LinkFaults> FaultyLinks::get(const std::optional<NodeId>& peer) const {
    if (!peer) {
        return everyone_;
    }
    const auto own = peers_.find(*peer);
    return own == peers_.end() ? std::nullopt : std::optional{own->second};
}

const std::map<NodeId, LinkFaults>& FaultyLinks::peers() const { return peers_; }

bool FaultyLinks::active() const { return everyone_ || !peers_.empty() || !links_.empty(); }

const LinkFaults& FaultyLinks::faults_of(const NodeId& peer) const {
    const auto own = peers_.find(peer);
    if (own != peers_.end()) {
        return own->second;
    }
    return everyone_ ? *everyone_ : kNoFaults;
}

void FaultyLinks::submit(
    std::uint32_t connection, const NodeId& peer, Channel channel, Bytes message, TimeMs now) {
    const LinkFaults& faults = faults_of(peer);
    if (faults.cut || random_.below(kMillion) < faults.loss_ppm) {
        return;
    }
    Link& link = links_[connection];
    link.peer = peer;
    link.faults = faults;
    const bool fits = link.count < kHeldMessagesMax &&
                      message.size() <= kHeldBytesMax - std::min(link.bytes, kHeldBytesMax);
    if (link.count > 0 && !fits) {
        return;
    }
    Line& line = link.lines[index_of(channel)];
    Held held{.sequence = sequence_++, .sent = now, .due = now, .message = std::move(message)};
    held.due = std::max(due_of(link, held), line.empty() ? now : line.back().due);
    link.bytes += held.message.size();
    ++link.count;
    line.push_back(std::move(held));
}

/// The link first sends what was submitted before, at its speed; then the message is on its way for
/// the latency and the jitter.
TimeMs FaultyLinks::due_of(Link& link, const Held& held) {
    const LinkFaults& faults = link.faults;
    const u128 limit_us = (static_cast<u128>(held.sent.value) + kHeldMsMax) * 1'000;
    u128 sent_us = static_cast<u128>(held.sent.value) * 1'000;
    if (faults.bytes_per_s != 0) {
        const u128 line_us =
            wide_mul(held.message.size(), kMillion) / static_cast<u128>(faults.bytes_per_s);
        link.free_us = std::min(std::max(link.free_us, sent_us) + line_us, limit_us);
        sent_us = link.free_us;
    }
    const std::uint64_t jitter =
        faults.jitter_ms == 0 ? 0 : random_.between(0, std::min(faults.jitter_ms, kHeldMsMax));
    const u128 away_us = (static_cast<u128>(faults.latency_ms) + jitter) * 1'000;
    const u128 due_ms = (std::min(sent_us + away_us, limit_us) + 999) / 1'000;
    return TimeMs{narrow(due_ms).value_or(UINT64_MAX)};
}

void FaultyLinks::reschedule() {
    for (auto& [connection, link] : links_) {
        const LinkFaults& faults = faults_of(link.peer);
        if (faults == link.faults) {
            continue;
        }
        link.faults = faults;
        reschedule(link);
    }
    std::erase_if(links_, [](const auto& entry) { return entry.second.count == 0; });
}

void FaultyLinks::reschedule(Link& link) {
    link.free_us = 0;
    if (link.faults.cut) {
        link.lines = {};
        link.count = 0;
        link.bytes = 0;
        return;
    }
    std::vector<std::pair<Held*, TimeMs*>> all;  // and when the one before it in its line is due
    for (Line& line : link.lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            all.emplace_back(&line[i], i == 0 ? nullptr : &line[i - 1].due);
        }
    }
    std::ranges::sort(all, {}, [](const auto& item) { return item.first->sequence; });
    for (const auto& [held, before] : all) {
        held->due = due_of(link, *held);
        held->due = before == nullptr ? held->due : std::max(held->due, *before);
    }
}

void FaultyLinks::connection_closed(std::uint32_t connection) { links_.erase(connection); }

std::vector<FaultyLinks::Released> FaultyLinks::release(TimeMs now) {
    struct Due {
        TimeMs due;
        std::uint64_t sequence = 0;
        Released released;
    };

    std::vector<Due> due;
    for (auto& [connection, link] : links_) {
        for (std::size_t channel = 0; channel < kChannels; ++channel) {
            Line& line = link.lines[channel];
            for (; !line.empty() && line.front().due <= now; line.pop_front()) {
                Held& held = line.front();
                link.bytes -= held.message.size();
                --link.count;
                due.push_back(
                    {.due = held.due,
                     .sequence = held.sequence,
                     .released = {
                         .connection = connection,
                         .channel = static_cast<Channel>(channel),
                         .message = std::move(held.message)}});
            }
        }
    }
    // A throttled link that holds nothing is kept until it is free: what comes next must wait.
    std::erase_if(links_, [now](const auto& entry) {
        const Link& link = entry.second;
        return link.count == 0 && link.free_us <= static_cast<u128>(now.value) * 1'000;
    });
    std::ranges::sort(due, [](const Due& left, const Due& right) {
        return left.due != right.due ? left.due < right.due : left.sequence < right.sequence;
    });
    std::vector<Released> out;
    out.reserve(due.size());
    for (Due& item : due) {
        out.push_back(std::move(item.released));
    }
    return out;
}

std::optional<TimeMs> FaultyLinks::next_release() const {
    std::optional<TimeMs> out;
    for (const auto& [connection, link] : links_) {
        for (const Line& line : link.lines) {
            if (!line.empty() && (!out || line.front().due < *out)) {
                out = line.front().due;
            }
        }
    }
    return out;
}

std::size_t FaultyLinks::held_bytes(std::uint32_t connection) const {
    const auto link = links_.find(connection);
    return link == links_.end() ? 0 : link->second.bytes;
}

}  // namespace polis::p2p
