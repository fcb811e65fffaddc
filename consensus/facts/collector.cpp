#include <consensus/facts/collector.hpp>

#include <consensus/signers.hpp>
#include <core/check.hpp>

namespace polis::consensus {

namespace {

/// What the nodes of a map entry cost beside their content, roughly.
constexpr std::size_t kEntryBytes = 128;

std::size_t bytes_of(const CertifiedFact& fact) {
    return sizeof(CertifiedFact) + fact.fact.result.size() + fact.signers.size() +
           fact.signatures.size() * sizeof(Signature);
}

}  // namespace

FactCollector::FactCollector(
    const PublicKey& own,
    Committee current,
    std::optional<Committee> previous,
    const Limits& limits)
    : own_key_(own),
      limits_(limits),
      current_(make_bench(std::move(current))),
      certified_(limits.certified_max),
      own_(limits.open_max),
      settled_(limits.settled_max) {
    if (previous && previous->term.value + 1 == current_.committee.term.value) {
        previous_ = make_bench(*std::move(previous));
    }
}

FactCollector::Bench FactCollector::make_bench(Committee committee) const {
    Bench out{.committee = std::move(committee), .seats = {}, .tallies = {}};
    out.seats.assign(out.committee.size(), Seat(limits_.open_max));
    return out;
}

FactCollector::Bench* FactCollector::bench_of(Term term) {
    if (term == current_.committee.term) {
        return &current_;
    }
    return previous_ && term == previous_->committee.term ? &*previous_ : nullptr;
}

bool& FactCollector::suspension(FactKind kind) {
    return suspended_.at(static_cast<std::size_t>(kind));
}

bool FactCollector::suspended(FactKind kind) const {
    return suspended_.at(static_cast<std::size_t>(kind));
}

void FactCollector::resume(FactKind kind) { suspension(kind) = false; }

const Bytes* FactCollector::quorum_result(const FactKey& key) const {
    if (const CertifiedFact* fact = certified_.find(key)) {
        return &fact->fact.result;
    }
    return settled_.find(key);
}

/// Rule [F6]: what a quorum has signed, against what this node found.
std::optional<FactAlarm> FactCollector::compare(const Fact& quorum) {
    const FactKey key = key_of(quorum);
    const Own* own = own_.find(key);
    if (own == nullptr || own->fact == quorum) {
        return std::nullopt;
    }
    FactAlarm alarm{.own = own->fact, .theirs = quorum.result};
    own_.erase(key);
    suspension(quorum.kind) = true;
    return alarm;
}

FactCollector::Found FactCollector::found(const Fact& fact) {
    const FactKey key = key_of(fact);
    if (const Bytes* result = quorum_result(key)) {
        if (*result == fact.result) {
            return {.sign = false, .alarm = std::nullopt};
        }
        suspension(fact.kind) = true;
        return {.sign = false, .alarm = FactAlarm{.own = fact, .theirs = *result}};
    }
    Own* own = own_.find(key);
    if (own == nullptr) {
        own_.put(key, Own{.fact = fact, .vote = std::nullopt});
        return {.sign = !suspended(fact.kind), .alarm = std::nullopt};
    }
    const bool unsigned_yet = own->fact == fact && !own->vote;
    return {.sign = unsigned_yet && !suspended(fact.kind), .alarm = std::nullopt};
}

FactCollector::Added FactCollector::add(const FactVote& vote) {
    Bench* bench = bench_of(vote.term);
    if (bench == nullptr || vote.member >= bench->seats.size()) {
        return {.outcome = FactVoteOutcome::kOtherTerm, .alarm = std::nullopt};
    }
    const FactKey key = key_of(vote.fact);
    if (bench->committee.members[vote.member].consensus_key == own_key_) {
        Own* own = own_.find(key);
        if (own != nullptr && own->fact == vote.fact) {
            own->vote = vote;
        }
    }
    if (quorum_result(key) != nullptr) {
        return {.outcome = FactVoteOutcome::kSettled, .alarm = std::nullopt};
    }
    const Hash hash = fact_signing_hash(bench->committee.chain, vote.term, vote.fact);
    Seat& seat = bench->seats[vote.member];
    if (const Cast* earlier = seat.find(key)) {
        const bool same = earlier->signed_hash == hash;
        return {
            .outcome = same ? FactVoteOutcome::kRepeated : FactVoteOutcome::kConflicting,
            .alarm = std::nullopt};
    }
    if (const auto evicted =
            seat.put(key, Cast{.signed_hash = hash, .signature = vote.signature})) {
        auto& tally = bench->tallies.at(evicted->first);
        if (--tally.at(evicted->second.signed_hash) == 0) {
            tally.erase(evicted->second.signed_hash);
        }
        if (tally.empty()) {
            bench->tallies.erase(evicted->first);
        }
    }
    if (++bench->tallies[key][hash] < bench->committee.quorum()) {
        return {.outcome = FactVoteOutcome::kCounted, .alarm = std::nullopt};
    }
    CertifiedFact certified{.term = vote.term, .fact = vote.fact, .signers = {}, .signatures = {}};
    std::vector<MemberIndex> signers;
    for (std::size_t i = 0; i < bench->seats.size(); ++i) {
        const Cast* cast = bench->seats[i].find(key);
        if (cast != nullptr && cast->signed_hash == hash) {
            signers.push_back(static_cast<MemberIndex>(i));
            certified.signatures.push_back(cast->signature);
        }
    }
    certified.signers = signer_bits(signers, bench->seats.size());
    forget_votes(key);
    certified_.put(key, std::move(certified));
    return {.outcome = FactVoteOutcome::kCounted, .alarm = compare(vote.fact)};
}

void FactCollector::forget_votes(const FactKey& key) {
    const auto forget = [&key](Bench& bench) {
        if (bench.tallies.erase(key) != 0) {
            for (Seat& seat : bench.seats) {
                seat.erase(key);
            }
        }
    };
    forget(current_);
    if (previous_) {
        forget(*previous_);
    }
}

std::vector<FactAlarm> FactCollector::included(std::span<const CertifiedFact> facts) {
    std::vector<FactAlarm> alarms;
    for (const CertifiedFact& item : facts) {
        const FactKey key = key_of(item.fact);
        if (auto alarm = compare(item.fact)) {
            alarms.push_back(*std::move(alarm));
        }
        forget_votes(key);
        own_.erase(key);
        certified_.erase(key);
        settled_.put(key, item.fact.result);
    }
    return alarms;
}

void FactCollector::drop(const FactKey& key) {
    certified_.erase(key);
    own_.erase(key);
}

std::vector<Fact> FactCollector::new_term(Committee next) {
    const Term before = current_.committee.term;
    POLIS_ASSERT_OP(next.term.value, >, before.value);
    if (next.term.value == before.value + 1) {
        previous_ = std::move(current_);
    } else {
        previous_.reset();
    }
    current_ = make_bench(std::move(next));
    certified_.erase_if(
        [this](const CertifiedFact& fact) { return bench_of(fact.term) == nullptr; });
    std::vector<Fact> again;
    for (const auto& [key, entry] : own_.items()) {
        if (!certified_.contains(key) && !suspended(key.first)) {
            again.push_back(entry.value.fact);
        }
    }
    return again;
}

std::vector<CertifiedFact> FactCollector::choose(
    std::size_t count_max, std::size_t bytes_max) const {
    std::vector<CertifiedFact> out;
    std::size_t bytes_left = bytes_max;
    for (const auto& [key, entry] : certified_.items()) {
        if (out.size() == count_max) {
            break;
        }
        const std::size_t bytes = codec::encode(entry.value).size();
        if (bytes <= bytes_left) {
            bytes_left -= bytes;
            out.push_back(entry.value);
        }
    }
    return out;
}

std::vector<FactVote> FactCollector::own_votes() const {
    std::vector<FactVote> out;
    for (const auto& [key, entry] : own_.items()) {
        const std::optional<FactVote>& vote = entry.value.vote;
        // A vote of an older term helps nobody.
        if (vote && vote->term.value + 1 >= current_.committee.term.value &&
            !suspended(key.first)) {
            out.push_back(*vote);
        }
    }
    return out;
}

std::size_t FactCollector::memory_bytes() const {
    std::size_t bytes = sizeof(FactCollector);
    const auto add_bench = [&bytes](const Bench& bench) {
        for (const Seat& seat : bench.seats) {
            bytes += seat.size() * (sizeof(Cast) + sizeof(Seat::Entry) + kEntryBytes);
        }
        for (const auto& [key, tally] : bench.tallies) {
            bytes += kEntryBytes + tally.size() * kEntryBytes;
        }
    };
    add_bench(current_);
    if (previous_) {
        add_bench(*previous_);
    }
    for (const auto& [key, entry] : certified_.items()) {
        bytes += bytes_of(entry.value) + kEntryBytes;
    }
    for (const auto& [key, entry] : own_.items()) {
        bytes += sizeof(Own) + 2 * entry.value.fact.result.size() + kEntryBytes;
    }
    for (const auto& [key, entry] : settled_.items()) {
        bytes += entry.value.size() + 2 * kEntryBytes;
    }
    return bytes;
}

}  // namespace polis::consensus
