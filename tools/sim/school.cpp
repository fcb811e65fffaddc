#include <tools/sim/school.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <consensus/pole/records.hpp>
#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/ed25519.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <ledger/modules/tasks.hpp>
#include <ledger/transaction.hpp>
#include <tools/sim/population.hpp>

namespace polis::sim {

namespace {

namespace pole = consensus::pole;
namespace tasks = ledger::tasks;

constexpr std::size_t kWaitingMax = 2;   // tasks that the owner has waiting
constexpr std::uint8_t kNowhere = 0xff;  // first byte of a model that nobody can have
constexpr std::uint8_t kRubbish = 0xbd;  // second byte of a test set that does not open
constexpr std::uint32_t kSamples = 1'000;
constexpr std::uint64_t kTxnLife = 20;  // heights
constexpr std::uint64_t kRoundsCounted = 256;

/// The node's store may fail under the simulation; then nobody learns anything from it.
template <class T>
T value_or_default(ledger::StoreResult<T> result) {
    return result ? *std::move(result) : T{};
}

/// What a trainer is like in one round.
enum class Habit : std::uint8_t {
    kHonest,
    kAbsent,
    kSilent,
    kCopies,  ///< a commitment, which it cannot reveal
    kSteals,  ///< a model, which it presents as its own
    kErrs,    ///< reveals another model than it committed to
    kHides,
};

/// A number that follows from the round and the trainer, so that nobody need remember it.
Hash dice(const pole::Round& round, const Address& trainer) {
    return pole::seed_of(round.beacon, round.task, trainer);
}

Habit habit_of(const pole::Round& round, const Address& trainer) {
    constexpr std::array kBad{
        Habit::kAbsent,
        Habit::kSilent,
        Habit::kCopies,
        Habit::kSteals,
        Habit::kErrs,
        Habit::kHides};
    const std::size_t roll = dice(round, trainer).data[0] % 14;
    return roll < kBad.size() ? kBad[roll] : Habit::kHonest;
}

Hash model_of(const pole::Round& round, const Address& trainer) {
    Hash out = dice(round, trainer);
    out.data[0] = habit_of(round, trainer) == Habit::kHides ? kNowhere : 0;
    return out;
}

Hash key_of(ByteView tag) {
    Hash out;
    std::ranges::copy(tag.first(std::min(tag.size(), out.data.size())), out.data.begin());
    return out;
}

/// Blocks that members need for the scores of a task; the longest is more than a window has.
std::uint64_t evaluation_blocks(const ledger::TaskSpec& spec) {
    constexpr std::array<std::uint64_t, 4> kBlocks{0, 0, 3, 1'000};
    return kBlocks[spec.tag[1] % kBlocks.size()];
}

bool withholds_key(const ledger::TaskSpec& spec) { return spec.tag[0] % 4 == 3; }

std::optional<Bytes> signed_txn(
    ledger::Chain& chain, const crypto::SigningKey& key, ledger::Payload payload) {
    const auto account = ledger::load_account(chain.state(), crypto::address_of(key.public_key()));
    if (!account) {
        return std::nullopt;
    }
    ledger::TxnBody body;
    body.chain_id = chain.params().chain_id;
    body.sender = key.public_key();
    body.nonce = account->nonce;
    body.gas_price = chain.params().gas_price_min;
    body.valid_until = Height{chain.head().height.value + kTxnLife};
    body.payload = std::move(payload);
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    return codec::encode(ledger::sign(key, body));
}

ledger::SubmitTask random_task(Random& random) {
    const auto root = [&random] {
        Hash out;
        random.fill(out.data);
        out.data[0] = 0;
        return out;
    };
    ledger::TaskSpec spec;
    spec.name = "simulated";
    spec.tag.resize(8);
    random.fill(spec.tag);
    spec.training = root();
    spec.test = root();
    spec.test.data[1] = random.chance(1, 4) ? kRubbish : 0;
    spec.test_key_hash = pole::test_key_hash(key_of(spec.tag));
    spec.validation = root();
    spec.input = {.channels = 1, .height = 8, .width = 8};
    spec.classes = 10;
    spec.model_bytes_max = 1'000;
    spec.multiply_adds_max = 1'000;
    constexpr std::uint32_t kOutOfReach = 1'000'000;  // true_score() never gives all samples
    spec.target_ppm =
        random.chance(1, 6) ? kOutOfReach : static_cast<std::uint32_t>(random.below(900'000));
    spec.reward = Amount{random.between(1, 1'000'000)};
    spec.bond = Amount{random.between(1, 100'000)};
    spec.trainer_bond = Amount{random.between(1, 10'000)};
    spec.training_ms = random.between(ledger::kTaskWindowMsMin, 2'000);
    spec.reveal_ms = random.between(ledger::kTaskWindowMsMin, 2'000);
    spec.scoring_ms = random.between(ledger::kTaskWindowMsMin, 2'000);
    spec.runner_up_bps = static_cast<std::uint16_t>(random.below(5'000));
    return {std::move(spec)};
}

std::optional<ledger::Payload> owner_wants(
    ledger::Chain& chain, const std::optional<tasks::OpenRound>& open, Random& random) {
    const bool reveals = open && open->round.phase == pole::Phase::kRevealing &&
                         !open->round.test_key && !withholds_key(open->task.spec);
    if (reveals) {
        return ledger::RevealTestKey{open->round.task, key_of(open->task.spec.tag)};
    }
    const auto waiting = value_or_default(tasks::waiting(chain.state()));
    if (!waiting.empty() && random.chance(1, 40)) {
        return ledger::CancelTask{waiting.front()};
    }
    return waiting.size() < kWaitingMax ? std::optional<ledger::Payload>{random_task(random)}
                                        : std::nullopt;
}

std::optional<ledger::Payload> trainer_wants(const tasks::OpenRound& open, const Address& trainer) {
    const pole::Round& round = open.round;
    const Habit habit = habit_of(round, trainer);
    const auto own = std::ranges::find(open.entries, trainer, &pole::Entry::trainer);
    const bool entered = own != open.entries.end();
    // Whoever steals takes the model of the first entrant; that a model leaks is not looked into.
    const bool steals = habit == Habit::kSteals && !open.entries.empty();
    pole::Commitment commitment{
        .round = round.number,
        .task = round.task,
        .trainer = trainer,
        .model = model_of(round, steals ? open.entries.front().trainer : trainer),
        .salt = dice(round, trainer)};
    if (round.phase == pole::Phase::kTraining && !entered && habit != Habit::kAbsent) {
        if (habit == Habit::kCopies && !open.entries.empty()) {
            return ledger::CommitModel{round.task, open.entries.front().commitment};
        }
        return ledger::CommitModel{round.task, pole::commitment_hash(commitment)};
    }
    if (round.phase == pole::Phase::kRevealing && entered && !own->model &&
        habit != Habit::kSilent) {
        if (habit == Habit::kErrs) {
            return ledger::RevealModel{round.task, round.task, commitment.salt};
        }
        return ledger::RevealModel{round.task, commitment.model, commitment.salt};
    }
    return std::nullopt;
}

pole::ScoreResult true_score(const tasks::ScoreWanted& wanted) {
    if (wanted.key && wanted.data.data[1] == kRubbish) {
        return pole::bad_data();
    }
    if (wanted.subject.data[0] < 16) {
        return pole::bad_model();
    }
    return {
        .verdict = pole::Verdict::kScored,
        .correct = from_big_endian<std::uint16_t>(wanted.subject.view()) % kSamples,
        .cross_entropy = wanted.subject.data[2],
        .count = kSamples};
}

}  // namespace

std::vector<Bytes> school_txns(ledger::Chain& chain, const Scenario& scenario, Random& random) {
    std::vector<Bytes> out;
    const auto send = [&](const crypto::SigningKey& key, std::optional<ledger::Payload> payload) {
        if (payload) {
            if (auto txn = signed_txn(chain, key, *std::move(payload))) {
                out.push_back(*std::move(txn));
            }
        }
    };
    const auto open = value_or_default(tasks::open_round(chain.state()));
    if (random.chance(1, 2)) {
        send(school_owner_key(), owner_wants(chain, open, random));
    }
    for (std::size_t member = 0; open && member < scenario.validators; ++member) {
        if (random.chance(1, 2)) {
            const auto key = genesis::dev_operator_key(genesis::kDevSeed, member);
            send(key, trainer_wants(*open, crypto::address_of(key.public_key())));
        }
    }
    return out;
}

std::vector<consensus::Fact> school_facts(ledger::Chain& chain) {
    std::vector<consensus::Fact> out;
    const tasks::Wanted wanted = value_or_default(tasks::wanted(chain.state()));
    for (const tasks::BlobWanted& blob : wanted.blobs) {
        if (blob.root.data[0] != kNowhere) {
            out.push_back({
                .kind = consensus::FactKind::kBlobAvailable,
                .subject = blob.root,
                .result = {},
            });
        }
    }
    const auto open = value_or_default(tasks::open_round(chain.state()));
    const bool evaluated =
        open && chain.head().height.value >=
                    open->round.phase_from.value + evaluation_blocks(open->task.spec);
    for (const tasks::ScoreWanted& item : wanted.scores) {
        if (!evaluated) {
            break;
        }
        out.push_back(tasks::score_fact(item, true_score(item)));
    }
    return out;
}

SchoolTally school_tally(ledger::Chain& chain) {
    SchoolTally out;
    for (const tasks::RoundResult& round :
         value_or_default(tasks::last_results(chain.state(), kRoundsCounted))) {
        out.owners_failed += round.owner_failed ? 1 : 0;
        const bool won =
            std::ranges::count(round.entries, tasks::EntryEnd::kWon, &tasks::EntryResult::end) > 0;
        out.without_winner += won ? 0 : 1;
        for (const tasks::EntryResult& entry : round.entries) {
            ++out.ends[entry.end];
            const auto first =
                std::ranges::find(round.entries, entry.model, &tasks::EntryResult::model);
            out.copies += entry.model && first->trainer != entry.trainer ? 1U : 0U;
        }
    }
    return out;
}

SchoolTally& SchoolTally::operator+=(const SchoolTally& other) {
    for (const auto& [end, count] : other.ends) {
        ends[end] += count;
    }
    copies += other.copies;
    owners_failed += other.owners_failed;
    without_winner += other.without_winner;
    return *this;
}

}  // namespace polis::sim
