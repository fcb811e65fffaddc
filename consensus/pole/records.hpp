#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include <consensus/election.hpp>
#include <consensus/pole/limits.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

/// What the chain knows of learning rounds: plain data, one record for each thing, in the
/// election's corner of the state. There is one round at a time. Formats: docs/formats/tasks.md.
namespace polis::consensus::pole {

/// What members found out when they evaluated a model.
enum class Verdict : std::uint8_t {
    kScored = 0,
    kBadModel = 1,  ///< does not decode, breaks a limit or has another shape than the task asks for
    kBadData = 2,   ///< the samples do not decrypt, do not decode or have another shape
};

/// The result of a fact of the kind kModelScore: 25 bytes.
struct ScoreResult {
    Verdict verdict = Verdict::kScored;
    std::uint64_t correct = 0;        ///< samples whose argmax is the label
    std::uint64_t cross_entropy = 0;  ///< sum over samples, Q16 nats
    std::uint64_t count = 0;          ///< samples

    bool operator==(const ScoreResult&) const = default;
    static constexpr auto kFields = codec::fields(
        &ScoreResult::verdict,
        &ScoreResult::correct,
        &ScoreResult::cross_entropy,
        &ScoreResult::count);
};

/// The one result for a model that cannot be evaluated.
[[nodiscard]] constexpr ScoreResult bad_model() {
    return {.verdict = Verdict::kBadModel, .correct = 0, .cross_entropy = UINT64_MAX, .count = 0};
}

/// The one result for samples that no model can be evaluated on.
[[nodiscard]] constexpr ScoreResult bad_data() {
    return {.verdict = Verdict::kBadData, .correct = 0, .cross_entropy = UINT64_MAX, .count = 0};
}

/// True for the results that members can arrive at.
[[nodiscard]] bool is_possible(const ScoreResult& result);

/// True if at least `target_ppm` of the samples are right.
[[nodiscard]] bool reaches(const ScoreResult& result, std::uint32_t target_ppm);

/// What a task asks of its round.
struct Rules {
    Hash test;           ///< root of the encrypted test blob
    Hash test_key_hash;  ///< test_key_hash() of its key
    Hash validation;     ///< root of the public blob that decides when the test blob cannot
    std::uint32_t target_ppm = 0;
    std::uint64_t training_ms = 0;
    std::uint64_t reveal_ms = 0;
    std::uint64_t scoring_ms = 0;

    bool operator==(const Rules&) const = default;
    static constexpr auto kFields = codec::fields(
        &Rules::test,
        &Rules::test_key_hash,
        &Rules::validation,
        &Rules::target_ppm,
        &Rules::training_ms,
        &Rules::reveal_ms,
        &Rules::scoring_ms);
};

enum class Phase : std::uint8_t {
    kTraining = 0,   ///< models are committed
    kRevealing = 1,  ///< models and the test key are revealed
    kScoring = 2,    ///< members work scores out
};

struct Round {
    std::uint64_t number = 0;  ///< from 1
    Hash task;
    Rules rules;
    Height opened;
    Hash beacon;  ///< of the block that opened it: what seeds are made of
    Phase phase = Phase::kTraining;
    Height phase_from;   ///< the block after which the phase began
    TimeMs phase_until;  ///< block time at which its window ends, see window_open()
    Hash tie_beacon;     ///< of the block that ended training; decides between equal scores
    std::optional<Hash> test_key;
    bool test_refused = false;  ///< the test blob was found to be bad

    bool operator==(const Round&) const = default;
    static constexpr auto kFields = codec::fields(
        &Round::number,
        &Round::task,
        &Round::rules,
        &Round::opened,
        &Round::beacon,
        &Round::phase,
        &Round::phase_from,
        &Round::phase_until,
        &Round::tie_beacon,
        &Round::test_key,
        &Round::test_refused);
};

/// The blob that decides, as far as is known: the test blob once its key is known and it was not
/// refused, the validation blob otherwise.
[[nodiscard]] bool decided_by_test(const Round& round);
[[nodiscard]] const Hash& data_root(const Round& round);

/// One trainer's part in the round.
struct Entry {
    Address trainer;
    Hash commitment;
    std::optional<Hash> model;  ///< its root, once revealed
    bool available = false;     ///< members have attested the model's blob
    std::optional<ScoreResult> score;

