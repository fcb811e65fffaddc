#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <consensus/committee.hpp>
#include <core/types.hpp>
#include <ledger/block.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/receipt.hpp>
#include <node/rpc/backend.hpp>
#include <node/rpc/json/write.hpp>
#include <node/rpc/registry.hpp>

/// What the chain holds, as JSON: the shapes of shape.cpp.
namespace polis::node::rpc {

/// A block's end of chain: shape Head.
void write_head(JsonWriter& out, const BlockFinalized& block, std::uint64_t term_blocks);

/// Members of the shape Header, without the braces.
void write_header_fields(JsonWriter& out, const ledger::Header& header);

/// Shape Receipt; `txn` names it where the place does not.
void write_receipt(JsonWriter& out, const ledger::Receipt& receipt, const Hash* txn = nullptr);

/// Shape Event.
void write_event(JsonWriter& out, const ledger::Event& event);

/// The data of an event by its name: an object, or hexadecimal for a name or a form that is not
/// known here.
void write_event_data(JsonWriter& out, const ledger::Event& event);

/// Members of the shape Txn, without the braces.
void write_txn_fields(JsonWriter& out, const ledger::Transaction& txn);
void write_txn(JsonWriter& out, const ledger::Transaction& txn);

/// Shape TrainingPoint.
void write_point(JsonWriter& out, const TrainingPoint& point);

void write_fact(JsonWriter& out, const consensus::CertifiedFact& fact);
void write_member(JsonWriter& out, const consensus::Member& member);

/// Shape TxnStatus of an executed transaction.
[[nodiscard]] std::string finalized_status(
    const Hash& id, const ledger::rows::TxnPlace& place, const ledger::Receipt& receipt);

/// Shape TxnStatus of any other.
[[nodiscard]] std::string open_status(const Hash& id, std::string_view status);

/// The height that a client means; nothing if there is no such block.
[[nodiscard]] Result<std::optional<Height>, RpcError> height_of(
    const ledger::ChainReader& chain, const BlockRef& block);

/// The value, or the store's error as the client sees it.
template <class T>
[[nodiscard]] Result<T, RpcError> ask(ledger::StoreResult<T> answer) {
    if (!answer) {
        return std::unexpected(rpc_error(answer.error()));
    }
    return *std::move(answer);
}

/// The head with what only its block says, made once for each block. One thread.
class HeadCache {
  public:
    explicit HeadCache(std::uint64_t term_blocks) : term_blocks_(term_blocks) {}

    /// Shape Head.
    [[nodiscard]] Outcome head(const ledger::ChainReader& chain);

    /// A block that became final; spares head() to read it.
    void put(const BlockFinalized& block);

  private:
    const std::uint64_t term_blocks_;
    Hash block_;
    std::string text_;
};

}  // namespace polis::node::rpc
