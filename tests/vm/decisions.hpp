#pragma once

#include <cstddef>
#include <cstdint>

#include <core/bytes.hpp>
#include <core/random.hpp>

namespace polis::vm::tests {

/// Who decides what a generated module looks like.
class Decisions {
  public:
    virtual ~Decisions() = default;

    /// A number in [0, bound). @pre bound > 0
    virtual std::uint64_t below(std::uint64_t bound) = 0;

    /// False is what a source that is used up says.
    bool chance(std::uint64_t numerator, std::uint64_t denominator) {
        return below(denominator) >= denominator - numerator;
    }

    std::uint64_t between(std::uint64_t first, std::uint64_t last) {
        return first + below(last - first + 1);
    }

    template <class Container>
    auto& pick(Container& items) {
        return items[static_cast<std::size_t>(below(items.size()))];
    }
};

/// A seed.
class SeededDecisions : public Decisions {
  public:
    explicit SeededDecisions(std::uint64_t seed) : random_(seed, "vm.module") {}

    std::uint64_t below(std::uint64_t bound) override { return random_.below(bound); }

  private:
    Random random_;
};

/// The bytes of a fuzzer, front to back; zeros once they are used up.
class ByteDecisions : public Decisions {
  public:
    explicit ByteDecisions(ByteView bytes) : bytes_(bytes) {}

    std::uint64_t below(std::uint64_t bound) override {
        std::uint64_t value = 0;
        for (std::uint64_t room = bound - 1; room > 0; room >>= 8) {
            value = (value << 8) | byte();
        }
        return value % bound;
    }

  private:
    std::uint8_t byte() {
        if (bytes_.empty()) {
            return 0;
        }
        const std::uint8_t out = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return out;
    }

    ByteView bytes_;
};

}  // namespace polis::vm::tests
