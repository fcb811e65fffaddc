#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <consensus/pbft/io.hpp>
#include <consensus/pbft/pacemaker.hpp>
#include <core/types.hpp>

namespace polis::pbft {

/// One member of a PBFT committee, or an observer whose key is in none: a state machine without
/// I/O, clocks or threads.
///
///     effects = replica.step(input, now)
///
/// The driver performs the effects in their order and feeds the answers back. The contract:
///   - Persist is durable before its messages and before any later effect; if it fails, stop;
///   - Received holds only messages that passed verify() against schedule();
///   - Build, Obtain and Finalize are answered (Built, Obtained, Applied) or made void by a later
///     height; nothing is answered twice;
///   - a timer fires once, at or after its time.
/// One height is decided at a time; messages of the next one are kept, all others are not, so
/// memory is O(members). Source: Castro and Liskov, OSDI '99; differs in what ADR 7 lists.
/// Spec: docs/spec/pbft.md.
class Replica {
  public:
    struct Setup {
        Safety safety;
        Schedule schedule;                            ///< of the head's height plus one
        std::optional<Certificate> head_certificate;  ///< commit certificate of the head; none at 0
        Timing timing;
    };

    explicit Replica(Setup setup);
    ~Replica();
    Replica(Replica&&) noexcept;
    Replica& operator=(Replica&&) noexcept;

    [[nodiscard]] Effects step(const Input& input, TimeMs now);

    /// Against which messages must be verified now.
    [[nodiscard]] const Schedule& schedule() const;

    [[nodiscard]] Height height() const;
    [[nodiscard]] View view() const;
    [[nodiscard]] const SafetyRecord& record() const;
    [[nodiscard]] bool halted() const;

    /// Signs a fact with the member's key. A quarantine does not matter here: it is about votes
    /// that may have been lost, and facts contradict none. @error kNotMember
    [[nodiscard]] Result<consensus::FactVote, Refusal> attest(const consensus::Fact& fact) const;

    /// Bytes held for messages, roughly: for the test that it stays flat.
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::pbft
