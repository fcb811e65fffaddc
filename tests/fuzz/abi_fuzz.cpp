#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <tools/contract/abi.hpp>
#include <tools/contract/literal.hpp>
#include <tools/contract/wasm_file.hpp>

/// Input: an ABI, a byte 0, then the text of an argument or the bytes of a value.
///
/// Whoever deploys a contract writes its ABI, so reading one, and what goes through it, never
/// crashes and never takes long. What decodes is shown and, written as a person would, encodes to
/// the same bytes.
namespace {

using namespace polis;
using namespace polis::tools;
using namespace polis::tools::contract;

Fallible<Address> resolve(const std::string& word) {
    const auto address = crypto::parse_address(word);
    return address ? Fallible<Address>(*address) : wrong_usage("no address");
}

constexpr int kDepthMax = 3;

/// Whether what is shown says all: an option of an option does not, and a text alone is taken as it
/// is, "null" too.
bool is_faithful(const AbiType& type, int depth = 0) {
    using enum AbiType::Kind;
    if (depth > kDepthMax || (depth == 0 && (type.kind == kString || type.kind == kOption))) {
        return false;
    }
    if (type.kind == kOption) {
        return type.inner->kind != kOption && is_faithful(*type.inner, depth + 1);
    }
    if (type.kind == kList) {
        return is_faithful(*type.inner, depth + 1);
    }
    return type.kind != kStruct ||
           std::ranges::all_of(*type.fields, [depth](const AbiField& field) {
               return is_faithful(field.type, depth + 1);
           });
}

void try_method(const AbiMethod& method, ByteView rest) {
    const std::vector<std::string> texts(method.params.size(), std::string(as_text(rest)));
    (void)encode_arguments(method, texts, resolve);
    (void)signature(method);
    if (!method.result) {
        return;
    }
    const auto value = decode_value(*method.result, rest);
    if (value && is_faithful(*method.result)) {
        const std::string text = value->is_string() ? value->get<std::string>() : value->dump();
        const auto again = encode_value({"value", *method.result}, text, resolve);
        POLIS_ASSERT(!again || equal(*again, rest));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    (void)find_abi(input);
    if (const auto section = custom_section(input, kAbiSection)) {
        POLIS_ASSERT(with_custom_section(input, kAbiSection, *section).has_value());
    }
    (void)parse_literal(as_text(input));
    const std::string_view text = as_text(input);
    const std::size_t end = std::min(text.find('\0'), text.size());
    const auto abi = parse_abi(text.substr(0, end));
    if (!abi) {
        return 0;
    }
    const ByteView rest = input.subspan(std::min(end + 1, size));
    for (const AbiMethod& method : abi->methods) {
        try_method(method, rest);
    }
    for (const AbiEvent& event : abi->events) {
        (void)decode_fields(event.fields, rest);
    }
    return 0;
}
