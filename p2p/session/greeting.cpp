#include <p2p/session/greeting.hpp>

#include <string>
#include <utility>

#include <core/check.hpp>

namespace polis::p2p {

namespace {

/// Both ends must mean the same records and frames: another number here is another protocol.
constexpr std::string_view kPrologue = "polis/p2p/1";

noise::Handshake noise_of(const Session::Setup& setup) {
    return noise::Handshake(
        {.side = setup.role == Role::kInitiator ? noise::Side::kInitiator : noise::Side::kResponder,
         .static_key = crypto::X25519Key(setup.static_seed),
         .ephemeral_key = crypto::X25519Key(setup.ephemeral_seed),
         .prologue = as_bytes(kPrologue)});
}

Closed closed_by(noise::HandshakeError error) {
    const bool own = error == noise::HandshakeError::kReflected;
    return {
        .reason = own ? CloseReason::kSelf : CloseReason::kBadHandshake,
        .note = std::string(noise::to_string(error))};
}

Closed closed_by(const Refusal& refusal) {
    return {.reason = refusal.reason, .note = std::string(refusal.note)};
}

}  // namespace

Greeting::Greeting(const Session::Setup& setup)
    : role_(setup.role),
      identity_(*setup.identity),
      hello_(setup.hello),
      expected_(setup.expected),
      noise_(noise_of(setup)) {
    POLIS_ASSERT(hello_.agent.size() <= kAgentBytesMax && is_printable(hello_.agent));
}

std::size_t Greeting::message_bytes_min() const {
    // The first message can be read by everybody, so it says nothing.
    return noise_.overhead() + (noise_.started() ? kIntroductionBytesMin : 0);
}

std::size_t Greeting::message_bytes_max() const {
    return noise_.overhead() + (noise_.started() ? kIntroductionBytesMax : 0);
}

Result<void, Closed> Greeting::write(ByteView payload, Bytes& out) {
    const auto message = noise_.write(payload);
    if (!message) {
        return std::unexpected(closed_by(message.error()));
    }
    codec::encode_to(out, static_cast<std::uint16_t>(message->size()));
    append(out, *message);
    return {};
}

Bytes Greeting::begin() {
    Bytes out;
    const auto written = write({}, out);
    POLIS_ASSERT(written.has_value());
    return out;
}

Result<std::optional<Remote>, Closed> Greeting::take(ByteView message, Bytes& out) {
    const Hash bound = noise_.hash();
    const bool first = !noise_.started();
    const auto payload = noise_.read(message);
    if (!payload) {
        return std::unexpected(closed_by(payload.error()));
    }
    if (first) {
        POLIS_TRY_VOID(answer_first(out));
        return std::nullopt;
    }
    return role_ == Role::kInitiator ? answer_second(bound, *payload, out)
                                     : take_third(bound, *payload);
}

Introduction Greeting::introduction() const {
    return introduce(
        identity_,
        {.role = role_,
         .static_key = noise_.own_static(),
         .handshake = noise_.hash(),
         .hello = hello_});
}

Result<void, Closed> Greeting::answer_first(Bytes& out) {
    return write(codec::encode(introduction()), out);
}

Result<Remote, Refusal> Greeting::check(const Introduction& introduction, const Hash& bound) const {
    const IdentityStatement statement{
        .role = role_ == Role::kInitiator ? Role::kResponder : Role::kInitiator,
        .static_key = noise_.remote_static(),
        .handshake = bound,
        .hello = introduction.hello};
    return check_introduction(introduction, statement, {hello_, identity_.public_key(), expected_});
}

Result<Remote, Refusal> Greeting::check_second(const Hash& bound, ByteView payload) const {
    POLIS_TRY(
        const Introduction introduction, read_introduction<Introduction>(payload, hello_.version));
    return check(introduction, bound);
}

Result<Remote, Closed> Greeting::answer_second(const Hash& bound, ByteView payload, Bytes& out) {
    const auto remote = check_second(bound, payload);
    Answer answer{.introduction = introduction(), .refused = std::nullopt};
    if (!remote) {
        if (!remote.error().may_answer) {
            return std::unexpected(closed_by(remote.error()));
        }
        answer.refused = remote.error().reason;
    }
    POLIS_TRY_VOID(write(codec::encode(answer), out));
    if (!remote) {
        return std::unexpected(closed_by(remote.error()));
    }
    return *remote;
}

Result<Remote, Closed> Greeting::take_third(const Hash& bound, ByteView payload) const {
    const auto answer = read_introduction<Answer>(payload, hello_.version);
    if (!answer) {
        return std::unexpected(closed_by(answer.error()));
    }
    const auto remote = check(answer->introduction, bound);
    if (!remote) {
        return std::unexpected(closed_by(remote.error()));
    }
    if (answer->refused) {
        return std::unexpected(
            Closed{.reason = *answer->refused, .by_peer = true, .note = "in its handshake"});
    }
    return *remote;
}

}  // namespace polis::p2p
