#include <tools/learning/round_history.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <core/codec/borsh.hpp>
#include <core/hex.hpp>

namespace polis::tools::learning {

namespace {

/// Blocks in one batch: so many full ones still make an answer within the node's limit.
constexpr std::uint64_t kBatchBlocks = 8;

constexpr std::array kKinds = {
    consensus::FactKind::kBlobAvailable,
    consensus::FactKind::kModelScore,
    consensus::FactKind::kEvaluation};

Failure not_understood(Height height) {
    return Failure(fmt::format(
        "the node's answer about block {} is not understood; is it of another version?",
        height.value));
}

std::optional<Bytes> raw_of(const Json& object) {
    return object.is_object() ? from_hex(object.value("raw", "")) : std::nullopt;
}

std::optional<consensus::Fact> parse_fact(const Json& json) {
    if (!json.is_object()) {
        return std::nullopt;
    }
    const std::string name = json.value("kind", "");
    const auto kind = std::ranges::find_if(
        kKinds, [&](consensus::FactKind one) { return to_string(one) == name; });
    const auto subject = fixed_from_hex<Hash>(json.value("subject", ""));
    const auto result = from_hex(json.value("result", ""));
    if (kind == kKinds.end() || !subject || !result) {
        return std::nullopt;
    }
    return consensus::Fact{*kind, *subject, *result};
}

/// All of a block but which transactions succeeded.
std::optional<HistoryBlock> parse_block(const Json& json) {
    if (!json.is_object() || !json.contains("header") || !json.contains("txns") ||
        !json.contains("facts")) {
        return std::nullopt;
    }
    const auto header = raw_of(json["header"]);
    auto decoded =
        header ? codec::decode<ledger::Header>(*header) : std::unexpected(codec::DecodeError{});
    if (!decoded) {
        return std::nullopt;
    }
    HistoryBlock out;
    out.header = *decoded;
    std::vector<Hash> ids;
    for (const Json& txn : json["txns"]) {
        const auto raw = raw_of(txn);
        if (!raw) {
            return std::nullopt;
        }
        auto parsed = codec::decode<ledger::Transaction>(*raw);
        if (!parsed) {
            return std::nullopt;
        }
        ids.push_back(ledger::txn_id(*raw));
        out.txns.push_back(*std::move(parsed));
    }
    if (ledger::txn_root(ids) != out.header.txn_root) {
        return std::nullopt;
    }
    for (const Json& fact : json["facts"]) {
        auto parsed = parse_fact(fact);
        if (!parsed) {
            return std::nullopt;
        }
        out.facts.push_back(*std::move(parsed));
    }
    return out;
}

/// Leaves the transactions that succeeded. @return false if the receipts are not these ones'
bool keep_successful(HistoryBlock& block, const Json& receipts) {
    if (!receipts.is_array() || receipts.size() != block.txns.size()) {
        return false;
    }
    std::vector<ledger::Transaction> kept;
    for (std::size_t i = 0; i < block.txns.size(); ++i) {
        if (!receipts[i].is_object()) {
            return false;
        }
        if (receipts[i].value("success", false)) {
            kept.push_back(std::move(block.txns[i]));
        }
    }
    block.txns = std::move(kept);
    return true;
}

Fallible<std::vector<Json>> ask_all(RpcClient& client, std::span<const RpcCall> calls) {
    auto answers = client.batch(calls);
    if (!answers) {
        return std::unexpected(to_failure(answers.error()));
    }
    std::vector<Json> out;
    for (RpcClient::Answer& answer : *answers) {
        if (!answer) {
            return std::unexpected(to_failure(answer.error()));
        }
        out.push_back(*std::move(answer));
    }
    return out;
}

Fallible<std::vector<HistoryBlock>> fetch_batch(RpcClient& client, Height first, Height last) {
    std::vector<RpcCall> calls;
    for (std::uint64_t height = first.value; height <= last.value; ++height) {
        calls.push_back({"chain_getBlock", {{"block", height}, {"full", true}}});
        calls.push_back({"chain_getReceipts", {{"block", height}}});
    }
    POLIS_TRY(const std::vector<Json> answers, ask_all(client, calls));
    std::vector<HistoryBlock> out;
    for (std::size_t i = 0; i < answers.size(); i += 2) {
        const Height height{first.value + i / 2};
        if (answers[i].is_null() || answers[i + 1].is_null()) {
            return std::unexpected(Failure(fmt::format(
                "the node at {} has no block {}: it began with a snapshot; ask one with the whole "
                "chain with --rpc",
                client.address().text(),
                height.value)));
        }
        auto block = parse_block(answers[i]);
        if (!block || block->header.height != height || !keep_successful(*block, answers[i + 1])) {
            return std::unexpected(not_understood(height));
        }
        out.push_back(*std::move(block));
    }
    return out;
}

}  // namespace

Fallible<std::vector<HistoryBlock>> fetch_blocks(RpcClient& client, Height first, Height last) {
    std::vector<HistoryBlock> out;
    for (std::uint64_t from = first.value; from <= last.value; from += kBatchBlocks) {
        const Height to{std::min(last.value, from + kBatchBlocks - 1)};
        POLIS_TRY(auto batch, fetch_batch(client, Height{from}, to));
        for (HistoryBlock& block : batch) {
            if (!out.empty() && block.header.parent != ledger::block_hash(out.back().header)) {
                return std::unexpected(Failure(fmt::format(
                    "block {} of the node at {} does not follow the one before; ask another node "
                    "with --rpc",
                    block.header.height.value,
                    client.address().text())));
            }
            out.push_back(std::move(block));
        }
    }
    return out;
}

}  // namespace polis::tools::learning
