#include <tools/lab/theft.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include <consensus/pole/limits.hpp>
#include <consensus/pole/records.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <ml/data/source.hpp>
#include <ml/data/split.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/mapping.hpp>
#include <tools/lab/rebase.hpp>

namespace polis::tools::lab {

namespace {

namespace pole = consensus::pole;

constexpr std::uint32_t kTestPpm = 150'000;  ///< as polis-trainer takes where there is no test set

Address participant_address(std::size_t number) {
    return crypto::address_of(genesis::dev_account_key("polis lab", number).public_key());
}

/// A hash that differs by its number.
Hash numbered(std::uint64_t number) {
    Hash out;
    std::ranges::copy(codec::encode(number), out.data.begin());
    return out;
}

std::unexpected<Failure> misfit(std::string_view why) {
    return std::unexpected(Failure("a model does not fit its samples: " + std::string(why)));
}

/// The records of a chain that has nothing else.
class Records final : public consensus::ElectionRecords {
  public:
    [[nodiscard]] std::optional<Bytes> get(ByteView key) override {
        const auto found = all_.find(to_bytes(key));
        return found == all_.end() ? std::nullopt : std::optional(found->second);
    }

    void put(ByteView key, ByteView value) override { all_[to_bytes(key)] = to_bytes(value); }

    void remove(ByteView key) override { all_.erase(to_bytes(key)); }

  private:
    std::map<Bytes, Bytes> all_;
};

}  // namespace

Hash map_seed(std::uint64_t round, std::size_t participant) {
    return pole::seed_of(numbered(round), numbered(0), participant_address(participant));
}

Fallible<Bytes> test_samples(const std::string& name, std::uint64_t seed) {
    data::SourceOptions options;
    options.seed = seed;
    auto sources = data::load_source(name, options);
    if (!sources) {
        return std::unexpected(Failure(sources.error().text()));
    }
    if (!sources->test.empty()) {
        return std::move(sources->test);
    }
    const auto all = exact::DatasetView::open(sources->train);
    if (!all) {
        return std::unexpected(Failure(std::string(exact::to_string(all.error()))));
    }
    auto parts = data::split(*all, {.validation_ppm = 0, .test_ppm = kTestPpm}, seed);
    if (!parts) {
        return std::unexpected(Failure(parts.error().text()));
    }
    return std::move(parts->test);
}

Fallible<exact::Score> score_of(
    const exact::AdmittedModel& model, const exact::Mapping* map, const exact::DatasetView& test) {
    exact::Evaluator evaluator(model);
    const auto scored = exact::score(evaluator, map, test, exact::whole(test));
    return scored ? Fallible<exact::Score>(*scored) : misfit(exact::to_string(scored.error()));
}

Fallible<Theft> steal(
    const exact::AdmittedModel& model,
    const exact::DatasetView& test,
    std::uint64_t round,
    std::size_t thieves) {
    const auto kind = exact::Mapping::kind_for(model.facts());
    const auto map_of = [&](std::size_t participant) {
        return exact::Mapping::derive(map_seed(round, participant), test.shape(), kind);
    };
    const exact::Mapping own = map_of(0);
    Theft out;
    POLIS_TRY(out.own, score_of(model, &own, test));
    for (std::size_t thief = 1; thief <= thieves; ++thief) {
        const exact::Mapping other = map_of(thief);
        POLIS_TRY(const exact::Score stolen, score_of(model, &other, test));
        ++out.thieves;
        out.stolen_sum += stolen.correct;
        out.stolen_most = std::max(out.stolen_most, stolen.correct);
    }
    const exact::Mapping first = map_of(1);
    const auto moved = rebase(model, own, first);
    if (!moved) {
        out.why_not_moved = to_string(moved.error());
        return out;
    }
    POLIS_TRY(out.moved, score_of(*moved, &first, test));
    return out;
}

CopiedCommitment copy_commitment() {
    Records records;
    const Hash task = numbered(1);
    pole::Rules rules{.test = numbered(2), .test_key_hash = {}, .validation = numbered(3)};
    rules.training_ms = 1;
    rules.reveal_ms = 1;
    rules.scoring_ms = 1;
    consensus::BlockView block{
        .height = Height{1},
        .term = {},
        .view = {},
        .proposer = {},
        .beacon = numbered(4),
        .time = TimeMs{1},
        .facts = {}};
    pole::open_round(records, task, rules, block);
    const Address owner = participant_address(0);
    const Address thief = participant_address(1);
    const pole::Commitment commitment{
        .round = 1, .task = task, .trainer = owner, .model = numbered(5), .salt = numbered(6)};
    const Hash public_part = pole::commitment_hash(commitment);
    const pole::Moment training{block.height, block.time};
    CopiedCommitment out;
    const bool owner_in = pole::commit(records, {task, owner, public_part}, training).has_value();
    out.taken = owner_in && pole::commit(records, {task, thief, public_part}, training).has_value();
    while (pole::advance(records, block) == pole::Step::kNone) {
        block.height = Height{block.height.value + 1};
        block.time = TimeMs{block.time.value + 1};
    }
    const auto reveal = [&](const Address& who) {
        return pole::reveal(
            records,
            {.task = task, .trainer = who, .model = commitment.model, .salt = commitment.salt},
            {block.height, block.time});
    };
    // The owner reveals first: from then on, model and salt are known to all.
    out.owner_revealed = reveal(owner).has_value();
    if (const auto refused = reveal(thief); !refused) {
        out.at_reveal = refused.error();
    }
    return out;
}

}  // namespace polis::tools::lab
