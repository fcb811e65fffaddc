// account_*: the latest state of an address, and its past.
#include <ledger/account.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/modules/staking.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

const Param kAddressParam{
    .name = "address", .type = ParamType::kAddress, .description = "The account."};

/// Calls `then` with the nonce that the sender's next transaction needs. An empty mempool, which
/// is the rule for reads, is seen here without a way to the machine.
template <class Then>
void with_pending_nonce(const Call& call, Nonce nonce, const Respond& respond, Then then) {
    Backend& backend = call.node.backend;
    if (backend.snapshot()->machine.mempool_count == 0) {
        then(nonce);
        return;
    }
    backend.next_nonce(
        call.params.address("address"),
        [nonce, respond, then = std::move(then)](const Answer<std::optional<Nonce>>& answer) {
            if (!answer) {
                respond(std::unexpected(rpc_error(answer.error())));
            } else {
                then(std::max(answer->value_or(nonce), nonce));
            }
        });
}

Result<ledger::Account, RpcError> load(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    return ask(ledger::load_account(state, call.params.address("address")));
}

/// Member `validator` of an operator's account: what committees are chosen by.
Outcome validator_text(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    POLIS_TRY(
        const auto validator,
        ask(ledger::staking::validator(state, call.params.address("address"))));
    if (!validator) {
        return std::string();
    }
    JsonWriter out;
    out.begin_object().bytes("consensusKey", validator->consensus_key.view());
    out.bytes("vrfKey", validator->vrf_key.view());
    out.number("commissionBps", validator->commission_bps);
    out.decimal("stake", validator->pool.tokens.value).flag("jailed", validator->jailed);
    out.number("jailedUntil", validator->jailed_until.value).end_object();
    return out.take();
}

void get(const Call& call, Respond respond) {
    const auto account = load(call);
    const auto validator = validator_text(call);
    if (!account || !validator) {
        respond(std::unexpected(account ? validator.error() : account.error()));
        return;
    }
    JsonWriter out;
    out.begin_object().address("address", call.params.address("address"));
    out.decimal("balance", account->balance.value).number("nonce", account->nonce.value);
    with_pending_nonce(
        call,
        account->nonce,
        respond,
        [respond, out = std::move(out), validator = *validator](Nonce pending) {
            JsonWriter whole = out;
            whole.number("pendingNonce", pending.value);
            if (!validator.empty()) {
                whole.raw("validator", validator);
            }
            whole.end_object();
            respond(whole.take());
        });
}

void nonce(const Call& call, Respond respond) {
    const auto account = load(call);
    if (!account) {
        respond(std::unexpected(account.error()));
        return;
    }
    with_pending_nonce(
        call, account->nonce, respond, [respond, nonce = account->nonce](Nonce pending) {
            JsonWriter out;
            out.begin_object().number("nonce", nonce.value);
            out.number("pendingNonce", pending.value).end_object();
            respond(out.take());
        });
}

Outcome balance(const Call& call) {
    POLIS_TRY(const ledger::Account account, load(call));
    JsonWriter out;
    out.begin_object().decimal("balance", account.balance.value).end_object();
    return out.take();
}

/// "HEIGHT-INDEX", where the next call goes on.
std::optional<ledger::rows::TxnPlace> parse_place(std::string_view text) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto height = parse_u64(text.substr(0, dash));
    const auto index = parse_u64(text.substr(dash + 1));
    if (!height || !index || *index > UINT32_MAX) {
        return std::nullopt;
    }
    return ledger::rows::TxnPlace{Height{*height}, static_cast<std::uint32_t>(*index)};
}

Outcome history(const Call& call) {
    const ledger::ChainReader& chain = call.node.backend.chain();
    ledger::rows::TxnPlace first{};
    if (call.params.has("cursor")) {
        const auto place = parse_place(call.params.text("cursor"));
        if (!place) {
            return std::unexpected(rpc_error(ErrorName::kBadCursor));
        }
        first = *place;
    }
    const std::uint64_t limit = call.params.count("limit");
    POLIS_TRY(
        const auto places,
        ask(chain.account_txns(call.params.address("address"), first, limit + 1)));
    JsonWriter out;
    out.begin_object().begin_array("txns");
    std::optional<ledger::Block> block;
    for (std::size_t i = 0; i < std::min<std::size_t>(limit, places.size()); ++i) {
        const auto& [height, index] = places[i];
        if (!block || block->header.height != height) {
            POLIS_TRY(block, ask(chain.block(height)));
        }
        if (!block || index >= block->txns.size()) {
            return std::unexpected(
                rpc_error(ErrorName::kStoreFailed, "the account index leads to no transaction"));
        }
        out.begin_object().number("height", height.value).number("index", index);
        out.bytes("id", ledger::txn_id(codec::encode(block->txns[index])).view()).end_object();
    }
    out.end_array();
    if (places.size() > limit) {
        const auto& [height, index] = places[limit];
        out.text("cursor", std::to_string(height.value) + '-' + std::to_string(index));
    } else {
        out.null("cursor");
    }
    out.end_object();
    return out.take();
}

}  // namespace

std::vector<Method> account_methods() {
    return {
        {.name = "account_get",
         .summary = "Balance and nonces of an address, and what stands behind it as a validator.",
         .params = {kAddressParam},
         .result = "{address: address, balance: decimal, nonce: number, pendingNonce: number, "
                   "validator?: {consensusKey: hex, vrfKey: hex, commissionBps: number, "
                   "stake: decimal, jailed: flag, jailedUntil: number}}",
         .errors = {ErrorName::kStoreFailed, ErrorName::kBusy},
         .handler = Async{get}},
        {.name = "account_nonce",
         .summary = "The account's next nonce, and the next behind what waits in the mempool.",
         .params = {kAddressParam},
         .result = "{nonce: number, pendingNonce: number}",
         .errors = {ErrorName::kStoreFailed, ErrorName::kBusy},
         .handler = Async{nonce}},
        {.name = "account_balance",
         .summary = "Coins of an address, in units of 10^-9 POLIS.",
         .params = {kAddressParam},
         .result = "{balance: decimal}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnLoop{balance}},
        {.name = "account_history",
         .summary = "Executed transactions of an address, oldest first.",
         .params = {kAddressParam, limit_param("Transactions at most.", "50"), cursor_param()},
         .result = "{txns: [{height: number, index: number, id: hash}], cursor: text|null}",
         .errors = {ErrorName::kBadCursor, ErrorName::kStoreFailed},
         .handler = OnWorker{history}}};
}

}  // namespace polis::node::rpc
