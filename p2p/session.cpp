#include <p2p/session.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <core/check.hpp>
#include <p2p/session/greeting.hpp>
#include <p2p/session/inbox.hpp>
#include <p2p/session/outbox.hpp>
#include <p2p/session/record_reader.hpp>

namespace polis::p2p {

namespace {

/// No record is made with less room than this, or all would be fragments.
constexpr std::size_t kRecordRoomMin = 2'048;

constexpr std::size_t kPingBytes = sizeof(std::uint64_t);

std::uint64_t passed(TimeMs since, TimeMs now) { return now > since ? now.value - since.value : 0; }

TimeMs after(TimeMs time, std::uint64_t ms) { return TimeMs{time.value + ms}; }

std::uint64_t little_endian(ByteView body) {
    codec::Reader reader(body);
    return reader.integer<std::uint64_t>();
}

}  // namespace

class Session::Impl {
  public:
    Impl(Setup setup, TimeMs now);

    [[nodiscard]] SessionEvents receive(ByteView bytes, TimeMs now);
    [[nodiscard]] SessionEvents tick(TimeMs now);
    [[nodiscard]] std::optional<TimeMs> next_timer() const;
    [[nodiscard]] bool send(Channel channel, Bytes message);
    void close(CloseReason reason, std::string_view note);
    [[nodiscard]] Bytes take_output(std::size_t bytes_max, TimeMs now);
    [[nodiscard]] bool has_output() const;

    [[nodiscard]] bool established() const { return state_ == State::kOpen; }

    [[nodiscard]] const Remote& remote() const {
        POLIS_ASSERT(remote_.has_value());
        return *remote_;
    }

    [[nodiscard]] std::size_t queued_bytes(Channel channel) const {
        return outbox_.queued_bytes(channel);
    }

    [[nodiscard]] std::size_t memory_bytes() const {
        return records_.memory_bytes() + plain_.capacity() + inbox_.memory_bytes() +
               outbox_.memory_bytes() + ready_.capacity();
    }

    [[nodiscard]] std::optional<std::uint64_t> round_trip_ms() const { return round_trip_ms_; }

  private:
    enum class State : std::uint8_t { kHandshake, kOpen, kClosed };

    [[nodiscard]] std::optional<ByteView> next_record(ByteView& bytes);
    void take_greeting(ByteView record, TimeMs now, SessionEvents& events);
    void take_record(ByteView record, TimeMs now, SessionEvents& events);
    [[nodiscard]] Result<void, Fault> take_frame(
        const Frame& frame, TimeMs now, SessionEvents& events);
    [[nodiscard]] Result<void, Fault> take_ping(ByteView body, TimeMs now);
    [[nodiscard]] Result<void, Fault> take_pong(ByteView body, TimeMs now);
    [[nodiscard]] Result<void, Fault> take_goodbye(ByteView body, SessionEvents& events);

    [[nodiscard]] bool records_waiting() const;
    [[nodiscard]] bool nonces_used_up() const;
    void append_record(Bytes& out, std::size_t room);

    /// Says goodbye and reports it.
    void end(Closed closed, SessionEvents& events);

    // Constant after construction.
    const Limits limits_;
    const TimeMs began_;

    State state_ = State::kHandshake;
    std::optional<Greeting> greeting_;  ///< until it is done
    std::optional<noise::CipherState> sending_;
    std::optional<noise::CipherState> receiving_;
    std::optional<Remote> remote_;
    Role role_;
    Inbox inbox_;
    Outbox outbox_;
    RecordReader records_;
    Bytes plain_;    ///< of the record at hand
    Bytes ready_;    ///< messages of the handshake, for the socket as they are
    Bytes goodbye_;  ///< body of the last frame of all

    TimeMs heard_;  ///< when the last whole record came
    TimeMs seen_;   ///< the latest time that we were told
    /// Since when output waits and no socket takes it; nothing until the next call with a time.
    std::optional<TimeMs> stuck_since_;

