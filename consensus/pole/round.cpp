#include <consensus/pole/round.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::consensus::pole {

namespace {

Moment moment_of(const BlockView& block) { return {.height = block.height, .time = block.time}; }

void begin(Round& round, Phase phase, const Moment& now, std::uint64_t window_ms) {
    round.phase = phase;
    round.phase_from = now.height;
    round.phase_until = TimeMs{saturating_add(now.time.value, window_ms)};
}

/// The open round, if it is this task's.
Result<Round, RoundError> round_of(ElectionRecords& records, const Hash& task) {
    auto round = load_round(records);
    if (!round || round->task != task) {
        return std::unexpected(RoundError::kNotOpen);
    }
    return *std::move(round);
}

/// The open round of this task while it takes reveals.
Result<Round, RoundError> revealing(ElectionRecords& records, const Hash& task, const Moment& now) {
    POLIS_TRY(Round round, round_of(records, task));
    switch (round.phase) {
        case Phase::kTraining:
            return std::unexpected(RoundError::kTooEarly);
        case Phase::kRevealing:
            if (!window_open(round, now)) {
                return std::unexpected(RoundError::kTooLate);
            }
            return round;
        case Phase::kScoring:
            return std::unexpected(RoundError::kTooLate);
    }
    return std::unexpected(RoundError::kTooLate);
}

Hash subject_of(const Round& round, const Entry& entry) {
    return score_subject(
        {.round = round.number,
         .trainer = entry.trainer,
         .model = *entry.model,
         .data = data_root(round)});
}

/// Asks for the scores that are missing and can be worked out.
void want_scores(ElectionRecords& records, const Round& round) {
    for (const Entry& entry : load_entries(records)) {
        if (kept_word(entry) && !entry.score) {
            want_score(records, subject_of(round, entry), entry.trainer);
        }
    }
}

void forget_scores(ElectionRecords& records, const Round& round) {
    for (const Entry& entry : load_entries(records)) {
        if (entry.model) {
            forget_score(records, subject_of(round, entry));
        }
    }
}

/// The test blob is bad: the validation blob decides, about everybody.
void refuse_test(ElectionRecords& records, Round& round, const Moment& now) {
    forget_scores(records, round);
    for (Entry& entry : load_entries(records)) {
        if (entry.score) {
            entry.score.reset();
            save_entry(records, entry);
        }
    }
    round.test_refused = true;
    begin(round, Phase::kScoring, now, round.rules.scoring_ms);
    save_round(records, round);
    want_scores(records, round);
}

void take_blobs(ElectionRecords& records, const Round& round, const std::set<Hash>& roots) {
    for (Entry& entry : load_entries(records)) {
        if (!entry.model || entry.available || !roots.contains(*entry.model)) {
            continue;
        }
        entry.available = true;
        save_entry(records, entry);
        if (round.phase == Phase::kScoring) {
            want_score(records, subject_of(round, entry), entry.trainer);
        }
    }
}

void take_score(ElectionRecords& records, Round& round, const Fact& fact, const Moment& now) {
    const auto trainer = score_wanted(records, fact.subject);
    const auto result = codec::decode<ScoreResult>(fact.result);
    if (!trainer || !result) {
        return;
    }
    if (result->verdict == Verdict::kBadData && decided_by_test(round)) {
        refuse_test(records, round, now);
        return;
    }
    forget_score(records, fact.subject);
    if (auto entry = load_entry(records, *trainer)) {
        entry->score = *result;
        save_entry(records, *entry);
    }
}

/// All that can be revealed is.
bool all_revealed(ElectionRecords& records, const Round& round) {
    return round.test_key && std::ranges::all_of(load_entries(records), [](const Entry& entry) {
               return entry.model.has_value();
           });
}

bool any_revealed(ElectionRecords& records) {
    return std::ranges::any_of(
        load_entries(records), [](const Entry& entry) { return entry.model.has_value(); });
}

bool all_scored(ElectionRecords& records) {
    return std::ranges::all_of(load_entries(records), [](const Entry& entry) {
        return !entry.model || (entry.available && entry.score);
    });
}

/// More correct answers, then the lower cross entropy, then a hash that nobody could choose.
/// Source: protocol.md 3.2, 4.
auto rank_key(const Round& round, const Entry& entry) {
    const Hash tie = crypto::Blake2b256(crypto::kDomainPoleTie)
                         .update(entry.commitment.view())
                         .update(round.tie_beacon.view())
                         .finish();
    return std::tuple{
        UINT64_MAX - entry.score->correct, entry.score->cross_entropy, tie, entry.trainer};
}

/// Takes the round and all that belongs to it out of the records.
void remove_all(ElectionRecords& records, const Round& round, const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
        if (entry.model) {
            forget_score(records, subject_of(round, entry));
            if (!entry.available) {
                release_blob(records, *entry.model);
            }
        }
        remove_entry(records, entry.trainer);
    }
    save_entrants(records, {});
    remove_round(records);
}

}  // namespace

bool window_open(const Round& round, const Moment& now) {
    return now.time < round.phase_until ||
           now.height.value - round.phase_from.value <= kWindowBlocksMin;
}

Round open_round(
    ElectionRecords& records, const Hash& task, const Rules& rules, const BlockView& block) {
    Round round;
    round.number = round_count(records) + 1;
    round.task = task;
    round.rules = rules;
    round.opened = block.height;
    round.beacon = block.beacon;
    begin(round, Phase::kTraining, moment_of(block), rules.training_ms);
    save_round_count(records, round.number);
    save_round(records, round);
    return round;
}

