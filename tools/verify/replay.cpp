#include <tools/verify/replay.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/pbft/certificate.hpp>
#include <core/hex.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <ledger/receipt.hpp>
#include <ledger/validation.hpp>
#include <tools/verify/comparing_store.hpp>

namespace polis::tools {

namespace {

using ledger::Block;
using ledger::Chain;
using ledger::Head;

using Step = Result<void, ReplayFault>;

std::unexpected<ReplayFault> fault(
    Height height, std::string what, std::string expected, std::string found) {
    return std::unexpected(
        ReplayFault{height, std::move(what), std::move(expected), std::move(found)});
}

/// What the store answers is a fault of the height at which it was asked.
std::unexpected<ReplayFault> fault(Height height, const ledger::StoreError& error) {
    return fault(height, "store", {}, error.context);
}

Step expect_hash(Height height, std::string what, const Hash& expected, const Hash& found) {
    if (expected == found) {
        return {};
    }
    return fault(
        height, std::move(what), to_hex_prefixed(expected.view()), to_hex_prefixed(found.view()));
}

Step expect_number(Height height, std::string what, std::uint64_t expected, std::uint64_t found) {
    if (expected == found) {
        return {};
    }
    return fault(height, std::move(what), std::to_string(expected), std::to_string(found));
}

class Replay {
  public:
    Replay(const Chain& stored, const ReplayOptions& options)
        : stored_(stored), options_(options), workers_(options.threads) {}

    Result<ReplaySummary, ReplayFault> run() {
        POLIS_TRY_VOID(start());
        const Height head = stored_.head().height;
        for (std::uint64_t h = 1; h <= head.value; ++h) {
            POLIS_TRY_VOID(execute(Height{h}));
            if (options_.on_block) {
                options_.on_block({.height = Height{h}, .head = head, .txns = txns_});
            }
        }
        POLIS_TRY_VOID(compare_heads());
        const auto rows = compared_->finish();
        if (!rows) {
            return fault(head, rows.error());
        }
        POLIS_TRY_VOID(expect_equal_rows(head));
        return ReplaySummary{
            .height = head,
            .genesis = chain_->genesis(),
            .block = chain_->head().block,
            .state_root = chain_->head().state_root,
            .txns = txns_,
            .rows = *rows};
    }

  private:
    /// Block 0 from the stored preset.
    Step start() {
        const auto source = stored_.genesis_source();
        if (!source) {
            return fault(Height{}, source.error());
        }
        const auto genesis = genesis::build_from_text(as_text(*source), "stored genesis");
        if (!genesis) {
            return fault(Height{}, "genesis", "a valid preset", describe(genesis.error()));
        }
        POLIS_TRY_VOID(expect_hash(Height{}, "genesis hash", genesis->hash, stored_.genesis()));
        auto store = std::make_unique<ComparingStore>(stored_.store());
        compared_ = store.get();
        auto chain = Chain::create(std::move(store), genesis->state, Chain::Options{});
        if (!chain) {
            return fault(Height{}, chain.error());
        }
        chain_ = *std::move(chain);
        const auto block = stored_.block(Height{});
        if (!block || !*block) {
            return fault(Height{}, "block", "a block", block ? "nothing" : block.error().context);
        }
        return expect_hash(
            Height{}, "block hash", chain_->head().block, block_hash((*block)->header));
    }

    Step execute(Height height) {
        const auto block = stored_.block(height);
        if (!block) {
            return fault(height, block.error());
        }
        if (!*block) {
            return fault(height, "block", "a block", "nothing");
        }
        POLIS_TRY_VOID(check_parent(height, (*block)->header));
        const auto checked = check_block(**block, chain_->head(), chain_->rules());
        if (!checked) {
            return fault(height, "block", "a valid block", describe(checked.error()));
        }
        if (const auto signatures = check_signatures(*checked, workers_); !signatures) {
            return fault(height, "signature", "valid ones", describe(signatures.error()));
        }
        POLIS_TRY(auto certificate, certificate_of(*checked));
        const auto applied = chain_->apply(
            *checked, {.certificate = std::move(certificate), .vote_record = std::nullopt});
        if (!applied) {
            return fault(height, applied.error());
        }
        txns_ += checked->txns.size();
        POLIS_TRY_VOID(check_receipts(height, applied->receipts));
        return expect_equal_rows(height);
    }

