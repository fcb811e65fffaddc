#include <node/trainer/trainer_host.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <list>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <core/crypto/ed25519.hpp>
#include <node/runtime/clock.hpp>
#include <node/runtime/mutex.hpp>
#include <node/runtime/thread_name.hpp>
#include <node/trainer/child.hpp>
#include <node/trainer/doors.hpp>

namespace polis::node {

namespace {

constexpr int kPollMsMax = 200;  ///< also how late a death without an open socket is noticed
constexpr std::uint64_t kGoodLifeMs = 60'000;  ///< whoever lived that long restarts at once
constexpr std::uint64_t kGraceMs = 2'000;      ///< between closing the connection and ending
constexpr std::size_t kCandidatesMax = 4;

std::uint64_t now_ms() { return Clock::steady_us() / 1000; }

/// A nonce that came twice would let an old proof of the token count again.
trainer::HelloNonce fresh_nonce() {
    return trainer::HelloNonce::from_view(crypto::Seed::generate().view());
}

}  // namespace

std::string_view to_string(TrainerHost::State state) {
    switch (state) {
        case TrainerHost::State::kPausing:
            return "pausing";
        case TrainerHost::State::kWaiting:
            return "waiting";
        case TrainerHost::State::kStarting:
            return "starting";
        case TrainerHost::State::kReady:
            return "ready";
        case TrainerHost::State::kTraining:
            return "training";
        case TrainerHost::State::kStopped:
            return "stopped";
    }
    return "unknown";
}

class TrainerHost::Impl {
  public:
    Impl(Options options, Listener listener)
        : options_(std::move(options)),
          listener_(std::move(listener)),
          wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          pause_ms_(options_.pause_ms_min),
          thread_([this] { run(); }) {}

    ~Impl() {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
        }
        wake();
        thread_.join();
    }

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<void, SubmitError> submit(trainer::Train job) {
        {
            const MutexLock lock(mutex_);
            if (stopping_) {
                return std::unexpected(SubmitError::kStopped);
            }
            if (status_.job) {
                return std::unexpected(SubmitError::kBusy);
            }
            status_.job = job.job;
            waiting_ = TrainerWork{.job = std::move(job), .since_ms = now_ms()};
        }
        wake();
        return {};
    }

    void cancel(std::uint64_t job) {
        {
            const MutexLock lock(mutex_);
            cancelled_ = job;
        }
        wake();
    }

    Status status() const {
        const MutexLock lock(mutex_);
        return status_;
    }

    std::vector<std::string> lines() const {
        const MutexLock lock(mutex_);
        return {lines_.begin(), lines_.end()};
    }

  private:
    [[nodiscard]] bool elsewhere() const { return !options_.listen.empty(); }

    // ---- the host's thread ----------------------------------------------------------------------

    void run() {
        name_this_thread("trainer-host");
        while (!stopping()) {
            if (!door_.valid() && now_ms() >= next_start_ms_) {
                start();
            }
            wait();
            if (door_.valid()) {
                elsewhere() ? look_after_visitors() : look_after_child();
            }
            give_work();
        }
        connection_.reset();
        candidates_.clear();
        child_.reset();
        ::unlink(options_.socket.c_str());
        const MutexLock lock(mutex_);
        status_.state = State::kStopped;
    }

    void start() {
        started_ms_ = now_ms();
        if (auto begun = elsewhere() ? open_door() : start_child(); !begun) {
            mourn(begun.error());
        }
    }

    Result<void, std::string> open_door() {
        POLIS_TRY(BoundDoor door, listen_at_address(options_.listen));
        door_ = std::move(door.socket);
        {
            const MutexLock lock(mutex_);
            status_.state = State::kWaiting;
            status_.listening = door.address;
        }
        visited("waits for a trainer at " + door.address);
        return {};
    }

