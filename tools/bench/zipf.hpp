#pragma once

#include <cstddef>
#include <vector>

#include <core/random.hpp>

namespace polis::tools::bench {

/// Picks 0 to count - 1, the i-th with a probability in proportion to 1 / (i + 1): a few are picked
/// most of the time, as accounts of real ledgers are.
class Zipf {
  public:
    /// @pre count > 0
    explicit Zipf(std::size_t count);

    [[nodiscard]] std::size_t pick(Random& random) const;

  private:
    std::vector<double> sums_;  ///< of the weights up to each
};

}  // namespace polis::tools::bench
