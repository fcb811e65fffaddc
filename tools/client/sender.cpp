#include <tools/client/sender.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <ledger/gas.hpp>

namespace polis::tools {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kSlice{1'000};       ///< of a long wait, between two lines of progress
constexpr milliseconds kSliceGrace{5'000};  ///< for the node's answer behind a slice

/// A number, also as a decimal string. @throws Json::exception if it is neither
std::uint64_t number_at(const Json& object, const char* key) {
    const Json& value = object.at(key);
    if (!value.is_string()) {
        return value.get<std::uint64_t>();
    }
    return parse_u64(value.get<std::string>()).value_or(0);
}

}  // namespace

Fallible<SenderView> sender_view(RpcClient& client, const Address& sender) {
    const std::array<RpcCall, 4> calls = {
        RpcCall{"node_info"},
        RpcCall{"chain_head"},
        RpcCall{"consensus_info"},
        RpcCall{"account_nonce", {{"address", crypto::to_text(sender)}}}};
    const auto answers = client.batch(calls);
    if (!answers) {
        return std::unexpected(to_failure(answers.error()));
    }
    for (const auto& answer : *answers) {
        if (!answer) {
            return std::unexpected(to_failure(answer.error()));
        }
    }
    try {
        return SenderView{
            .chain_id = ChainId{number_at(*(*answers)[0], "chainId")},
            .head = Height{number_at(*(*answers)[1], "height")},
            .gas_price_min = GasPrice{number_at((*answers)[2]->at("params"), "gasPriceMin")},
            .nonce = Nonce{number_at(*(*answers)[3], "pendingNonce")}};
    } catch (const Json::exception&) {
        return std::unexpected(odd_answer(client, "node_info or account_nonce"));
    }
}

ledger::Transaction make_txn(
    const SenderView& view,
    const crypto::SigningKey& key,
    ledger::Payload payload,
    const SendOptions& options) {
    ledger::Transaction draft;
    draft.body = {
        .chain_id = view.chain_id,
        .sender = key.public_key(),
        .nonce = options.nonce.value_or(view.nonce),
        .gas_limit = options.gas_limit.value_or(Gas{}),
        .gas_price = options.gas_price.value_or(view.gas_price_min),
        .valid_until = Height{saturating_add(view.head.value, options.valid_for)},
        .payload = std::move(payload)};
    if (!options.gas_limit) {
        // Numbers have a fixed width on the wire, so the limit does not change the size.
        const Gas intrinsic =
            ledger::intrinsic_gas(draft.body.payload, codec::encode(draft).size());
        const Gas execution = ledger::execution_gas_max(draft.body.payload);
        draft.body.gas_limit = Gas{saturating_add(intrinsic.value, execution.value)};
    }
    return ledger::sign(key, std::move(draft.body));
}

Fallible<Sent> send_txn(RpcClient& client, const ledger::Transaction& txn) {
    const Bytes encoded = codec::encode(txn);
    const auto answer = client.call("tx_send", {{"raw", to_hex_prefixed(encoded)}});
    if (!answer) {
        return std::unexpected(to_failure(answer.error()));
    }
    const auto standing = answer->find("standing");
    const bool told = standing != answer->end() && standing->is_string();
    return Sent{ledger::txn_id(encoded), told ? standing->get<std::string>() : "unknown"};
}

Fallible<Sent> send_payload(
    RpcClient& client,
    const crypto::SigningKey& key,
    ledger::Payload payload,
    const SendOptions& options) {
    POLIS_TRY(const SenderView view, sender_view(client, crypto::address_of(key.public_key())));
    return send_txn(client, make_txn(view, key, std::move(payload), options));
}

std::string Executed::status() const {
    const auto found = receipt.find("status");
    return found != receipt.end() && found->is_string() ? found->get<std::string>() : "unknown";
}

bool Executed::success() const {
    const auto found = receipt.find("success");
    return found != receipt.end() && *found == true;
}

Fallible<Executed> wait_txn(
    RpcClient& client, const Hash& id, milliseconds patience, const SayWaiting& say) {
    const std::string name = to_hex_prefixed(id.view());
    const Clock::time_point begin = Clock::now();
    while (true) {
        const auto spent = std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
        const milliseconds slice = std::clamp(patience - spent, milliseconds{1}, kSlice);
        const auto answer = client.call(
            "tx_wait",
            {{"id", name}, {"level", "finalized"}, {"timeoutMs", slice.count()}},
            slice + kSliceGrace);
        if (answer) {
            try {
                return Executed{
                    .height = Height{number_at(*answer, "height")},
                    .index = number_at(*answer, "index"),
                    .receipt = answer->at("receipt")};
            } catch (const Json::exception&) {
                return std::unexpected(odd_answer(client, "tx_wait"));
            }
        }
        if (answer.error().name != "timeout") {
            return std::unexpected(to_failure(answer.error()));
        }
        if (spent + slice >= patience) {
            return timed_out(fmt::format(
                "{} is not final after {} s; it may still become so: polis tx wait {}",
                name,
                patience.count() / 1'000,
                name));
        }
        say(fmt::format("waiting for {} ({} s)", name.substr(0, 18), (spent + slice) / kSlice));
    }
}

Fallible<Executed> wait_success(
    RpcClient& client, const Hash& id, milliseconds patience, const SayWaiting& say) {
    POLIS_TRY(Executed executed, wait_txn(client, id, patience, say));
    if (!executed.success()) {
        return std::unexpected(Failure(fmt::format(
            "the transaction is in block {} and failed: {}; look: polis tx show {}",
            executed.height.value,
            executed.status(),
            to_hex_prefixed(id.view()))));
    }
    return executed;
}

}  // namespace polis::tools