    bool operator==(const Entry&) const = default;
    static constexpr auto kFields = codec::fields(
        &Entry::trainer, &Entry::commitment, &Entry::model, &Entry::available, &Entry::score);
};

/// Who ranks where since the last round was won.
struct Standing {
    std::uint64_t round = 0;
    Term settled;                ///< term of the block that settled it
    std::vector<Address> order;  ///< best first

    bool operator==(const Standing&) const = default;
    static constexpr auto kFields = codec::fields(
        &Standing::round, &Standing::settled, codec::bounded(&Standing::order, kEntriesMax));
};

/// What a trainer's input map is derived from: BLAKE2b-256, tag `polis.pl.seed`, of the opening
/// block's beacon, the task and the trainer. Source: protocol.md 3.2, 2: seed_i = H(beacon, task,
/// key_i); the key is named by its address.
[[nodiscard]] Hash seed_of(const Hash& beacon, const Hash& task, const Address& trainer);

/// What a trainer commits to: the model that it will reveal. It binds round, task and trainer, so
/// that a copy under another name cannot be revealed.
struct Commitment {
    std::uint64_t round = 0;
    Hash task;
    Address trainer;
    Hash model;
    Hash salt;  ///< secret and random: model roots can be guessed

    static constexpr auto kFields = codec::fields(
        &Commitment::round,
        &Commitment::task,
        &Commitment::trainer,
        &Commitment::model,
        &Commitment::salt);
};

/// BLAKE2b-256, tag `polis.pl.commit`.
[[nodiscard]] Hash commitment_hash(const Commitment& commitment);

/// What names a score: a model of a trainer in a round, on these data.
struct ScoreSubject {
    std::uint64_t round = 0;
    Address trainer;
    Hash model;
    Hash data;

    static constexpr auto kFields = codec::fields(
        &ScoreSubject::round, &ScoreSubject::trainer, &ScoreSubject::model, &ScoreSubject::data);
};

/// BLAKE2b-256, tag `polis.pl.score`: the subject of the fact.
[[nodiscard]] Hash score_subject(const ScoreSubject& subject);

/// BLAKE2b-256, tag `polis.task.key`.
[[nodiscard]] Hash test_key_hash(const Hash& key);

[[nodiscard]] std::optional<Round> load_round(ElectionRecords& records);
void save_round(ElectionRecords& records, const Round& round);
void remove_round(ElectionRecords& records);

/// Rounds that were ever opened.
[[nodiscard]] std::uint64_t round_count(ElectionRecords& records);
void save_round_count(ElectionRecords& records, std::uint64_t count);

/// Who committed to the open round, in the order of commitment.
[[nodiscard]] std::vector<Address> load_entrants(ElectionRecords& records);
void save_entrants(ElectionRecords& records, const std::vector<Address>& entrants);

[[nodiscard]] std::optional<Entry> load_entry(ElectionRecords& records, const Address& trainer);
void save_entry(ElectionRecords& records, const Entry& entry);
void remove_entry(ElectionRecords& records, const Address& trainer);

/// The entries of the open round, in the order of commitment.
[[nodiscard]] std::vector<Entry> load_entries(ElectionRecords& records);

[[nodiscard]] std::optional<Standing> load_standing(ElectionRecords& records);
void save_standing(ElectionRecords& records, const Standing& standing);
void remove_standing(ElectionRecords& records);

/// Facts that the chain waits for. A blob may be wanted for several reasons: it is counted.
[[nodiscard]] bool blob_wanted(ElectionRecords& records, const Hash& root);
void want_blob(ElectionRecords& records, const Hash& root);
/// One reason less; nothing if there is none, as after the fact has come.
void release_blob(ElectionRecords& records, const Hash& root);
/// The fact has come: nobody waits any more.
void forget_blob(ElectionRecords& records, const Hash& root);

/// @return whose score the subject is; nothing if the chain does not wait for it
[[nodiscard]] std::optional<Address> score_wanted(ElectionRecords& records, const Hash& subject);
void want_score(ElectionRecords& records, const Hash& subject, const Address& trainer);
void forget_score(ElectionRecords& records, const Hash& subject);

}  // namespace polis::consensus::pole

template <>
inline constexpr auto polis::codec::kEnumLast<polis::consensus::pole::Verdict> =
    polis::consensus::pole::Verdict::kBadData;
template <>
inline constexpr auto polis::codec::kEnumLast<polis::consensus::pole::Phase> =
    polis::consensus::pole::Phase::kScoring;
