#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/integer.hpp>
#include <tools/polis/report.hpp>
#include <tools/polis/vm_command_groups.hpp>
#include <tools/vm/files.hpp>
#include <tools/vm/run_module.hpp>
#include <vm/program.hpp>

namespace polis::tools {

namespace {

using ProgramPtr = std::shared_ptr<const vm::Program>;

struct LookCommand {
    std::string file;
    std::string function;
    std::string profile = "kernel";
    bool json = false;
};

Fallible<ProgramPtr> load(const LookCommand& command) {
    POLIS_TRY(const Bytes wasm, vmtool::read_file(command.file, vmtool::kModuleFileBytesMax));
    const vm::Rules rules = vmtool::rules_of(*vmtool::parse_profile(command.profile));
    auto program = vm::Program::compile(wasm, rules);
    if (!program) {
        return std::unexpected(fmt::format("{}: {}", command.file, program.error().message()));
    }
    return *std::move(program);
}

// ---- inspect ------------------------------------------------------------------------------------

std::string limits_text(const std::optional<vm::Limits>& limits, const char* unit) {
    if (!limits) {
        return "none";
    }
    return limits->max ? fmt::format("{} to {} {}", limits->min, *limits->max, unit)
                       : fmt::format("{} {}, no maximum", limits->min, unit);
}

/// What an import or export is, with its type.
std::string extern_text(const vm::Module& module, vm::ExternKind kind, std::uint32_t index) {
    switch (kind) {
        case vm::ExternKind::kFunction:
            return vm::to_string(module.type_of(index));
        case vm::ExternKind::kTable:
            return limits_text(module.table, "entries");
        case vm::ExternKind::kMemory:
            return limits_text(module.memory, "pages");
        case vm::ExternKind::kGlobal:
            return fmt::format(
                "{}{}",
                module.global_types[index].is_mutable ? "mutable " : "",
                vm::to_string(module.global_types[index].type));
    }
    return "?";
}

std::vector<Report> exports_of(const vm::Module& module) {
    std::vector<Report> rows;
    for (const vm::Export& each : module.exports) {
        Report row;
        row.text("name", each.name);
        row.text("kind", vm::to_string(each.kind));
        row.text("type", extern_text(module, each.kind, each.index));
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Report> imports_of(const vm::Module& module) {
    std::vector<Report> rows;
    for (const vm::Import& each : module.imports) {
        Report row;
        row.text("module", each.module);
        row.text("name", each.name);
        row.text("kind", vm::to_string(each.kind));
        row.text(
            "type",
            each.kind == vm::ExternKind::kFunction ? vm::to_string(module.types[each.type]) : "");
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Report> customs_of(const vm::Module& module) {
    std::vector<Report> rows;
    for (const vm::CustomSection& each : module.customs) {
        rows.emplace_back().text("name", each.name).number("bytes", each.size);
    }
    return rows;
}

std::uint64_t bytes_of_bodies(const vm::Module& module) {
    std::uint64_t out = 0;
    for (const vm::Body& body : module.bodies) {
        out += body.end - body.begin;
    }
    return out;
}

Outcome vm_inspect(const LookCommand& command) {
    POLIS_TRY(const ProgramPtr program, load(command));
    const vm::Module& module = program->module();
    Report report;
    report.text("file", command.file);
    report.text("profile", command.profile);
    report.number("bytes", module.bytes.size());
    report.number("types", module.types.size());
    report.number("functions", module.bodies.size());
    report.number("code_bytes", bytes_of_bodies(module));
    report.number("register_instructions", program->code().size());
    report.number("program_bytes", program->memory_bytes());
    report.text("memory", limits_text(module.memory, "pages of 64 KiB"));
    report.text("table", limits_text(module.table, "entries"));
    report.number("globals", module.global_types.size());
    report.number("data_segments", module.data.size());
    report.number("element_segments", module.elements.size());
    report.number("instantiation_gas", program->instantiation_gas());
    report.number("deploy_gas", program->gas().deploy_byte * module.bytes.size());
    report.list("imports", imports_of(module));
    report.list("exports", exports_of(module));
    report.list("custom_sections", customs_of(module));
    return print(report, command.json);
}

// ---- disasm -------------------------------------------------------------------------------------

/// A function by the name of its export or by its number in the module.
Fallible<std::uint32_t> find_function(const vm::Module& module, const LookCommand& command) {
    std::optional<std::uint64_t> index = parse_u64(command.function);
    if (const vm::Export* found = module.find_export(command.function);
        found != nullptr && found->kind == vm::ExternKind::kFunction) {
        index = found->index;
    }
    if (!index || *index >= module.functions.size()) {
        return wrong_usage(fmt::format(
            "{} has no function '{}'; give the name of an export (polis vm inspect lists them) or "
            "a number below {}",
            command.file,
            command.function,
            module.functions.size()));
    }
    if (*index < module.imported_functions) {
        return wrong_usage(fmt::format(
            "function {} is imported: {}",
            *index,
            module.function_name(static_cast<std::uint32_t>(*index))));
    }
    return static_cast<std::uint32_t>(*index);
}

/// The register code of one function: where it begins up to where the next one does.
std::vector<Report> code_of(const vm::Program& program, std::uint32_t defined) {
    const std::uint32_t begin = program.functions()[defined].entry;
    std::size_t end = program.code().size();
    for (const vm::CompiledFunction& other : program.functions()) {
        if (other.entry > begin) {
            end = std::min<std::size_t>(end, other.entry);
        }
    }
    std::vector<Report> rows;
    for (std::size_t at = begin; at < end; ++at) {
        const vm::Instruction& instruction = program.code()[at];
        Report row;
        row.number("at", at);
        row.number("gas", instruction.gas);
        row.text("instruction", vm::to_string(instruction));
        rows.push_back(std::move(row));
    }
    return rows;
}

Report describe(const vm::Program& program, std::uint32_t index) {
    const vm::Module& module = program.module();
    const std::uint32_t defined = index - module.imported_functions;
    const vm::CompiledFunction& function = program.functions()[defined];
    Report report;
    report.text("function", module.function_name(index));
    report.text("type", vm::to_string(module.type_of(index)));
    report.number("wasm_bytes", module.bodies[defined].end - module.bodies[defined].begin);
    report.number("frame_slots", function.frame_slots);
    report.number("entry_gas", function.entry_gas);
    report.list("code", code_of(program, defined));
    return report;
}

Outcome vm_disasm(const LookCommand& command) {
    POLIS_TRY(const ProgramPtr program, load(command));
    const vm::Module& module = program->module();
    if (!command.function.empty()) {
        POLIS_TRY(const std::uint32_t index, find_function(module, command));
        return print(describe(*program, index), command.json);
    }
    Report all;
    std::vector<Report> rows;
    std::string text;
    for (std::size_t i = 0; i < module.bodies.size(); ++i) {
        const auto index = module.imported_functions + static_cast<std::uint32_t>(i);
        rows.push_back(describe(*program, index));
        text += rows.back().to_text() + '\n';
    }
    if (!command.json) {
        return print(text);
    }
    all.list("functions", std::move(rows));
    return print(all, /*as_json=*/true);
}

std::shared_ptr<LookCommand> add_common(CLI::App& command) {
    auto options = std::make_shared<LookCommand>();
    command.add_option("FILE", options->file, "A .wasm file, or - for standard input")->required();
    command.add_option("--profile", options->profile, "Which modules to accept")
        ->check(CLI::IsMember({"contract", "kernel", "spec"}))
        ->capture_default_str();
    command.add_flag("--json", options->json, "Answer in JSON");
    return options;
}

}  // namespace

void add_vm_look(Program& program, CLI::App& group) {
    CLI::App& inspect =
        *group.add_subcommand("inspect", "What a module imports, exports, holds and costs");
    const auto inspected = add_common(inspect);
    program.on(inspect, [inspected] { return vm_inspect(*inspected); });
    CLI::App& disasm = *group.add_subcommand("disasm", "The register code that nodes run");
    const auto shown = add_common(disasm);
    disasm.add_option("FUNCTION", shown->function, "An export or a number; default: all");
    program.on(disasm, [shown] { return vm_disasm(*shown); });
}

}  // namespace polis::tools
