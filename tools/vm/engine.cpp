#include <tools/vm/engine.hpp>

#include <vm/naive.hpp>

namespace polis::tools::vmtool {

std::string_view to_string(Engine engine) {
    switch (engine) {
        case Engine::kFast:
            return "fast";
        case Engine::kNaive:
            return "naive";
    }
    return "?";
}

std::optional<Engine> parse_engine(std::string_view name) {
    for (const Engine engine : {Engine::kFast, Engine::kNaive}) {
        if (name == to_string(engine)) {
            return engine;
        }
    }
    return std::nullopt;
}

vm::Outcome run_on(
    Engine engine,
    vm::Instance& instance,
    std::uint32_t function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas) {
    return engine == Engine::kFast ? vm::run(instance, function, args, gas)
                                   : vm::run_naive(instance, function, args, gas);
}

}  // namespace polis::tools::vmtool
