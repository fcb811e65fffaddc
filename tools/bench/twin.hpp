#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tools/bench/result.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>

namespace polis::tools::bench {

/// A second process with the consensus keys of a validator, and a home, an identity and a record of
/// votes of its own: it signs what the first one does not, and nothing tells them apart. So real
/// software becomes a Byzantine member without a line of code that misbehaves.
/// Source: Bano et al., "Twins: BFT Systems Made Robust", 2020.
class Twin {
  public:
    Twin() = default;
    Twin(const Twin&) = delete;
    Twin& operator=(const Twin&) = delete;

    ~Twin() { end(); }

    /// Starts a twin of a node of the devnet. @error no such node; a twin runs already; as begin()
    [[nodiscard]] Fallible<void> start(const devnet::Devnet& devnet, std::size_t victim);

    /// Kills it, if it runs.
    void end();

  private:
    std::optional<devnet::Devnet> devnet_;  ///< the real one and, last, the twin
};

/// What became of a validator that signed twice.
struct TwinTraces {
    std::uint64_t alarms = 0;    ///< that nodes raised
    std::uint64_t punished = 0;  ///< offences on the chain
    std::string first_alarm;
};

/// Asks all running nodes. @error one that does not answer
[[nodiscard]] Fallible<TwinTraces> twin_traces(const devnet::Devnet& devnet);

}  // namespace polis::tools::bench
