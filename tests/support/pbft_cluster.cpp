#include <tests/support/pbft_cluster.hpp>

#include <algorithm>
#include <utility>

#include <consensus/pbft/describe.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/random.hpp>

namespace polis::pbft::testing {

crypto::SigningKey member_key(std::size_t index) {
    Random random(index, "pbft test member");
    std::array<std::uint8_t, crypto::Seed::kSize> bytes{};
    random.fill(bytes);
    return crypto::SigningKey(crypto::Seed(ByteView{bytes}));
}

Committee test_committee(std::size_t members, Term term) {
    Committee out{.chain = kTestChain, .term = term, .members = {}, .ranking = {}};
    for (std::size_t i = 0; i < members; ++i) {
        consensus::Member member;
        member.consensus_key = member_key(i).public_key();
        member.stake = Amount{1'000};
        out.members.push_back(member);
        out.ranking.order.push_back(static_cast<MemberIndex>(i));
    }
    return out;
}

Summary test_block(Height height, View view, std::uint64_t salt) {
    Bytes header;
    codec::encode_to(header, height);
    codec::encode_to(header, view);
    codec::encode_to(header, salt);
    return {.header = std::move(header), .txns = {}, .facts = {}};
}

Schedule test_schedule(const Committee& committee, Height height, const Hash& head) {
    return {
        .height = height,
        .head = head,
        .parent = committee,
        .current = committee,
        .next = committee};
}

Vote signed_vote(
    const Committee& committee, std::size_t index, Slot slot, Phase phase, const Hash& digest) {
    const Statement statement{
        .chain = committee.chain,
        .term = committee.term,
        .height = slot.height,
        .view = slot.view,
        .phase = phase,
        .digest = digest};
    return {
        .statement = statement,
        .member = static_cast<MemberIndex>(index),
        .signature = member_key(index).sign(signing_hash(statement).view())};
}

Certificate signed_certificate(
    const Committee& committee,
    const std::vector<std::size_t>& signers,
    Slot slot,
    Phase phase,
    const Hash& digest) {
    std::vector<Vote> votes;
    for (const std::size_t signer : signers) {
        votes.push_back(signed_vote(committee, signer, slot, phase, digest));
    }
    return make_certificate(votes, committee.size());
}

ViewChangeMessage signed_view_change(
    const Committee& committee,
    std::size_t index,
    Slot slot,
    const std::optional<Certificate>& prepared) {
    std::optional<Prepared> claim;
    if (prepared) {
        claim = Prepared{prepared->statement.view, prepared->statement.digest};
    }
    const Vote vote = signed_vote(committee, index, slot, Phase::kViewChange, prepared_hash(claim));
    return {.change = {.vote = vote, .prepared = claim}, .certificate = prepared};
}

bool CachedChecker::signature_valid(
    const PublicKey& key, ByteView message, const Signature& signature) {
    const Hash name = crypto::Blake2b256(crypto::kDomainVote)
                          .update(key.view())
                          .update(signature.view())
                          .update(message)
                          .finish();
    const auto known = known_.find(name);
    if (known != known_.end()) {
        return known->second;
    }
    const bool valid = plain_.signature_valid(key, message, signature);
    known_.emplace(name, valid);
    return valid;
}

std::optional<VrfOutput> CachedChecker::vrf_output(
    const VrfPublicKey& key, ByteView input, const VrfProof& proof) {
    return plain_.vrf_output(key, input, proof);
}

Cluster::Cluster(Options options) : options_(options), committee_(test_committee(options.members)) {
    nodes_.resize(options.members);
}

Schedule Cluster::schedule_of(const Node& node) const {
    const Height height{node.chain.size() + 1};
    return test_schedule(committee_, height, node.chain.empty() ? Hash{} : node.chain.back());
}

void Cluster::start(std::size_t index) {
    Node& node = nodes_[index];
    node.up = true;
    node.inputs.clear();
    node.input_times.clear();
    node.effects.clear();
    Safety safety(member_key(index), kTestChain, node.stored, Height{node.chain.size()});
    node.replica = std::make_unique<Replica>(Replica::Setup{
        .safety = std::move(safety),
        .schedule = schedule_of(node),
        .head_certificate =
            node.certificates.empty() ? std::nullopt : std::optional{node.certificates.back()},
        .timing = options_.timing});
    input(index, Start{});
}

void Cluster::start_all() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        start(i);
    }
}

