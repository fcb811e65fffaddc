#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <ledger/limits.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/report.hpp>
#include <tools/polis/vm_command_groups.hpp>
#include <tools/vm/files.hpp>
#include <tools/vm/run_module.hpp>

namespace polis::tools {

namespace {

using Json = Report::Json;

/// What the command line says of the world; texts are read when the command runs.
struct RunCommand {
    vmtool::ModuleRunOptions options;
    std::string engine = "fast";
    std::string profile = "kernel";
    std::string input;
    std::string memory;
    std::string caller;
    std::string self;
    std::string beacon;
    std::uint64_t value = 0;
    std::uint64_t balance = 0;
    std::uint64_t height = 1;
    std::uint64_t time_ms = 0;
    bool json = false;
};

/// Nobody's addresses, told apart at a glance.
Address address_of_ones(std::uint8_t byte) {
    Address out;
    out.data.fill(byte);
    return out;
}

Fallible<Address> address_or(const std::string& text, std::uint8_t otherwise) {
    if (text.empty()) {
        return address_of_ones(otherwise);
    }
    const auto address = crypto::parse_address(text);
    if (!address) {
        return wrong_usage(
            fmt::format("'{}' is no address: {}", text, crypto::to_string(address.error())));
    }
    return *address;
}

Fallible<Bytes> input_of(const std::string& text) {
    if (text.starts_with('@')) {
        return vmtool::read_file(text.substr(1), ledger::kContractInputBytesMax);
    }
    auto bytes = from_hex(text);
    if (!bytes || bytes->size() > ledger::kContractInputBytesMax) {
        return wrong_usage(fmt::format(
            "--input: write at most {} bytes in hexadecimal, or @ and the name of a file",
            ledger::kContractInputBytesMax));
    }
    return *std::move(bytes);
}

/// "OFFSET:LENGTH".
Fallible<vmtool::MemoryRange> memory_of(const std::string& text) {
    const std::size_t colon = text.find(':');
    const auto offset = parse_u64(text.substr(0, colon));
    const auto length =
        colon == std::string::npos ? std::nullopt : parse_u64(text.substr(colon + 1));
    if (!offset || !length) {
        return wrong_usage(fmt::format(
            "--memory {}: write OFFSET:LENGTH in decimal bytes, for example 1024:64", text));
    }
    return vmtool::MemoryRange{*offset, *length};
}

Fallible<vmtool::ModuleRunOptions> options_of(const RunCommand& command) {
    vmtool::ModuleRunOptions out = command.options;
    out.engine = *vmtool::parse_engine(command.engine);
    out.profile = *vmtool::parse_profile(command.profile);
    POLIS_TRY(out.world.input, input_of(command.input));
    POLIS_TRY(out.world.caller, address_or(command.caller, 0x11));
    POLIS_TRY(out.world.self, address_or(command.self, 0x22));
    if (!command.beacon.empty()) {
        out.world.beacon = *fixed_from_hex<Hash>(command.beacon);
    }
    if (!command.memory.empty()) {
        POLIS_TRY(out.memory, memory_of(command.memory));
    }
    out.world.value = Amount{command.value};
    out.world.balance = Amount{command.balance};
    out.world.height = Height{command.height};
    out.world.time = TimeMs{command.time_ms};
    return out;
}

std::uint64_t peak_resident_bytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

void add_micros(Report& report, const char* key, double value) {
    report.json(key, value);
    report.note(key, fmt::format("{:.1f}", value));
}

/// The bits as an unsigned number, as a signed one and in hexadecimal.
void add_result(Report& report, const vmtool::ModuleRun& run) {
    if (!run.outcome.result || !run.result_type) {
        return;
    }
    const bool is_narrow = *run.result_type == vm::ValueType::kI32;
    const std::uint64_t bits = is_narrow ? *run.outcome.result & 0xffff'ffff : *run.outcome.result;
    const std::int64_t value =
        is_narrow ? static_cast<std::int32_t>(bits) : static_cast<std::int64_t>(bits);
    report.json("result", bits);
    report.json("resultSigned", value);
    report.json("resultHex", fmt::format("{:#x}", bits));
    report.json("resultType", vm::to_string(*run.result_type));
    report.note(
        "result",
        value < 0 ? fmt::format("{} ({}, {:#x})", bits, value, bits)
                  : fmt::format("{} ({:#x})", bits, bits));
}

/// Text as it is where it can be read, else hexadecimal.
std::string shown(ByteView bytes) {
    constexpr std::size_t kShown = 96;
    bool is_plain = !bytes.empty();
    for (const std::uint8_t byte : bytes) {
        is_plain = is_plain && byte >= 0x20 && byte < 0x7f;
    }
    if (is_plain) {
        return fmt::format("'{}'", as_text(bytes));
    }
    const bool is_long = bytes.size() > kShown;
    return to_hex_prefixed(is_long ? bytes.first(kShown) : bytes) +
           (is_long ? fmt::format("... ({} bytes)", bytes.size()) : "");
}

std::vector<Report> describe_events(const vmtool::ModuleRun& run) {
    std::vector<Report> rows;
    for (const ledger::contracts::ContractEvent& event : run.events) {
        Report row;
        row.text("name", event.name);
        row.json("data", to_hex_prefixed(event.data));
        row.note("data", shown(event.data));
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Report> describe_storage(const vmtool::ModuleRun& run) {
    std::vector<Report> rows;
    for (const auto& [key, touch] : run.storage) {
        Report row;
        row.json("key", to_hex_prefixed(key));
        row.note("key", shown(key));
        row.note("before", touch.before ? fmt::format("{} bytes", *touch.before) : "none");
        row.json("value", touch.after ? Json(to_hex_prefixed(*touch.after)) : Json(nullptr));
        row.note("value", touch.after ? shown(*touch.after) : "none");
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Report> describe_functions(const vmtool::ModuleRun& run) {
    std::vector<Report> rows;
    for (std::size_t i = 0; i < run.functions.size(); ++i) {
        Report row;
        row.text("function", run.function_names[i]);
        row.number("calls", run.functions[i].calls);
        row.number("gas", run.functions[i].own);
        row.number("gas_with_callees", run.functions[i].total);
        rows.push_back(std::move(row));
    }
    return rows;
}

/// What the contract left in its world.
void add_world(Report& report, const vmtool::ModuleRun& run, const RunCommand& command) {
    if (!run.output.empty()) {
        report.json("output", to_hex_prefixed(run.output));
        report.note(run.outcome.trap ? "message" : "output", shown(run.output));
    }
    if (!command.memory.empty()) {
        report.bytes("memory", run.dump);
    }
    if (!run.events.empty()) {
        report.list("events", describe_events(run));
    }
    if (!run.storage.empty()) {
        report.list("storage", describe_storage(run));
    }
    if (command.options.profile_gas) {
        report.list("functions", describe_functions(run));
    }
}

Report describe(const vmtool::ModuleRun& run, const RunCommand& command) {
    Report report;
    report.json("ok", run.is_good());
    report.text("engine", command.engine);
    add_result(report, run);
    if (run.outcome.trap) {
        report.text("trap", vm::to_string(*run.outcome.trap));
        report.json("reverted", run.reverted);
    }
    report.number("gasUsed", run.gas_used);
    report.number("instantiationGas", run.instantiation_gas);
    add_micros(report, "microseconds", run.run_us);
    add_micros(report, "translateMicroseconds", run.translate_us);
    add_micros(report, "instantiateMicroseconds", run.instantiate_us);
    report.number("memoryBytes", run.memory_bytes);
    report.number("programBytes", run.program_bytes);
    report.number("peakResidentBytes", peak_resident_bytes());
    add_world(report, run, command);
    return report;
}

/// In JSON `result` and `trap` are always there.
Outcome print_run(const Report& report, bool as_json) {
    if (!as_json) {
        return print(report, /*as_json=*/false);
    }
    Json out = report.to_json();
    for (const char* key : {"result", "trap"}) {
        out.emplace(key, nullptr);
    }
    return print(out.dump(2) + '\n');
}

/// Why the module did not run: the cause and the cure, and in JSON its parts.
Outcome refuse(const vmtool::ModuleRun& run, const RunCommand& command) {
    Report report;
    std::string message;
    report.json("ok", false);
    if (run.rejection) {
        message = run.rejection->message();
        report.json(
            "rejection",
            Json{
                {"code", vm::to_string(run.rejection->code)},
                {"offset", run.rejection->offset},
                {"message", message}});
    } else {
        message = fmt::format("cannot be instantiated: {}", vm::to_string(*run.link));
        report.json("linkError", vm::to_string(*run.link));
        report.json("translateMicroseconds", run.translate_us);
    }
    if (command.json) {
        POLIS_TRY_VOID(print(report, /*as_json=*/true));
    }
    return std::unexpected(fmt::format("{}: {}", command.options.file, message));
}

std::string ending_of(const vmtool::ModuleRun& run) {
    const std::string_view trap = vm::to_string(*run.outcome.trap);
    const std::string used = fmt::format("after {} gas", run.gas_used);
    if (run.reverted) {
        return fmt::format("the contract reverted {}: {}", used, shown(run.output));
    }
    switch (*run.outcome.trap) {
        case vm::Trap::kOutOfGas:
            return fmt::format(
                "{} {}; give more with --gas, or check for an endless loop", trap, used);
        case vm::Trap::kHost:
            return fmt::format("the host ended the run {}: {}", used, as_text(run.output));
        case vm::Trap::kUnreachable:
        case vm::Trap::kDivideByZero:
        case vm::Trap::kIntegerOverflow:
        case vm::Trap::kMemoryBounds:
        case vm::Trap::kTableBounds:
        case vm::Trap::kEmptyElement:
        case vm::Trap::kSignature:
        case vm::Trap::kStackExhausted:
        case vm::Trap::kFloat:
            break;
    }
    return fmt::format("trap {} {}; --trace shows which functions ran", trap, used);
}

Outcome vm_run(const RunCommand& command) {
    POLIS_TRY(const vmtool::ModuleRunOptions options, options_of(command));
    POLIS_TRY(const vmtool::ModuleRun run, vmtool::run_module(options));
    if (run.rejection || run.link) {
        return refuse(run, command);
    }
    POLIS_TRY_VOID(print_run(describe(run, command), command.json));
    if (run.outcome.trap) {
        return std::unexpected(ending_of(run));
    }
    return {};
}

/// A number without a sign: the parser of options would take -1 for the largest.
std::string check_number(const std::string& text) {
    return parse_u64(text) ? std::string{}
                           : "'" + text + "' is no number from 0 to 18446744073709551615";
}

void add_world_options(CLI::App& command, RunCommand& options) {
    const auto is_address = CLI::Validator(check_address, "");
    const auto is_number = CLI::Validator(check_number, "");
    command.add_option("--input", options.input, "Bytes of the call: hexadecimal, or @FILE");
    command.add_option("--caller", options.caller, "Who calls")->check(is_address);
    command.add_option("--self", options.self, "The contract's own address")->check(is_address);
    command.add_option("--value", options.value, "Coins that come with the call, in 10^-9 POLIS")
        ->check(is_number);
    command.add_option("--balance", options.balance, "Coins that the contract had before")
        ->check(is_number);
    command.add_option("--height", options.height, "Of the block")
        ->check(is_number)
        ->capture_default_str();
    command.add_option("--time", options.time_ms, "Of the block, in milliseconds since 1970")
        ->check(is_number);
    command.add_option("--beacon", options.beacon, "Of the block; zero if left out")
        ->check(CLI::Validator(check_hash, ""));
}

}  // namespace

void add_vm_run(Program& program, CLI::App& group) {
    constexpr std::uint32_t kRepeatMax = 1'000'000;
    const auto options = std::make_shared<RunCommand>();
    CLI::App& command = *group.add_subcommand("run", "Run one function of a module");
    command.add_option("FILE", options->options.file, "A .wasm file, or - for standard input")
        ->required();
    command.add_option("EXPORT", options->options.function, "The function's name")->required();
    command.add_option("ARGS", options->options.args, "A number for each parameter, also as 0x...");
    command.add_option("--gas", options->options.gas, "At most so much")
        ->check(CLI::Validator(check_number, ""))
        ->capture_default_str();
    command.add_option("--engine", options->engine, "fast, or naive: the oracle")
        ->check(CLI::IsMember({"fast", "naive"}))
        ->capture_default_str();
    command.add_option("--profile", options->profile, "Which modules to accept")
        ->check(CLI::IsMember({"contract", "kernel", "spec"}))
        ->capture_default_str();
    command.add_option("--repeat", options->options.repeat, "Fresh instances; the fastest counts")
        ->check(CLI::Range(1U, kRepeatMax))
        ->capture_default_str();
    command.add_flag("--trace", options->options.profile_gas, "Gas by function");
    command.add_option("--memory", options->memory, "OFFSET:LENGTH: show these bytes afterwards");
    add_world_options(command, *options);
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options] { return vm_run(*options); });
}

}  // namespace polis::tools
