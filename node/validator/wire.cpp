#include <node/validator/wire.hpp>

#include <utility>

namespace polis::node {

Bytes encode_wire(const Envelope& message) { return codec::encode(message); }

std::optional<Envelope> decode_wire(ByteView bytes) {
    if (bytes.size() > kWireBytesMax) {
        return std::nullopt;
    }
    auto message = codec::decode<Envelope>(bytes);
    return message ? std::optional{*std::move(message)} : std::nullopt;
}

}  // namespace polis::node
