#include <algorithm>
#include <utility>

#include <core/integer.hpp>
#include <node/validator/impl.hpp>

/// Members' messages for those who do not hear the member. Spec [J26] to [J29].
namespace polis::node {

namespace {

constexpr std::size_t kHeldMax = 4;

/// So many times in vain before also those are asked for whom somebody speaks.
constexpr std::uint64_t kHealsForAll = 16;

/// The one signature that tells a message from every other; null for what anybody may say.
const pbft::Vote* vote_of(const pbft::Message& message) {
    if (const auto* proposal = std::get_if<pbft::Proposal>(&message)) {
        return &proposal->vote;
    }
    if (const auto* ballot = std::get_if<pbft::Ballot>(&message)) {
        return &ballot->vote;
    }
    if (const auto* change = std::get_if<pbft::ViewChangeMessage>(&message)) {
        return &change->change.vote;
    }
    return nullptr;
}

const pbft::Proposal* proposal_of(const Said& said) {
    const auto* message = std::get_if<pbft::Message>(&said);
    return message != nullptr ? std::get_if<pbft::Proposal>(message) : nullptr;
}

bool shows_its_block(const Said& said) {
    const pbft::Proposal* proposal = proposal_of(said);
    return proposal == nullptr || is_whole(proposal->summary);
}

/// What it takes on the wire, roughly.
std::size_t bytes_of(const Said& said) {
    const pbft::Proposal* proposal = proposal_of(said);
    return sizeof(Said) + (proposal == nullptr ? 0
                                               : proposal->summary.txns.size() * sizeof(Hash) +
                                                     proposal->summary.facts.size());
}

}  // namespace

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const Relayed& message) {
    return std::visit(
        [this, peer](const auto& said) { return hear(peer, said, /*direct=*/false); },
        message.said);
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const RelayPrune& message) {
    const pbft::Schedule& schedule = replica_.schedule();
    if (schedule.current.index_of(message.origin) || schedule.next.index_of(message.origin)) {
        relay_.prune(peer, message.origin);
    }
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const RelayGraft& message) {
    relay_.graft(peer, message.origins, now_);
    return {};
}

/// Nothing for what nobody signed or nobody can place yet.
std::optional<Sighting> Validator::Impl::sighting_of(
    PeerId peer, const pbft::Message& message, bool direct) const {
    const pbft::Vote* vote = vote_of(message);
    const Height height = pbft::height_of(message);
    const pbft::Schedule& schedule = replica_.schedule();
    const bool latest = height.value + 1 == schedule.height.value;
    const consensus::Committee* voters = latest ? &schedule.parent : schedule.at(height);
    if (vote == nullptr || voters == nullptr || vote->member >= voters->size()) {
        return std::nullopt;
    }
    return Sighting{
        .name = vote->signature,
        .origin = voters->members[vote->member].consensus_key,
        .height = height,
        .from = peer,
        .direct = direct};
}

bool Validator::Impl::is_repeated(const Sighting& sighting) {
    const auto repeated = relay_.repeated(sighting, now_);
    if (repeated && repeated->prune) {
        send(*repeated->prune, RelayPrune{sighting.origin});
    }
    return repeated.has_value();
}

/// A summary is not covered by the signature: a false one must not be taken for the message.
void Validator::Impl::pass_on(const Sighting& sighting, const Said& said) {
    const std::vector<PeerId> peers = sighting.origin == self_
                                          ? std::vector<PeerId>{}
                                          : relay_.targets(sighting, bytes_of(said), now_);
    if (!peers.empty() && !shows_its_block(said)) {
        return;
    }
    relay_.note(sighting, now_);
    if (peers.empty()) {
        return;
    }
    const Envelope message = Relayed{said};
    const Bytes bytes = encode_wire(message);
    for (const PeerId peer : peers) {
        out_.emplace_back(SendTo{peer, channel_of(message), bytes});
    }
}

/// Who answers for what it passes on must know that it is right.
void Validator::Impl::pass_on(const Sighting& sighting, const pbft::Message& message) {
    const pbft::Schedule& schedule = replica_.schedule();
    const bool ranked = schedule.at(sighting.height)->term == schedule.current.term;
    if (ranked || !std::holds_alternative<pbft::Proposal>(message)) {
        pass_on(sighting, Said{message});
    } else if (held_.size() < kHeldMax) {
        held_.push_back({sighting, message});
    }
}

/// The next height has begun.
void Validator::Impl::pass_on_held() {
    for (Held& held : std::exchange(held_, {})) {
        if (held.sighting.height == replica_.height() &&
            pbft::verify(held.message, replica_.schedule(), checker_)) {
            pass_on(held.sighting, Said{std::move(held.message)});
        }
    }
}

void Validator::Impl::broadcast_own(const pbft::Message& message) {
    if (const pbft::Vote* vote = vote_of(message)) {
        relay_.said(vote->signature, vote->statement.height, now_);
    }
    broadcast(message);
}

/// Who speaks for a member is believed to, but not for ever.
void Validator::Impl::heal_relay() {
    std::vector<PublicKey> origins = relay_.heal(++heals_ % kHealsForAll == 0);
    if (origins.size() > kGraftOriginsMax) {
        origins.resize(kGraftOriginsMax);
    }
    if (!origins.empty()) {
        broadcast(RelayGraft{std::move(origins)});
    }
}

}  // namespace polis::node
