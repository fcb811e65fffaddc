#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <consensus/pole/records.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_records.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>

/// Checks a settled round from its blocks and blobs alone: every commitment and reveal, every
/// attested blob and score, phases, ranking with its ties, payments. It runs the chain's own rules
/// (consensus/pole, ledger/modules/tasks) on its own evaluations. Guide: docs/guides/models.md.
namespace polis::tools::learning {

/// One trainer's part: what the chain says beside what follows.
struct AuditedEntry {
    std::uint64_t rank = 0;  ///< on the chain's leaderboard
    ledger::tasks::EntryResult chain;
    std::optional<ledger::tasks::EntryResult> own;          ///< in the same place
    std::optional<consensus::pole::ScoreResult> evaluated;  ///< by this program
    std::vector<std::string> differences;
};

struct Audit {
    Hash task;
    std::string name;
    std::uint64_t round = 0;
    std::uint64_t blocks = 0;          ///< that were read
    std::uint64_t scores = 0;          ///< attested ones that were worked out again
    std::uint64_t availabilities = 0;  ///< attested blobs that were fetched and hashed
    std::vector<AuditedEntry> entries;
    std::vector<std::string> differences;  ///< of the round as a whole

    [[nodiscard]] bool agrees() const;
};

/// @error the task is not settled, or the node has not the blocks. Blobs that are gone are
/// differences. Cost: every block of the round, one evaluation for each model.
[[nodiscard]] Fallible<Audit> audit(RpcClient& client, const Hash& task);

}  // namespace polis::tools::learning