Result<void, RoundError> commit(
    ElectionRecords& records, const CommitRequest& request, const Moment& now) {
    POLIS_TRY(const Round round, round_of(records, request.task));
    if (round.phase != Phase::kTraining || !window_open(round, now)) {
        return std::unexpected(RoundError::kTooLate);
    }
    if (load_entry(records, request.trainer)) {
        return std::unexpected(RoundError::kAlreadyCommitted);
    }
    std::vector<Address> entrants = load_entrants(records);
    if (entrants.size() >= kEntriesMax) {
        return std::unexpected(RoundError::kFull);
    }
    entrants.push_back(request.trainer);
    save_entrants(records, entrants);
    Entry entry;
    entry.trainer = request.trainer;
    entry.commitment = request.commitment;
    save_entry(records, entry);
    return {};
}

Result<void, RoundError> reveal(
    ElectionRecords& records, const RevealRequest& request, const Moment& now) {
    POLIS_TRY(const Round round, revealing(records, request.task, now));
    auto entry = load_entry(records, request.trainer);
    if (!entry) {
        return std::unexpected(RoundError::kNotCommitted);
    }
    if (entry->model) {
        return std::unexpected(RoundError::kAlreadyRevealed);
    }
    const Commitment claimed{
        .round = round.number,
        .task = round.task,
        .trainer = request.trainer,
        .model = request.model,
        .salt = request.salt};
    if (commitment_hash(claimed) != entry->commitment) {
        return std::unexpected(RoundError::kMismatch);
    }
    entry->model = request.model;
    entry->available = request.available;
    save_entry(records, *entry);
    if (!entry->available) {
        want_blob(records, request.model);
    }
    return {};
}

Result<void, RoundError> reveal_key(
    ElectionRecords& records, const Hash& task, const Hash& key, const Moment& now) {
    POLIS_TRY(Round round, revealing(records, task, now));
    if (round.test_key) {
        return std::unexpected(RoundError::kAlreadyRevealed);
    }
    if (test_key_hash(key) != round.rules.test_key_hash) {
        return std::unexpected(RoundError::kWrongKey);
    }
    round.test_key = key;
    save_round(records, round);
    return {};
}

void take_facts(ElectionRecords& records, std::span<const Fact> facts, const Moment& now) {
    std::set<Hash> roots;
    for (const Fact& fact : facts) {
        if (fact.kind == FactKind::kBlobAvailable) {
            forget_blob(records, fact.subject);
            roots.insert(fact.subject);
        }
    }
    auto round = load_round(records);
    if (!round) {
        return;
    }
    if (!roots.empty()) {
        take_blobs(records, *round, roots);
    }
    for (const Fact& fact : facts) {
        if (fact.kind == FactKind::kModelScore) {
            take_score(records, *round, fact, now);
        }
    }
}

Step advance(ElectionRecords& records, const BlockView& block) {
    auto round = load_round(records);
    if (!round) {
        return Step::kNone;
    }
    const Moment now = moment_of(block);
    const bool open = window_open(*round, now);
    switch (round->phase) {
        case Phase::kTraining:
            if (open) {
                return Step::kNone;
            }
            round->tie_beacon = block.beacon;
            begin(*round, Phase::kRevealing, now, round->rules.reveal_ms);
            save_round(records, *round);
            return load_entrants(records).empty() ? Step::kSettle : Step::kRevealing;
        case Phase::kRevealing:
            if (open && !all_revealed(records, *round)) {
                return Step::kNone;
            }
            begin(*round, Phase::kScoring, now, round->rules.scoring_ms);
            save_round(records, *round);
            if (!any_revealed(records)) {
                return Step::kSettle;
            }
            want_scores(records, *round);
            return Step::kScoring;
        case Phase::kScoring:
            return open && !all_scored(records) ? Step::kNone : Step::kSettle;
    }
    return Step::kNone;
}

bool kept_word(const Entry& entry) { return entry.model && entry.available; }

Settlement settle(ElectionRecords& records, const BlockView& block) {
    auto round = load_round(records);
    POLIS_ASSERT(round.has_value());
    Settlement out;
    out.round = *std::move(round);
    const std::vector<Entry> entries = load_entries(records);
    for (const Entry& entry : entries) {
        const bool scored = entry.score && entry.score->verdict == Verdict::kScored;
        (scored ? out.ranked : out.others).push_back(entry);
    }
    std::ranges::sort(
        out.ranked, {}, [&](const Entry& entry) { return rank_key(out.round, entry); });
    out.winners =
        static_cast<std::size_t>(std::ranges::count_if(out.ranked, [&](const Entry& entry) {
            return reaches(*entry.score, out.round.rules.target_ppm);
        }));
    out.owner_failed = !decided_by_test(out.round) && std::ranges::any_of(entries, kept_word);
    remove_all(records, out.round, entries);
    if (out.winners == 0) {
        remove_standing(records);
        return out;
    }
    Standing standing{.round = out.round.number, .settled = block.term, .order = {}};
    for (const Entry& entry : out.ranked) {
        standing.order.push_back(entry.trainer);
    }
    save_standing(records, standing);
    return out;
}

}  // namespace polis::consensus::pole
