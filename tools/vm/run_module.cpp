#include <tools/vm/run_module.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <core/integer.hpp>
#include <tools/bench/stopwatch.hpp>
#include <tools/vm/files.hpp>
#include <tools/vm/spec_world.hpp>
#include <vm/program.hpp>

namespace polis::tools::vmtool {

namespace {

constexpr double kMicro = 1e6;

/// The exports that could be run, for the message about one that is not there.
std::string functions_of(const vm::Module& module) {
    constexpr std::size_t kShown = 12;
    std::string out;
    std::size_t count = 0;
    for (const vm::Export& each : module.exports) {
        if (each.kind == vm::ExternKind::kFunction && ++count <= kShown) {
            out += (out.empty() ? "" : ", ") + each.name;
        }
    }
    if (count > kShown) {
        out += fmt::format(" and {} more", count - kShown);
    }
    return out.empty() ? "it exports no function" : "it exports " + out;
}

Fallible<std::uint32_t> find_function(const vm::Module& module, const ModuleRunOptions& options) {
    const vm::Export* found = module.find_export(options.function);
    if (found == nullptr) {
        return wrong_usage(fmt::format(
            "{} exports no '{}'; {}", options.file, options.function, functions_of(module)));
    }
    if (found->kind != vm::ExternKind::kFunction) {
        return wrong_usage(fmt::format(
            "'{}' is a {}, not a function; {}",
            options.function,
            vm::to_string(found->kind),
            functions_of(module)));
    }
    return found->index;
}

Fallible<std::vector<std::uint64_t>> parse_arguments(
    const vm::FuncType& type, const ModuleRunOptions& options) {
    if (type.params.size() != options.args.size()) {
        return wrong_usage(fmt::format(
            "'{}' is {}: give {} numbers, not {}",
            options.function,
            vm::to_string(type),
            type.params.size(),
            options.args.size()));
    }
    std::vector<std::uint64_t> out;
    for (std::size_t i = 0; i < type.params.size(); ++i) {
        POLIS_TRY(const std::uint64_t arg, parse_argument(options.args[i], type.params[i], i + 1));
        out.push_back(arg);
    }
    return out;
}

/// One repetition: an instance with a world of its own.
class Attempt {
  public:
    Attempt(const ModuleRunOptions& options, std::shared_ptr<const vm::Program> program)
        : options_(options),
          program_(std::move(program)),
          world_(options.world),
          suite_(options.engine) {}

    /// Instantiates and runs, writing to `out`. @error of options that the module cannot meet
    Fallible<void> perform(std::uint32_t function, std::span<const std::uint64_t> args) {
        Stopwatch watch;
        const auto linked = link();
        out_.instantiate_us = watch.lap() * kMicro;
        if (!linked) {
            out_.link = linked.error().link;
            out_.outcome = {.trap = linked.error().start, .result = {}, .gas_left = options_.gas};
            return {};
        }
        if (options_.profile_gas) {
            instance_->observe(&profile_);
        }
        watch.lap();
        out_.outcome = run_on(options_.engine, *instance_, function, args, options_.gas);
        out_.run_us = watch.lap() * kMicro;
        instance_->observe(nullptr);
        collect();
        return show_memory();
    }

    [[nodiscard]] ModuleRun take() { return std::move(out_); }

  private:
    /// The suite's profile brings the suite's host module; the others the chain's.
    Result<void, LinkFailure> link() {
        if (program_->rules().is_specification()) {
            POLIS_TRY(instance_, suite_.instantiate(program_));
            return {};
        }
        auto made = vm::Instance::create(program_, world_.host());
        if (!made) {
            return std::unexpected(LinkFailure{made.error(), {}});
        }
        owned_ = *std::move(made);
        instance_ = owned_.get();
        return {};
    }

    void collect() {
        out_.gas_used = options_.gas - out_.outcome.gas_left;
        if (options_.profile_gas) {
            out_.functions = profile_.finish(out_.outcome.gas_left);
            for (const FunctionGas& each : out_.functions) {
                out_.function_names.push_back(program_->module().function_name(each.function));
            }
        }
        if (const auto& memory = instance_->memory()) {
            out_.memory_bytes = memory->size();
        }
        ledger::contracts::Answer answer = world_.finish(out_.outcome);
        out_.output = std::move(answer.output);
        out_.reverted = answer.ending == ledger::contracts::Ending::kReverted;
        out_.events = world_.events();
        out_.storage = world_.storage();
    }

    Fallible<void> show_memory() {
        if (!options_.memory) {
            return {};
        }
        const auto& memory = instance_->memory();
        const auto bytes = memory == nullptr
                               ? std::nullopt
                               : memory->bytes(options_.memory->offset, options_.memory->length);
        if (!bytes) {
            return wrong_usage(fmt::format(
                "--memory {}:{} lies outside of the memory, which has {} bytes",
                options_.memory->offset,
                options_.memory->length,
                out_.memory_bytes));
        }
        out_.dump = to_bytes(*bytes);
        return {};
    }