    /// The stored commit certificate, if there is one: only a chain of a committee has them.
    [[nodiscard]] Result<std::optional<pbft::Certificate>, ReplayFault> certificate_of(
        const ledger::CheckedBlock& block) {
        const Height height = block.header.height;
        auto stored = stored_.certificate(height);
        if (!stored) {
            return fault(height, stored.error());
        }
        if (!*stored) {
            return std::optional<pbft::Certificate>{};
        }
        const auto schedule = chain_->schedule();
        if (!schedule) {
            return fault(height, schedule.error());
        }
        const pbft::Statement& certified = (*stored)->statement;
        if (certified.height != height || certified.digest != block.hash) {
            return fault(height, "certificate", "that of the block", "that of another");
        }
        const auto verified =
            pbft::verify_certificate(**stored, pbft::Phase::kCommit, schedule->current, checker_);
        if (!verified) {
            return fault(
                height,
                "certificate",
                "signatures of a quorum",
                std::string(to_string(verified.error())));
        }
        return *std::move(stored);
    }

    /// A header carries the results of its parent, so it is the parent's height that is bad.
    [[nodiscard]] Step check_parent(Height height, const ledger::Header& header) const {
        const Head& head = chain_->head();
        const Height parent{height.value - 1};
        POLIS_TRY_VOID(expect_hash(parent, "block hash", head.block, header.parent));
        POLIS_TRY_VOID(
            expect_hash(parent, "state root", head.state_root, header.parent_state_root));
        POLIS_TRY_VOID(
            expect_hash(parent, "receipts root", head.receipts_root, header.parent_receipts_root));
        return expect_number(parent, "gas used", head.gas_used.value, header.parent_gas_used.value);
    }

    [[nodiscard]] Step check_receipts(
        Height height, const std::vector<ledger::Receipt>& receipts) const {
        const auto stored = stored_.receipts(height);
        if (!stored) {
            return fault(height, stored.error());
        }
        if (!*stored) {
            return fault(height, "receipts", "receipts", "nothing");
        }
        return expect_hash(
            height,
            "receipts root",
            ledger::receipts_root(receipts),
            ledger::receipts_root(**stored));
    }

    [[nodiscard]] Step compare_heads() const {
        const Head& found = stored_.head();
        const Head& expected = chain_->head();
        const Height height = found.height;
        POLIS_TRY_VOID(expect_hash(height, "block hash", expected.block, found.block));
        POLIS_TRY_VOID(expect_hash(height, "state root", expected.state_root, found.state_root));
        POLIS_TRY_VOID(
            expect_hash(height, "receipts root", expected.receipts_root, found.receipts_root));
        return expect_number(height, "records", expected.records, found.records);
    }

    [[nodiscard]] Step expect_equal_rows(Height height) const {
        if (const auto& mismatch = compared_->mismatch()) {
            return fault(height, mismatch->row, mismatch->expected, mismatch->found);
        }
        return {};
    }

    const Chain& stored_;
    const ReplayOptions& options_;
    WorkerPool workers_;
    consensus::PlainChecker checker_;
    ComparingStore* compared_ = nullptr;  ///< owned by chain_
    std::unique_ptr<Chain> chain_;
    std::uint64_t txns_ = 0;
};

}  // namespace

std::string describe(const ReplayFault& fault) {
    if (fault.expected.empty()) {
        return "height " + std::to_string(fault.height.value) + ": " + fault.found;
    }
    return "height " + std::to_string(fault.height.value) + ": " + fault.what + ": expected " +
           fault.expected + ", found " + fault.found;
}

Result<ReplaySummary, ReplayFault> replay(const Chain& stored, const ReplayOptions& options) {
    return Replay(stored, options).run();
}

}  // namespace polis::tools
