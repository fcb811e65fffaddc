#pragma once

#include <string>
#include <string_view>

#include <leveldb/status.h>

#include <ledger/store/key_value.hpp>

/// Private to the LevelDB store: what a leveldb::Status means.
namespace polis::ledger {

/// The operation that failed and the directory of the store, for the context of an error.
struct FailedOperation {
    std::string_view name;  ///< "open", "read", "write", "sync"
    std::string_view dir;
};

/// LevelDB carries the system's reason only as text (strerror), so the text is compared with the
/// system's own messages. The context names the operation, LevelDB's words and the cure.
/// @pre !status.ok()
[[nodiscard]] StoreError store_error(
    const leveldb::Status& status, const FailedOperation& operation);

}  // namespace polis::ledger
