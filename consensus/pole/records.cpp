#include <consensus/pole/records.hpp>

#include <array>
#include <utility>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::consensus::pole {

namespace {

/// First byte of every key.
enum class Tag : std::uint8_t {
    kRound = 0,
    kRoundCount = 1,
    kEntrants = 2,
    kEntry = 3,  ///< | trainer
    kStanding = 4,
    kWantedBlob = 5,   ///< | first 31 bytes of the root
    kWantedScore = 6,  ///< | first 31 bytes of the subject
};

/// Keys have at most 32 bytes, so one byte of a hash stays out: 248 bits are as good.
constexpr std::size_t kKeyHashBytes = 31;

Bytes key_of(Tag tag, ByteView name = {}) {
    Bytes out{static_cast<std::uint8_t>(tag)};
    append(out, name);
    return out;
}

Bytes blob_key(const Hash& root) {
    return key_of(Tag::kWantedBlob, root.view().first(kKeyHashBytes));
}

Bytes score_key(const Hash& subject) {
    return key_of(Tag::kWantedScore, subject.view().first(kKeyHashBytes));
}

/// A record that does not decode was written by another version: as good as none.
template <class Record>
std::optional<Record> load(ElectionRecords& records, const Bytes& key) {
    const auto bytes = records.get(key);
    if (!bytes) {
        return std::nullopt;
    }
    auto record = codec::decode<Record>(*bytes);
    return record ? std::optional{*std::move(record)} : std::nullopt;
}

/// A list of names in a record of its own.
struct Entrants {
    std::vector<Address> trainers;
    static constexpr auto kFields = codec::fields(codec::bounded(&Entrants::trainers, kEntriesMax));
};

}  // namespace

bool is_possible(const ScoreResult& result) {
    switch (result.verdict) {
        case Verdict::kScored:
            return result.count > 0 && result.correct <= result.count;
        case Verdict::kBadModel:
            return result == bad_model();
        case Verdict::kBadData:
            return result == bad_data();
    }
    return false;
}

bool reaches(const ScoreResult& result, std::uint32_t target_ppm) {
    return result.verdict == Verdict::kScored &&
           wide_mul(result.correct, kPpm) >= wide_mul(target_ppm, result.count);
}

bool decided_by_test(const Round& round) {
    return round.test_key.has_value() && !round.test_refused;
}

const Hash& data_root(const Round& round) {
    return decided_by_test(round) ? round.rules.test : round.rules.validation;
}

Hash seed_of(const Hash& beacon, const Hash& task, const Address& trainer) {
    return crypto::Blake2b256(crypto::kDomainPoleSeed)
        .update(beacon.view())
        .update(task.view())
        .update(trainer.view())
        .finish();
}

Hash commitment_hash(const Commitment& commitment) {
    return crypto::blake2b_256(crypto::kDomainPoleCommit, codec::encode(commitment));
}

Hash score_subject(const ScoreSubject& subject) {
    return crypto::blake2b_256(crypto::kDomainPoleScore, codec::encode(subject));
}

Hash test_key_hash(const Hash& key) {
    return crypto::blake2b_256(crypto::kDomainTaskKey, key.view());
}

std::optional<Round> load_round(ElectionRecords& records) {
    return load<Round>(records, key_of(Tag::kRound));
}

void save_round(ElectionRecords& records, const Round& round) {
    records.put(key_of(Tag::kRound), codec::encode(round));
}

void remove_round(ElectionRecords& records) { records.remove(key_of(Tag::kRound)); }

std::uint64_t round_count(ElectionRecords& records) {
    return load<std::uint64_t>(records, key_of(Tag::kRoundCount)).value_or(0);
}

void save_round_count(ElectionRecords& records, std::uint64_t count) {
    records.put(key_of(Tag::kRoundCount), codec::encode(count));
}

std::vector<Address> load_entrants(ElectionRecords& records) {
    auto entrants = load<Entrants>(records, key_of(Tag::kEntrants));
    return entrants ? std::move(entrants->trainers) : std::vector<Address>{};
}

void save_entrants(ElectionRecords& records, const std::vector<Address>& entrants) {
    if (entrants.empty()) {
        records.remove(key_of(Tag::kEntrants));
    } else {
        records.put(key_of(Tag::kEntrants), codec::encode(Entrants{entrants}));
    }
}

std::optional<Entry> load_entry(ElectionRecords& records, const Address& trainer) {
    return load<Entry>(records, key_of(Tag::kEntry, trainer.view()));
}

void save_entry(ElectionRecords& records, const Entry& entry) {
    records.put(key_of(Tag::kEntry, entry.trainer.view()), codec::encode(entry));
}

void remove_entry(ElectionRecords& records, const Address& trainer) {
    records.remove(key_of(Tag::kEntry, trainer.view()));
}

std::vector<Entry> load_entries(ElectionRecords& records) {
    std::vector<Entry> out;
    for (const Address& trainer : load_entrants(records)) {
        if (auto entry = load_entry(records, trainer)) {
            out.push_back(*std::move(entry));
        }
    }
    return out;
}

std::optional<Standing> load_standing(ElectionRecords& records) {
    return load<Standing>(records, key_of(Tag::kStanding));
}

void save_standing(ElectionRecords& records, const Standing& standing) {
    records.put(key_of(Tag::kStanding), codec::encode(standing));
}

void remove_standing(ElectionRecords& records) { records.remove(key_of(Tag::kStanding)); }

bool blob_wanted(ElectionRecords& records, const Hash& root) {
    return records.get(blob_key(root)).has_value();
}

void want_blob(ElectionRecords& records, const Hash& root) {
    const auto reasons = load<std::uint32_t>(records, blob_key(root)).value_or(0);
    records.put(blob_key(root), codec::encode(saturating_add(reasons, std::uint32_t{1})));
}

void release_blob(ElectionRecords& records, const Hash& root) {
    const auto reasons = load<std::uint32_t>(records, blob_key(root));
    if (reasons && *reasons > 1) {
        records.put(blob_key(root), codec::encode(*reasons - 1));
    } else if (reasons) {
        records.remove(blob_key(root));
    }
}

void forget_blob(ElectionRecords& records, const Hash& root) { records.remove(blob_key(root)); }

std::optional<Address> score_wanted(ElectionRecords& records, const Hash& subject) {
    return load<Address>(records, score_key(subject));
}

void want_score(ElectionRecords& records, const Hash& subject, const Address& trainer) {
    records.put(score_key(subject), codec::encode(trainer));
}

void forget_score(ElectionRecords& records, const Hash& subject) {
    records.remove(score_key(subject));
}

}  // namespace polis::consensus::pole
