#include <algorithm>
#include <utility>

#include <core/integer.hpp>
#include <node/validator/impl.hpp>

/// What peers say. Nothing here is believed before it was verified, and the sender answers for what
/// it passes on. Spec [J8] to [J11], [J13].
namespace polis::node {

namespace {

/// Proposals of views whose leaders cannot be told yet are never this many: one above view 0 shows
/// a quorum that has left the views below.
constexpr std::size_t kShownMax = 64;

}  // namespace

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const pbft::Message& message) {
    return hear(peer, message, /*direct=*/true);
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const consensus::FactVote& message) {
    return hear(peer, message, /*direct=*/true);
}

/// What came lately is no news for the replica either.
Validator::Impl::Done Validator::Impl::hear(
    PeerId peer, const pbft::Message& message, bool direct) {
    const auto sighting = sighting_of(peer, message, direct);
    if (sighting && is_repeated(*sighting)) {
        return {};
    }
    auto verified = pbft::verify(message, replica_.schedule(), checker_);
    if (!verified) {
        if (sighting && verified.error() == pbft::Reject::kStale) {
            relay_.note(*sighting, now_);  // it only came too late
        }
        return turn_away(peer, message, verified.error());
    }
    note_source(peer, message);
    if (sighting) {
        pass_on(*sighting, message);
    }
    inputs_.emplace_back(pbft::Received{*std::move(verified)});
    return {};
}

void Validator::Impl::note_source(PeerId peer, const pbft::Message& message) {
    const Height about = pbft::height_of(message);
    const auto member = pbft::member_of(message);
    if (member && about == replica_.height()) {
        peer_of_[*member] = peer;
    }
    const consensus::Committee* voters = replica_.schedule().at(about);
    if (member && voters != nullptr && *member < voters->size()) {
        heard_[voters->members[*member].consensus_key] = now_;
    }
    const auto* proposal = std::get_if<pbft::Proposal>(&message);
    if (proposal != nullptr && shown_.size() < kShownMax) {
        shown_.try_emplace(
            {about, proposal->vote.statement.view}, Shown{proposal->vote.statement.digest, peer});
    }
}

Validator::Impl::Done Validator::Impl::turn_away(
    PeerId peer, const pbft::Message& message, pbft::Reject reason) {
    const Height about = pbft::height_of(message);
    if (reason == pbft::Reject::kStale) {
        // An answer to an answer would go on for ever.
        return std::holds_alternative<pbft::Decided>(message) ? Done{} : help(peer, about);
    }
    if (reason == pbft::Reject::kFuture) {
        tell_claim(peer);  // if it is ahead, it will say so in return
        return {};
    }
    if (pbft::is_misbehaviour(reason)) {
        penalise(peer, pbft::to_string(reason));
    }
    return {};
}

/// Tells a peer that still votes on a decided height how it was decided. Votes that only crossed
/// the decision are no call for help.
Validator::Impl::Done Validator::Impl::help(PeerId peer, Height height) {
    const std::uint64_t pause = options_.timing.resend_ms / 2;
    const auto decided = decided_at_.find(height);
    const bool crossed =
        decided != decided_at_.end() && now_ < TimeMs{saturating_add(decided->second.value, pause)};
    Peer& state = peers_.at(peer);
    if (crossed || now_ < state.help_at) {
        return {};
    }
    state.help_at = TimeMs{saturating_add(now_.value, pause)};
    POLIS_TRY(const auto certificate, chain().certificate(height));
    if (certificate) {
        send(peer, pbft::Message{pbft::Decided{*certificate}});
    }
    tell_claim(peer);
    return {};
}

Validator::Impl::Done Validator::Impl::hear(
    PeerId peer, const consensus::FactVote& message, bool direct) {
    const pbft::Schedule& schedule = replica_.schedule();
    const bool current = message.term == schedule.current.term;
    if (!current && message.term != schedule.parent.term) {
        return {};  // of a term that has not begun here, or is over
    }
    const consensus::Committee& committee = current ? schedule.current : schedule.parent;
    std::optional<Sighting> sighting;
    if (message.member < committee.size()) {
        sighting = Sighting{
            .name = message.signature,
            .origin = committee.members[message.member].consensus_key,
            .height = replica_.height(),
            .from = peer,
            .direct = direct};
        if (is_repeated(*sighting)) {
            return {};
        }
    }
    if (const auto valid = consensus::verify_fact_vote(message, committee, checker_); !valid) {
        penalise(peer, consensus::to_string(valid.error()));
        return {};
    }
    const auto added = facts_.add(message);
    if (sighting && added.outcome == consensus::FactVoteOutcome::kCounted) {
        pass_on(*sighting, Said{message});
    }
    report(added.alarm);
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::HeadClaim& message) {
    enqueue(block_sync_.claimed(peer, message, now_));
    // One block less is only a claim that crossed this node's own.
    if (saturating_add(message.head.value, std::uint64_t{1}) < keeper_.head().height.value) {
        tell_claim(peer);
    }
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::BlockResponse& message) {
    enqueue(block_sync_.answered(peer, message, now_));
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::BlockBusy& message) {
    enqueue(block_sync_.busy(peer, message, now_));
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::BodySummary& message) {
    enqueue(body_fetch_.summary_answered(peer, message, now_));
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::BodyItems& message) {
    enqueue(body_fetch_.items_answered(peer, message, now_));
    return {};
}

}  // namespace polis::node
