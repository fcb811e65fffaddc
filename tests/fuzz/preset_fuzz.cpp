// Genesis presets, which people write by hand: any text is a chain that can be built, or an error
// that names its cause. What was understood survives being written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <genesis/preset.hpp>

namespace polis::genesis {
namespace {

constexpr std::size_t kTextBytesMax = 16 * 1024;  // keeps an input's build short

void run(std::string_view text) {
    if (text.size() > kTextBytesMax) {
        return;
    }
    const auto preset = parse_preset(text, "fuzz.toml");
    if (!preset) {
        POLIS_ASSERT(!preset.error().cause.empty());
        POLIS_ASSERT(describe(preset.error()).starts_with("fuzz.toml"));
        return;
    }
    POLIS_ASSERT(check_preset(*preset).has_value());
    const auto again = parse_preset(write_preset(*preset, "# written by a test\n"), "again.toml");
    POLIS_ASSERT(again.has_value());
    POLIS_ASSERT(*again == *preset);
    const auto built = build(*preset, text);
    POLIS_ASSERT(built.has_value());
}

}  // namespace
}  // namespace polis::genesis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::genesis::run(polis::as_text({data, size}));
    return 0;
}
