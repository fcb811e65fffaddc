#include <tools/polis/ledger_queries.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/decimal.hpp>
#include <genesis/param_table.hpp>
#include <genesis/preset.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/staking.hpp>
#include <node/home/home.hpp>
#include <tools/polis/describe_txn.hpp>
#include <tools/polis/report.hpp>
#include <tools/verify/account_proof.hpp>
#include <tools/verify/supply.hpp>

namespace polis::tools {

namespace {

using ledger::Chain;
using ledger::StoreResult;

/// The value, or the store's own words as the command's.
template <class T>
Result<T, std::string> ask(StoreResult<T> answer) {
    if (!answer) {
        return std::unexpected(std::move(answer).error().context);
    }
    return *std::move(answer);
}

/// Above the head there is nothing to show.
std::string no_block(Height height, const Chain& chain) {
    return "there is no block " + std::to_string(height.value) + "; the head is at " +
           std::to_string(chain.head().height.value);
}

std::vector<Report> param_rows(const ledger::Params& params) {
    std::vector<Report> rows;
    for (const genesis::ParamRow& row : genesis::param_table()) {
        Report line;
        line.text("name", row.key);
        line.text("value", genesis::plain_text(row, row.get(params)));
        line.note("meaning", row.meaning);
        rows.push_back(std::move(line));
    }
    return rows;
}

/// The last `count` places of an account's transactions, newest first.
StoreResult<std::vector<ledger::rows::TxnPlace>> last_places(
    const Chain& chain, const Address& account, std::size_t count) {
    constexpr std::size_t kStretch = 4'096;
    std::vector<ledger::rows::TxnPlace> last;
    ledger::rows::TxnPlace next{};
    for (;;) {
        POLIS_TRY(const auto places, chain.account_txns(account, next, kStretch));
        last.insert(last.end(), places.begin(), places.end());
        if (last.size() > count) {
            last.erase(last.begin(), last.end() - static_cast<std::ptrdiff_t>(count));
        }
        if (places.size() < kStretch) {
            break;
        }
        next = {places.back().height, places.back().index + 1};
    }
    std::ranges::reverse(last);
    return last;
}

/// The transaction at a place of the account index, as a line of a table.
Result<Report, std::string> row_at(const Chain& chain, const ledger::rows::TxnPlace& place) {
    POLIS_TRY(const auto block, ask(chain.block(place.height)));
    POLIS_TRY(const auto receipts, ask(chain.receipts(place.height)));
    if (!block || !receipts || place.index >= block->txns.size() ||
        receipts->size() != block->txns.size()) {
        return std::unexpected("the account index leads to no transaction; run ledger verify");
    }
    return txn_row(place, block->txns[place.index], (*receipts)[place.index]);
}

Result<std::string, std::string> read_proof_text(const std::string& file) {
    std::ifstream named;
    if (file != "-") {
        named.open(file, std::ios::binary);
    }
    std::istream& in = file == "-" ? std::cin : named;
    std::string text(kProofTextBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (file != "-" && !named.is_open())) {
        return std::unexpected("cannot read " + file + "; check the path");
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

}  // namespace

Outcome ledger_info(const HomeOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    POLIS_TRY(const Bytes source, ask(chain->genesis_source()));
    POLIS_TRY(const Amount supply, ask(ledger::bank::supply(chain->state())));
    POLIS_TRY(const auto candidates, ask(ledger::staking::candidates(chain->state())));
    const ledger::Head& head = chain->head();
    const ledger::Params& params = chain->params();
    Report report;
    if (const auto preset = genesis::parse_preset(as_text(source), "stored genesis")) {
        report.text("name", preset->name);
    }
    report.number("chain_id", params.chain_id.value);
    report.text("election", to_string(params.election));
    report.bytes("genesis_hash", chain->genesis().view());
    report.number("height", head.height.value);
    report.bytes("block", head.block.view());
    report.time("time", head.time);
    report.bytes("state_root", head.state_root.view());
    report.number("records", head.records);
    report.number("candidates", candidates.size());
    report.amount("supply", supply);
    report.number("store_bytes", chain->store().size_bytes());
    report.number("memory_bytes", chain->memory_bytes());
    report.list("parameters", param_rows(params));
    return print(report, options.json);
}

Outcome ledger_block(const QueryOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    const Height height =
        options.subject == "head" ? chain->head().height : Height{*parse_u64(options.subject)};
    POLIS_TRY(const auto block, ask(chain->block(height)));
    POLIS_TRY(const auto receipts, ask(chain->receipts(height)));
    if (!block || !receipts || receipts->size() != block->txns.size()) {
        return std::unexpected(no_block(height, *chain));
    }
    Report report;
    describe_header(report, block->header);
    report.number("transaction_count", block->txns.size());
    const std::size_t shown =
        options.json ? block->txns.size() : std::min<std::size_t>(options.last, block->txns.size());
    std::vector<Report> rows;
    rows.reserve(shown);
    for (std::uint32_t i = 0; i < shown; ++i) {
        rows.push_back(txn_row({height, i}, block->txns[i], (*receipts)[i]));
    }
    if (shown < block->txns.size()) {
        report.note("shown", "the first " + std::to_string(shown) + "; more: --last N or --json");
    }
    report.list("transactions", std::move(rows));
    return print(report, options.json);
}

Outcome ledger_txn(const QueryOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    const auto id = fixed_from_hex<Hash>(options.subject);
    POLIS_ASSERT(id.has_value());
    POLIS_TRY(const auto stored, ask(chain->txn(*id)));
    if (!stored) {
        return std::unexpected(
            "the chain holds no transaction " + to_hex_prefixed(id->view()) +
            "; ids stand in: polis ledger block HEIGHT");
    }
    return print(describe_txn(*stored, *id), options.json);
}

Outcome ledger_account(const QueryOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    const Address address = crypto::parse_address(options.subject).value();
    POLIS_TRY(const auto account, ask(load_account(chain->state(), address)));
    POLIS_TRY(const auto places, ask(last_places(*chain, address, options.last)));
    Report report;
    report.address("address", address);
    report.amount("balance", account.balance);
    report.number("nonce", account.nonce.value);
    report.number("at_height", chain->head().height.value);
    std::vector<Report> rows;
    for (const ledger::rows::TxnPlace& place : places) {
        POLIS_TRY(Report row, row_at(*chain, place));
        rows.push_back(std::move(row));
    }
    report.list("last_transactions", std::move(rows));
    return print(report, options.json);
}

Outcome ledger_proof(const QueryOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    const Address address = crypto::parse_address(options.subject).value();
    const ledger::StateKey key = ledger::account_key(address);
    POLIS_TRY(const auto record, ask(chain->state().get(key)));
    AccountProof out{
        .chain_id = chain->params().chain_id,
        .height = chain->head().height,
        .block = chain->head().block,
        .root = chain->head().state_root,
        .address = address,
        .account = std::nullopt,
        .proof = {}};
    if (record) {
        POLIS_TRY(out.account, ask(load_account(chain->state(), address)));
    }
    POLIS_TRY(out.proof, ask(chain->prove(key)));
    return print(to_json(out).dump(2) + '\n');
}

Outcome ledger_proof_check(const ProofCheckOptions& options) {
    POLIS_TRY(const std::string text, read_proof_text(options.file));
    const auto proof = parse_account_proof(text);
    if (!proof) {
        return std::unexpected(
            options.file + " is no account proof: " + proof.error() +
            "; make one: polis ledger proof ADDRESS --home DIR");
    }
    if (const auto verified = verify(*proof); !verified) {
        return std::unexpected("the proof is not valid: " + verified.error() + "; trust it not");
    }
    if (!options.root.empty() && fixed_from_hex<Hash>(options.root) != proof->root) {
        return std::unexpected(
            "the proof is valid, but for the root " + to_hex_prefixed(proof->root.view()) +
            "; ask for a proof at the root that you trust");
    }
    Report report;
    report.flag("valid", true);
    report.bytes("root", proof->root.view());
    report.flag("root_compared", !options.root.empty());
    report.address("address", proof->address);
    report.flag("exists", proof->account.has_value());
    report.amount("balance", proof->account.value_or(ledger::Account{}).balance);
    report.number("nonce", proof->account.value_or(ledger::Account{}).nonce.value);
    if (options.root.empty()) {
        report.note("note", "the root is the proof's own: compare it with a header that you trust");
    }
    return print(report, options.json);
}

Outcome ledger_supply(const HomeOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    POLIS_TRY(const SupplyAudit audit, ask(audit_supply(*chain)));
    if (!audit.adds_up()) {
        return std::unexpected(
            "the records hold " + to_decimal(audit.sum()) + " units, the supply record says " +
            std::to_string(audit.recorded.value) + "; do not use this chain, report it");
    }
    Report report;
    const auto amount = [&report](std::string_view key, u128 value) {
        report.amount(key, Amount{narrow(value).value_or(0)});  // parts of a 64-bit sum
    };
    amount("balances", audit.balances);
    amount("staked", audit.staked);
    amount("unbonding", audit.unbonding);
    amount("escrowed", audit.escrowed);
    amount("sum", audit.sum());
    report.amount("supply_record", audit.recorded);
    report.number("accounts", audit.accounts);
    report.number("validators", audit.validators);
    report.number("unbonding_pools", audit.unbonding_pools);
    report.flag("adds_up", true);
    return print(report, options.json);
}

}  // namespace polis::tools
