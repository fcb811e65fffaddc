#include <tests/vm/engines.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include <core/check.hpp>
#include <vm/naive.hpp>

namespace polis::vm::tests {

namespace {

constexpr std::uint64_t kHostGas = 20;
constexpr std::uint64_t kTrapsEvery = 64;
constexpr std::uint64_t kMultiplier = 0x9e37'79b9'7f4a'7c15;

}  // namespace

void MixingHost::mix(std::uint64_t value) {
    digest_ = (digest_ ^ value) * kMultiplier;
    digest_ ^= digest_ >> 29;
}

std::optional<Trap> MixingHost::call(std::uint32_t function, HostCall& call) {
    const HostSignature& signature = host_functions()[function];
    POLIS_ASSERT_OP(call.args.size(), ==, signature.type.params.size());
    if (const auto trap = call.charge(kHostGas)) {
        return trap;
    }
    mix(function);
    for (const std::uint64_t arg : call.args) {
        mix(arg);
    }
    if (digest_ % kTrapsEvery == 0) {
        return Trap::kHost;
    }
    if (!call.args.empty() && signature.type.params.front() == ValueType::kI32) {
        const auto room = call.bytes(call.args.front() & 0xffff, 4);
        if (!room) {
            return Trap::kMemoryBounds;
        }
        for (std::size_t i = 0; i < room->size(); ++i) {
            (*room)[i] = static_cast<std::uint8_t>(digest_ >> (8 * i));
        }
    }
    if (signature.type.result) {
        const bool is_i32 = *signature.type.result == ValueType::kI32;
        call.result = is_i32 ? static_cast<std::uint32_t>(digest_) : digest_;
    }
    return std::nullopt;
}

Machine::Machine(const std::shared_ptr<const Program>& program, Engine engine) : engine_(engine) {
    auto instance = Instance::create(program, host_);
    if (instance) {
        instance_ = *std::move(instance);
    }
}

Outcome Machine::run(
    std::uint32_t function, std::span<const std::uint64_t> args, std::uint64_t gas) {
    return engine_ == Engine::kFast ? vm::run(*instance_, function, args, gas)
                                    : run_naive(*instance_, function, args, gas);
}

Pair::Pair(const std::shared_ptr<const Program>& program)
    : fast_(program, Engine::kFast), naive_(program, Engine::kNaive) {}

std::string Pair::run(
    std::uint32_t function, std::span<const std::uint64_t> args, std::uint64_t gas) {
    outcome_ = naive_.run(function, args, gas);
    const Outcome fast = fast_.run(function, args, gas);
    if (fast != outcome_) {
        return "fast: " + to_string(fast) + "; naive: " + to_string(outcome_);
    }
    return compare_state();
}

std::string Pair::compare_state() {
    const Instance& fast = fast_.instance();
    const Instance& naive = naive_.instance();
    for (std::size_t i = 0; i < fast.globals().size(); ++i) {
        if (fast.globals()[i]->value != naive.globals()[i]->value) {
            return "global " + std::to_string(i) + " differs";
        }
    }
    if (fast_.host().digest() != naive_.host().digest()) {
        return "the host was called otherwise";
    }
    if (fast.memory() == nullptr) {
        return {};
    }
    const std::span<const std::uint8_t> left(fast.memory()->data(), fast.memory()->size());
    const std::span<const std::uint8_t> right(naive.memory()->data(), naive.memory()->size());
    if (left.size() != right.size()) {
        return "the sizes of the memories differ";
    }
    if (left.empty() || std::memcmp(left.data(), right.data(), left.size()) == 0) {
        return {};
    }
    const auto place = std::ranges::mismatch(left, right).in1 - left.begin();
    return "byte " + std::to_string(place) + " of the memory differs";
}

std::string to_string(const Outcome& outcome) {
    std::string out = outcome.trap ? "trap " + std::string(vm::to_string(*outcome.trap)) : "done";
    if (outcome.result) {
        out += ", result " + std::to_string(*outcome.result);
    }
    return out + ", gas left " + std::to_string(outcome.gas_left);
}

}  // namespace polis::vm::tests
