// Any bytes as a module, under each profile: refused by name within the memory that its size
// allows, or translated; then its functions run with little gas, alike on both engines.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <core/check.hpp>
#include <tests/fuzz/alloc_guard.hpp>
#include <tests/vm/engines.hpp>
#include <vm/program.hpp>

namespace polis {
namespace {

constexpr std::uint64_t kGas = 3'000;
constexpr std::size_t kExportsMax = 8;

std::shared_ptr<const vm::Program> compile(ByteView input, const vm::Rules& rules) {
    // The specification's profile has limits so wide that 30,000 locals cost more than their bytes.
    const std::size_t limits = rules.is_specification() ? rules.locals : 0;
    const fuzz::AllocGuard guard(input.size() + limits);
    auto program = vm::Program::compile(input, rules);
    if (!program) {
        POLIS_ASSERT_OP(program.error().offset, <=, input.size());
        return nullptr;
    }
    return *std::move(program);
}

void run_exports(const std::shared_ptr<const vm::Program>& program) {
    vm::tests::Pair pair(program);
    if (!pair.is_linked()) {
        return;  // a segment does not fit
    }
    std::size_t runs = 0;
    for (const vm::Export& exported : program->module().exports) {
        if (exported.kind != vm::ExternKind::kFunction || ++runs > kExportsMax) {
            continue;
        }
        const std::vector<std::uint64_t> args(
            program->module().type_of(exported.index).params.size(), runs);
        POLIS_ASSERT(pair.run(exported.index, args, kGas).empty());
    }
}

void run(ByteView input) {
    const auto contract = compile(input, vm::Rules::contract());
    const auto kernel = compile(input, vm::Rules::kernel());
    const auto any = compile(input, vm::Rules::specification());
    // What a narrower profile accepts, a wider one accepts too.
    POLIS_ASSERT(!contract || kernel);
    POLIS_ASSERT(!kernel || any);
    if (contract) {
        POLIS_ASSERT(contract->module().memory.has_value());
        POLIS_ASSERT(!contract->module().start);
    }
    if (kernel) {
        run_exports(kernel);
    }
}

}  // namespace
}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::run({data, size});
    return 0;
}
