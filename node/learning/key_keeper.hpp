#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_queries.hpp>
#include <ledger/payload.hpp>

namespace polis::node {

/// Keys of sealed test sets that clients left with this node, so that their terminals may close:
/// revealed when a round asks for them. One file each, readable by the owner only. One thread.
class KeyKeeper {
  public:
    /// Reads what is there. @error a folder or file that cannot be read: cause and cure
    [[nodiscard]] static Result<KeyKeeper, std::string> open(std::filesystem::path folder);

    /// Durable before it returns. A second key for a task replaces the first.
    /// @error it cannot be written: cause and cure
    [[nodiscard]] Result<void, std::string> keep(const Hash& task, const Hash& key);

    /// What should be on chain and is not, if a key here is asked for.
    [[nodiscard]] std::optional<ledger::Payload> on_block(
        const std::optional<ledger::tasks::OpenRound>& round) const;

    [[nodiscard]] std::size_t size() const { return keys_.size(); }

  private:
    explicit KeyKeeper(std::filesystem::path folder) : folder_(std::move(folder)) {}

    std::filesystem::path folder_;
    std::map<Hash, Hash> keys_;
};

}  // namespace polis::node
