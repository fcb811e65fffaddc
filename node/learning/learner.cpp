#include <node/learning/learner.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/file_descriptor.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <ledger/account.hpp>
#include <node/runtime/thread_name.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;
namespace pole = consensus::pole;
using ledger::StoreResult;

Hash random_hash() { return Hash::from_view(crypto::Seed::generate().view()); }

std::uint64_t random_number() {
    return from_big_endian<std::uint64_t>(random_hash().view().first(8));
}

fs::path work_file(const fs::path& folder) { return folder / "work"; }

/// On the medium when this returns true; the old file stays whole until then.
bool write_durably(const fs::path& file, ByteView bytes) {
    const fs::path fresh = file.string() + ".new";
    {
        const FileDescriptor out(
            ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        const auto written = ::write(out.get(), bytes.data(), bytes.size());
        if (written != static_cast<ssize_t>(bytes.size()) || ::fsync(out.get()) != 0) {
            return false;
        }
    }
    const FileDescriptor folder(
        ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return ::rename(fresh.c_str(), file.c_str()) == 0 && ::fsync(folder.get()) == 0;
}

/// What an earlier life left; nothing if there is none, or none that can be read: then a round is
/// lost, and its bond.
std::optional<RoundWork> read_work(const fs::path& folder) {
    std::ifstream in(work_file(folder), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto work = codec::decode<RoundWork>(as_bytes(text));
    return work ? std::optional{*std::move(work)} : std::nullopt;
}

}  // namespace

// ---- beginning and end --------------------------------------------------------------------------

Learner::Learner(Setup setup) : setup_(std::move(setup)) {}

Result<std::unique_ptr<Learner>, std::string> Learner::open(Setup setup) {
    POLIS_ASSERT(!setup.player || setup.account);
    std::unique_ptr<Learner> out(new Learner(std::move(setup)));
    Setup& own = out->setup_;
    auto keys = KeyKeeper::open(own.folder / "keys");
    if (!keys) {
        return std::unexpected(keys.error());
    }
    {
        const MutexLock lock(out->keys_mutex_);
        out->keys_ = *std::move(keys);
    }
    if (own.account) {
        out->self_ = crypto::address_of(own.account->public_key());
        out->txns_.emplace(*std::exchange(own.account, std::nullopt), own.params);
    }
    if (own.player) {
        out->player_.emplace(out->self_, *own.player, read_work(own.folder));
    }
    Learner* const self = out.get();
    out->facts_ = std::make_unique<FactFinder>(FactFinder::Setup{
        .blobs = own.blobs, .log = own.log, .found = [self](consensus::Fact fact) {
            (void)self->setup_.validator->push(
                ValidatorDriver::Lane::kQueries, FactFound{std::move(fact)}, 0, {});
        }});
    return out;
}

void Learner::start() {
    facts_->start();
    if (player_) {
        trainer_ = std::make_unique<TrainerHost>(setup_.trainer, listener());
    }
    thread_ = std::thread([this] {
        name_this_thread("learning");
        run();
    });
}

/// All of it on the host's thread.
TrainerHost::Listener Learner::listener() {
    return {
        .progress =
            [this](const trainer::Progress& progress) {
                const auto job = training_.progress(progress);
                if (job && setup_.measured) {
                    setup_.measured(
                        {.task = job->task,
                         .round = job->round,
                         .job = job->job,
                         .point = point_of(progress)});
                }
            },
        .finished = [this](trainer::Finished finished) { post(std::move(finished)); },
        .failed = [this](const trainer::Failed& failed) { post(failed); },
        .died =
            [this](const std::string& why, std::uint64_t pause_ms) {
                setup_.log->warn("trainer", "died", {{"cause", why}, {"next_in_ms", pause_ms}});
            },
        .visited =
            [this](const std::string& line) {
                setup_.log->info("trainer", "elsewhere", {{"what", line}});
            }};
}

void Learner::stop() {
    {
        const MutexLock lock(mutex_);
        ending_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
    trainer_.reset();
    facts_->stop();
}

// ---- from other threads -------------------------------------------------------------------------

void Learner::on_block() {
    {
        const MutexLock lock(mutex_);
        block_ = true;
    }
    wake_.notify_all();
}

void Learner::post(TrainerEvent event) {
    {
        const MutexLock lock(mutex_);
        events_.push_back(std::move(event));
    }
    wake_.notify_all();
}

rpc::TrainerReport Learner::trainer() const {
    rpc::TrainerReport out;
    out.none = trainer_ ? std::string() : setup_.no_trainer;
    out.job = training_.latest();
    if (trainer_) {
        out.status = trainer_->status();
    }
    return out;
}

std::vector<std::string> Learner::trainer_lines() const {
    return trainer_ ? trainer_->lines() : std::vector<std::string>();
}

rpc::TaskCurve Learner::curve(const Hash& task) const {
    return {.now = setup_.clock->now(), .jobs = training_.jobs_of(task)};
}

Result<void, std::string> Learner::keep_key(const Hash& task, const Hash& key) {
    if (setup_.params.election != ledger::ElectionKind::kPole) {
        return std::unexpected(std::string(kNoTasks));
    }
    if (!txns_) {
        return std::unexpected(
            "this node has no account that pays for revealing the key; send it to a validator's "
            "node");
    }
    {
        const MutexLock lock(keys_mutex_);
        POLIS_TRY_VOID(keys_->keep(task, key));
    }
    on_block();
    return {};
}

// ---- the thread ---------------------------------------------------------------------------------

void Learner::run() {
    while (true) {
        std::optional<ChainView> view;
        std::vector<TrainerEvent> events;
        bool block = false;
        {
            const MutexLock lock(mutex_);
            while (!ending_ && !block_ && !view_ && events_.empty()) {
                wake_.wait(mutex_);
            }
            if (ending_) {
                return;
            }
            view = std::exchange(view_, std::nullopt);
            events = std::exchange(events_, {});
            block = std::exchange(block_, false) || !events.empty();
        }
        for (TrainerEvent& event : events) {
            std::visit([this](auto& one) { take(one); }, event);
        }
        if (view) {
            act(*std::move(view));
        }
        if (block) {
            look();
        }
    }
}

/// Asks for the state after the latest block; the answer wakes the thread.
void Learner::look() {
    setup_.validator->ask([this](Validator* validator) {
        if (validator == nullptr) {
            return;  // the node ends, or is busy: the next block asks again
        }
        auto view = view_of(*validator);
        if (!view) {
            setup_.log->error("learning", "no state", {{"cause", view.error().context}});
            return;
        }
        {
            const MutexLock lock(mutex_);
            view_ = *std::move(view);
        }
        wake_.notify_all();
    });
}

/// On the consensus thread.
StoreResult<Learner::ChainView> Learner::view_of(Validator& validator) const {
    ledger::StateView& state = validator.chain().state();
    ChainView out;
    out.height = validator.chain().head().height;
    POLIS_TRY(out.wanted, ledger::tasks::wanted(state));
    POLIS_TRY(out.blobs, ledger::tasks::blobs_in_use(state));
    POLIS_TRY(out.round, ledger::tasks::open_round(state));
    POLIS_TRY(const ledger::Account account, ledger::load_account(state, self_));
    out.nonce = account.nonce;
    POLIS_TRY(auto settled, ledger::tasks::last_results(state, 1));
    if (!settled.empty()) {
        out.settled = std::move(settled.front());
    }
    return out;
}

void Learner::act(ChainView view) {
    std::set<Hash> keep(view.blobs.begin(), view.blobs.end());
    if (player_ && player_->work()) {
        keep.insert(player_->work()->model);
    }
    setup_.blob_driver->keep(std::move(keep));
    tally(view);
    RoundPlayer::Plan plan = play(view);
    std::optional<ledger::Payload> payload = key_to_reveal(view);
    if (!payload) {
        payload = plan.payload;
    }
    follow(std::move(plan), view.round ? view.round->round.number : 0);
    if (txns_) {
        if (auto txn = txns_->on_block(payload, view.nonce, view.height)) {
            submit(*std::move(txn));
        }
    }
    facts_->wants(std::move(view.wanted));
}

/// Counts rounds for metrics; what was settled before this node began is not its doing.
void Learner::tally(const ChainView& view) {
    if (view.round && view.round->round.number != committed_round_ &&
        std::ranges::find(view.round->entries, self_, &pole::Entry::trainer) !=
            view.round->entries.end()) {
        committed_round_ = view.round->round.number;
        ++training_.counters().rounds_committed;
    }
    const std::uint64_t settled = view.settled ? view.settled->round : 0;
    if (settled_round_ && settled != *settled_round_ && view.settled) {
        for (const ledger::tasks::EntryResult& entry : view.settled->entries) {
            const bool won = entry.end == ledger::tasks::EntryEnd::kWon;
            training_.counters().rounds_won += won && entry.trainer == self_ ? 1 : 0;
        }
    }
    settled_round_ = settled;
}

std::optional<ledger::Payload> Learner::key_to_reveal(const ChainView& view) {
    const MutexLock lock(keys_mutex_);
    return txns_ ? keys_->on_block(view.round) : std::nullopt;
}

/// The part in the open round. Without the samples here nothing can be trained yet.
RoundPlayer::Plan Learner::play(const ChainView& view) {
    if (!player_) {
        return {};
    }
    if (view.round && view.round->round.phase == pole::Phase::kTraining) {
        const ledger::TaskSpec& spec = view.round->task.spec;
        const bool here =
            setup_.blobs->shape(spec.training) && setup_.blobs->shape(spec.validation);
        const bool busy = player_->job() == 0 && trainer_->status().job.has_value();
        if (!here || busy) {
            return {};
        }
    }
    return player_->on_block(view.round, setup_.clock->now(), random_number());
}

void Learner::follow(RoundPlayer::Plan plan, std::uint64_t round) {
    if (plan.stop_training) {
        if (const auto job = trainer_->status().job) {
            trainer_->cancel(*job);
        }
    }
    if (!plan.train) {
        return;
    }
    const std::uint64_t job = plan.train->job;
    if (setup_.trainer.listen.empty()) {  // on this machine
        plan.train->data = located(plan.train->data);
        plan.train->validation = located(*plan.train->validation);
    }
    setup_.log->info(
        "learning",
        "training begins",
        {{"task", to_hex(plan.train->task.view().first(4))},
         {"model", plan.train->model.kind},
         {"window_ms", std::uint64_t{plan.train->window_ms}}});
    training_.begin(
        {.job = job,
         .task = plan.train->task,
         .round = round,
         .model = plan.train->model,
         .device = plan.train->device,
         .begun = setup_.clock->now(),
         .window_ms = plan.train->window_ms});
    if (!trainer_->submit(*std::move(plan.train))) {
        take(trainer::Failed{
            .job = job,
            .code = trainer::FailureCode::kBusy,
            .text = std::string(to_string(trainer::FailureCode::kBusy))});
    }
}

/// The blob as a file that the trainer may read.
trainer::BlobLocation Learner::located(const trainer::BlobLocation& blob) const {
    const Hash root = std::get<trainer::SentBlob>(blob).root;
    const fs::path file = setup_.folder / (to_hex(root.view()) + ".data");
    std::error_code ignored;
    const auto shape = setup_.blobs->shape(root);
    if (shape && fs::file_size(file, ignored) != shape->bytes) {
        if (const auto bytes = setup_.blobs->read(root, 0, shape->bytes)) {
            (void)write_durably(file, *bytes);
        }
    }
    return trainer::LocalFile{file.string()};
}

// ---- what the trainer says ----------------------------------------------------------------------

void Learner::take(trainer::Finished& finished) {
    const auto root = setup_.blobs->put(finished.model);
    if (!root) {
        setup_.log->error("learning", "no room for a model", {{"cause", root.error().context}});
        training_.failed(
            {.job = finished.job,
             .code = trainer::FailureCode::kInternal,
             .text = trainer::fitting("no room for the model: " + root.error().context)});
        player_->failed(finished.job);
        return;
    }
    training_.finished(finished, *root);
    const auto work = player_->trained(finished.job, *root, random_hash());
    if (!work) {
        return;  // the round is over
    }
    setup_.log->info(
        "learning",
        "a model is trained",
        {{"round", work->round},
         {"model", to_hex(root->view().first(4))},
         {"correct", finished.validation.correct},
         {"of", std::uint64_t{finished.validation.count}},
         {"samples_per_s", finished.progress.samples_per_s}});
    if (!write_durably(work_file(setup_.folder), codec::encode(*work))) {
        setup_.log->error(
            "learning",
            "the work on a round cannot be kept over a restart",
            {{"file", work_file(setup_.folder).string()}});
    }
}

void Learner::take(const trainer::Failed& failed) {
    using trainer::FailureCode;
    const bool refused =
        failed.code == FailureCode::kUnknownArchitecture || failed.code == FailureCode::kBadSpec;
    refused ? player_->refused(failed.job) : player_->failed(failed.job);
    training_.failed(failed);
    const bool normal = failed.code == FailureCode::kCancelled;
    setup_.log->write(
        normal ? LogLevel::kDebug : LogLevel::kWarn,
        "learning",
        "training gave no model",
        {{"cause", failed.text}});
}

void Learner::submit(Bytes txn) {
    setup_.gate->submit(std::move(txn), [this](const Hash& id, const auto& outcome) {
        if (!std::holds_alternative<ledger::Admission>(outcome)) {
            setup_.log->warn(
                "learning",
                "a transaction of this node was refused",
                {{"id", to_hex(id.view().first(4))}});
        }
    });
}

}  // namespace polis::node
