#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include <ledger/store/key_value.hpp>

namespace polis::ledger {

/// Remembers the first failure after which a store must not be used any more.
///
/// Every store checks it first in each call, so that no reader sees the state of a write whose fate
/// is unknown. Safe from several threads; it never opens again, only a new store does.
class HaltLatch {
  public:
    /// Records `cause` unless an earlier one is there.
    void halt(const StoreError& cause);

    /// @error kHalted, with the first cause in its context
    [[nodiscard]] StoreResult<void> check() const;

  private:
    std::atomic<bool> halted_{false};
    mutable std::mutex mutex_;
    std::string cause_;  ///< guarded by mutex_
};

}  // namespace polis::ledger
