#include <ml/protocol/host_link.hpp>

#include <core/check.hpp>

namespace polis::trainer {

HostLink::HostLink(
    ByteView token, const HelloNonce& nonce, std::uint64_t now_ms, const Patience& patience)
    : nonce_(nonce), proof_(prove(token, nonce)), patience_(patience), heard_ms_(now_ms) {}

Bytes HostLink::greeting() const { return frame_of(HostMessage{Challenge{.nonce = nonce_}}); }

Result<std::vector<TrainerMessage>, LinkError> HostLink::received(
    ByteView bytes, std::uint64_t now_ms) {
    if (!hello_ && frames_.buffered() + bytes.size() > kHelloBytesMax) {
        return std::unexpected(LinkError::kFrameTooLarge);
    }
    frames_.feed(bytes);
    std::vector<TrainerMessage> out;
    while (true) {
        POLIS_TRY(std::optional<TrainerMessage> message, frames_.next<TrainerMessage>());
        if (!message) {
            return out;
        }
        POLIS_TRY_VOID(accept(*message));
        heard_ms_ = now_ms;
        if (!std::holds_alternative<Heartbeat>(*message)) {
            out.push_back(*std::move(message));
        }
    }
}

Result<void, LinkError> HostLink::accept(const TrainerMessage& message) {
    if (const auto* hello = std::get_if<Hello>(&message)) {
        return accept_hello(*hello);
    }
    if (!hello_) {
        return std::unexpected(LinkError::kUnexpected);
    }
    const auto belongs = [&](std::uint64_t job) { return job_ && *job_ == job; };
    bool ok = true;
    if (const auto* progress = std::get_if<Progress>(&message)) {
        ok = belongs(progress->job);
    } else if (const auto* finished = std::get_if<Finished>(&message)) {
        ok = belongs(finished->job);
        job_.reset();
    } else if (const auto* failed = std::get_if<Failed>(&message)) {
        ok = belongs(failed->job);
        job_.reset();
    }
    if (!ok) {
        return std::unexpected(LinkError::kUnexpected);
    }
    return {};
}

Result<void, LinkError> HostLink::accept_hello(const Hello& hello) {
    if (hello_) {
        return std::unexpected(LinkError::kUnexpected);
    }
    if (hello.version != kProtocolVersion) {
        return std::unexpected(LinkError::kWrongVersion);
    }
    // The proof is of a fresh nonce and the link is spent after a wrong one, so that the time of
    // this comparison teaches nothing.
    if (hello.proof != proof_) {
        return std::unexpected(LinkError::kBadProof);
    }
    hello_ = hello;
    return {};
}

Result<void, LinkError> HostLink::tick(std::uint64_t now_ms) const {
    const std::uint64_t quiet_ms = now_ms - heard_ms_;
    if (!hello_ && quiet_ms > patience_.hello_ms) {
        return std::unexpected(LinkError::kNoHello);
    }
    if (hello_ && quiet_ms > patience_.silence_ms) {
        return std::unexpected(LinkError::kSilent);
    }
    return {};
}

Bytes HostLink::train(const Train& job) {
    POLIS_ASSERT(ready());
    job_ = job.job;
    return frame_of(HostMessage{job});
}

Bytes HostLink::cancel() const {
    POLIS_ASSERT(job_.has_value());
    return frame_of(HostMessage{Cancel{.job = *job_}});
}

}  // namespace polis::trainer
