#include <tools/contract/wasm_file.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <core/codec/reader.hpp>

namespace polis::tools::contract {

namespace {

constexpr std::array<std::uint8_t, 8> kHeader = {0, 'a', 's', 'm', 1, 0, 0, 0};
constexpr std::string_view kMark{"polis.abi.json\x01\0", 16};
constexpr std::uint8_t kCustom = 0;

void put_leb(Bytes& out, std::size_t value) {
    for (; value >= 0x80; value >>= 7) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80));
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

/// An unsigned LEB128 number of at most 32 bits; fails the reader on any other.
std::uint32_t take_leb(codec::Reader& in) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const auto byte = in.integer<std::uint8_t>();
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if ((byte & 0x80) == 0) {
            if (value > UINT32_MAX) {
                break;
            }
            return static_cast<std::uint32_t>(value);
        }
    }
    in.fail(codec::DecodeError::kCountOverLimit);
    return 0;
}

struct Section {
    std::uint8_t id = 0;
    std::string_view name;  ///< of a custom section
    ByteView content;       ///< of a custom section behind its name
    ByteView whole;         ///< with id and size
};

/// @return nothing if the bytes do not divide into sections
std::optional<std::vector<Section>> sections_of(ByteView wasm) {
    if (!std::ranges::equal(wasm.first(std::min(wasm.size(), kHeader.size())), kHeader)) {
        return std::nullopt;
    }
    std::vector<Section> out;
    codec::Reader in(wasm.subspan(kHeader.size()));
    while (in.ok() && in.remaining() != 0) {
        const std::size_t begin = in.offset();
        Section section;
        section.id = in.integer<std::uint8_t>();
        codec::Reader inside(in.take(take_leb(in)));
        if (section.id == kCustom) {
            section.name = as_text(inside.take(take_leb(inside)));
            section.content = inside.take(inside.remaining());
        }
        if (!inside.ok()) {
            return std::nullopt;
        }
        section.whole = in.since(begin);
        out.push_back(section);
    }
    return in.ok() ? std::optional{std::move(out)} : std::nullopt;
}

}  // namespace

std::optional<std::string> find_abi(ByteView object) {
    const auto mark = as_bytes(kMark);
    const auto found = std::ranges::search(object, mark);
    if (found.empty()) {
        return std::nullopt;
    }
    const auto begin = static_cast<std::size_t>(found.end() - object.begin());
    codec::Reader in(object.subspan(begin));
    const auto size = in.integer<std::uint32_t>();
    const ByteView json = in.take(size);
    return in.ok() ? std::optional{std::string(as_text(json))} : std::nullopt;
}

Fallible<Bytes> with_custom_section(ByteView wasm, std::string_view name, ByteView content) {
    const auto sections = sections_of(wasm);
    if (!sections) {
        return std::unexpected(Failure("the file is no WebAssembly module; give a .wasm file"));
    }
    Bytes out = to_bytes(kHeader);
    for (const Section& section : *sections) {
        if (section.id != kCustom || section.name != name) {
            append(out, section.whole);
        }
    }
    Bytes body;
    put_leb(body, name.size());
    append(body, as_bytes(name));
    append(body, content);
    out.push_back(kCustom);
    put_leb(out, body.size());
    append(out, body);
    return out;
}

std::optional<ByteView> custom_section(ByteView wasm, std::string_view name) {
    const auto sections = sections_of(wasm);
    if (!sections) {
        return std::nullopt;
    }
    for (const Section& section : *sections) {
        if (section.id == kCustom && section.name == name) {
            return section.content;
        }
    }
    return std::nullopt;
}

}  // namespace polis::tools::contract
