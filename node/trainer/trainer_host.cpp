#include <node/trainer/trainer_host.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <node/runtime/clock.hpp>
#include <node/runtime/mutex.hpp>
#include <node/runtime/thread_name.hpp>
#include <node/trainer/child.hpp>

namespace polis::node {

namespace {

constexpr int kPollMsMax = 200;  ///< also how late a death without an open socket is noticed
constexpr std::uint64_t kGoodLifeMs = 60'000;  ///< whoever lived that long restarts at once
constexpr std::uint64_t kGraceMs = 2'000;      ///< between closing the connection and ending
constexpr std::size_t kPortionBytes = std::size_t{256} << 10;

std::uint64_t now_ms() { return Clock::steady_us() / 1000; }

/// A socket that only this user may reach. @error a line for people
Result<Descriptor, std::string> listen_at(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return std::unexpected(fmt::format(
            "the path of a socket has 1 to {} bytes: {}", sizeof(address.sun_path) - 1, path));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    ::unlink(path.c_str());
    Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto* target = reinterpret_cast<const sockaddr*>(&address);
    // Nobody can connect before listen(), so the mode comes in time.
    if (!out.valid() || ::bind(out.get(), target, sizeof(address)) != 0 ||
        ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(out.get(), 1) != 0) {
        return std::unexpected(
            fmt::format("cannot listen on {}: {}", path, std::generic_category().message(errno)));
    }
    return out;
}

trainer::HelloNonce fresh_nonce() {
    trainer::HelloNonce out;
    // Never short for so few bytes. On a local socket the token is empty and proves nothing.
    (void)!::getrandom(out.data.data(), out.data.size(), 0);
    return out;
}

}  // namespace

std::string_view to_string(TrainerHost::State state) {
    switch (state) {
        case TrainerHost::State::kPausing:
            return "pausing";
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
            if (waiting_ || status_.job) {
                return std::unexpected(SubmitError::kBusy);
            }
            waiting_ = std::move(job);
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

  private:
    // ---- the host's thread ----------------------------------------------------------------------

    void run() {
        name_this_thread("trainer-host");
        while (!stopping()) {
            if (!child_ && now_ms() >= next_start_ms_) {
                start();
            }
            wait();
            if (child_) {
                look_after_child();
            }
            give_work();
            flush();
        }
        connection_ = Descriptor();
        child_.reset();
        ::unlink(options_.socket.c_str());
        const MutexLock lock(mutex_);
        status_.state = State::kStopped;
    }

    void start() {
        started_ms_ = now_ms();
        auto listener = listen_at(options_.socket);
        if (!listener) {
            mourn(listener.error());
            return;
        }
        std::vector<std::string> command = options_.command;
        command.insert(command.end(), {"serve", "--socket", options_.socket});
        auto child = Child::start(command);
        if (!child) {
            mourn(child.error());
            return;
        }
        socket_ = *std::move(listener);
        child_ = *std::move(child);
        link_.emplace(ByteView{}, fresh_nonce(), started_ms_, options_.patience);
        const MutexLock lock(mutex_);
        status_.state = State::kStarting;
        status_.pid = child_->pid();
    }

    void wait() {
        std::array<pollfd, 3> sources{
            pollfd{wake_.get(), POLLIN, 0},
            pollfd{-1, POLLIN, 0},  // a negative descriptor is skipped
            pollfd{-1, POLLIN, 0}};
        if (child_) {
            const bool connected = connection_.valid();
            sources[1].fd = connected ? connection_.get() : socket_.get();
            sources[1].fd = hung_up_ms_ ? -1 : sources[1].fd;
            sources[1].events = connected && !outgoing_.empty() ? POLLIN | POLLOUT : POLLIN;
            sources[2].fd = words_come_ ? child_->errors() : -1;
        }
        ::poll(sources.data(), sources.size(), kPollMsMax);
        std::uint64_t count = 0;
        (void)!::read(wake_.get(), &count, sizeof(count));
    }

    void look_after_child() {
        words_come_ = child_->read_errors();
        std::optional<std::string> fault = connection_.valid() ? receive() : accept();
        if (!fault) {
            if (const auto patient = link_->tick(now_ms()); !patient) {
                fault = std::string(to_string(patient.error()));
            }
        }
        const auto end = child_->ended();
        if (end) {
            (void)child_->read_errors();
            fault = *end;
        }
        if (fault) {
            const std::string words = child_->last_words();
            mourn(words.empty() ? *fault : fmt::format("{}; its last words: {}", *fault, words));
        }
    }

    /// @return why the trainer cannot go on
    std::optional<std::string> accept() {
        Descriptor found(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (found.valid()) {
            connection_ = std::move(found);
            outgoing_ = link_->greeting();
        }
        return std::nullopt;
    }

    std::optional<std::string> receive() {
        Bytes portion(kPortionBytes);
        const ssize_t count = ::recv(connection_.get(), portion.data(), portion.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            return std::nullopt;
        }
        if (count <= 0) {
            // Most likely it is about to end, and how it ends says more than this.
            hung_up_ms_ = hung_up_ms_.value_or(now_ms());
            return now_ms() - *hung_up_ms_ > kGraceMs ? std::optional<std::string>("it hung up")
                                                      : std::nullopt;
        }
        portion.resize(static_cast<std::size_t>(count));
        auto messages = link_->received(portion, now_ms());
        if (!messages) {
            return std::string(to_string(messages.error()));
        }
        for (trainer::TrainerMessage& message : *messages) {
            std::visit([this](auto& part) { on(part); }, message);
        }
        return std::nullopt;
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
        status_.state = State::kReady;
    }

    void give_work() {
        std::optional<std::uint64_t> dropped;
        {
            const MutexLock lock(mutex_);
            if (cancelled_ && waiting_ && waiting_->job == *cancelled_) {
                dropped = waiting_->job;
                waiting_.reset();
            }
            if (cancelled_ && child_ && link_->job() == *cancelled_) {
                append(outgoing_, link_->cancel());
            }
            cancelled_.reset();
            if (waiting_ && child_ && link_->ready()) {
                append(outgoing_, link_->train(*waiting_));
                status_.job = waiting_->job;
                status_.state = State::kTraining;
                waiting_.reset();
            }
        }
        if (dropped && listener_.failed) {
            listener_.failed(
                {.job = *dropped,
                 .code = trainer::FailureCode::kCancelled,
                 .text = std::string(to_string(trainer::FailureCode::kCancelled))});
        }
    }

    void flush() {
        while (connection_.valid() && !outgoing_.empty()) {
            const ssize_t count =
                ::send(connection_.get(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
            if (count < 0) {
                return;  // full, or gone, which the next read says
            }
            outgoing_.erase(outgoing_.begin(), outgoing_.begin() + count);
        }
    }

    /// The trainer cannot go on, or could not begin. What it worked on has failed.
    void mourn(const std::string& why) {
        connection_ = Descriptor();
        socket_ = Descriptor();
        child_.reset();
        link_.reset();
        outgoing_.clear();
        words_come_ = true;
        hung_up_ms_.reset();
        const std::uint64_t now = now_ms();
        if (now - started_ms_ >= kGoodLifeMs) {
            pause_ms_ = options_.pause_ms_min;
        }
        const std::uint64_t pause_ms = pause_ms_;
        next_start_ms_ = now + pause_ms;
        pause_ms_ = std::min(pause_ms_ * 2, options_.pause_ms_max);
        std::optional<std::uint64_t> job;
        {
            const MutexLock lock(mutex_);
            job = status_.job;
            if (waiting_) {
                job = waiting_->job;
                waiting_.reset();
            }
            ++status_.deaths;
            status_.last_death = why;
            status_.state = State::kPausing;
            status_.hello.reset();
            status_.pid.reset();
            status_.job.reset();
        }
        if (listener_.died) {
            listener_.died(why, pause_ms);
        }
        if (job && listener_.failed) {
            listener_.failed(
                {.job = *job,
                 .code = trainer::FailureCode::kInternal,
                 .text = trainer::fitting("the trainer died: " + why)});
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
    std::optional<Child> child_;
    std::optional<trainer::HostLink> link_;  ///< while there is a child
    Descriptor socket_;
    Descriptor connection_;
    Bytes outgoing_;
    bool words_come_ = true;                   ///< stderr of the child is still open
    std::optional<std::uint64_t> hung_up_ms_;  ///< when the connection ended before the child
    std::uint64_t started_ms_ = 0;
    std::uint64_t next_start_ms_ = 0;
    std::uint64_t pause_ms_;

    mutable Mutex mutex_;
    bool stopping_ POLIS_GUARDED_BY(mutex_) = false;
    std::optional<trainer::Train> waiting_ POLIS_GUARDED_BY(mutex_);
    std::optional<std::uint64_t> cancelled_ POLIS_GUARDED_BY(mutex_);
    Status status_ POLIS_GUARDED_BY(mutex_);

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

}  // namespace polis::node
