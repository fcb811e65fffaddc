#include <tools/learning/tensorboard.hpp>

#include <array>
#include <bit>

#include <core/codec/borsh.hpp>

namespace polis::tools::learning {

namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // of Castagnoli, reflected
constexpr std::uint32_t kMaskDelta = 0xa282ead8;   // of TFRecord

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < out.size(); ++i) {
        std::uint32_t rest = i;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? kPolynomial : 0);
        }
        out[i] = rest;
    }
    return out;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

/// So that a checksum over data that holds checksums stays a good one.
std::uint32_t masked_crc(ByteView bytes) { return std::rotr(crc32c(bytes), 15) + kMaskDelta; }

// The wire format of protocol buffers: a key is the field's number and how its value is written.
enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void append_varint(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

void append_key(Bytes& out, std::uint32_t field, Wire wire) {
    append_varint(out, std::uint64_t{field} << 3 | static_cast<std::uint64_t>(wire));
}

void append_bytes(Bytes& out, std::uint32_t field, ByteView value) {
    append_key(out, field, Wire::kBytes);
    append_varint(out, value.size());
    append(out, value);
}

/// Event.wall_time
void append_time(Bytes& out, double wall_time_s) {
    append_key(out, 1, Wire::kFixed64);
    codec::encode_to(out, std::bit_cast<std::uint64_t>(wall_time_s));
}

}  // namespace

std::uint32_t crc32c(ByteView bytes) {
    std::uint32_t out = ~std::uint32_t{0};
    for (const std::uint8_t byte : bytes) {
        out = (out >> 8) ^ kTable[(out ^ byte) & 0xff];
    }
    return ~out;
}

EventFile::EventFile(double wall_time_s) {
    Bytes event;
    append_time(event, wall_time_s);
    append_bytes(event, 3, as_bytes("brain.Event:2"));  // Event.file_version
    record(event);
}

void EventFile::scalar(double wall_time_s, std::int64_t step, std::string_view tag, float value) {
    Bytes scalar;
    append_bytes(scalar, 1, as_bytes(tag));  // Summary.Value.tag
    append_key(scalar, 2, Wire::kFixed32);   // Summary.Value.simple_value
    codec::encode_to(scalar, std::bit_cast<std::uint32_t>(value));
    Bytes summary;
    append_bytes(summary, 1, scalar);  // Summary.value
    Bytes event;
    append_time(event, wall_time_s);
    append_key(event, 2, Wire::kVarint);  // Event.step
    append_varint(event, static_cast<std::uint64_t>(step));
    append_bytes(event, 5, summary);  // Event.summary
    record(event);
}

/// Length, its checksum, the event, its checksum; little-endian.
void EventFile::record(const Bytes& event) {
    Bytes length;
    codec::encode_to(length, static_cast<std::uint64_t>(event.size()));
    append(bytes_, length);
    codec::encode_to(bytes_, masked_crc(length));
    append(bytes_, event);
    codec::encode_to(bytes_, masked_crc(event));
}

}  // namespace polis::tools::learning
