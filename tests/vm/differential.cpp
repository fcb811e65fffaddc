#include <tests/vm/differential.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include <tests/vm/engines.hpp>

namespace polis::vm::tests {

namespace {

std::vector<std::uint64_t> some_args(Decisions& decisions, const FuncType& type) {
    constexpr std::array<std::uint64_t, 8> kEdges{
        0,
        1,
        2,
        7,
        0x7fff'ffff,
        0x8000'0000,
        0xffff'ffff,
        std::numeric_limits<std::uint64_t>::max()};
    std::vector<std::uint64_t> out;
    for (const ValueType param : type.params) {
        const std::uint64_t value = decisions.chance(1, 3)
                                        ? decisions.below(std::numeric_limits<std::uint64_t>::max())
                                        : decisions.pick(kEdges);
        out.push_back(param == ValueType::kI32 ? static_cast<std::uint32_t>(value) : value);
    }
    return out;
}

/// One function of both instances, and what it did.
class Runner {
  public:
    Runner(const std::shared_ptr<const Program>& program, std::uint32_t function, RunCounts& counts)
        : pair_(program), function_(function), counts_(counts) {}

    [[nodiscard]] bool is_linked() const { return pair_.is_linked(); }

    [[nodiscard]] std::string run(const std::vector<std::uint64_t>& args, std::uint64_t gas) {
        std::string difference = pair_.run(function_, args, gas);
        ++counts_.runs;
        used_ = gas - pair_.outcome().gas_left;
        if (!difference.empty()) {
            difference = "function " + std::to_string(function_) + ", gas " + std::to_string(gas) +
                         ": " + difference;
            for (const std::uint64_t arg : args) {
                difference += ", argument " + std::to_string(arg);
            }
        }
        return difference;
    }

    /// Counts how the last run ended.
    void count() {
        if (const auto trap = pair_.outcome().trap) {
            ++counts_.traps.at(static_cast<std::size_t>(*trap));
        } else {
            ++counts_.done;
        }
    }

    [[nodiscard]] std::uint64_t used() const { return used_; }

  private:
    Pair pair_;
    const std::uint32_t function_;
    RunCounts& counts_;
    std::uint64_t used_ = 0;
};

}  // namespace

std::string compare_engines(
    const std::shared_ptr<const Program>& program,
    Decisions& decisions,
    const Effort& effort,
    RunCounts& counts) {
    ++counts.modules;
    for (const Export& exported : program->module().exports) {
        if (exported.kind != ExternKind::kFunction) {
            continue;
        }
        Runner runner(program, exported.index, counts);
        if (!runner.is_linked()) {
            return {};  // both engines share the instance; a segment may not fit
        }
        const FuncType& type = program->module().type_of(exported.index);
        const auto args = some_args(decisions, type);
        std::string difference = runner.run(args, effort.gas_max);
        runner.count();
        const std::uint64_t used = runner.used();
        for (std::uint64_t gas = 0;
             difference.empty() && gas <= std::min(used, effort.first_limits);
             ++gas) {
            difference = runner.run(args, gas);
        }
        for (std::uint64_t i = 0; difference.empty() && i < effort.random_limits; ++i) {
            difference = runner.run(some_args(decisions, type), decisions.between(0, used + 2));
        }
        if (!difference.empty()) {
            return difference;
        }
    }
    return {};
}

}  // namespace polis::vm::tests
