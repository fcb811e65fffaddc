#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <vm/instance.hpp>

namespace polis::tools::vmtool {

/// What one function of a module used in a run.
struct FunctionGas {
    std::uint32_t function = 0;
    std::uint64_t calls = 0;
    std::uint64_t own = 0;    ///< without what it called
    std::uint64_t total = 0;  ///< with it; a function that calls itself counts each call
};

/// Adds up gas by function.
class GasProfile final : public vm::CallObserver {
  public:
    void on_call(std::uint32_t function, std::uint64_t gas_left) override;
    void on_return(std::uint32_t function, std::uint64_t gas_left) override;

    /// Ends the calls that a trap left open. @return who used most by itself first
    [[nodiscard]] std::vector<FunctionGas> finish(std::uint64_t gas_left);

  private:
    struct Open {
        std::uint32_t function = 0;
        std::uint64_t gas = 0;     ///< left when it was called
        std::uint64_t called = 0;  ///< used by what it has called
    };

    FunctionGas& row(std::uint32_t function);

    std::vector<Open> open_;
    std::vector<FunctionGas> rows_;  ///< by function
};

}  // namespace polis::tools::vmtool
