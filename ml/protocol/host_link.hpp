#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/protocol/frames.hpp>
#include <ml/protocol/messages.hpp>

namespace polis::trainer {

/// How long a host waits for a trainer.
struct Patience {
    std::uint64_t hello_ms = kHelloMsMax;
    std::uint64_t silence_ms = kSilenceMsMax;
};

/// The host's side of one connection: handshake, liveness, and which answers have a place. Bytes
/// and times in, messages out; no sockets. Times are milliseconds of any clock that never goes
/// back. After an error the connection is to be closed and the link is spent.
/// Spec: docs/spec/trainer.md [T1] to [T8].
class HostLink {
  public:
    /// @param token empty for a child on a local socket. @param nonce fresh and random
    HostLink(
        ByteView token,
        const HelloNonce& nonce,
        std::uint64_t now_ms,
        const Patience& patience = {});

    /// The first bytes to send.
    [[nodiscard]] Bytes greeting() const;

    /// Takes what the socket gave.
    /// @return the hello, progress and ends of the current job; heartbeats are not handed on
    /// @error kFrameTooLarge, kBadMessage, kWrongVersion, kBadProof, kUnexpected
    [[nodiscard]] Result<std::vector<TrainerMessage>, LinkError> received(
        ByteView bytes, std::uint64_t now_ms);

    /// @error kNoHello, kSilent
    [[nodiscard]] Result<void, LinkError> tick(std::uint64_t now_ms) const;

    /// The bytes of a job. @pre ready()
    [[nodiscard]] Bytes train(const Train& job);

    /// The bytes that cancel the current job. It ends by an answer all the same. @pre job()
    [[nodiscard]] Bytes cancel() const;

    /// Greeted, and without a job.
    [[nodiscard]] bool ready() const { return hello_.has_value() && !job_; }

    [[nodiscard]] std::optional<std::uint64_t> job() const { return job_; }

    [[nodiscard]] const std::optional<Hello>& hello() const { return hello_; }

  private:
    [[nodiscard]] Result<void, LinkError> accept(const TrainerMessage& message);
    [[nodiscard]] Result<void, LinkError> accept_hello(const Hello& hello);

    // Constant after construction.
    HelloNonce nonce_;
    Proof proof_;
    Patience patience_;

    FrameReader frames_;
    std::optional<Hello> hello_;
    std::optional<std::uint64_t> job_;
    std::uint64_t heard_ms_;  ///< when the last message came, at first the beginning
};

}  // namespace polis::trainer
