#include <p2p/peers/bans.hpp>

#include <algorithm>

#include <core/codec/utf8.hpp>

namespace polis::p2p {

namespace {

/// A reason may quote what a peer sent: cut it, and keep the file readable by UTF-8 alone.
std::string clean(std::string_view reason) {
    std::string out(reason.substr(0, kBanReasonBytesMax));
    if (!codec::is_utf8(as_bytes(out))) {
        for (char& c : out) {
            const bool plain = c >= ' ' && c <= '~';
            c = plain ? c : '?';
        }
    }
    return out;
}

}  // namespace

void Bans::add(const NodeId& id, TimeMs until, std::string_view reason) {
    const auto present = bans_.find(id);
    if (present != bans_.end() && present->second.until >= until) {
        return;
    }
    bans_[id] = Ban{.until = until, .reason = clean(reason)};
    if (bans_.size() > kBansMax) {
        bans_.erase(std::ranges::min_element(
            bans_, {}, [](const auto& entry) { return entry.second.until; }));
    }
}

bool Bans::is_banned(const NodeId& id, TimeMs now) const {
    const auto entry = bans_.find(id);
    return entry != bans_.end() && entry->second.until > now;
}

void Bans::expire(TimeMs now) {
    std::erase_if(bans_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace polis::p2p
