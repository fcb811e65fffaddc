#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <consensus/pbft/messages.hpp>

namespace polis::pbft {

/// Messages of the next height, kept until this one is decided: the latest of each kind from each
/// member, and one proposal, so that nobody can fill the memory. What is dropped is sent again.
class EarlyMessages {
  public:
    explicit EarlyMessages(std::size_t members) : slots_(members) {}

    /// @pre verified against the next height's committee of `members` members
    void keep(const Message& message);

    /// How many members have spoken.
    [[nodiscard]] std::size_t senders() const;

    /// Everything kept, proposal first; nothing is left.
    [[nodiscard]] std::vector<Message> take();

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Slot {
        std::optional<Ballot> prepare;
        std::optional<Ballot> commit;
        std::optional<ViewChangeMessage> change;
        bool proposed = false;

        [[nodiscard]] bool used() const { return prepare || commit || change || proposed; }
    };

    std::vector<Slot> slots_;
    std::optional<Proposal> proposal_;
};

/// Bytes of a certificate or message in memory, roughly.
[[nodiscard]] std::size_t memory_of(const std::optional<Certificate>& certificate);
[[nodiscard]] std::size_t memory_of(const Proposal& proposal);

}  // namespace polis::pbft
