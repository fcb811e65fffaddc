#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <core/crypto/hash.hpp>
#include <core/types.hpp>

namespace polis::sim {

/// Takes each line of a trace, without its end.
using TraceSink = std::function<void(std::string_view line)>;

/// The story of a run, a line an event. It is hashed always, so that two runs can be compared, and
/// shown only if somebody reads it.
class Trace {
  public:
    Trace(TimeMs start, TraceSink sink);

    /// @param who "n3", or "-" for the world
    void line(TimeMs now, std::string_view who, std::string_view what);

    /// Adds to the digest alone.
    void mix(ByteView bytes) { hasher_.update(bytes); }

    [[nodiscard]] std::uint64_t lines() const { return lines_; }

    /// The trace is spent.
    [[nodiscard]] Hash finish() { return hasher_.finish(); }

  private:
    TimeMs start_;
    TraceSink sink_;  ///< may be empty
    crypto::Blake2b256 hasher_;
    std::string buffer_;
    std::uint64_t lines_ = 0;
};

}  // namespace polis::sim
