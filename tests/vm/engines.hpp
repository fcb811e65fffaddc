#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <vm/host.hpp>
#include <vm/instance.hpp>
#include <vm/program.hpp>

/// Runs the same on both engines and compares all that can be seen.
namespace polis::vm::tests {

/// Answers every function of the interface by numbers that depend on all calls before: writes to
/// where the first argument points, charges gas, and now and then traps.
class MixingHost : public Host {
  public:
    std::optional<Trap> call(std::uint32_t function, HostCall& call) override;

    /// Of all calls and their arguments.
    [[nodiscard]] std::uint64_t digest() const { return digest_; }

  private:
    void mix(std::uint64_t value);

    std::uint64_t digest_ = 1;
};

enum class Engine : std::uint8_t { kFast, kNaive };

/// One instance with a host, run by one engine. Runs go on with the memory of those before.
class Machine {
  public:
    Machine(const std::shared_ptr<const Program>& program, Engine engine);

    [[nodiscard]] bool is_linked() const { return instance_ != nullptr; }

    [[nodiscard]] Outcome run(
        std::uint32_t function, std::span<const std::uint64_t> args, std::uint64_t gas);

    [[nodiscard]] Instance& instance() { return *instance_; }

    [[nodiscard]] const MixingHost& host() const { return host_; }

  private:
    const Engine engine_;
    MixingHost host_;
    std::unique_ptr<Instance> instance_;
};

/// Both engines side by side.
class Pair {
  public:
    explicit Pair(const std::shared_ptr<const Program>& program);

    [[nodiscard]] bool is_linked() const { return fast_.is_linked() && naive_.is_linked(); }

    /// Runs on both. @return what differs; empty if nothing does
    [[nodiscard]] std::string run(
        std::uint32_t function, std::span<const std::uint64_t> args, std::uint64_t gas);

    /// Of the last run.
    [[nodiscard]] const Outcome& outcome() const { return outcome_; }

    [[nodiscard]] Machine& naive() { return naive_; }

  private:
    [[nodiscard]] std::string compare_state();

    Machine fast_;
    Machine naive_;
    Outcome outcome_;
};

/// "trap memory_bounds, gas left 7", for a person.
[[nodiscard]] std::string to_string(const Outcome& outcome);

}  // namespace polis::vm::tests