    Result<void, std::string> start_child() {
        POLIS_TRY(Descriptor door, listen_at_path(options_.socket));
        std::vector<std::string> command = options_.command;
        command.insert(command.end(), {"serve", "--socket", options_.socket});
        POLIS_TRY(child_, Child::start(command));
        door_ = std::move(door);
        const MutexLock lock(mutex_);
        status_.state = State::kStarting;
        status_.pid = child_->pid();
        return {};
    }

    void wait() {
        std::vector<pollfd> sources{pollfd{wake_.get(), POLLIN, 0}};
        const auto add = [&](const TrainerConnection& connection) {
            const short outgoing = connection.wants_to_write() ? POLLOUT : 0;
            sources.push_back({connection.fd(), static_cast<short>(POLLIN | outgoing), 0});
        };
        if (door_.valid() && (elsewhere() || !connection_)) {
            sources.push_back({door_.get(), POLLIN, 0});
        }
        if (connection_ && !hung_up_ms_) {
            add(*connection_);
        }
        for (const TrainerConnection& candidate : candidates_) {
            add(candidate);
        }
        if (child_ && words_come_) {
            sources.push_back({child_->errors(), POLLIN, 0});
        }
        ::poll(sources.data(), sources.size(), kPollMsMax);
        std::uint64_t count = 0;
        (void)!::read(wake_.get(), &count, sizeof(count));
    }

    // ---- a child process ------------------------------------------------------------------------

    void look_after_child() {
        words_come_ = child_->read_errors();
        note(child_->take_lines());
        if (!connection_) {
            if (auto visitor = accept_at(door_)) {
                connection_.emplace(connect(*std::move(visitor), {}, nullptr));
            }
        }
        std::optional<std::string> fault = connection_ ? listen_to_child() : too_late();
        if (const auto end = child_->ended()) {
            (void)child_->read_errors();
            note(child_->take_lines());
            fault = *end;
        }
        if (fault) {
            const std::string words = child_->last_words();
            mourn(words.empty() ? *fault : fmt::format("{}; its last words: {}", *fault, words));
        }
    }

    /// @return why the trainer cannot go on
    std::optional<std::string> listen_to_child() {
        std::optional<std::string> fault = listen(*connection_);
        if (connection_->hung_up()) {
            // Most likely it is about to end, and how it ends says more than this.
            hung_up_ms_ = hung_up_ms_.value_or(now_ms());
            return now_ms() - *hung_up_ms_ > kGraceMs ? std::optional<std::string>("it hung up")
                                                      : std::nullopt;
        }
        return fault;
    }

    std::optional<std::string> too_late() const {
        const bool late = now_ms() - started_ms_ > options_.patience.hello_ms;
        return late ? std::optional(std::string(to_string(trainer::LinkError::kNoHello)))
                    : std::nullopt;
    }

    // ---- trainers elsewhere ---------------------------------------------------------------------

    void look_after_visitors() {
        while (auto visitor = accept_at(door_)) {
            welcome(*std::move(visitor));
        }
        for (auto candidate = candidates_.begin(); candidate != candidates_.end();) {
            const bool stays = greet(*candidate);
            candidate = stays ? std::next(candidate) : candidates_.erase(candidate);
        }
        if (connection_) {
            const std::optional<std::string> fault = listen(*connection_);
            if (fault || connection_->hung_up()) {
                lose(fault.value_or("the connection is lost"));
            }
        }
    }

    /// Anybody may come; who has not proved the token costs little, and the oldest makes room.
    void welcome(Visitor visitor) {
        if (candidates_.size() == kCandidatesMax) {
            candidates_.pop_front();
        }
        candidates_.push_back(
            connect(std::move(visitor), as_bytes(options_.token), &options_.blobs));
    }

