#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <core/bytes.hpp>
#include <vm/gas_schedule.hpp>
#include <vm/module.hpp>

/// What the naive engine has to know of a body before it runs it. Shares nothing with the decoder
/// and the translation, so that an error in them is no error here.
namespace polis::vm::naive {

/// Reads the immediates of validated code. @pre the bytes were validated: nothing is checked
class CodeReader {
  public:
    CodeReader(ByteView code, std::size_t at) : code_(code), at_(at) {}

    std::uint8_t byte() { return code_[at_++]; }

    std::uint32_t unsigned_32();

    /// LEB128 with a sign, extended to 64 bits.
    std::uint64_t signed_64();

    void skip(std::size_t bytes) { at_ += bytes; }

    [[nodiscard]] std::size_t at() const { return at_; }

  private:
    ByteView code_;
    std::size_t at_;
};

/// For each position of a body: what the run from there costs, and where its blocks end.
/// One pass over the code and one back.
class BodyMap {
  public:
    BodyMap(ByteView code, const GasSchedule& gas);

    [[nodiscard]] ByteView code() const { return code_; }

    /// @pre an instruction, or the end of the code
    [[nodiscard]] std::uint64_t run(std::size_t at) const { return places_[at].run; }

    /// Behind the `end` of the block, loop or if at this position.
    [[nodiscard]] std::size_t behind_end(std::size_t at) const { return places_[at].behind_end; }

    /// Behind the `else` of the if at this position; 0 if it has none.
    [[nodiscard]] std::size_t behind_else(std::size_t at) const { return places_[at].behind_else; }

  private:
    struct Place {
        std::uint64_t run = 0;
        std::uint32_t behind_end = 0;
        std::uint32_t behind_else = 0;
    };

    void find_blocks();
    void add_up(const GasSchedule& gas);

    ByteView code_;
    std::vector<std::uint32_t> starts_;  ///< of the instructions, in order
    std::vector<Place> places_;          ///< one for each byte, and one behind the last
};

}  // namespace polis::vm::naive
