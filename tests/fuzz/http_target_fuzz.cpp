// What clients write into HTTP heads: paths, hosts, origins, ranges, tokens, tags.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/hex.hpp>
#include <node/rpc/http/target.hpp>
#include <tests/fuzz/choices.hpp>

namespace polis {
namespace {

using namespace node::rpc;

void run_range(std::string_view text, std::uint64_t size) {
    RangeError error = RangeError::kIgnored;
    const auto range = parse_range(text, size, error);
    if (range) {
        POLIS_ASSERT(
            range->count > 0 && range->first < size && range->count <= size - range->first);
        const std::string again = "bytes=" + std::to_string(range->first) + '-' +
                                  std::to_string(range->first + range->count - 1);
        POLIS_ASSERT(parse_range(again, size, error) == range);
    }
}

void run(ByteView input) {
    fuzz::Choices choices(input);
    const std::uint8_t choice = choices.byte();
    const std::string_view text = as_text(choices.rest());
    static const std::array<std::string, 2> kHosts = {"localhost", "::1"};
    switch (choice % 5) {
        case 0: {
            const Target target = parse_target(text);
            const bool blob = target.resource == Resource::kBlob;
            POLIS_ASSERT(
                !blob || parse_target("/v1/blobs/" + to_hex_prefixed(target.root.view())).root ==
                             target.root);
            const bool model = target.resource == Resource::kModel;
            POLIS_ASSERT(
                !model || parse_target("/v1/models/" + to_hex_prefixed(target.root.view())).root ==
                              target.root);
            return;
        }
        case 1: {
            const auto name = host_name(text);
            POLIS_ASSERT(!name || (!name->empty() && text.find(*name) <= 1));
            POLIS_ASSERT(!name || host_allowed(*name, kHosts) == host_allowed(*name, kHosts));
            return;
        }
        case 2:
            run_range(text, choice);
            run_range(text, UINT64_MAX);
            return;
        case 3: {
            const auto token = bearer_token(text);
            POLIS_ASSERT(!token || (!token->empty() && same_secret(*token, *token)));
            POLIS_ASSERT(!same_secret(text, std::string(text) + "x"));
            return;
        }
        default:
            POLIS_ASSERT(names_tag(std::string(text) + ",\"tag\"", "\"tag\""));
            POLIS_ASSERT(origin_allowed("http://" + std::string(text), text));
            static_cast<void>(is_json_type(text));
            return;
    }
}

}  // namespace
}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::run({data, size});
    return 0;
}