    /// @return whether it is still on its way to become the trainer
    bool greet(TrainerConnection& candidate) {
        if (!candidate.send(now_ms())) {
            return false;  // only a job can fail to leave, and it has none
        }
        const auto messages = candidate.receive(now_ms());
        if (!messages) {
            visited(
                fmt::format("a trainer at {} is refused: {}", candidate.from(), messages.error()));
            candidate.refuse(messages.error());
            return false;
        }
        if (candidate.hung_up()) {
            return false;
        }
        if (const auto patient = candidate.tick(now_ms()); !patient) {
            candidate.refuse(std::string(to_string(patient.error())));
            return false;
        }
        if (!candidate.hello()) {
            return true;
        }
        if (connection_) {
            const std::string why = fmt::format(
                "another trainer, at {}, works for this node; a node has one at a time",
                connection_->from());
            visited(fmt::format("a trainer at {} is refused: {}", candidate.from(), why));
            candidate.refuse(why);
            return false;
        }
        attach(std::move(candidate));
        return false;
    }

    void attach(TrainerConnection candidate) {
        connection_.emplace(std::move(candidate));
        {
            const MutexLock lock(mutex_);
            status_.hello = connection_->hello();
            status_.state = State::kReady;
            status_.from = connection_->from();
        }
        visited("a trainer is attached from " + connection_->from());
    }

    /// The trainer elsewhere is gone; the door stays open for the next one.
    void lose(const std::string& why) {
        const std::string line = fmt::format("the trainer at {}: {}", connection_->from(), why);
        connection_->refuse(why);
        connection_.reset();
        note({line});
        const auto job = bury(line, State::kWaiting);
        if (listener_.died) {
            listener_.died(line, 0);
        }
        fail_job(job, line);
    }

    // ---- both -----------------------------------------------------------------------------------

    TrainerConnection connect(Visitor visitor, ByteView token, const BlobSource* blobs) const {
        return TrainerConnection(
            std::move(visitor),
            {.token = token, .nonce = fresh_nonce(), .patience = options_.patience, .blobs = blobs},
            now_ms());
    }

    /// Takes and sends. @return why the connection cannot go on
    std::optional<std::string> listen(TrainerConnection& connection) {
        auto messages = connection.receive(now_ms());
        if (!messages) {
            return messages.error();
        }
        for (trainer::TrainerMessage& message : *messages) {
            std::visit([this](auto& part) { on(part); }, message);
        }
        const auto patient = connection.tick(now_ms());
        return patient ? std::nullopt : std::optional(std::string(to_string(patient.error())));
    }

    void on(const trainer::Hello& hello) {
        const MutexLock lock(mutex_);
        status_.hello = hello;
        status_.state = State::kReady;
    }

    void on(const trainer::Heartbeat& /*beat*/) {}

    void on(const trainer::Progress& progress) {
        if (listener_.progress) {
            listener_.progress(progress);
        }
    }

    void on(trainer::Finished& finished) {
        end_job();
        pause_ms_ = options_.pause_ms_min;
        if (listener_.finished) {
            listener_.finished(std::move(finished));
        }
    }

    void on(const trainer::Failed& failed) {
        end_job();
        if (listener_.failed) {
            listener_.failed(failed);
        }
    }

    void end_job() {
        const MutexLock lock(mutex_);
        status_.job.reset();
        if (status_.state == State::kTraining) {
            status_.state = State::kReady;
        }
    }

    void give_work() {
        std::optional<std::uint64_t> dropped;
        {
            const MutexLock lock(mutex_);
            if (cancelled_ && waiting_ && waiting_->job.job == *cancelled_) {
                dropped = waiting_->job.job;
                waiting_.reset();
            }
            if (cancelled_ && connection_ && connection_->cancel(*cancelled_)) {
                dropped = cancelled_;
            }
            cancelled_.reset();
            if (waiting_ && connection_ && connection_->ready()) {
                connection_->give(*std::exchange(waiting_, std::nullopt));
                status_.state = State::kTraining;
            }
        }
        if (dropped) {
            on(trainer::Failed{
                .job = *dropped,
                .code = trainer::FailureCode::kCancelled,
                .text = std::string(to_string(trainer::FailureCode::kCancelled))});
        }
        if (connection_) {
            const auto sent = connection_->send(now_ms());
            if (!sent && sent.error().job != 0) {
                on(sent.error());
            }
        }
    }

