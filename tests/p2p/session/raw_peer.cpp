#include <tests/p2p/session/raw_peer.hpp>

#include <iterator>
#include <utility>

#include <core/check.hpp>

namespace polis::p2p::testing {

namespace {

constexpr std::size_t kAll = std::size_t{1} << 24;

std::size_t record_bytes(ByteView bytes) {
    return kRecordHeadBytes + (bytes[0] | (std::size_t{bytes[1]} << 8));
}

}  // namespace

RawPeer::RawPeer(const Session::Setup& setup) : role_(setup.role), greeting_(setup) {
    if (role_ == Role::kInitiator) {
        begin_ = greeting_.begin();
    }
}

ByteView RawPeer::take_greeting(ByteView output, Bytes& answer) {
    while (!output.empty() && !sending_) {
        const std::size_t size = record_bytes(output);
        const auto taken =
            greeting_.take(output.subspan(kRecordHeadBytes, size - kRecordHeadBytes), answer);
        output = output.subspan(size);
        if (!taken) {
            break;
        }
        if (greeting_.done()) {
            noise::Ciphers ciphers = greeting_.split();
            const bool initiator = role_ == Role::kInitiator;
            sending_.emplace(std::move(initiator ? ciphers.initiator : ciphers.responder));
            receiving_.emplace(std::move(initiator ? ciphers.responder : ciphers.initiator));
        }
    }
    return output;
}

SessionEvents RawPeer::greet(Session& session, TimeMs now) {
    SessionEvents events = session.receive(begin_, now);
    while (session.has_output() && !sending_) {
        Bytes answer;
        const Bytes output = session.take_output(kAll, now);
        (void)take_greeting(output, answer);
        SessionEvents more = session.receive(answer, now);
        std::ranges::move(more, std::back_inserter(events));
    }
    return events;
}

Bytes RawPeer::record(ByteView plain) {
    POLIS_ASSERT(sending_.has_value());
    Bytes out(kRecordOverhead + plain.size());
    const std::size_t size = out.size() - kRecordHeadBytes;
    out[0] = static_cast<std::uint8_t>(size);
    out[1] = static_cast<std::uint8_t>(size >> 8);
    sending_->encrypt(std::span(out).subspan(kRecordHeadBytes), {}, plain);
    return out;
}

std::vector<Bytes> RawPeer::read(ByteView output) {
    std::vector<Bytes> out;
    while (!output.empty()) {
        const std::size_t size = record_bytes(output);
        out.emplace_back(size - kRecordOverhead);
        const bool opened = receiving_->decrypt(
            out.back(), {}, output.subspan(kRecordHeadBytes, size - kRecordHeadBytes));
        POLIS_ASSERT(opened);
        output = output.subspan(size);
    }
    return out;
}

Bytes frame(unsigned head, ByteView body, std::optional<std::uint32_t> total) {
    Bytes out;
    write_frame_head(out, static_cast<std::uint8_t>(head), body.size(), total);
    append(out, body);
    return out;
}

}  // namespace polis::p2p::testing
