#include <node/rpc/error.hpp>

#include <array>
#include <utility>

#include <core/check.hpp>
#include <core/codec/utf8.hpp>
#include <core/hex.hpp>
#include <node/rpc/backend.hpp>

namespace polis::node::rpc {

namespace {

constexpr int kCodeParse = -32700;
constexpr int kCodeRequest = -32600;
constexpr int kCodeMethod = -32601;
constexpr int kCodeParams = -32602;
constexpr int kCodeInternal = -32603;
constexpr int kCodeLimit = -32005;
constexpr int kCodeTimeout = -32006;
constexpr int kCodeNotFound = -32008;
constexpr int kCodeBlob = -32009;
constexpr int kCodeTask = 3'000;
constexpr int kCodeConsensus = 3'200;

constexpr std::array kErrors = {
    ErrorRow{
        ErrorName::kNotJson,
        "notJson",
        kCodeParse,
        "the text is not JSON",
        "send one value of RFC 8259"},
    ErrorRow{
        ErrorName::kTrailingBytes,
        "trailingBytes",
        kCodeParse,
        "something follows the JSON value",
        "send one value; several calls go into an array"},
    ErrorRow{
        ErrorName::kBadUtf8,
        "badUtf8",
        kCodeParse,
        "the text is not UTF-8",
        "encode as UTF-8, or use escapes like \\u00e9"},
    ErrorRow{
        ErrorName::kLoneSurrogate,
        "loneSurrogate",
        kCodeParse,
        "an escape is half a character",
        "write both halves: \\ud83d\\ude00"},
    ErrorRow{
        ErrorName::kTooDeep,
        "tooDeep",
        kCodeParse,
        "arrays and objects lie too deep in each other",
        "at most 64 levels"},
    ErrorRow{
        ErrorName::kTooManyValues,
        "tooManyValues",
        kCodeParse,
        "the text holds too many values",
        "at most 65536 values; send several requests"},
    ErrorRow{
        ErrorName::kDuplicateKey,
        "duplicateKey",
        kCodeParse,
        "an object has two members of one name",
        "name every member once"},
    ErrorRow{
        ErrorName::kInvalidRequest,
        "invalidRequest",
        kCodeRequest,
        "not a JSON-RPC 2.0 request",
        R"(send {"jsonrpc":"2.0","id":1,"method":"chain_head","params":{}})"},
    ErrorRow{
        ErrorName::kEmptyBatch, "emptyBatch", kCodeRequest, "the batch is empty", "send a request"},
    ErrorRow{
        ErrorName::kUnknownMethod,
        "unknownMethod",
        kCodeMethod,
        "there is no such method",
        "rpc.discover lists all methods"},
    ErrorRow{
        ErrorName::kWrongPort,
        "wrongPort",
        kCodeMethod,
        "the method is not served on this port",
        "call it on the admin port with Authorization: Bearer TOKEN (file api.token)"},
    ErrorRow{
        ErrorName::kDevDisabled,
        "devDisabled",
        kCodeMethod,
        "the methods for development are off",
        "start the node with admin.dev = true, never on a network of value"},
    ErrorRow{
        ErrorName::kNeedsWebSocket,
        "needsWebSocket",
        kCodeMethod,
        "subscriptions need a connection that stays",
        "connect with WebSocket to the same address"},
    ErrorRow{
        ErrorName::kMissingParam,
        "missingParam",
        kCodeParams,
        "a required parameter is missing",
        "rpc.discover shows the parameters"},
    ErrorRow{
        ErrorName::kUnknownParam,
        "unknownParam",
        kCodeParams,
        "the method has no such parameter",
        "rpc.discover shows the parameters"},
    ErrorRow{
        ErrorName::kTooManyParams,
        "tooManyParams",
        kCodeParams,
        "more parameters than the method has",
        "rpc.discover shows the parameters"},
    ErrorRow{
        ErrorName::kWrongType,
        "wrongType",
        kCodeParams,
        "a parameter has the wrong type",
        "rpc.discover shows the types"},
    ErrorRow{
        ErrorName::kNotInteger,
        "notInteger",
        kCodeParams,
        "a number has a fraction or an exponent",
        "write an integer with digits only"},
    ErrorRow{
        ErrorName::kOutOfRange,
        "outOfRange",
        kCodeParams,
        "a number is outside its range",
        "rpc.discover shows minimum and maximum"},
    ErrorRow{
        ErrorName::kBadHex,
        "badHex",
        kCodeParams,
        "not bytes in hexadecimal",
        "write 0x and an even number of digits"},
    ErrorRow{
        ErrorName::kBadAddress,
        "badAddress",
        kCodeParams,
        "not an address",
        "addresses begin with polis1; check for a typing error"},
    ErrorRow{
        ErrorName::kBadPeer,
        "badPeer",
        kCodeParams,
        "not a peer",
        "write 127.0.0.1:26600, or NODE_ID@127.0.0.1:26600 to insist on an identity"},
    ErrorRow{
        ErrorName::kBadChoice,
        "badChoice",
        kCodeParams,
        "not one of the values that are allowed",
        "rpc.discover lists them"},
    ErrorRow{
        ErrorName::kBadCursor,
        "badCursor",
        kCodeParams,
        "not a cursor that this method gave",
        "pass the cursor on as it came, or leave it out"},
    ErrorRow{
        ErrorName::kInternal,
        "internal",
        kCodeInternal,
        "the node could not answer",
        "look into the node's log"},
    ErrorRow{
        ErrorName::kStoreFailed,
        "storeFailed",
        kCodeInternal,
        "the node's store could not be read",
        "run polisd doctor on the node"},
    ErrorRow{
        ErrorName::kTooLarge,
        "tooLarge",
        kCodeLimit,
        "the request is over a limit",
        "send less at once; docs/spec/rpc.md lists the limits"},
    ErrorRow{
        ErrorName::kBatchTooLarge,
        "batchTooLarge",
        kCodeLimit,
        "the batch has too many requests",
        "split it"},
    ErrorRow{
        ErrorName::kResponseTooLarge,
        "responseTooLarge",
        kCodeLimit,
        "the answer is over the limit",
        "ask for less: a lower limit, ids instead of whole transactions"},
    ErrorRow{
        ErrorName::kTooManyCalls,
        "tooManyCalls",
        kCodeLimit,
        "too many calls of this connection are open",
        "wait for answers first"},
    ErrorRow{
        ErrorName::kTooManyWaiters,
        "tooManyWaiters",
        kCodeLimit,
        "too many calls wait for blocks",
        "subscribe to finalized, or ask tx_status"},
    ErrorRow{
        ErrorName::kTooManySubscriptions,
        "tooManySubscriptions",
        kCodeLimit,
        "this connection has as many subscriptions as it may",
        "end one with sub_unsubscribe"},
    ErrorRow{ErrorName::kBusy, "busy", kCodeLimit, "the node is too busy", "try again later"},
    ErrorRow{
        ErrorName::kTimeout,
        "timeout",
        kCodeTimeout,
        "it did not happen in time",
        "ask again; node_health and consensus_state say whether the chain moves"},
    ErrorRow{
        ErrorName::kNotFound,
        "notFound",
        kCodeNotFound,
        "there is no such thing here",
        "check the name"},
    ErrorRow{
        ErrorName::kBlobFailed,
        "blobFailed",
        kCodeBlob,
        "the blob could not be stored or read",
        "see the message"},
    ErrorRow{
        ErrorName::kTaskFailed,
        "taskFailed",
        kCodeTask,
        "the node could not do this for a learning task",
        "see the message"},
    ErrorRow{
        ErrorName::kUnknownTerm,
        "unknownTerm",
        kCodeConsensus,
        "the members of this term are not known here",
        "ask for the current term or the one before or after it"},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kErrors.size(); ++i) {
        if (static_cast<std::size_t>(kErrors[i].error) != i) {
            return false;
        }
    }
    return true;
}

static_assert(in_order() && kErrors.back().error == ErrorName::kUnknownTerm);

ErrorName name_of(JsonError error) {
    switch (error) {
        case JsonError::kSyntax:
            return ErrorName::kNotJson;
        case JsonError::kTrailing:
            return ErrorName::kTrailingBytes;
        case JsonError::kBadUtf8:
            return ErrorName::kBadUtf8;
        case JsonError::kLoneSurrogate:
            return ErrorName::kLoneSurrogate;
        case JsonError::kTooDeep:
            return ErrorName::kTooDeep;
        case JsonError::kTooMany:
            return ErrorName::kTooManyValues;
        case JsonError::kDuplicateKey:
            return ErrorName::kDuplicateKey;
    }
    return ErrorName::kNotJson;
}

std::string_view hint_for(ledger::MempoolError error) {
    using enum ledger::MempoolError;
    switch (error) {
        case kAlreadyKnown:
            return "nothing to do: wait for it with tx_wait";
        case kTooLarge:
            return "send a smaller transaction";
        case kExpired:
            return "sign again with a later validUntil";
        case kPoolFull:
        case kReplacementTooCheap:
            return "sign again with a higher gas price";
        case kUnknownAccount:
            return "send coins to the sender first; on a devnet: dev_faucet";
        case kStaleNonce:
        case kNonceTooFar:
            return "sign again with pendingNonce of account_nonce";
        case kSenderFull:
            return "wait until some of the sender's transactions are final";
        case kInsufficientBalance:
            return "send less, or send coins to the sender first";
    }
    return "";
}

std::string_view hint_for(ledger::TxnError error) {
    using enum ledger::TxnError;
    switch (error) {
        case kMalformed:
        case kBadVersion:
            return "encode as docs/formats/transaction.md says";
        case kTooLarge:
            return "send a smaller transaction";
        case kWrongChain:
            return "sign for the chainId of node_info";
        case kZeroGas:
        case kGasTooLow:
            return "sign with the gas of tx_estimateGas";
        case kGasTooHigh:
            return "sign with a gas limit within consensus_info.params";
        case kPriceTooLow:
            return "sign with at least gasPriceMin of consensus_info.params";
        case kFeeOverflow:
            return "lower gas limit, gas price or amount";
        case kExpired:
            return "sign again with a later validUntil";
        case kZeroAmount:
            return "send at least one unit";
        case kBadCommission:
            return "at most 10000 basis points";
        case kBadSignature:
            return "sign the signing hash of docs/formats/transaction.md with the sender's key";
        case kBadEvidence:
            return "report two statements that conflict, of this chain";
        case kBadTask:
            return "offer a task that keeps the rules of docs/spec/pole.md";
    }
    return "";
}

}  // namespace

