#include <ledger/execution.hpp>

#include <utility>
#include <variant>

#include <consensus/election.hpp>
#include <core/check.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/tasks.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/state/journal.hpp>

namespace polis::ledger {

namespace {

/// One entry a payload: which module executes it.
struct Dispatch {
    TxnContext& context;

    ModuleResult operator()(const Transfer& payload) { return bank::apply(context, payload); }

    ModuleResult operator()(const ReportEvidence& payload) {
        return evidence::apply(context, payload);
    }

    template <class Other>
    ModuleResult operator()(const Other& payload) {
        if constexpr (requires { tasks::apply(context, payload); }) {
            return tasks::apply(context, payload);
        } else if constexpr (requires { contracts::apply(context, payload); }) {
            return contracts::apply(context, payload);
        } else {
            return staking::apply(context, payload);
        }
    }
};

/// Takes the largest possible fee and the nonce. @return why the transaction must be skipped, if so
ModuleResult reserve_fee(Journal& state, const CheckedTxn& checked, const StateKey& sender) {
    POLIS_TRY(Account account, load_account(state, sender));
    if (account.nonce != checked.txn.body.nonce) {
        return TxnStatus::kBadNonce;
    }
    const auto rest = checked_sub(account.balance, checked.fee_max);
    const auto nonce = checked_add(account.nonce, Nonce{1});
    if (!rest || !nonce) {
        return TxnStatus::kCannotPayFee;
    }
    account = {.balance = *rest, .nonce = *nonce};
    POLIS_TRY_VOID(save_account(state, sender, account));
    return TxnStatus::kSuccess;
}

class BlockExecutor {
  public:
    BlockExecutor(
        StateView& parent_state,
        const Params& params,
        const CheckedBlock& block,
        const ExecutionTools& tools)
        : state_(parent_state, block.hash),
          params_(params),
          block_(block),
          tools_(tools),
          election_(terms::election_of(params)) {
        POLIS_ASSERT(election_ != nullptr);
    }

    StoreResult<BlockOutcome> run() {
        out_.receipts.reserve(block_.txns.size());
        for (const CheckedTxn& txn : block_.txns) {
            POLIS_TRY(Receipt receipt, execute(txn));
            out_.receipts.push_back(std::move(receipt));
        }
        if (fees_ != Amount{}) {
            POLIS_TRY_VOID(staking::reward(state_, params_, block_.header.proposer, fees_));
        }
        POLIS_TRY_VOID(elect());
        out_.receipts_root = receipts_root(out_.receipts);
        out_.changes = std::move(state_).take_changes();
        return std::move(out_);
    }

  private:
    /// What a block changes beside its transactions: facts, the election's records, tasks, terms.
    StoreResult<void> elect() {
        const Header& header = block_.header;
        POLIS_TRY(const auto facts, facts::record_facts(state_, block_.facts, header.height));
        ElectionJournal records(state_, params_.election);
        const consensus::BlockView view{
            .height = header.height,
            .term = consensus::term_of(header.height, params_.term_blocks),
            .view = header.view,
            .proposer = header.proposer,
            .beacon = header.beacon,
            .time = header.time,
            .facts = facts};
        election_->apply(view, records);
        POLIS_TRY_VOID(records.finish());
        POLIS_TRY_VOID(tasks::end_block(state_, params_, view, out_.events));
        if (!consensus::ends_term(header.height, params_.term_blocks)) {
            return terms::pass_over(state_, header.view);
        }
        return terms::roll(state_, params_, *election_, header.beacon);
    }

    StoreResult<Receipt> execute(const CheckedTxn& checked) {
        const StateKey sender = account_key(checked.sender);
        POLIS_TRY(const TxnStatus reserved, reserve_fee(state_, checked, sender));
        if (reserved != TxnStatus::kSuccess) {
            return Receipt{
                .status = reserved, .gas_used = {}, .fee = {}, .events = {}, .output = {}};
        }
        const Journal::Checkpoint before_payload = state_.checkpoint();
        Receipt receipt;
        TxnContext context{
            .state = state_,
            .params = params_,
            .height = block_.header.height,
            .sender = checked.sender,
            .events = receipt.events,
            .programs = tools_.programs,
            .time = block_.header.time,
            .nonce = checked.txn.body.nonce,
            .beacon = block_.header.beacon,
            .tracer = tools_.tracer};
        POLIS_TRY(receipt.status, std::visit(Dispatch{context}, checked.txn.body.payload));
        if (receipt.status != TxnStatus::kSuccess) {
            state_.rollback(before_payload);
            receipt.events.clear();
        }
        receipt.output = std::move(context.output);
        receipt.gas_used = Gas{checked.intrinsic_gas.value + context.gas_used.value};
        POLIS_TRY_VOID(settle_fee(checked, sender, receipt));
        return receipt;
    }

    /// Gives back what the reserved fee exceeds the used gas by. @pre gas_used is set
    StoreResult<void> settle_fee(
        const CheckedTxn& checked, const StateKey& sender, Receipt& receipt) {
        const auto fee = fee_of(receipt.gas_used, checked.txn.body.gas_price);
        POLIS_ASSERT(fee.has_value() && *fee <= checked.fee_max);
        receipt.fee = *fee;
        const Amount rest{checked.fee_max.value - fee->value};
        if (rest != Amount{}) {
            POLIS_TRY(const TxnStatus refunded, bank::credit(state_, sender, rest));
            POLIS_ASSERT(refunded == TxnStatus::kSuccess);  // it was there a moment ago
        }
        fees_.value += receipt.fee.value;               // within the supply
        out_.gas_used.value += receipt.gas_used.value;  // within the block's limit
        return {};
    }

    Journal state_;
    const Params& params_;
    const CheckedBlock& block_;
    const ExecutionTools tools_;
    const consensus::Election* const election_;
    Amount fees_;
    BlockOutcome out_;
};

}  // namespace

StoreResult<BlockOutcome> execute_block(
    StateView& parent_state,
    const Params& params,
    const CheckedBlock& block,
    const ExecutionTools& tools) {
    return BlockExecutor(parent_state, params, block, tools).run();
}

StoreResult<BlockOutcome> execute_block(
    StateView& parent_state, const Params& params, const CheckedBlock& block) {
    vm::ProgramCache programs(kProgramCacheBytes);
    return execute_block(parent_state, params, block, {.programs = programs, .tracer = nullptr});
}

}  // namespace polis::ledger