void Cluster::crash(std::size_t index) {
    Node& node = nodes_[index];
    node.up = false;
    node.replica.reset();
    node.timers.clear();
    node.build.reset();
    node.obtains.clear();
    node.bodies = node.stored_bodies;
    drop([index](const Flight& flight) { return flight.to == index; });
}

void Cluster::input(std::size_t index, const Input& input) {
    Node& node = nodes_[index];
    node.log.push_back("< " + describe(input));
    const Effects effects = node.replica->step(input, now_);
    node.inputs.push_back(input);
    node.input_times.push_back(now_);
    node.effects.push_back(effects);
    for (const Effect& effect : effects) {
        node.log.push_back("> " + describe(effect));
    }
    for (const Effect& effect : effects) {
        perform(index, effect);
    }
}

void Cluster::send(std::size_t from, const Message& message) {
    for (std::size_t to = 0; to < nodes_.size(); ++to) {
        Flight flight{.from = from, .to = to, .message = message};
        if (to != from && nodes_[to].up && !(filter_ && filter_(flight))) {
            flights_.push_back(std::move(flight));
        }
    }
}

void Cluster::perform(std::size_t index, const Effect& effect) {
    Node& node = nodes_[index];
    if (const auto* broadcast = std::get_if<Broadcast>(&effect)) {
        send(index, broadcast->message);
    } else if (const auto* persist = std::get_if<Persist>(&effect)) {
        node.stored = persist->record;
        if (persist->store) {
            POLIS_ASSERT(node.bodies.contains(*persist->store));
            node.stored_bodies.insert(*persist->store);
        }
        for (const Message& message : persist->then_broadcast) {
            send(index, message);
        }
    } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
        node.timers[timer->timer] = timer->at;
    } else if (const auto* cancel = std::get_if<CancelTimer>(&effect)) {
        node.timers.erase(cancel->timer);
    } else if (const auto* build = std::get_if<Build>(&effect)) {
        node.build = *build;
    } else if (const auto* obtain = std::get_if<Obtain>(&effect)) {
        if (obtain->summary) {
            blocks_.emplace(obtain->digest, *obtain->summary);
        }
        node.obtains.push_back(*obtain);
        if (options_.answers_obtains) {
            try_obtains(index);
        }
    } else if (const auto* finalize_effect = std::get_if<Finalize>(&effect)) {
        finalize(index, *finalize_effect);
    } else if (std::holds_alternative<Behind>(effect)) {
        sync(index);
    }
}

/// What block sync does: the certificate of the height being decided from whoever has it.
void Cluster::sync(std::size_t index) {
    const std::size_t missing = nodes_[index].chain.size();
    for (const Node& other : nodes_) {
        if (other.up && other.certificates.size() > missing) {
            input(index, Synced{other.certificates[missing]});
            return;
        }
    }
}

/// What a driver answers to messages of a decided height.
void Cluster::answer_stale(std::size_t index, const Flight& flight) {
    const Height height = height_of(flight.message);
    const Node& node = nodes_[index];
    if (height.value >= 1 && height.value <= node.certificates.size()) {
        flights_.push_back(
            {.from = index,
             .to = flight.from,
             .message = Decided{node.certificates[height.value - 1]}});
    }
}

bool Cluster::source_has(const Obtain& obtain) const {
    return obtain.summary || std::ranges::any_of(obtain.sources, [&](MemberIndex source) {
               return nodes_[source].up && nodes_[source].bodies.contains(obtain.digest);
           });
}

void Cluster::try_obtains(std::size_t index) {
    const std::vector<Obtain> waiting = std::exchange(nodes_[index].obtains, {});
    for (const Obtain& obtain : waiting) {
        Node& node = nodes_[index];
        if (!node.bodies.contains(obtain.digest) && !source_has(obtain)) {
            node.obtains.push_back(obtain);
            continue;
        }
        node.bodies.insert(obtain.digest);
        input(
            index,
            Obtained{
                .height = obtain.height,
                .digest = obtain.digest,
                .verdict = Verdict::kValid,
                .summary = blocks_.at(obtain.digest)});
    }
}

