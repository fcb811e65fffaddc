#include <tools/lab/training.hpp>

#include <chrono>
#include <csignal>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/hex.hpp>
#include <ml/data/source.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/devnet/process.hpp>

namespace polis::tools::lab {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLookPause{20};
constexpr std::size_t kLastLines = 3;

/// Files of one training.
struct Files {
    fs::path model;
    fs::path output;
    fs::path log;
};

Files files_of(const Workshop& workshop, std::size_t number) {
    const auto name = [&](const char* ending) {
        return workshop.folder / fmt::format("training-{}.{}", number, ending);
    };
    return {name("model"), name("json"), name("log")};
}

std::vector<std::string> words_of(
    const Workshop& workshop, const TrainOrder& order, const Files& files) {
    std::vector<std::string> out{
        workshop.trainer.string(),
        "train",
        "--json",
        "--device",
        "cpu",
        "--data",
        order.data,
        "--model",
        order.model.kind,
        "--seed",
        std::to_string(order.seed),
        "--out",
        files.model.string()};
    const auto add = [&out](const char* name, std::string value) {
        out.insert(out.end(), {name, std::move(value)});
    };
    if (!order.model.hidden.empty()) {
        add("--hidden", fmt::format("{}", fmt::join(order.model.hidden, ",")));
    }
    if (order.epochs != 0) {
        add("--epochs", std::to_string(order.epochs));
    }
    if (order.map) {
        add("--map", to_hex(order.map->view()));
    }
    return out;
}

std::unexpected<Failure> failed(const Files& files, const std::string& how) {
    return std::unexpected(Failure(fmt::format(
        "a training ended with {}; its last words:\n{}",
        how,
        devnet::last_lines(files.log, kLastLines))));
}

Fallible<TrainRun> result_of(const Files& files) {
    const std::string line = devnet::last_lines(files.output, 1);
    const auto done = parse_json(line);
    if (!done || !done->is_object() || done->value("event", "") != "done" ||
        !done->contains("test_correct")) {
        return failed(files, "an answer that is none: " + line);
    }
    auto model = data::read_file(files.model.string());
    if (!model) {
        return std::unexpected(Failure(model.error().text()));
    }
    return TrainRun{
        .model = *std::move(model),
        .correct = done->value("test_correct", std::uint64_t{0}),
        .floats = done->value("float_test_correct", std::uint64_t{0}),
        .duration_ms = static_cast<std::uint64_t>(done->value("seconds", 0.0) * 1000)};
}

/// Trainings that run now. Ends them when it goes.
class Running {
  public:
    explicit Running(const Workshop& workshop) : workshop_(workshop) {}

    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    ~Running() {
        for (const auto& [pid, number] : numbers_) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }

    [[nodiscard]] std::size_t count() const { return numbers_.size(); }

    Fallible<void> begin(const TrainOrder& order, std::size_t number) {
        const Files files = files_of(workshop_, number);
        POLIS_TRY(
            const devnet::ProcessId process,
            devnet::start(
                {.arguments = words_of(workshop_, order, files),
                 .output = files.output,
                 .log = files.log,
                 .detached = false}));
        numbers_.emplace(process.pid, number);
        return {};
    }

    /// Waits for the next one to end. @return its number. @error it failed
    Fallible<std::size_t> next() {
        while (true) {
            for (const auto& [pid, number] : numbers_) {
                if (const auto how = devnet::ending_of(pid)) {
                    const std::size_t ended = number;
                    numbers_.erase(pid);
                    return *how == "exit code 0" ? Fallible<std::size_t>(ended)
                                                 : failed(files_of(workshop_, ended), *how);
                }
            }
            std::this_thread::sleep_for(kLookPause);
        }
    }

  private:
    const Workshop& workshop_;
    std::map<pid_t, std::size_t> numbers_;
};

}  // namespace

Fallible<std::vector<TrainRun>> train_all(
    const Workshop& workshop, const std::vector<TrainOrder>& orders, const devnet::Say& say) {
    std::vector<TrainRun> out(orders.size());
    Running running(workshop);
    std::size_t begun = 0;
    for (std::size_t done = 0; done < orders.size(); ++done) {
        for (; begun < orders.size() && running.count() < workshop.jobs; ++begun) {
            POLIS_TRY_VOID(running.begin(orders[begun], begun));
        }
        POLIS_TRY(const std::size_t number, running.next());
        POLIS_TRY(out[number], result_of(files_of(workshop, number)));
        say(fmt::format(
            "{} of {} trainings: {} seed {}{}",
            done + 1,
            orders.size(),
            trainer::to_text(orders[number].model),
            orders[number].seed,
            orders[number].map ? " behind a map" : ""));
    }
    return out;
}

Fallible<fs::path> find_trainer(const std::string& option) {
    const fs::path file =
        option.empty() ? devnet::own_program().parent_path() / "polis-trainer" : fs::path(option);
    if (::access(file.c_str(), X_OK) != 0) {
        return std::unexpected(Failure(fmt::format(
            "there is no program {}; it is built where libtorch is (./dev setup), or name another "
            "with --trainer",
            file.string())));
    }
    return file;
}

}  // namespace polis::tools::lab
