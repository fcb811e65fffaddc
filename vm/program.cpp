#include <vm/program.hpp>

#include <map>
#include <utility>

#include <vm/decode.hpp>
#include <vm/translate/function_translator.hpp>

namespace polis::vm {

namespace {

/// For each type the first one that equals it.
std::vector<std::uint32_t> canonical(const std::vector<FuncType>& types) {
    std::map<std::pair<std::vector<ValueType>, std::optional<ValueType>>, std::uint32_t> first;
    std::vector<std::uint32_t> out;
    out.reserve(types.size());
    for (const FuncType& type : types) {
        const auto index = static_cast<std::uint32_t>(out.size());
        out.push_back(first.try_emplace({type.params, type.result}, index).first->second);
    }
    return out;
}

}  // namespace

VmResult<std::shared_ptr<const Program>> Program::compile(
    ByteView wasm, const Rules& rules, const GasSchedule& gas) {
    const std::shared_ptr<Program> out(new Program());
    out->rules_ = rules;
    out->gas_ = gas;
    POLIS_TRY(out->module_, decode(wasm, rules));
    out->canonical_types_ = canonical(out->module_.types);
    FunctionTranslator translator(
        out->module_, out->rules_, out->gas_, out->canonical_types_, out->code_);
    const auto bodies = static_cast<std::uint32_t>(out->module_.bodies.size());
    out->functions_.reserve(bodies);
    for (std::uint32_t i = 0; i < bodies; ++i) {
        POLIS_TRY(const CompiledFunction function, translator.translate(i));
        out->functions_.push_back(function);
    }
    out->code_.shrink_to_fit();
    for (std::size_t i = 0; i < out->code_.size();) {
        const Code code = code_in(out->code_[i]);
        bind_handler(out->code_[i]);
        i = next_instruction(i, code);
    }
    for (CompiledFunction& function : out->functions_) {
        function.first = &out->code_[function.entry];
    }
    return out;
}

std::uint64_t Program::instantiation_gas() const {
    std::uint64_t bytes = 0;
    for (const DataSegment& segment : module_.data) {
        bytes += segment.size;
    }
    for (const ElementSegment& segment : module_.elements) {
        bytes += segment.functions.size() * sizeof(std::uint32_t);
    }
    const std::uint64_t pages = module_.memory ? module_.memory->min : 0;
    return gas_.instantiate + pages * gas_.instantiate_page +
           (bytes + 7) / 8 * gas_.instantiate_byte_8;
}

std::size_t Program::memory_bytes() const {
    return sizeof(Program) + module_.bytes.size() + code_.size() * sizeof(Instruction) +
           functions_.size() * sizeof(CompiledFunction);
}

}  // namespace polis::vm
