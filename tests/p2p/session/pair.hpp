#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/random.hpp>
#include <p2p/session.hpp>
#include <tests/p2p/session/setups.hpp>

/// Two sessions back to back, with the network between them in the hands of the test.
namespace polis::p2p::testing {

[[nodiscard]] Bytes random_bytes(Random& random, std::size_t count);

/// One end, with everything that it has reported.
struct End {
    End(Session::Setup setup, TimeMs now) : session(std::move(setup), now) {}

    void take(SessionEvents more);

    [[nodiscard]] bool is_established() const { return established > 0; }

    Session session;
    std::size_t established = 0;
    std::vector<Message> messages;
    std::vector<Closed> closed;
    std::vector<std::string> log;  ///< every event, in order
};

/// Node 1 dials node 2.
class Pair {
  public:
    Pair() : Pair(setup_of(Role::kInitiator, 1), setup_of(Role::kResponder, 2)) {}

    Pair(Session::Setup initiator, Session::Setup responder)
        : a(std::move(initiator), now), b(std::move(responder), now) {}

    /// Moves bytes both ways until none are left.
    void pump();

    /// The same in portions that the generator decides.
    void pump(Random& random);

    /// One way, whole; what went over.
    Bytes move(End& from, End& to);

    /// Lets time pass: both ends tick, and nothing moves.
    void wait(std::uint64_t ms);

    TimeMs now = kStart;
    End a;
    End b;
};

}  // namespace polis::p2p::testing
