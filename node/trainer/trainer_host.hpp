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

namespace polis::node {

/// Keeps a polis-trainer running and gives it work. The trainer is a child process that may crash,
/// hang, run out of memory or speak nonsense: it is killed, its cause of death and last words are
/// reported, and another one is started after a pause. All of it happens on a thread of the host's
/// own, so consensus never waits for it.
class TrainerHost {
  public:
    struct Options {
        /// Program and first arguments; `serve --socket PATH` follows.
        std::vector<std::string> command;
        std::string socket;                ///< path of the local socket; a file there is replaced
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
    };

    enum class State : std::uint8_t {
        kPausing,   ///< no process; the next one starts soon
        kStarting,  ///< it has not said hello yet
        kReady,
        kTraining,
        kStopped,
    };

    struct Status {
        State state = State::kPausing;
        std::uint64_t deaths = 0;
        std::string last_death;               ///< cause and last words
        std::optional<trainer::Hello> hello;  ///< of the process that runs
        std::optional<std::uint64_t> job;
        std::optional<int> pid;  ///< of the process that runs
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

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// For people: pausing, starting, ready, training, stopped.
[[nodiscard]] std::string_view to_string(TrainerHost::State state);

}  // namespace polis::node
