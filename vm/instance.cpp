#include <vm/instance.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace polis::vm {

namespace {

using LinkResult = Result<void, LinkError>;

/// The provided limits allow no more than the wanted ones do.
bool fits(std::uint32_t size, const Limits& provided, const Limits& wanted) {
    if (size < wanted.min) {
        return false;
    }
    return !wanted.max || (provided.max && *provided.max <= *wanted.max);
}

LinkResult check_function(const FunctionRef& function, const FuncType& wanted) {
    if (function.is_empty()) {
        return std::unexpected(LinkError::kMissing);
    }
    if (*function.type != wanted) {
        return std::unexpected(LinkError::kIncompatible);
    }
    return {};
}

LinkResult check_global(const std::shared_ptr<GlobalCell>& global, const GlobalType& wanted) {
    if (!global) {
        return std::unexpected(LinkError::kMissing);
    }
    if (global->type != wanted) {
        return std::unexpected(LinkError::kIncompatible);
    }
    return {};
}

LinkResult check_imports(const Module& module, const Imports& imports) {
    std::size_t functions = 0;
    std::size_t globals = 0;
    for (const Import& import : module.imports) {
        switch (import.kind) {
            case ExternKind::kFunction: {
                const std::size_t index = functions++;
                if (index >= imports.functions.size()) {
                    return std::unexpected(LinkError::kMissing);
                }
                POLIS_TRY_VOID(check_function(imports.functions[index], module.types[import.type]));
                break;
            }
            case ExternKind::kTable:
                if (!imports.table) {
                    return std::unexpected(LinkError::kMissing);
                }
                if (!fits(
                        static_cast<std::uint32_t>(imports.table->entries.size()),
                        imports.table->limits,
                        import.limits)) {
                    return std::unexpected(LinkError::kIncompatible);
                }
                break;
            case ExternKind::kMemory:
                if (!imports.memory) {
                    return std::unexpected(LinkError::kMissing);
                }
                if (!fits(imports.memory->pages(), imports.memory->limits(), import.limits)) {
                    return std::unexpected(LinkError::kIncompatible);
                }
                break;
            case ExternKind::kGlobal: {
                const std::size_t index = globals++;
                if (index >= imports.globals.size()) {
                    return std::unexpected(LinkError::kMissing);
                }
                POLIS_TRY_VOID(check_global(imports.globals[index], import.global));
                break;
            }
        }
    }
    return {};
}

}  // namespace

std::string_view to_string(LinkError error) {
    switch (error) {
        case LinkError::kMissing:
            return "unknown import";
        case LinkError::kIncompatible:
            return "incompatible import type";
        case LinkError::kData:
            return "data segment does not fit";
        case LinkError::kElements:
            return "elements segment does not fit";
        case LinkError::kNoRoom:
            return "no memory left on this machine";
    }
    return "?";
}

Instance::Instance(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

Instance::~Instance() = default;

Result<std::unique_ptr<Instance>, LinkError> Instance::create(
    std::shared_ptr<const Program> program, Imports imports) {
    const Module& module = program->module();
    POLIS_TRY_VOID(check_imports(module, imports));
    std::unique_ptr<Instance> out(new Instance(std::move(program)));
    out->imported_ = std::move(imports.functions);
    out->globals_ = std::move(imports.globals);
    out->table_ = std::move(imports.table);
    out->memory_ = std::move(imports.memory);
    if (!out->allocate()) {
        return std::unexpected(LinkError::kNoRoom);
    }
    POLIS_TRY_VOID(out->write_segments());
    return out;
}

Result<std::unique_ptr<Instance>, LinkError> Instance::create(
    std::shared_ptr<const Program> program, Host& host) {
    const Module& module = program->module();
    Imports imports;
    for (const Import& import : module.imports) {
        const HostSignature* signature = find_host_function(import.name);
        if (import.kind == ExternKind::kFunction && signature != nullptr) {
            imports.functions.push_back(
                {.instance = nullptr,
                 .host = &host,
                 .index = static_cast<std::uint32_t>(signature->function),
                 .type = &signature->type});
        }
    }
    return create(std::move(program), std::move(imports));
}

FunctionRef Instance::function(std::uint32_t index) {
    if (index < imported_.size()) {
        return imported_[index];
    }
    return {.instance = this, .host = nullptr, .index = index, .type = &module().type_of(index)};
}

std::uint64_t Instance::value_of(const ConstantExpression& constant) const {
    return constant.global ? globals_[*constant.global]->value : constant.value;
}

bool Instance::allocate() {
    const Module& module = program_->module();
    if (module.memory && !memory_) {
        memory_ = Memory::create(*module.memory, program_->rules().memory_pages);
        if (!memory_) {
            return false;
        }
    }
    if (module.table && !table_) {
        table_ = std::make_shared<Table>();
        table_->limits = *module.table;
        table_->entries.resize(module.table->min);
    }
    for (const Global& global : module.globals) {
        globals_.push_back(std::make_shared<GlobalCell>(global.type, value_of(global.init)));
    }
    return true;
}

/// All segments are checked before the first is written: a module that does not fit changes
/// nothing of what it imports.
Result<void, LinkError> Instance::write_segments() {
    const Module& module = program_->module();
    for (const ElementSegment& segment : module.elements) {
        if (value_of(segment.offset) + segment.functions.size() > table_->entries.size()) {
            return std::unexpected(LinkError::kElements);
        }
    }
    for (const DataSegment& segment : module.data) {
        if (!memory_->bytes(value_of(segment.offset), segment.size)) {
            return std::unexpected(LinkError::kData);
        }
    }
    for (const ElementSegment& segment : module.elements) {
        std::size_t at = value_of(segment.offset);
        for (const std::uint32_t index : segment.functions) {
            table_->entries[at++] = function(index);
        }
    }
    for (const DataSegment& segment : module.data) {
        const ByteView bytes = ByteView{module.bytes}.subspan(segment.begin, segment.size);
        std::ranges::copy(bytes, memory_->data() + value_of(segment.offset));
    }
    return {};
}

}  // namespace polis::vm