std::span<const ErrorRow> error_table() { return kErrors; }

const ErrorRow& row_of(ErrorName error) { return kErrors[static_cast<std::size_t>(error)]; }

std::string_view short_name(ledger::MempoolError error) {
    using enum ledger::MempoolError;
    switch (error) {
        case kAlreadyKnown:
            return "alreadyKnown";
        case kTooLarge:
            return "tooLarge";
        case kExpired:
            return "expired";
        case kPoolFull:
            return "poolFull";
        case kUnknownAccount:
            return "unknownAccount";
        case kStaleNonce:
            return "staleNonce";
        case kNonceTooFar:
            return "nonceTooFar";
        case kReplacementTooCheap:
            return "replacementTooCheap";
        case kSenderFull:
            return "senderFull";
        case kInsufficientBalance:
            return "insufficientBalance";
    }
    return "unknown";
}

std::string_view short_name(ledger::TxnError error) {
    using enum ledger::TxnError;
    switch (error) {
        case kMalformed:
            return "malformed";
        case kTooLarge:
            return "tooLarge";
        case kBadVersion:
            return "badVersion";
        case kWrongChain:
            return "wrongChain";
        case kZeroGas:
            return "zeroGas";
        case kGasTooLow:
            return "gasTooLow";
        case kGasTooHigh:
            return "gasTooHigh";
        case kPriceTooLow:
            return "priceTooLow";
        case kFeeOverflow:
            return "feeOverflow";
        case kExpired:
            return "expired";
        case kZeroAmount:
            return "zeroAmount";
        case kBadCommission:
            return "badCommission";
        case kBadSignature:
            return "badSignature";
        case kBadEvidence:
            return "badEvidence";
        case kBadTask:
            return "badTask";
    }
    return "unknown";
}

