// Strict Borsh over arbitrary bytes: whatever decodes encodes to the same bytes again, so one value
// has one encoding. The struct uses every kind of type that has a codec.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <core/types.hpp>

namespace polis {
namespace {

enum class Colour : std::uint8_t { kRed, kGreen, kBlue };

struct Leaf {
    std::uint16_t number = 0;
    bool flag = false;

    static constexpr auto kFields = codec::fields(&Leaf::number, &Leaf::flag);
};

struct Everything {
    std::uint8_t byte = 0;
    std::int32_t negative = 0;
    std::uint64_t wide = 0;
    u128 widest = 0;
    Colour colour = Colour::kRed;
    Hash hash;
    Amount amount;
    std::array<std::uint16_t, 2> pair{};
    std::optional<Leaf> maybe;
    std::variant<std::uint8_t, std::string, Leaf> either;
    std::string text;
    Bytes bytes;
    std::vector<Leaf> leaves;
    std::map<std::uint16_t, std::string> names;
    std::set<std::string> words;

    static constexpr std::size_t kLeavesMax = 64;
    static constexpr auto kFields = codec::fields(
        &Everything::byte,
        &Everything::negative,
        &Everything::wide,
        &Everything::widest,
        &Everything::colour,
        &Everything::hash,
        &Everything::amount,
        &Everything::pair,
        &Everything::maybe,
        &Everything::either,
        &Everything::text,
        &Everything::bytes,
        codec::bounded(&Everything::leaves, kLeavesMax),
        &Everything::names,
        &Everything::words);
};

}  // namespace

namespace codec {
template <>
inline constexpr auto kEnumLast<Colour> = Colour::kBlue;
}  // namespace codec

}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const polis::ByteView input(data, size);
    const auto value = polis::codec::decode<polis::Everything>(input);
    if (value) {
        POLIS_ASSERT(value->leaves.size() <= polis::Everything::kLeavesMax);
        POLIS_ASSERT(polis::equal(polis::codec::encode(*value), input));
    }
    return 0;
}