    const ModuleRunOptions& options_;
    std::shared_ptr<const vm::Program> program_;
    RunWorld world_;
    SpecWorld suite_;
    std::unique_ptr<vm::Instance> owned_;
    vm::Instance* instance_ = nullptr;
    GasProfile profile_;
    ModuleRun out_;
};

/// Runs that differ in anything but time are a mistake of the engine, and loud.
Fallible<void> keep_fastest(ModuleRun& best, const ModuleRun& next) {
    if (best.outcome != next.outcome || best.link != next.link || best.output != next.output) {
        return std::unexpected(
            "two runs of the same module ended differently: this is a bug of the engine; keep the "
            "module and report it");
    }
    best.instantiate_us = std::min(best.instantiate_us, next.instantiate_us);
    best.run_us = std::min(best.run_us, next.run_us);
    return {};
}

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
    constexpr std::size_t kDigitsMax = 16;
    std::uint64_t out = 0;
    for (const char digit : digits) {
        const auto value =
            std::string_view("0123456789abcdef")
                .find(static_cast<char>(digit >= 'A' && digit <= 'F' ? digit - 'A' + 'a' : digit));
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        out = (out << 4) | value;
    }
    return digits.empty() || digits.size() > kDigitsMax ? std::nullopt : std::optional{out};
}

/// The bits of a number of `bits` bits in two's complement.
std::optional<std::uint64_t> parse_number(std::string_view text, int bits) {
    const std::uint64_t largest = bits == 32 ? std::numeric_limits<std::uint32_t>::max()
                                             : std::numeric_limits<std::uint64_t>::max();
    if (text.starts_with("0x") || text.starts_with("0X")) {
        const auto value = parse_hex(text.substr(2));
        return value && *value <= largest ? value : std::nullopt;
    }
    const bool is_negative = text.starts_with('-');
    const auto value = parse_u64(is_negative ? text.substr(1) : text);
    if (!value || *value > (is_negative ? largest / 2 + 1 : largest)) {
        return std::nullopt;
    }
    return is_negative ? (~*value + 1) & largest : *value;
}

}  // namespace

Fallible<std::uint64_t> parse_argument(
    std::string_view text, vm::ValueType type, std::size_t place) {
    if (vm::is_float(type)) {
        return wrong_usage(fmt::format(
            "parameter {} is {}: this engine computes in integers, so no value can be given",
            place,
            vm::to_string(type)));
    }
    const bool is_narrow = type == vm::ValueType::kI32;
    const auto value = parse_number(text, is_narrow ? 32 : 64);
    if (!value) {
        return wrong_usage(fmt::format(
            "argument {}: '{}' is no {}: write a decimal number from {} to {}, or 0x and at most "
            "{} digits",
            place,
            text,
            vm::to_string(type),
            is_narrow ? "-2147483648" : "-9223372036854775808",
            is_narrow ? "4294967295" : "18446744073709551615",
            is_narrow ? 8 : 16));
    }
    return *value;
}

std::optional<vm::Profile> parse_profile(std::string_view name) {
    if (name == "contract") {
        return vm::Profile::kContract;
    }
    if (name == "kernel") {
        return vm::Profile::kKernel;
    }
    return name == "spec" ? std::optional{vm::Profile::kSpecification} : std::nullopt;
}

vm::Rules rules_of(vm::Profile profile) {
    switch (profile) {
        case vm::Profile::kContract:
            return vm::Rules::contract();
        case vm::Profile::kKernel:
            return vm::Rules::kernel();
        case vm::Profile::kSpecification:
            return vm::Rules::specification();
    }
    return vm::Rules::contract();
}

Fallible<ModuleRun> run_module(const ModuleRunOptions& options) {
    if (!checked_add(options.world.balance, options.world.value)) {
        return wrong_usage("--balance and --value together are more coins than 64 bits can count");
    }
    POLIS_TRY(const Bytes wasm, read_file(options.file, kModuleFileBytesMax));
    const vm::Rules rules = rules_of(options.profile);
    double translate_us = std::numeric_limits<double>::max();
    std::optional<ModuleRun> best;
    for (std::uint32_t i = 0; i < std::max(options.repeat, 1U); ++i) {
        Stopwatch watch;
        auto program = vm::Program::compile(wasm, rules);
        translate_us = std::min(translate_us, watch.lap() * kMicro);
        if (!program) {
            ModuleRun out;
            out.rejection = std::move(program).error();
            return out;
        }
        const vm::Module& module = (*program)->module();
        POLIS_TRY(const std::uint32_t function, find_function(module, options));
        const vm::FuncType& type = module.type_of(function);
        POLIS_TRY(const std::vector<std::uint64_t> args, parse_arguments(type, options));
        Attempt attempt(options, *program);
        POLIS_TRY_VOID(attempt.perform(function, args));
        ModuleRun next = attempt.take();
        if (best) {
            POLIS_TRY_VOID(keep_fastest(*best, next));
            continue;
        }
        best = std::move(next);
        best->result_type = type.result;
        best->instantiation_gas = (*program)->instantiation_gas();
        best->program_bytes = (*program)->memory_bytes();
    }
    best->translate_us = translate_us;
    return *std::move(best);
}

}  // namespace polis::tools::vmtool
