#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <core/bytes.hpp>
#include <core/types.hpp>

/// A contract that does what its input says, so that tests and models write scripts, not modules.
namespace polis::ledger::testing {

/// Keys under which the method `answered` keeps its input, and its caller.
inline constexpr std::uint8_t kPuppetAnswer = 0xa0;
inline constexpr std::uint8_t kPuppetCaller = 0xa1;

/// The module. Methods: `run` carries out its input; `init` too; `answered` takes answers. `taker`
/// takes an i32 and `memory` is exported: no methods.
const Bytes& puppet_code();

/// The same in other bytes: another code hash.
Bytes puppet_code(std::uint8_t variant);

/// Steps of a script, one after the other.
class Script {
  public:
    Script& set(std::uint8_t key, ByteView value);
    Script& remove(std::uint8_t key);
    Script& emit(ByteView data);
    Script& transfer(const Address& to, std::uint64_t amount);

    struct CallStep {
        Address to;
        std::uint64_t value = 0;
        std::uint64_t gas = UINT64_MAX;  ///< at most what is left
        Bytes input = {};
    };

    Script& call(const CallStep& step);
    Script& revert(std::string_view message);
    Script& trap();
    Script& burn(std::uint32_t rounds);
    Script& give_back(ByteView output);
    Script& give_back_stored(std::uint8_t key);  ///< nothing if there is none
    Script& bad_pointer();
    Script& expect_call(std::uint8_t end);  ///< traps unless the last call ended so
    Script& give_back_returned();           ///< what the last call returned
    Script& request(ByteView job, std::uint64_t gas = 1'000'000);  ///< gives its id back
    Script& give_back_world();  ///< caller, self, value, balance of self, height, time, beacon

    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

}  // namespace polis::ledger::testing
