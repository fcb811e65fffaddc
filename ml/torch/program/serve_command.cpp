// Works for a node: one connection, one job at a time on a thread of its own, heartbeats always.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ml/data/source.hpp>
#include <ml/protocol/frames.hpp>
#include <ml/torch/architecture.hpp>
#include <ml/torch/network.hpp>
#include <ml/torch/program/arguments.hpp>
#include <ml/torch/program/commands.hpp>
#include <ml/torch/program/socket.hpp>
#include <ml/torch/program/worker.hpp>

namespace polis::trainer {

namespace {

constexpr std::string_view kValued[] = {"--socket", "--connect", "--token-file"};
constexpr std::uint64_t kRetryMsMin = 1'000;
constexpr std::uint64_t kRetryMsMax = 30'000;
constexpr std::uint64_t kGoodLifeMs = 10'000;  ///< a shorter connection was probably refused
/// A host that does not read: progress is dropped beyond this, and results wait.
constexpr std::size_t kOutgoingMax = std::size_t{1} << 20;

std::uint64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

void log(const std::string& text) { std::fprintf(stderr, "polis-trainer: %s\n", text.c_str()); }

/// Why a connection ended.
struct Ending {
    int signal = 0;  ///< the process was told to end
    std::string why;
};

class Connection {
  public:
    Connection(Socket socket, const Socket& signals, const std::string& token, BlobShelf& shelf)
        : socket_(std::move(socket)),
          signals_(signals),
          token_(token),
          shelf_(shelf),
          wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          worker_(wake_.fd()) {}

    Ending run() {
        while (!ending_) {
            wait();
        }
        leave();
        return *ending_;
    }