    TimeMs next_ping_;             ///< if none is under way
    std::optional<TimeMs> asked_;  ///< when the ping under way was made
    bool ping_waits_ = false;
    std::uint64_t pings_ = 0;
    std::optional<std::uint64_t> pong_waits_;
    std::optional<std::uint64_t> round_trip_ms_;
};

Session::Impl::Impl(Setup setup, TimeMs now)
    : limits_(setup.limits),
      began_(now),
      role_(setup.role),
      inbox_(limits_, now),
      outbox_(limits_),
      heard_(now),
      seen_(now),
      next_ping_(now) {
    greeting_.emplace(setup);
    if (role_ == Role::kInitiator) {
        ready_ = greeting_->begin();
    }
}

// ---- bytes in -----------------------------------------------------------------------------------

SessionEvents Session::Impl::receive(ByteView bytes, TimeMs now) {
    SessionEvents events;
    seen_ = std::max(seen_, now);
    while (state_ != State::kClosed) {
        const std::optional<ByteView> record = next_record(bytes);
        if (!record) {
            break;
        }
        if (state_ == State::kHandshake) {
            take_greeting(*record, now, events);
        } else {
            take_record(*record, now, events);
        }
    }
    if (state_ != State::kClosed && records_.bad_length()) {
        const bool greeting = state_ == State::kHandshake;
        end({.reason = greeting ? CloseReason::kBadHandshake : CloseReason::kBadRecord,
             .note = "a record of a length that none has"},
            events);
    }
    return events;
}

std::optional<ByteView> Session::Impl::next_record(ByteView& bytes) {
    if (state_ == State::kHandshake) {
        return records_.next(bytes, greeting_->message_bytes_min(), greeting_->message_bytes_max());
    }
    return records_.next(bytes, crypto::kAeadTagBytes + 1, noise::kMessageBytesMax);
}

void Session::Impl::take_greeting(ByteView record, TimeMs now, SessionEvents& events) {
    auto remote = greeting_->take(record, ready_);
    // An initiator that refuses has said so in its message; one that was refused hears no answer.
    const bool over =
        !remote && (role_ == Role::kInitiator || remote.error().by_peer || !greeting_->done());
    if (greeting_->done() && !over) {
        noise::Ciphers ciphers = greeting_->split();
        const bool initiator = role_ == Role::kInitiator;
        sending_.emplace(std::move(initiator ? ciphers.initiator : ciphers.responder));
        receiving_.emplace(std::move(initiator ? ciphers.responder : ciphers.initiator));
        greeting_.reset();
    }
    if (!remote) {
        end(std::move(remote).error(), events);
        return;
    }
    if (*remote) {
        remote_ = *std::move(*remote);
        state_ = State::kOpen;
        heard_ = now;
        next_ping_ = now;
        events.emplace_back(Established{*remote_});
    }
}

void Session::Impl::take_record(ByteView record, TimeMs now, SessionEvents& events) {
    if (receiving_->messages() >= limits_.records_max) {
        end({.reason = CloseReason::kNoncesUsedUp, .note = "too many records came"}, events);
        return;
    }
    plain_.resize(record.size() - crypto::kAeadTagBytes);
    if (!receiving_->decrypt(plain_, {}, record)) {
        end({.reason = CloseReason::kBadRecord, .note = "a record does not decrypt"}, events);
        return;
    }
    heard_ = now;
    codec::Reader reader(plain_);
    while (state_ == State::kOpen && reader.remaining() > 0) {
        const auto frame = read_frame(reader);
        const auto taken =
            frame ? take_frame(*frame, now, events)
                  : std::unexpected(Fault{CloseReason::kBadRecord, to_string(frame.error())});
        if (!taken) {
            end({.reason = taken.error().reason,
                 .misbehaved = true,
                 .note = std::string(taken.error().note)},
                events);
        }
    }
}

Result<void, Fault> Session::Impl::take_frame(
    const Frame& frame, TimeMs now, SessionEvents& events) {
    switch (frame.kind) {
        case kFramePing:
            return take_ping(frame.body, now);
        case kFramePong:
            return take_pong(frame.body, now);
        case kFrameGoodbye:
            return take_goodbye(frame.body, events);
        default:
            break;
    }
    POLIS_TRY(std::optional<Bytes> message, inbox_.take(frame, now));
    if (message) {
        events.emplace_back(Message{static_cast<Channel>(frame.kind), *std::move(message)});
    }
    return {};
}

Result<void, Fault> Session::Impl::take_ping(ByteView body, TimeMs now) {
    if (body.size() != kPingBytes) {
        return std::unexpected(Fault{CloseReason::kBadRecord, "a ping of a wrong size"});
    }
    if (pong_waits_) {
        return std::unexpected(
            Fault{CloseReason::kBadRecord, "a ping before the answer to the one before"});
    }
    POLIS_TRY_VOID(inbox_.take_ping(now));
    pong_waits_ = little_endian(body);
    return {};
}

Result<void, Fault> Session::Impl::take_pong(ByteView body, TimeMs now) {
    const bool asked = asked_ && !ping_waits_;
    if (body.size() != kPingBytes || !asked || little_endian(body) != pings_) {
        return std::unexpected(Fault{CloseReason::kBadRecord, "an answer to no ping"});
    }
    round_trip_ms_ = passed(*asked_, now);
    next_ping_ = after(*asked_, limits_.ping_ms);
    asked_.reset();
    return {};
}

Result<void, Fault> Session::Impl::take_goodbye(ByteView body, SessionEvents& events) {
    const std::string_view note = as_text(body.empty() ? body : body.subspan(1));
    if (body.empty() || body[0] > static_cast<std::uint8_t>(codec::kEnumLast<CloseReason>) ||
        note.size() > kNoteBytesMax || !is_printable(note)) {
        return std::unexpected(Fault{CloseReason::kBadRecord, "a goodbye that cannot be read"});
    }
    // No goodbye in answer: the other end reads no more.
    state_ = State::kClosed;
    outbox_.clear();
    events.emplace_back(Closed{
        .reason = static_cast<CloseReason>(body[0]), .by_peer = true, .note = std::string(note)});
    return {};
}

// ---- bytes out ----------------------------------------------------------------------------------

bool Session::Impl::send(Channel channel, Bytes message) {
    POLIS_ASSERT(remote_.has_value());
    POLIS_ASSERT_OP(
        message.size(), <=, limits_.message_bytes_max[static_cast<std::size_t>(channel)]);
    return state_ == State::kOpen && outbox_.push(channel, std::move(message));
}

bool Session::Impl::nonces_used_up() const {
    // The last one is for the goodbye.
    return sending_ && sending_->messages() + 1 >= limits_.records_max;
}

bool Session::Impl::records_waiting() const {
    if (state_ == State::kOpen) {
        return !nonces_used_up() && (ping_waits_ || pong_waits_ || !outbox_.empty());
    }
    return !goodbye_.empty();
}

bool Session::Impl::has_output() const { return !ready_.empty() || records_waiting(); }

Bytes Session::Impl::take_output(std::size_t bytes_max, TimeMs now) {
    seen_ = std::max(seen_, now);
    Bytes out = std::exchange(ready_, {});
    if (records_waiting()) {
        out.reserve(
            out.size() + std::min(bytes_max, outbox_.memory_bytes() + kRecordRoomMin) +
            kRecordOverhead);
    }
    while (records_waiting()) {
        const std::size_t room = bytes_max - std::min(bytes_max, out.size());
        if (!out.empty() && room < kRecordOverhead + kRecordRoomMin) {
            break;
        }
        append_record(
            out,
            std::clamp(room - std::min(room, kRecordOverhead), kRecordRoomMin, kRecordPlainMax));
    }
    stuck_since_ = has_output() ? std::optional(now) : std::nullopt;
    return out;
}

void Session::Impl::append_record(Bytes& out, std::size_t room) {
    const std::size_t begin = out.size();
    out.resize(begin + kRecordHeadBytes);
    const std::size_t plain_begin = out.size();
    const auto add = [&](std::uint8_t kind, ByteView body) {
        write_frame_head(out, kind | kFrameFlags, body.size(), std::nullopt);
        append(out, body);
    };
    if (!goodbye_.empty()) {
        add(kFrameGoodbye, std::exchange(goodbye_, {}));
    }
    if (std::exchange(ping_waits_, false)) {
        add(kFramePing, codec::encode(pings_));
    }
    if (pong_waits_) {
        add(kFramePong, codec::encode(*pong_waits_));
        pong_waits_.reset();
    }
    outbox_.fill(out, room - (out.size() - plain_begin));

    const std::size_t plain_bytes = out.size() - plain_begin;
    out.resize(out.size() + crypto::kAeadTagBytes);
    const std::span<std::uint8_t> record = std::span(out).subspan(plain_begin);
    sending_->encrypt(record, {}, record.first(plain_bytes));
    out[begin] = static_cast<std::uint8_t>(record.size());
    out[begin + 1] = static_cast<std::uint8_t>(record.size() >> 8);
}

// ---- time and end -------------------------------------------------------------------------------

SessionEvents Session::Impl::tick(TimeMs now) {
    SessionEvents events;
    seen_ = std::max(seen_, now);
    if (has_output() && !stuck_since_) {
        stuck_since_ = now;
    }
    switch (state_) {
        case State::kClosed:
            break;
        case State::kHandshake:
            if (passed(began_, now) >= limits_.handshake_ms) {
                end({.reason = CloseReason::kHandshakeTooSlow, .note = "out of time"}, events);
            }
            break;
        case State::kOpen:
            if (nonces_used_up()) {
                end({.reason = CloseReason::kNoncesUsedUp, .note = "too many records sent"},
                    events);
            } else if (passed(heard_, now) >= limits_.silent_ms) {
                end({.reason = CloseReason::kSilent, .note = "nothing came for too long"}, events);
            } else if (stuck_since_ && passed(*stuck_since_, now) >= limits_.stuck_ms) {
                end({.reason = CloseReason::kTooSlow, .note = "it does not read"}, events);
            } else if (!asked_ && now >= next_ping_) {
                asked_ = now;
                ping_waits_ = true;
                ++pings_;
            }
            break;
    }
    return events;
}

std::optional<TimeMs> Session::Impl::next_timer() const {
    switch (state_) {
        case State::kClosed:
            return std::nullopt;
        case State::kHandshake:
            return after(began_, limits_.handshake_ms);
        case State::kOpen:
            break;
    }
    if (nonces_used_up()) {
        return seen_;
    }
    TimeMs out = after(heard_, limits_.silent_ms);
    if (has_output()) {
        out = std::min(out, after(stuck_since_.value_or(seen_), limits_.stuck_ms));
    }
    if (!asked_) {
        out = std::min(out, next_ping_);
    }
    return out;
}

void Session::Impl::end(Closed closed, SessionEvents& events) {
    close(closed.reason, closed.note);
    events.emplace_back(std::move(closed));
}

void Session::Impl::close(CloseReason reason, std::string_view note) {
    if (state_ == State::kClosed) {
        return;
    }
    state_ = State::kClosed;
    outbox_.clear();
    ping_waits_ = false;
    pong_waits_.reset();
    if (sending_) {
        const std::string_view cut = note.substr(0, kNoteBytesMax);
        POLIS_ASSERT(is_printable(cut));
        codec::encode_to(goodbye_, reason);
        append(goodbye_, as_bytes(cut));
    }
}

// ---- the public face ----------------------------------------------------------------------------

Session::Session(Setup setup, TimeMs now) : impl_(std::make_unique<Impl>(std::move(setup), now)) {}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

SessionEvents Session::receive(ByteView bytes, TimeMs now) { return impl_->receive(bytes, now); }

SessionEvents Session::tick(TimeMs now) { return impl_->tick(now); }

std::optional<TimeMs> Session::next_timer() const { return impl_->next_timer(); }

bool Session::send(Channel channel, Bytes message) {
    return impl_->send(channel, std::move(message));
}

void Session::close(CloseReason reason, std::string_view note) { impl_->close(reason, note); }

Bytes Session::take_output(std::size_t bytes_max, TimeMs now) {
    return impl_->take_output(bytes_max, now);
}

bool Session::has_output() const { return impl_->has_output(); }

bool Session::established() const { return impl_->established(); }

const Remote& Session::remote() const { return impl_->remote(); }

std::size_t Session::queued_bytes(Channel channel) const { return impl_->queued_bytes(channel); }

std::size_t Session::memory_bytes() const { return impl_->memory_bytes(); }

std::optional<std::uint64_t> Session::round_trip_ms() const { return impl_->round_trip_ms(); }

}  // namespace polis::p2p
