#include <tools/vm/spec_world.hpp>

#include <utility>

#include <fmt/format.h>

#include <tools/vm/spec_suite.hpp>

namespace polis::tools::vmtool {

namespace {

constexpr std::string_view kHostModule = "spectest";
constexpr std::uint64_t kGlobalValue = 666;
constexpr vm::Limits kHostTable{10, 20};
constexpr vm::Limits kHostMemory{1, 2};

constexpr std::uint64_t kGlobalFloat = 0x4426'8000;             ///< 666 as f32
constexpr std::uint64_t kGlobalDouble = 0x4084'd000'0000'0000;  ///< 666 as f64

}  // namespace

std::optional<vm::Trap> SilentHost::call(std::uint32_t /*function*/, vm::HostCall& /*call*/) {
    return std::nullopt;
}

std::string LinkFailure::message() const {
    if (link) {
        return fmt::format("link error: {}", vm::to_string(*link));
    }
    return start ? fmt::format("start function: trap {}", vm::to_string(*start)) : "linked";
}

bool SpecWorld::Extern::is_empty() const {
    return function.is_empty() && table == nullptr && memory == nullptr && global == nullptr;
}

SpecWorld::SpecWorld(Engine engine) : engine_(engine) { add_host_exports(); }

void SpecWorld::add_host_exports() {
    using enum vm::ValueType;
    host_types_ = {
        {"print", {}},
        {"print_i32", {{kI32}, {}}},
        {"print_i64", {{kI64}, {}}},
        {"print_f32", {{kF32}, {}}},
        {"print_f64", {{kF64}, {}}},
        {"print_i32_f32", {{kI32, kF32}, {}}},
        {"print_f64_f64", {{kF64, kF64}, {}}},
    };
    for (const auto& [name, type] : host_types_) {
        host_exports_[name].function = {nullptr, &host_, 0, &type};
    }
    const auto global = [&](const char* name, vm::ValueType type, std::uint64_t value) {
        host_exports_[name].global = std::make_shared<vm::GlobalCell>(
            vm::GlobalCell{.type = {type, /*is_mutable=*/false}, .value = value});
    };
    global("global_i32", kI32, kGlobalValue);
    global("global_i64", kI64, kGlobalValue);
    global("global_f32", kF32, kGlobalFloat);
    global("global_f64", kF64, kGlobalDouble);
    auto table = std::make_shared<vm::Table>();
    table->limits = kHostTable;
    table->entries.resize(kHostTable.min);
    host_exports_["table"].table = std::move(table);
    host_exports_["memory"].memory =
        vm::Memory::create(kHostMemory, vm::Rules::specification().memory_pages);
}

SpecWorld::Extern SpecWorld::exported(const std::string& module, const std::string& name) {
    if (module == kHostModule) {
        const auto found = host_exports_.find(name);
        return found == host_exports_.end() ? Extern{} : found->second;
    }
    const auto offered = offered_.find(module);
    if (offered == offered_.end()) {
        return {};
    }
    vm::Instance& instance = *offered->second;
    const vm::Export* found = instance.module().find_export(name);
    Extern out;
    if (found == nullptr) {
        return out;
    }
    switch (found->kind) {
        case vm::ExternKind::kFunction:
            out.function = instance.function(found->index);
            break;
        case vm::ExternKind::kTable:
            out.table = instance.table();
            break;
        case vm::ExternKind::kMemory:
            out.memory = instance.memory();
            break;
        case vm::ExternKind::kGlobal:
            out.global = instance.globals()[found->index];
            break;
    }
    return out;
}

Result<vm::Imports, vm::LinkError> SpecWorld::bind(const vm::Module& module) {
    vm::Imports out;
    for (const vm::Import& import : module.imports) {
        const Extern found = exported(import.module, import.name);
        if (found.is_empty()) {
            return std::unexpected(vm::LinkError::kMissing);
        }
        bool matches = false;
        switch (import.kind) {
            case vm::ExternKind::kFunction:
                matches = !found.function.is_empty();
                out.functions.push_back(found.function);
                break;
            case vm::ExternKind::kTable:
                matches = found.table != nullptr;
                out.table = found.table;
                break;
            case vm::ExternKind::kMemory:
                matches = found.memory != nullptr;
                out.memory = found.memory;
                break;
            case vm::ExternKind::kGlobal:
                matches = found.global != nullptr;
                out.globals.push_back(found.global);
                break;
        }
        if (!matches) {
            return std::unexpected(vm::LinkError::kIncompatible);
        }
    }
    return out;
}

Result<vm::Instance*, LinkFailure> SpecWorld::instantiate(
    std::shared_ptr<const vm::Program> program) {
    auto imports = bind(program->module());
    if (!imports) {
        return std::unexpected(LinkFailure{imports.error(), {}});
    }
    auto made = vm::Instance::create(std::move(program), *std::move(imports));
    if (!made) {
        return std::unexpected(LinkFailure{made.error(), {}});
    }
    vm::Instance* instance = made->get();
    instances_.push_back(*std::move(made));
    if (const auto start = instance->module().start) {
        const vm::Outcome outcome = run_on(engine_, *instance, *start, {}, kSuiteGas);
        if (outcome.trap) {
            return std::unexpected(LinkFailure{{}, outcome.trap});
        }
    }
    return instance;
}

void SpecWorld::name(const std::string& name, vm::Instance* instance) {
    named_[""] = instance;
    if (!name.empty()) {
        named_[name] = instance;
    }
}

bool SpecWorld::offer(const std::string& name, const std::string& as) {
    vm::Instance* instance = find(name);
    if (instance != nullptr) {
        offered_[as] = instance;
    }
    return instance != nullptr;
}

vm::Instance* SpecWorld::find(const std::string& name) const {
    const auto found = named_.find(name);
    return found == named_.end() ? nullptr : found->second;
}

}  // namespace polis::tools::vmtool
