#include <tests/mutants/hunt.hpp>

#include <array>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <stdexcept>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include <tests/mutants/catalogue.hpp>
#include <tools/sim/simulation.hpp>

namespace polis::mutants {

namespace {

/// A child that runs seeds and writes a line for each.
struct Child {
    Catch result;
    int output = -1;
    std::string text;
};

/// Never returns.
void run_seeds(const HuntOptions& options, std::optional<std::size_t> mutant, int output) {
    activate(mutant);
    const std::uint64_t seeds = mutant ? options.seeds_max : options.control;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        dprintf(output, "seed %llu\n", static_cast<unsigned long long>(seed));
        const sim::RunResult result = sim::run_case({seed, options.run});
        if (result.violation) {
            dprintf(
                output,
                "caught %s: %s\n",
                std::string(to_string(result.violation->broken)).c_str(),
                result.violation->what.c_str());
            break;
        }
    }
    ::_exit(0);
}

class Hunt {
  public:
    explicit Hunt(const HuntOptions& options) : options_(options) {}

    std::vector<Catch> run(std::deque<std::optional<std::size_t>> waiting) {
        while (!waiting.empty() || !children_.empty()) {
            while (!waiting.empty() && children_.size() < options_.jobs) {
                start(waiting.front());
                waiting.pop_front();
            }
            finish_one();
        }
        return std::move(done_);
    }

  private:
    void start(std::optional<std::size_t> mutant) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) {
            throw std::runtime_error("cannot make a pipe");
        }
        (void)std::fflush(nullptr);
        const pid_t pid = ::fork();
        if (pid < 0) {
            throw std::runtime_error("cannot start a process");
        }
        if (pid == 0) {
            ::close(ends[0]);
            (void)std::freopen("/dev/null", "w", stderr);  // an assertion is an expected end here
            run_seeds(options_, mutant, ends[1]);
        }
        ::close(ends[1]);
        Child& child = children_[pid];
        child.result.mutant = mutant;
        child.output = ends[0];
    }

    void finish_one() {
        int status = 0;
        const pid_t pid = ::wait(&status);
        const auto found = children_.find(pid);
        if (found == children_.end()) {
            throw std::runtime_error("lost a process");
        }
        Child child = std::move(found->second);
        children_.erase(found);
        read_lines(child);
        if (!WIFEXITED(status)) {
            child.result.how = "stopped by an assertion";
        }
        done_.push_back(std::move(child.result));
    }

    /// The lines are short and few thousand at most: they fit into the pipe until the child ends.
    static void read_lines(Child& child) {
        std::array<char, 4'096> buffer{};
        for (ssize_t got = 0; (got = ::read(child.output, buffer.data(), buffer.size())) > 0;) {
            child.text.append(buffer.data(), static_cast<std::size_t>(got));
        }
        ::close(child.output);
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = child.text.find('\n', begin)) != std::string::npos;
             begin = end + 1) {
            const std::string line = child.text.substr(begin, end - begin);
            if (line.starts_with("seed ")) {
                ++child.result.seeds;
            } else if (line.starts_with("caught ")) {
                child.result.how = line.substr(7);
            }
        }
    }

    const HuntOptions& options_;
    std::map<pid_t, Child> children_;
    std::vector<Catch> done_;
};

}  // namespace

std::vector<Catch> hunt(const HuntOptions& options, const std::vector<std::size_t>& chosen) {
    std::deque<std::optional<std::size_t>> waiting{std::nullopt};
    for (const std::size_t mutant : chosen) {
        waiting.emplace_back(mutant);
    }
    return Hunt(options).run(std::move(waiting));
}

}  // namespace polis::mutants
