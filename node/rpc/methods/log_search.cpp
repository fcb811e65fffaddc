#include <node/rpc/methods/log_search.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/transaction.hpp>
#include <node/rpc/cursor.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/limits.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

/// One search, block by block, within what a call may cost.
class LogSearch {
  public:
    LogSearch(const ledger::ChainReader& chain, const LogFilter& filter, std::uint64_t limit)
        : chain_(chain), filter_(filter), limit_(limit) {}

    Outcome run(Cursor place, std::uint64_t last) {
        JsonWriter out;
        out.begin_object().begin_array("logs");
        for (std::size_t blocks = 0; place.group <= last; ++blocks) {
            if (blocks == kLogScanBlocks || receipts_ >= kLogScanReceipts || found_ == limit_) {
                return end(out, place);
            }
            POLIS_TRY(const auto next, search_block(out, place));
            if (next) {
                return end(out, *next);
            }
            place = {place.group + 1, 0};
        }
        return end(out, std::nullopt);
    }

  private:
    static Outcome end(JsonWriter& out, const std::optional<Cursor>& place) {
        out.end_array();
        if (place) {
            out.text("cursor", to_string(*place));
        } else {
            out.null("cursor");
        }
        out.end_object();
        return out.take();
    }

    /// @return where to go on if the answer is full
    Result<std::optional<Cursor>, RpcError> search_block(JsonWriter& out, Cursor place) {
        const Height height{place.group};
        POLIS_TRY(const auto receipts, ask(chain_.receipts(height)));
        if (!receipts) {
            return std::nullopt;
        }
        receipts_ += receipts->size();
        std::optional<ledger::Block> block;  // read when there is an event to show
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < receipts->size(); ++i) {
            for (const ledger::Event& event : (*receipts)[i].events) {
                if (number++ < place.item || !filter_.wanted(event)) {
                    continue;
                }
                if (found_ == limit_) {
                    return Cursor{place.group, number - 1};
                }
                if (!block) {
                    POLIS_TRY(block, ask(chain_.block(height)));
                }
                if (!block || i >= block->txns.size()) {
                    return std::nullopt;
                }
                const Hash txn = ledger::txn_id(codec::encode(block->txns[i]));
                filter_.write(out, {.height = height, .index = i, .txn = txn, .event = &event});
                ++found_;
            }
        }
        return std::nullopt;
    }

    const ledger::ChainReader& chain_;
    const LogFilter& filter_;
    const std::uint64_t limit_;
    std::uint64_t found_ = 0;
    std::size_t receipts_ = 0;
};

}  // namespace

std::vector<Param> log_params() {
    return {
        {.name = "from", .type = ParamType::kCount, .description = "First height."},
        {.name = "to",
         .type = ParamType::kCount,
         .description = "Last height; without it the latest.",
         .required = false},
        limit_param("Events at most.", "100"),
        cursor_param()};
}

Outcome search_logs(const Call& call, const LogFilter& filter) {
    const ledger::ChainReader& chain = call.node.backend.chain();
    POLIS_TRY(const ledger::Head head, ask(chain.head()));
    POLIS_TRY(const Height base, ask(chain.base()));
    const std::uint64_t from = call.params.count("from");
    const std::uint64_t to = std::min(
        call.params.has("to") ? call.params.count("to") : head.height.value, head.height.value);
    if (from <= to && to - from >= kLogRangeMax) {
        return std::unexpected(rpc_error(
            ErrorName::kTooLarge,
            "at most " + std::to_string(kLogRangeMax) + " blocks from `from` to `to`"));
    }
    Cursor place{std::max(from, saturating_add(base.value, std::uint64_t{1})), 0};
    if (call.params.has("cursor")) {
        const auto given = parse_cursor(call.params.text("cursor"));
        if (!given || given->group < from) {
            return std::unexpected(rpc_error(ErrorName::kBadCursor));
        }
        place = *given;
    }
    return LogSearch(chain, filter, call.params.count("limit")).run(place, to);
}

}  // namespace polis::node::rpc
