#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include <consensus/pbft/evidence.hpp>
#include <consensus/pbft/messages.hpp>
#include <consensus/pbft/safety.hpp>
#include <consensus/pbft/verify.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>

/// What goes into a replica and what comes out. Each is a plain value with an encoding, so a run
/// can be written down, compared and replayed.
namespace polis::pbft {

// ---- inputs -------------------------------------------------------------------------------------

/// A message that passed verify() against the replica's schedule().
struct Received {
    Verified message;

    bool operator==(const Received&) const = default;
    static constexpr auto kFields = codec::fields(&Received::message);
};

enum class Timer : std::uint8_t {
    kView = 0,    ///< the view lasts too long
    kResend = 1,  ///< no progress for a while: say again what others may have missed
};

struct TimerFired {
    Timer timer = Timer::kView;

    bool operator==(const TimerFired&) const = default;
    static constexpr auto kFields = codec::fields(&TimerFired::timer);
};

/// Answer to Build: a block that this node may propose, already valid and kept by the driver.
struct Built {
    Height height;
    View view;
    Hash digest;
    Summary summary;

    bool operator==(const Built&) const = default;
    static constexpr auto kFields =
        codec::fields(&Built::height, &Built::view, &Built::digest, &Built::summary);
};

enum class Verdict : std::uint8_t {
    kValid = 0,    ///< the whole block is here and valid on the head
    kInvalid = 1,  ///< it can never be valid on this head
};

/// Answer to Obtain. While the block is not complete there is no answer: that is nobody's fault.
struct Obtained {
    Height height;
    Hash digest;
    Verdict verdict = Verdict::kValid;
    Summary summary;  ///< if valid

    bool operator==(const Obtained&) const = default;
    static constexpr auto kFields =
        codec::fields(&Obtained::height, &Obtained::digest, &Obtained::verdict, &Obtained::summary);
};

/// Answer to Finalize, and what a synced block leads to: the block of `height` is executed and
/// durable.
struct Applied {
    Hash digest;        ///< of the block
    Schedule schedule;  ///< of the next height

    bool operator==(const Applied&) const = default;
    static constexpr auto kFields = codec::fields(&Applied::digest, &Applied::schedule);
};

/// A verified commit certificate for the height being decided, from block sync.
struct Synced {
    Certificate certificate;

    bool operator==(const Synced&) const = default;
    static constexpr auto kFields = codec::fields(&Synced::certificate);
};

/// The finalized block does not lead to the state that this node computed: spec [P9].
struct Diverged {
    Height height;

    bool operator==(const Diverged&) const = default;
    static constexpr auto kFields = codec::fields(&Diverged::height);
};

/// The replica begins: arms its timers and builds if it leads.
struct Start {
    bool operator==(const Start&) const = default;
    static constexpr auto kFields = codec::fields();
};

using Input = std::variant<Start, Received, TimerFired, Built, Obtained, Applied, Synced, Diverged>;

// ---- effects ------------------------------------------------------------------------------------

/// Sends to every other member of the committee of `height`.
struct Broadcast {
    Message message;

    bool operator==(const Broadcast&) const = default;
    static constexpr auto kFields = codec::fields(&Broadcast::message);
};

/// Makes the record durable (synced), with the block `store` if one is named, and only then sends.
/// Everything that promises something travels inside, so a driver cannot send before it is durable.
/// Effects that come later in the list wait for it too. If it fails the node must stop.
struct Persist {
    SafetyRecord record;
    std::optional<Hash> store;  ///< this block's body must be on disk before the commit leaves: P2
    std::vector<Message> then_broadcast;

    bool operator==(const Persist&) const = default;
    static constexpr auto kFields =
        codec::fields(&Persist::record, &Persist::store, &Persist::then_broadcast);
};

/// Arms a timer, in place of an earlier one of the same kind.
struct SetTimer {
    Timer timer = Timer::kView;
    TimeMs at;

