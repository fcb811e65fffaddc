#include <node/drivers/validator_driver.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <node/runtime/thread_name.hpp>

namespace polis::node {

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// Overflow: peers are few, so their lane is never full; a peer that fills the next two is
/// disconnected; queries and transactions hear "busy".
constexpr std::array<LaneLimits, ValidatorDriver::kLanes> kLaneLimits{
    LaneLimits{.count_max = 1'000'000, .bytes_max = SIZE_MAX},
    LaneLimits{.count_max = 200'000, .bytes_max = 256 * kMiB},
    LaneLimits{.count_max = 50'000, .bytes_max = 256 * kMiB},
    LaneLimits{.count_max = 4'096, .bytes_max = SIZE_MAX},
    LaneLimits{.count_max = 8'192, .bytes_max = 64 * kMiB}};

constexpr std::size_t kAlarmsMax = 32;
constexpr std::uint64_t kSnapshotUsMax = 20'000;  ///< oldest snapshot while there is work to do

std::string short_hash(const Hash& hash) { return to_hex(hash.view().first(4)); }

}  // namespace

ValidatorDriver::ValidatorDriver(Setup setup)
    : validator_(std::move(setup.validator)),
      listener_(*setup.listener),
      stages_(*setup.stages),
      clock_(*setup.clock),
      log_(*setup.log),
      queue_(kLaneLimits),
      head_since_(clock_.now()) {
    publish();
}

ValidatorDriver::~ValidatorDriver() { stop(); }

void ValidatorDriver::start() {
    thread_ = std::thread([this] {
        name_this_thread("consensus");
        run();
    });
}

void ValidatorDriver::stop() {
    ending_.store(true);
    queue_.close();
    if (thread_.joinable()) {
        thread_.join();
    }
    while (auto work = queue_.try_pop()) {
        if (const auto* const query = std::get_if<Query>(&work->what)) {
            (*query)(nullptr);
        }
    }
}

// ---- inputs -------------------------------------------------------------------------------------

bool ValidatorDriver::push(
    Lane lane, ValidatorInput input, std::size_t bytes, InFlight held, std::uint64_t ready_us) {
    return queue_.push(
        static_cast<std::size_t>(lane), Work{std::move(input), std::move(held), ready_us}, bytes);
}

void ValidatorDriver::ask(Query query) {
    Work work{std::move(query), {}, {}};
    if (!queue_.push(static_cast<std::size_t>(Lane::kQueries), std::move(work), 0)) {
        std::get<Query>(work.what)(nullptr);
    }
}

rpc::SnapshotPtr ValidatorDriver::snapshot() const {
    const MutexLock lock(mutex_);
    return snapshot_;
}

// ---- the loop -----------------------------------------------------------------------------------

void ValidatorDriver::run() {
    perform(validator_->start(clock_.now()));
    while (!ending_.load()) {
        const TimeMs now = clock_.now();
        const std::optional<TimeMs> timer = validator_->next_timer();
        if (timer && *timer <= now) {
            step(Tick{});
            continue;
        }
        std::optional<Work> work = queue_.try_pop();
        if (!work) {
            publish();
            work = queue_.pop(
                timer ? std::optional{timer->value - now.value} : std::optional<std::uint64_t>{});
        }
        if (work) {
            work_on(*std::move(work));
        }
    }
}

void ValidatorDriver::work_on(Work work) {
    if (const auto* const query = std::get_if<Query>(&work.what)) {
        (*query)(validator_.get());
        return;
    }
    step(std::get<ValidatorInput>(work.what), work.ready_us);
    if (Clock::steady_us() - published_us_ > kSnapshotUsMax) {
        publish();
    }
}

void ValidatorDriver::step(const ValidatorInput& input, std::uint64_t ready_us) {
    const std::vector<Hash> unknown = unknown_of(input);
    const std::uint64_t begin_us = Clock::steady_us();
    ValidatorOutputs outputs = validator_->step(input, clock_.now());
    step_end_us_ = Clock::steady_us();
    counters_.steps.add(step_end_us_ - begin_us);
    changed_ = true;
    perform(std::move(outputs));
    tell_pending(unknown);
    stages_.admitted(std::exchange(taken_in_, 0), ready_us, step_end_us_);
}

/// Of a peer's transactions, those that the mempool does not hold yet: subscribers hear of them if
/// it takes them in.
std::vector<Hash> ValidatorDriver::unknown_of(const ValidatorInput& input) const {
    std::vector<Hash> out;
    const auto* const txns = std::get_if<TxnsVerified>(&input);
    if (txns != nullptr && txns->peer) {
        for (const ledger::TxnPtr& txn : txns->txns) {
            if (!validator_->mempool().contains(txn->id)) {
                out.push_back(txn->id);
            }
        }
    }
    return out;
}

void ValidatorDriver::tell_pending(const std::vector<Hash>& candidates) {
    for (const Hash& id : candidates) {
        if (validator_->mempool().contains(id)) {
            taken_in(id);
        }
    }
}

void ValidatorDriver::taken_in(const Hash& txn) {
    ++taken_in_;
    stages_.taken_in(txn, step_end_us_);
    listener_.event(rpc::TxnPending{txn});
}

// ---- outputs ------------------------------------------------------------------------------------

void ValidatorDriver::perform(ValidatorOutputs outputs) {
    for (ValidatorOutput& output : outputs) {
        std::visit([this](auto& one) { perform_one(one); }, output);
    }
    if (!orders_.empty()) {
        listener_.send(std::exchange(orders_, {}));
    }
}

void ValidatorDriver::perform_one(SendTo& output) { orders_.emplace_back(std::move(output)); }

void ValidatorDriver::perform_one(SendAll& output) { orders_.emplace_back(std::move(output)); }

void ValidatorDriver::perform_one(Penalise& output) { orders_.emplace_back(std::move(output)); }

void ValidatorDriver::perform_one(const Finalized& output) {
    head_since_ = clock_.now();
    counters_.blocks.fetch_add(1);
    counters_.txns.fetch_add(output.txns.size());
    stages_.finalized(output.head.block, output.txns);
    const View view = output.certificate.statement.view;
    counters_.view_changes.fetch_add(view.value);
    const bool quiet = output.txns.empty() && view.value == 0;
    log_.write(
        quiet ? LogLevel::kDebug : LogLevel::kInfo,
        "consensus",
        "block is final",
        {{"height", output.head.height.value},
         {"block", short_hash(output.head.block)},
         {"txns", output.txns.size()},
         {"view", view.value}});
    publish();  // before the event: whoever hears of the block finds it
    listener_.event(rpc::BlockFinalized{
        .head = output.head,
        .view = view,
        .proposer = output.proposer,
        .txns = output.txns,
        .events = output.events});
}

void ValidatorDriver::perform_one(const TxnVerdict& output) {
    if (std::holds_alternative<ledger::Admission>(output.outcome)) {
        taken_in(output.id);
    }
    listener_.verdict(output);
}

void ValidatorDriver::raise_alarm(std::string text) {
    counters_.alarms.fetch_add(1);
    log_.error("consensus", "alarm: a person must look", {{"what", text}});
    alarms_.push_back(std::move(text));
    if (alarms_.size() > kAlarmsMax) {
        alarms_.erase(alarms_.begin());
    }
}

void ValidatorDriver::perform_one(const AlarmRaised& output) {
    raise_alarm(fmt::format(
        "{} at height {}", pbft::to_string(output.alarm.kind), output.alarm.height.value));
}

void ValidatorDriver::perform_one(const Accused& output) {
    log_.warn(
        "consensus",
        "a member voted twice; the proof goes on chain if this node has an account key",
        {{"offender", to_hex(output.evidence.offender.view())}});
}

void ValidatorDriver::perform_one(const FactDisputed& /*output*/) {
    raise_alarm("a quorum attests another fact than this node worked out");
}

void ValidatorDriver::perform_one(const StopNode& output) {
    ending_.store(true);
    listener_.store_failed(output.error);
}

// ---- what others see ----------------------------------------------------------------------------

void ValidatorDriver::publish() {
    if (!changed_) {
        return;
    }
    changed_ = false;
    published_us_ = Clock::steady_us();
    auto next = std::make_shared<rpc::Snapshot>();
    next->machine = validator_->view();
    next->peers = listener_.peer_count();
    next->head_since = head_since_;
    next->alarms = alarms_;
    const ValidatorView& now = next->machine;
    bool moved = false;
    {
        const MutexLock lock(mutex_);
        moved = !snapshot_ || snapshot_->machine.view != now.view ||
                snapshot_->machine.phase != now.phase ||
                snapshot_->machine.head.height != now.head.height;
        snapshot_ = next;
    }
    if (moved) {
        listener_.event(rpc::ConsensusStep{
            .height = Height{now.head.height.value + 1}, .view = now.view, .phase = now.phase});
    }
}

}  // namespace polis::node