  private:
    void wait() {
        const std::uint64_t now = now_ms();
        const std::uint64_t left = now >= next_beat_ms_ ? 0 : next_beat_ms_ - now;
        const short outgoing = outgoing_.empty() ? 0 : POLLOUT;
        std::array<pollfd, 3> sources{
            pollfd{socket_.fd(), static_cast<short>(POLLIN | outgoing), 0},
            pollfd{wake_.fd(), POLLIN, 0},
            pollfd{signals_.fd(), POLLIN, 0}};
        poll(sources.data(), sources.size(), static_cast<int>(left));
        if (sources[2].revents != 0) {
            signalfd_siginfo info{};
            if (read(signals_.fd(), &info, sizeof(info)) == sizeof(info)) {
                end({.signal = static_cast<int>(info.ssi_signo), .why = "ended by a signal"});
                return;
            }
        }
        if (sources[1].revents != 0) {
            std::uint64_t count = 0;
            (void)!read(wake_.fd(), &count, sizeof(count));
        }
        pass_on();
        if (greeted_ && now_ms() >= next_beat_ms_) {
            send(Heartbeat{});
            next_beat_ms_ = now_ms() + kHeartbeatMs;
        } else if (!greeted_) {
            next_beat_ms_ = now_ms() + kHeartbeatMs;
        }
        if ((sources[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            receive();
        }
        flush();
    }

    void end(Ending ending) {
        if (!ending_) {
            ending_ = std::move(ending);
        }
    }

    /// Ends the job and tells the host, as far as it still listens.
    void leave() {
        worker_.stop();
        pass_on();
        flush();
    }

    void pass_on() {
        for (const TrainerMessage& message : worker_.take()) {
            const bool progress = std::holds_alternative<Progress>(message);
            if (!progress || outgoing_.size() < kOutgoingMax) {
                send(message);
            }
            if (const auto* failed = std::get_if<Failed>(&message)) {
                log("job " + std::to_string(failed->job) + ": " + failed->text);
            }
        }
    }

    void send(const TrainerMessage& message) { append(outgoing_, frame_of(message)); }

    void flush() {
        while (!outgoing_.empty()) {
            const ssize_t count =
                ::send(socket_.fd(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
            if (count < 0) {
                if (errno != EAGAIN && errno != EINTR) {
                    end({.why = "the host is gone"});
                }
                return;
            }
            outgoing_.erase(outgoing_.begin(), outgoing_.begin() + count);
        }
    }

    void receive() {
        Bytes portion(std::size_t{256} << 10);
        const ssize_t count = recv(socket_.fd(), portion.data(), portion.size(), 0);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
            end({.why = "the host has closed the connection"});
            return;
        }
        if (count > 0) {
            frames_.feed(ByteView{portion}.first(static_cast<std::size_t>(count)));
        }
        while (!ending_) {
            auto message = frames_.next<HostMessage>();
            if (!message) {
                end({.why = std::string(to_string(message.error()))});
                return;
            }
            if (!*message) {
                return;
            }
            std::visit([this](auto& part) { on(part); }, **message);
        }
    }

    void on(const Challenge& challenge) {
        Hello hello{
            .proof = prove(as_bytes(token_), challenge.nonce),
            .program = POLIS_VERSION,
            .torch = torch_version(),
            .devices = devices(),
            .kinds = {},
            .blobs = shelf_.roots()};
        for (const std::string_view kind : known_kinds()) {
            hello.kinds.emplace_back(kind);
        }
        send(hello);
        greeted_ = true;
        next_beat_ms_ = now_ms() + kHeartbeatMs;
        if (challenge.version != kProtocolVersion) {
            flush();  // so that the host can say the same
            end({.why = std::string(to_string(LinkError::kWrongVersion))});
        }
    }

    void on(Train& job) {
        if (worker_.job()) {
            send(Failed{
                .job = job.job,
                .code = FailureCode::kBusy,
                .text = std::string(to_string(FailureCode::kBusy))});
            return;
        }
        log("job " + std::to_string(job.job) + ": " + job.model.kind);
        worker_.start(std::move(job), shelf_);
    }

    void on(const Cancel& cancel) {
        if (worker_.job() == cancel.job) {
            worker_.cancel();
        }
    }

    void on(const Refused& refused) { end({.why = "the node ends it: " + refused.text}); }

    void on(const BlobPortion& portion) {
        if (!shelf_.add(portion)) {
            end({.why = "a portion of a dataset does not continue it, or its root is another"});
        }
    }

    Socket socket_;
    const Socket& signals_;
    const std::string& token_;
    BlobShelf& shelf_;
    const Socket wake_;
    FrameReader frames_;
    Bytes outgoing_;
    bool greeted_ = false;
    std::uint64_t next_beat_ms_ = 0;
    std::optional<Ending> ending_;
    Worker worker_;  ///< last: its thread uses what is above
};

/// Before any thread, so that all inherit it.
Socket take_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return Socket(signalfd(-1, &set, SFD_CLOEXEC));
}

/// True if the process was told to end within the time.
int signal_within(const Socket& signals, std::uint64_t wait_ms) {
    pollfd source{signals.fd(), POLLIN, 0};
    signalfd_siginfo info{};
    if (poll(&source, 1, static_cast<int>(wait_ms)) > 0 &&
        read(signals.fd(), &info, sizeof(info)) == sizeof(info)) {
        return static_cast<int>(info.ssi_signo);
    }
    return 0;
}

Result<std::string, std::string> read_token(const std::string& path) {
    const auto file = data::read_file(path);
    if (!file) {
        return std::unexpected(file.error().text());
    }
    std::string token(as_text(*file));
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) {
        token.pop_back();
    }
    if (token.size() < kTokenBytesMin || token.size() > kTokenBytesMax) {
        return std::unexpected(path + ": a token has 16 to 1024 bytes");
    }
    return token;
}

/// A child of a node: one connection, and no life after it.
int serve_local(const std::string& path, const Socket& signals) {
    auto socket = connect_local(path);
    if (!socket) {
        log(socket.error());
        return kExitFailed;
    }
    const std::string no_token;
    BlobShelf shelf;
    const Ending ending = Connection(*std::move(socket), signals, no_token, shelf).run();
    log(ending.why);
    return ending.signal != 0 ? kExitSignal + ending.signal : kExitDone;
}

/// A machine of its own: connects again and again, until it is told to end.
int serve_remote(const std::string& address, const std::string& token, const Socket& signals) {
    std::uint64_t pause_ms = kRetryMsMin;
    BlobShelf shelf;  // datasets outlive a connection
    while (true) {
        auto socket = connect_remote(address);
        std::string why;
        if (socket) {
            log("connected to " + address);
            const std::uint64_t began_ms = now_ms();
            shelf.drop_incomplete();
            const Ending ending = Connection(*std::move(socket), signals, token, shelf).run();
            if (ending.signal != 0) {
                log(ending.why);
                return kExitSignal + ending.signal;
            }
            why = ending.why;
            if (now_ms() - began_ms >= kGoodLifeMs) {
                pause_ms = kRetryMsMin;
            }
        } else {
            why = socket.error();
        }
        log(why + "; next attempt in " + std::to_string(pause_ms / 1000) + " s");
        if (const int signal = signal_within(signals, pause_ms); signal != 0) {
            return kExitSignal + signal;
        }
        pause_ms = std::min(pause_ms * 2, kRetryMsMax);
    }
}

}  // namespace

int serve_command(std::span<char* const> words) {
    const auto arguments = Arguments::parse(words, kValued, {});
    if (!arguments) {
        log(arguments.error());
        return kExitUsage;
    }
    const bool local = arguments->has("--socket");
    if (local == arguments->has("--connect") || (local && arguments->has("--token-file"))) {
        log("serve needs either --socket PATH, or --connect HOST:PORT, with --token-file FILE if "
            "the node has a token");
        return kExitUsage;
    }
    const Socket signals = take_signals();
    if (local) {
        return serve_local(arguments->text("--socket", {}), signals);
    }
    std::string token;
    if (arguments->has("--token-file")) {
        auto read = read_token(arguments->text("--token-file", {}));
        if (!read) {
            log(read.error());
            return kExitUsage;
        }
        token = *std::move(read);
    }
    return serve_remote(arguments->text("--connect", {}), token, signals);
}

}  // namespace polis::trainer