std::string_view short_name(ledger::TxnStatus status) {
    constexpr std::array<std::string_view, 43> kNames = {
        "success",         "badNonce",          "cannotPayFee",    "insufficientBalance",
        "overflow",        "alreadyValidator",  "keyInUse",        "badPossession",
        "badVrfKey",       "unknownValidator",  "poolEmpty",       "belowMinimum",
        "notDelegated",    "nothingToWithdraw", "notMatured",      "notJailed",
        "stillJailed",     "badEvidence",       "offenceInFuture", "offenceExpired",
        "alreadyPunished", "noTasks",           "taskExists",      "tasksFull",
        "unknownTask",     "notTaskOwner",      "taskNotWaiting",  "roundNotOpen",
        "roundTooEarly",   "roundTooLate",      "notContender",    "alreadyCommitted",
        "roundFull",       "notCommitted",      "alreadyRevealed", "revealMismatch",
        "wrongTestKey",    "noContract",        "noMethod",        "codeRejected",
        "reverted",        "trapped",           "outOfGas"};
    static_assert(
        kNames.size() == 1 + static_cast<std::size_t>(codec::kEnumLast<ledger::TxnStatus>));
    return kNames[static_cast<std::size_t>(status)];
}

RpcError rpc_error(ErrorName error, std::string message) {
    const ErrorRow& row = row_of(error);
    return {
        .code = row.code,
        .name = std::string(row.name),
        .message = message.empty() ? std::string(row.meaning) : std::move(message),
        .hint = std::string(row.hint)};
}