/// A block that is final can always be had: a quorum holds it.
void Cluster::finalize(std::size_t index, const Finalize& effect) {
    Node& node = nodes_[index];
    const Hash digest = effect.certificate.statement.digest;
    node.chain.push_back(digest);
    node.bodies.insert(digest);
    node.stored_bodies.insert(digest);
    node.stored = effect.record;
    node.certificates.push_back(effect.certificate);
    node.build.reset();
    node.obtains.clear();
    input(index, Applied{.digest = digest, .schedule = schedule_of(node)});
}

std::optional<Reject> Cluster::receive(std::size_t index, const Message& message) {
    auto verified = verify(message, nodes_[index].replica->schedule(), checker_);
    if (!verified) {
        return verified.error();
    }
    input(index, Received{*std::move(verified)});
    return std::nullopt;
}

bool Cluster::deliver_one() {
    if (flights_.empty()) {
        return false;
    }
    const Flight flight = std::move(flights_.front());
    flights_.pop_front();
    if (nodes_[flight.to].up && receive(flight.to, flight.message) == Reject::kStale &&
        !std::holds_alternative<Decided>(flight.message)) {
        answer_stale(flight.to, flight);
    }
    return true;
}

void Cluster::deliver_all() {
    while (deliver_one()) {
    }
}

void Cluster::drop(const std::function<bool(const Flight&)>& matches) {
    std::erase_if(flights_, matches);
}

void Cluster::fire(std::size_t index, Timer timer) {
    if (nodes_[index].timers.erase(timer) > 0) {
        input(index, TimerFired{timer});
    }
}

void Cluster::answer_build(std::size_t index, std::uint64_t salt) {
    Node& node = nodes_[index];
    POLIS_ASSERT(node.build.has_value());
    const Build build = *std::exchange(node.build, std::nullopt);
    Summary summary = test_block(build.height, build.view, salt);
    const Hash digest = summary_hash(summary);
    blocks_.emplace(digest, summary);
    node.bodies.insert(digest);
    input(
        index,
        Built{
            .height = build.height,
            .view = build.view,
            .digest = digest,
            .summary = std::move(summary)});
}

void Cluster::answer_obtain(std::size_t index, Verdict verdict) {
    Node& node = nodes_[index];
    POLIS_ASSERT(!node.obtains.empty());
    const Obtain obtain = node.obtains.front();
    node.obtains.erase(node.obtains.begin());
    if (verdict == Verdict::kValid) {
        node.bodies.insert(obtain.digest);
    }
    input(
        index,
        Obtained{
            .height = obtain.height,
            .digest = obtain.digest,
            .verdict = verdict,
            .summary = obtain.summary.value_or(Summary{})});
}

void Cluster::run_for(std::uint64_t ms) {
    constexpr std::uint64_t kStep = 10;
    for (std::uint64_t spent = 0; spent < ms; spent += kStep) {
        now_.value += kStep;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            for (const Timer timer : {Timer::kView, Timer::kResend}) {
                const auto due = nodes_[i].timers.find(timer);
                if (nodes_[i].up && due != nodes_[i].timers.end() && due->second <= now_) {
                    fire(i, timer);
                }
            }
            if (nodes_[i].up && options_.answers_obtains) {
                try_obtains(i);
            }
            const auto& build = nodes_[i].build;
            if (nodes_[i].up && options_.answers_builds && build && build->not_before <= now_) {
                answer_build(i);
            }
        }
        deliver_all();
    }
}

std::size_t Cluster::lowest_height() const {
    std::size_t lowest = SIZE_MAX;
    for (const Node& node : nodes_) {
        if (node.up) {
            lowest = std::min(lowest, node.chain.size());
        }
    }
    return lowest;
}

std::string Cluster::disagreement() const {
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
        const auto& left = nodes_[0].chain;
        const auto& right = nodes_[i].chain;
        for (std::size_t h = 0; h < std::min(left.size(), right.size()); ++h) {
            if (left[h] != right[h]) {
                return "nodes 0 and " + std::to_string(i) + " at height " + std::to_string(h + 1);
            }
        }
    }
    return "";
}

std::string replay_difference(const Node& node, Replica fresh) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const Effects effects = fresh.step(node.inputs[i], node.input_times[i]);
        if (codec::encode(effects) != codec::encode(node.effects[i])) {
            return "input " + std::to_string(i) + ": " + describe(node.inputs[i]);
        }
    }
    return "";
}

}  // namespace polis::pbft::testing
