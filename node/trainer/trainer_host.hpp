#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <core/result.hpp>
#include <ml/protocol/host_link.hpp>
#include <ml/protocol/messages.hpp>
#include <node/trainer/trainer_connection.hpp>

namespace polis::node {

/// Gives a polis-trainer work, on a thread of its own, so that consensus never waits for it.
///
/// The trainer is a child process that may crash, hang, run out of memory or speak nonsense: it is
/// killed, its cause of death and last words are reported, and another one is started after a
/// pause. Or it runs on another machine, connects to `listen`, proves the token and gets the
/// datasets of its jobs; one at a time, and when it is lost the host waits for the next one.
class TrainerHost {
  public:
    struct Options {
        /// Program and first arguments; `serve --socket PATH` follows.
        std::vector<std::string> command;
        std::string socket;  ///< path of the local socket; a file there is replaced
        /// Where a trainer elsewhere connects: "127.0.0.1:26680"; then no process is started.
        std::string listen;
        std::string token;                 ///< that it must prove; empty: none
        BlobSource blobs;                  ///< of a trainer elsewhere
        std::uint64_t pause_ms_min = 500;  ///< before a restart; doubles with every early death
        std::uint64_t pause_ms_max = 30'000;
        trainer::Patience patience{};
    };

    /// Called by the host's thread, one at a time. Must be quick and must not call the host.
    struct Listener {
        std::function<void(const trainer::Progress&)> progress;
        std::function<void(trainer::Finished)> finished;
        /// Also when the trainer died: kInternal, with the cause of death.
        std::function<void(const trainer::Failed&)> failed;
        /// A trainer has died; the line is for people. The next one starts after `pause_ms`.
        std::function<void(const std::string& why, std::uint64_t pause_ms)> died;
        /// A line about a trainer elsewhere: attached, or refused and why.
        std::function<void(const std::string& line)> visited;
    };

    enum class State : std::uint8_t {
        kPausing,   ///< no process; the next one starts soon
        kWaiting,   ///< for a trainer elsewhere
        kStarting,  ///< it has not said hello yet
        kReady,
        kTraining,
        kStopped,
    };

    static constexpr std::size_t kStates = 6;
    static constexpr std::size_t kLinesMax = 200;  ///< of lines()

    struct Status {
        State state = State::kPausing;
        std::uint64_t deaths = 0;
        std::string last_death;               ///< cause and last words
        std::optional<trainer::Hello> hello;  ///< of the one that is here
        std::optional<std::uint64_t> job;     ///< in hand: the trainer's, or waits for it
        std::string listening;                ///< as bound; empty: a child process
        std::string from;                     ///< address of a trainer elsewhere
        std::optional<int> pid;               ///< of the process that runs
    };

    enum class SubmitError : std::uint8_t {
        kBusy,     ///< a job runs or waits already: one at a time
        kStopped,  ///< the host is stopping
    };

    /// Starts the thread and the first process.
    TrainerHost(Options options, Listener listener);

    /// Ends the trainer; a job that runs gets no answer any more.
    ~TrainerHost();

    TrainerHost(const TrainerHost&) = delete;
    TrainerHost& operator=(const TrainerHost&) = delete;

    /// Gives the trainer a job as soon as it is ready. It ends by `finished` or `failed`; a trainer
    /// that dies ends it, too, and the caller decides whether the rest of the window is worth
    /// another attempt. Any thread.
    [[nodiscard]] Result<void, SubmitError> submit(trainer::Train job);

    /// The job ends soon, by `failed` or, if that was quicker, by `finished`. Any thread.
    void cancel(std::uint64_t job);

    /// Any thread.
    [[nodiscard]] Status status() const;

    /// The latest lines that trainers wrote, and how they ended; latest last. Any thread.
    [[nodiscard]] std::vector<std::string> lines() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// For people: pausing, waiting, starting, ready, training, stopped.
[[nodiscard]] std::string_view to_string(TrainerHost::State state);

}  // namespace polis::node
