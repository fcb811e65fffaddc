#include <tests/fuzz/session_seeds.hpp>

#include <initializer_list>
#include <optional>

#include <p2p/session/frame.hpp>

namespace polis::fuzz {

namespace {

Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) {
        append(out, part);
    }
    return out;
}

Bytes frame(unsigned head, std::size_t body, std::optional<std::uint32_t> total = std::nullopt) {
    Bytes out;
    p2p::write_frame_head(out, static_cast<std::uint8_t>(head), body, total);
    out.resize(out.size() + body, 0x5a);
    return out;
}

}  // namespace

std::map<std::string, Bytes> session_seeds() {
    constexpr unsigned kWhole = p2p::kFrameFirst | p2p::kFrameLast;
    const Bytes small = frame(3 | kWhole, 5);
    const Bytes pieces = joined(
        {frame(1 | p2p::kFrameFirst, 1'024, 2'500),
         frame(1, 1'100),
         frame(3 | kWhole, 5),
         frame(1 | p2p::kFrameLast, 376)});
    return {
        {"frame/seed_small", joined({{0}, small, small, frame(0 | kWhole, 0)})},
        {"frame/seed_pieces", joined({{0}, pieces})},
        {"frame/seed_special",
         joined({{0}, frame(p2p::kFramePing | kWhole, 8), frame(p2p::kFrameGoodbye | kWhole, 4)})},
        {"frame/seed_records", Bytes{1, 3, 2, 2, 0, 1, 2, 1, 0, 9, 4, 0, 1, 2, 3, 4}},
        // Two honest ends: greetings, messages, portions, time, a close.
        {"session/seed_honest",
         Bytes{0, 2, 255, 255, 3,   255, 255, 2,   255, 255, 0,  1, 0,   40,  1,
               3, 9, 9,   2,   255, 255, 3,   255, 255, 4,   20, 2, 255, 255, 6}},
        {"session/seed_damaged",
         Bytes{0, 2, 255, 255, 3, 255, 255, 2, 255, 255, 0, 3, 0, 40, 5, 0, 20, 1, 2, 255, 255}},
        // A dishonest peer with keys; bytes without.
        {"session/seed_peer", joined({{1}, small, pieces})},
        {"session/seed_to_responder", joined({{2, 32, 0}, Bytes(32, 7)})},
        {"session/seed_to_initiator", joined({{3, 0xfc, 0}, Bytes(252, 7)})}};
}

}  // namespace polis::fuzz