    bool operator==(const SetTimer&) const = default;
    static constexpr auto kFields = codec::fields(&SetTimer::timer, &SetTimer::at);
};

struct CancelTimer {
    Timer timer = Timer::kView;

    bool operator==(const CancelTimer&) const = default;
    static constexpr auto kFields = codec::fields(&CancelTimer::timer);
};

/// This node leads `view` of `height` and is free to choose: answer with Built, not before
/// `not_before`. A later Build or Finalize makes it void.
struct Build {
    Height height;
    View view;
    TimeMs not_before;
    std::optional<Certificate> parent;  ///< whose hash the header must name

    bool operator==(const Build&) const = default;
    static constexpr auto kFields =
        codec::fields(&Build::height, &Build::view, &Build::not_before, &Build::parent);
};

/// This node will lead `height` if the block `parent`, prepared but not final, is decided: choose
/// transactions now. A hint.
struct BuildAhead {
    Height height;
    Hash parent;

    bool operator==(const BuildAhead&) const = default;
    static constexpr auto kFields = codec::fields(&BuildAhead::height, &BuildAhead::parent);
};

/// Completes and checks a block: fetches what is missing of it from `sources`, answers Obtained.
struct Obtain {
    Height height;
    View view;  ///< of the proposal
    Hash digest;
    bool fresh = false;              ///< built for this view, so its header must name this view
    std::optional<Hash> parent;      ///< of a fresh block: the certificate that it must name
    std::optional<Summary> summary;  ///< if the proposal brought it
    std::vector<MemberIndex> sources;

    bool operator==(const Obtain&) const = default;
    static constexpr auto kFields = codec::fields(
        &Obtain::height,
        &Obtain::view,
        &Obtain::digest,
        &Obtain::fresh,
        &Obtain::parent,
        &Obtain::summary,
        &Obtain::sources);
};

/// The block is final. Obtain it from the signers if it is not here, execute it, make it durable
/// together with the certificate and the record, answer Applied.
struct Finalize {
    Certificate certificate;
    SafetyRecord record;

    bool operator==(const Finalize&) const = default;
    static constexpr auto kFields = codec::fields(&Finalize::certificate, &Finalize::record);
};

/// A proof of misbehaviour, once for each offender and height.
struct Accuse {
    Evidence evidence;

    bool operator==(const Accuse&) const = default;
    static constexpr auto kFields = codec::fields(&Accuse::evidence);
};

/// Others vote above this node's height: block sync should look.
struct Behind {
    Height height;  ///< at which others vote

    bool operator==(const Behind&) const = default;
    static constexpr auto kFields = codec::fields(&Behind::height);
};

enum class AlarmKind : std::uint8_t {
    kOwnKeyElsewhere = 0,  ///< a vote of this key that this node did not make
    kDiverged = 1,         ///< a finalized block disagrees with this node's state: it stops
    kTwoDecisions = 2,     ///< two commit certificates for one height: more than f members lied
    kQuarantined = 3,      ///< the vote record is older than the chain: waits before it votes
};

std::string_view to_string(AlarmKind kind);

/// Something that a person must know.
struct Alarm {
    AlarmKind kind = AlarmKind::kOwnKeyElsewhere;
    Height height;

    bool operator==(const Alarm&) const = default;
    static constexpr auto kFields = codec::fields(&Alarm::kind, &Alarm::height);
};

using Effect = std::variant<
    Broadcast,
    Persist,
    SetTimer,
    CancelTimer,
    Build,
    BuildAhead,
    Obtain,
    Finalize,
    Accuse,
    Behind,
    Alarm>;

using Effects = std::vector<Effect>;

}  // namespace polis::pbft

template <>
inline constexpr auto polis::codec::kEnumLast<polis::pbft::Timer> = polis::pbft::Timer::kResend;
template <>
inline constexpr auto polis::codec::kEnumLast<polis::pbft::Verdict> =
    polis::pbft::Verdict::kInvalid;
template <>
inline constexpr auto polis::codec::kEnumLast<polis::pbft::AlarmKind> =
    polis::pbft::AlarmKind::kQuarantined;
