#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <node/validator/wire.hpp>

namespace polis::sim {

/// What messages are for.
enum class Purpose : std::uint8_t {
    kProposal,
    kPrepare,
    kCommit,
    kRelay,  ///< another member's message passed on, and who wants that
    kTxns,   ///< transactions on their way to the pools, with their names and requests
    kOther,  ///< view changes, facts, block sync
};

inline constexpr std::size_t kPurposes = static_cast<std::size_t>(Purpose::kOther) + 1;

[[nodiscard]] Purpose purpose_of(const node::Envelope& message);

/// Messages that nodes sent, one for each receiver.
class Traffic {
  public:
    struct Sum {
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;  ///< as validators encode them, without what carries them

        bool operator==(const Sum&) const = default;
    };

    /// One message to one receiver.
    void add(Purpose purpose, std::size_t bytes);

    [[nodiscard]] const Sum& of(Purpose purpose) const {
        return sums_[static_cast<std::size_t>(purpose)];
    }

    [[nodiscard]] Sum all() const;

    /// What came since. @pre `before` is an earlier state of this one
    [[nodiscard]] Traffic since(const Traffic& before) const;

    bool operator==(const Traffic&) const = default;

  private:
    std::array<Sum, kPurposes> sums_{};
};

}  // namespace polis::sim
