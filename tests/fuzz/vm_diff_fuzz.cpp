// Bytes decide what a valid module looks like (tests/vm/random_module.hpp): it is accepted, and
// both engines agree on all that it does, with any gas.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include <core/check.hpp>
#include <core/hex.hpp>
#include <tests/vm/decisions.hpp>
#include <tests/vm/differential.hpp>
#include <tests/vm/random_module.hpp>
#include <vm/program.hpp>

namespace polis {
namespace {

constexpr vm::tests::Effort kEffort{.gas_max = 3'000, .first_limits = 12, .random_limits = 3};

void run(ByteView input) {
    vm::tests::ByteDecisions decisions(input);
    const Bytes wasm = vm::tests::random_module(decisions);
    const auto program = vm::Program::compile(wasm, vm::Rules::kernel());
    std::string fault;
    if (!program) {
        fault = program.error().message();
    } else {
        vm::tests::RunCounts counts;
        fault = vm::tests::compare_engines(*program, decisions, kEffort, counts);
    }
    if (!fault.empty()) {
        std::fprintf(stderr, "%s\nmodule: %s\n", fault.c_str(), to_hex(wasm).c_str());
    }
    POLIS_ASSERT(fault.empty());
}

}  // namespace
}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::run({data, size});
    return 0;
}
