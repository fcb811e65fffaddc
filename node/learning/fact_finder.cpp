#include <node/learning/fact_finder.hpp>

#include <algorithm>
#include <utility>

#include <core/hex.hpp>
#include <ledger/modules/task_evaluation.hpp>
#include <node/runtime/clock.hpp>
#include <node/runtime/thread_name.hpp>

namespace polis::node {

namespace {

using consensus::Fact;
using consensus::FactKey;
using consensus::FactKind;

/// Blobs come from peers while nothing else happens: how often the store is looked at.
constexpr std::uint64_t kLookMs = 200;

/// Between two looks whether the score is still wanted: a few milliseconds of work.
constexpr std::uint32_t kSliceSamples = 256;

}  // namespace

FactFinder::FactFinder(Setup setup) : setup_(std::move(setup)) {}

void FactFinder::start() {
    thread_ = std::thread([this] {
        name_this_thread("facts");
        put_this_thread_behind();
        run();
    });
}

void FactFinder::stop() {
    {
        const MutexLock lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void FactFinder::wants(Wanted wanted) {
    {
        const MutexLock lock(mutex_);
        forget_all_but(wanted);
        wanted_ = std::move(wanted);
    }
    changed_.notify_all();
}

/// What is wanted again later is worked out again: a result found for a chain that was set back
/// need not be right on the next one.
void FactFinder::forget_all_but(const Wanted& wanted) {
    std::set<FactKey> wanted_keys;
    for (const auto& blob : wanted.blobs) {
        wanted_keys.emplace(FactKind::kBlobAvailable, blob.root);
    }
    for (const ScoreWanted& score : wanted.scores) {
        wanted_keys.emplace(score.kind, score.subject);
    }
    std::erase_if(done_, [&](const FactKey& key) { return !wanted_keys.contains(key); });
}

std::size_t FactFinder::backlog() const {
    const MutexLock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        wanted_.scores, [this](const ScoreWanted& score) POLIS_REQUIRES(mutex_) {
            return !done_.contains({score.kind, score.subject});
        }));
}

// ---- the thread ---------------------------------------------------------------------------------

void FactFinder::run() {
    while (const std::optional<Wanted> wanted = next_wanted()) {
        look_for_blobs(*wanted);
        if (!wanted->scores.empty()) {
            score(wanted->scores.front());
        }
    }
}

/// What is left to do; nothing at the end. Waits while there is nothing to do.
std::optional<FactFinder::Wanted> FactFinder::next_wanted() {
    const MutexLock lock(mutex_);
    while (!ending_) {
        Wanted left = wanted_;
        std::erase_if(left.blobs, [this](const auto& blob) POLIS_REQUIRES(mutex_) {
            return done_.contains({FactKind::kBlobAvailable, blob.root});
        });
        std::erase_if(left.scores, [this](const ScoreWanted& score) POLIS_REQUIRES(mutex_) {
            return done_.contains({score.kind, score.subject}) ||
                   !setup_.blobs->shape(score.model) || !setup_.blobs->shape(score.data);
        });
        const bool blob_here = std::ranges::any_of(left.blobs, [this](const auto& blob) {
            return setup_.blobs->shape(blob.root).has_value();
        });
        if (blob_here || !left.scores.empty()) {
            return left;
        }
        changed_.wait_for(mutex_, kLookMs);
    }
    return std::nullopt;
}

void FactFinder::look_for_blobs(const Wanted& wanted) {
    for (const ledger::tasks::BlobWanted& blob : wanted.blobs) {
        const auto shape = setup_.blobs->shape(blob.root);
        if (!shape) {
            continue;
        }
        {
            const MutexLock lock(mutex_);
            done_.emplace(FactKind::kBlobAvailable, blob.root);
        }
        if (shape->bytes > blob.bytes_max) {
            setup_.log->warn(
                "learning",
                "a blob is larger than the chain allows and is not attested",
                {{"root", to_hex_prefixed(blob.root.view())}, {"bytes", shape->bytes}});
            continue;
        }
        counters_.blobs_found.fetch_add(1);
        setup_.found(Fact{.kind = FactKind::kBlobAvailable, .subject = blob.root, .result = {}});
    }
}

std::optional<Bytes> FactFinder::read(const Hash& root) const {
    const auto shape = setup_.blobs->shape(root);
    auto bytes = shape ? setup_.blobs->read(root, 0, shape->bytes)
                       : ledger::StoreResult<Bytes>(std::unexpected(shape.error()));
    if (!bytes) {
        setup_.log->error("learning", "a blob cannot be read", {{"cause", bytes.error().context}});
        return std::nullopt;
    }
    return *std::move(bytes);
}

bool FactFinder::still_wanted(const Hash& subject) const {
    const MutexLock lock(mutex_);
    return !ending_ && std::ranges::any_of(wanted_.scores, [&](const ScoreWanted& score) {
        return score.subject == subject;
    });
}

void FactFinder::score(const ScoreWanted& wanted) {
    const auto model = read(wanted.model);
    const auto data = read(wanted.data);
    if (model && data) {
        const std::uint64_t began_us = Clock::steady_us();
        ledger::tasks::Evaluation evaluation(wanted, *model, *data);
        while (!evaluation.step(kSliceSamples)) {
            if (!still_wanted(wanted.subject)) {
                return;
            }
        }
        const consensus::pole::ScoreResult result = evaluation.result();
        counters_.evaluation_us.fetch_add(Clock::steady_us() - began_us);
        counters_.models_scored.fetch_add(1);
        counters_.samples_evaluated.fetch_add(result.count);
        setup_.log->info(
            "learning",
            "a model is scored",
            {{"round", wanted.round},
             {"model", to_hex(wanted.model.view().first(4))},
             {"correct", result.correct},
             {"samples", result.count}});
        setup_.found(ledger::tasks::score_fact(wanted, result));
    }
    const MutexLock lock(mutex_);
    done_.emplace(wanted.kind, wanted.subject);
}

}  // namespace polis::node
