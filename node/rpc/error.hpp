#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ledger/mempool/admission.hpp>
#include <ledger/receipt.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/transaction.hpp>
#include <node/rpc/json/value.hpp>
#include <node/rpc/json/write.hpp>

namespace polis::node::rpc {

struct Unavailable;

/// The server's own refusals; those of mempool, transactions and execution have their names from
/// the ledger's enumerations.
enum class ErrorName : std::uint8_t {
    kNotJson,
    kTrailingBytes,
    kBadUtf8,
    kLoneSurrogate,
    kTooDeep,
    kTooManyValues,
    kDuplicateKey,
    kInvalidRequest,
    kEmptyBatch,
    kUnknownMethod,
    kWrongPort,
    kDevDisabled,
    kNeedsWebSocket,
    kMissingParam,
    kUnknownParam,
    kTooManyParams,
    kWrongType,
    kNotInteger,
    kOutOfRange,
    kBadHex,
    kBadAddress,
    kBadPeer,
    kBadChoice,
    kBadCursor,
    kInternal,
    kStoreFailed,
    kTooLarge,
    kBatchTooLarge,
    kResponseTooLarge,
    kTooManyCalls,
    kTooManyWaiters,
    kTooManySubscriptions,
    kBusy,
    kTimeout,
    kNotFound,
    kBlobFailed,
    kTaskFailed,
    kUnknownTerm,
};

struct ErrorRow {
    ErrorName error;
    std::string_view name;
    int code;
    std::string_view meaning;
    std::string_view hint;
};

/// Every ErrorName once, in its order.
[[nodiscard]] std::span<const ErrorRow> error_table();
[[nodiscard]] const ErrorRow& row_of(ErrorName error);

/// First code of each of the ledger's enumerations; the position is added.
inline constexpr int kExecutionCodes = 0;  ///< the first status, success, is no error
inline constexpr int kMempoolCodes = 1'000;
inline constexpr int kTxnCodes = 1'100;

/// Names as clients compare them: "nonceTooFar".
[[nodiscard]] std::string_view short_name(ledger::MempoolError error);
[[nodiscard]] std::string_view short_name(ledger::TxnError error);
[[nodiscard]] std::string_view short_name(ledger::TxnStatus status);

/// A refusal as a client sees it.
struct RpcError {
    int code = 0;
    std::string name;
    std::string message;
    std::string hint;
    std::optional<std::uint64_t> retry_after_ms = std::nullopt;
};

/// @param message says what is wrong; empty: what the name means
[[nodiscard]] RpcError rpc_error(ErrorName error, std::string message = {});
[[nodiscard]] RpcError rpc_error(const JsonFault& fault);
[[nodiscard]] RpcError rpc_error(ledger::MempoolError error);
[[nodiscard]] RpcError rpc_error(ledger::TxnError error);
[[nodiscard]] RpcError rpc_error(ledger::TxnStatus status);
/// The same with what a contract said. @pre no success
[[nodiscard]] RpcError rpc_error(const ledger::Receipt& receipt);
[[nodiscard]] RpcError rpc_error(const ledger::StoreError& error);
[[nodiscard]] RpcError rpc_error(const Unavailable& why);

/// `{"code":...,"message":...,"data":{...}}`
void write_error(JsonWriter& out, const RpcError& error);

}  // namespace polis::node::rpc