RpcError rpc_error(const JsonFault& fault) {
    const ErrorName name = name_of(fault.code);
    if (name == ErrorName::kBadUtf8) {
        return rpc_error(name);
    }
    return rpc_error(
        name, std::string(row_of(name).meaning) + ", at byte " + std::to_string(fault.offset));
}

RpcError rpc_error(ledger::MempoolError error) {
    return {
        .code = kMempoolCodes + static_cast<int>(error),
        .name = std::string(short_name(error)),
        .message = std::string(to_string(error)),
        .hint = std::string(hint_for(error))};
}

RpcError rpc_error(ledger::TxnError error) {
    return {
        .code = kTxnCodes + static_cast<int>(error),
        .name = std::string(short_name(error)),
        .message = std::string(to_string(error)),
        .hint = std::string(hint_for(error))};
}

RpcError rpc_error(ledger::TxnStatus status) {
    POLIS_ASSERT(status != ledger::TxnStatus::kSuccess);
    return {
        .code = kExecutionCodes + static_cast<int>(status),
        .name = std::string(short_name(status)),
        .message = std::string(to_string(status)),
        .hint = "tx_simulate shows the whole receipt"};
}

RpcError rpc_error(const ledger::Receipt& receipt) {
    RpcError out = rpc_error(receipt.status);
    if (!receipt.output.empty()) {
        out.message += ": ";
        out.message += codec::is_utf8(receipt.output) ? std::string(as_text(receipt.output))
                                                      : to_hex_prefixed(receipt.output);
    }
    return out;
}

RpcError rpc_error(const ledger::StoreError& error) {
    return rpc_error(
        ErrorName::kStoreFailed, std::string(to_string(error.code)) + ": " + error.context);
}

RpcError rpc_error(const Unavailable& why) {
    RpcError out = rpc_error(ErrorName::kBusy, why.reason);
    out.retry_after_ms = why.retry_after_ms;
    return out;
}

void write_error(JsonWriter& out, const RpcError& error) {
    out.begin_object();
    out.signed_number("code", error.code);
    out.text("message", error.message);
    out.begin_object("data");
    out.text("name", error.name);
    out.text("hint", error.hint);
    if (error.retry_after_ms) {
        out.number("retryAfterMs", *error.retry_after_ms);
    }
    out.end_object();
    out.end_object();
}

}  // namespace polis::node::rpc