    /// The trainer cannot go on, or could not begin. What it worked on has failed.
    void mourn(const std::string& why) {
        note({"the trainer is lost: " + why});
        connection_.reset();
        door_ = Descriptor();
        child_.reset();
        words_come_ = true;
        hung_up_ms_.reset();
        const std::uint64_t now = now_ms();
        if (now - started_ms_ >= kGoodLifeMs) {
            pause_ms_ = options_.pause_ms_min;
        }
        const std::uint64_t pause_ms = pause_ms_;
        next_start_ms_ = now + pause_ms;
        pause_ms_ = std::min(pause_ms_ * 2, options_.pause_ms_max);
        const auto job = bury(why, State::kPausing);
        if (listener_.died) {
            listener_.died(why, pause_ms);
        }
        fail_job(job, why);
    }

    /// @return the job that is lost
    std::optional<std::uint64_t> bury(const std::string& why, State state) {
        const MutexLock lock(mutex_);
        waiting_.reset();
        ++status_.deaths;
        status_.last_death = why;
        status_.state = state;
        status_.hello.reset();
        status_.pid.reset();
        status_.from.clear();
        return std::exchange(status_.job, std::nullopt);
    }

    void fail_job(std::optional<std::uint64_t> job, const std::string& why) {
        if (job && listener_.failed) {
            listener_.failed(
                {.job = *job,
                 .code = trainer::FailureCode::kInternal,
                 .text = trainer::fitting("the trainer died: " + why)});
        }
    }

    void visited(const std::string& line) {
        note({line});
        if (listener_.visited) {
            listener_.visited(line);
        }
    }

    void note(std::vector<std::string> lines) {
        const MutexLock lock(mutex_);
        for (std::string& line : lines) {
            lines_.push_back(std::move(line));
        }
        while (lines_.size() > kLinesMax) {
            lines_.pop_front();
        }
    }

    bool stopping() const {
        const MutexLock lock(mutex_);
        return stopping_;
    }

    void wake() const {
        const std::uint64_t one = 1;
        (void)!::write(wake_.get(), &one, sizeof(one));  // full only if it is awake already
    }

    // Constant after construction.
    const Options options_;
    const Listener listener_;
    const Descriptor wake_;

    // Owned by the host's thread.
    Descriptor door_;             ///< open while there is a child, or always for those elsewhere
    std::optional<Child> child_;  ///< null for those elsewhere
    std::optional<TrainerConnection> connection_;
    std::list<TrainerConnection> candidates_;  ///< elsewhere, not proved yet, oldest first
    bool words_come_ = true;                   ///< stderr of the child is still open
    std::optional<std::uint64_t> hung_up_ms_;  ///< when the connection ended before the child
    std::uint64_t started_ms_ = 0;
    std::uint64_t next_start_ms_ = 0;
    std::uint64_t pause_ms_;

    mutable Mutex mutex_;
    bool stopping_ POLIS_GUARDED_BY(mutex_) = false;
    std::optional<TrainerWork> waiting_ POLIS_GUARDED_BY(mutex_);
    std::optional<std::uint64_t> cancelled_ POLIS_GUARDED_BY(mutex_);
    Status status_ POLIS_GUARDED_BY(mutex_);
    std::deque<std::string> lines_ POLIS_GUARDED_BY(mutex_);

    std::thread thread_;  ///< last, so it starts last
};

TrainerHost::TrainerHost(Options options, Listener listener)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(listener))) {}

TrainerHost::~TrainerHost() = default;

Result<void, TrainerHost::SubmitError> TrainerHost::submit(trainer::Train job) {
    return impl_->submit(std::move(job));
}

void TrainerHost::cancel(std::uint64_t job) { impl_->cancel(job); }

TrainerHost::Status TrainerHost::status() const { return impl_->status(); }

std::vector<std::string> TrainerHost::lines() const { return impl_->lines(); }

}  // namespace polis::node
