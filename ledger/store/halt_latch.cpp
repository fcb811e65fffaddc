#include <ledger/store/halt_latch.hpp>

#include <expected>

namespace polis::ledger {

void HaltLatch::halt(const StoreError& cause) {
    const std::lock_guard lock(mutex_);
    if (!halted_) {
        cause_ = std::string(to_string(cause.code)) + ", " + cause.context;
        halted_ = true;
    }
}

StoreResult<void> HaltLatch::check() const {
    if (!halted_) [[likely]] {
        return {};
    }
    const std::lock_guard lock(mutex_);
    return std::unexpected(StoreError{
        StoreErrc::kHalted,
        "the store stopped after a failure (" + cause_ + "); close it and open it again"});
}

}  // namespace polis::ledger
