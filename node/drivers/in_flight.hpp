#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace polis::node {

/// What one connection has handed to other threads and they have not worked off yet. Above a limit
/// the driver stops reading from the connection, so that a flood waits in the peer's own buffers.
struct Flow {
    std::atomic<std::size_t> bytes{0};
    std::atomic<bool> paused{false};
    std::size_t resume_bytes = 0;  ///< below this it may go on
    std::function<void()> resume;  ///< from any thread
};

/// Part of a Flow; gives it back at the end of its life.
class InFlight {
  public:
    InFlight() = default;

    InFlight(std::shared_ptr<Flow> flow, std::size_t bytes)
        : flow_(std::move(flow)), bytes_(bytes) {
        flow_->bytes.fetch_add(bytes_);
    }

    InFlight(InFlight&&) noexcept = default;

    InFlight& operator=(InFlight&& other) noexcept {
        std::swap(flow_, other.flow_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

    ~InFlight() {
        if (flow_ == nullptr) {
            return;
        }
        const std::size_t left = flow_->bytes.fetch_sub(bytes_) - bytes_;
        if (left <= flow_->resume_bytes && flow_->paused.exchange(false)) {
            flow_->resume();
        }
    }

    /// Of the whole flow; 0 if this is part of none.
    [[nodiscard]] std::size_t flow_bytes() const {
        return flow_ == nullptr ? 0 : flow_->bytes.load();
    }

  private:
    std::shared_ptr<Flow> flow_;
    std::size_t bytes_ = 0;
};

}  // namespace polis::node
