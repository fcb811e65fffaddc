#include <tools/polis/contract_view.hpp>

#include <memory>
#include <utility>

#include <fmt/format.h>

#include <core/codec/utf8.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <tools/polis/arguments.hpp>

namespace polis::tools {

namespace {

constexpr std::string_view kContractEvent = "contract";

std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string methods_text(const contract::Abi& abi) {
    std::string out;
    for (const contract::AbiMethod& method : abi.methods) {
        out += (out.empty() ? "" : ", ") + signature(method);
    }
    return out.empty() ? "none" : out;
}

}  // namespace

Fallible<const contract::Abi*> AbiBook::find(const std::string& address) {
    const auto known = known_.find(address);
    if (known == known_.end()) {
        POLIS_TRY(const Json answer, ask(client_, "contract_getAbi", {{"contract", address}}));
        if (answer.is_null()) {
            return std::unexpected(Failure(fmt::format(
                "there is no contract at {}; deploy one with `polis contract deploy`, or compare "
                "the address",
                address)));
        }
        std::optional<contract::Abi> abi;
        if (const auto found = answer.find("abi"); found != answer.end() && !found->is_null()) {
            POLIS_TRY(abi, contract::parse_abi(found->dump()));
        }
        known_.emplace(address, std::move(abi));
    }
    const auto& abi = known_.at(address);
    if (!abi) {
        return std::unexpected(Failure(fmt::format(
            "the contract at {} has no interface (ABI) in its code; give the encoded arguments "
            "with --input 0x...",
            address)));
    }
    return &*abi;
}

Json AbiBook::decoded_event(const Json& event) {
    Json out = {{"contract", text_at(event, "contract")}, {"name", text_at(event, "name")}};
    const std::string hex = text_at(event, "data");
    out["data"] = hex;
    const auto abi = find(text_at(event, "contract"));
    const auto bytes = from_hex(hex);
    if (!abi || !bytes) {
        return out;
    }
    if (const contract::AbiEvent* known = (*abi)->find_event(text_at(event, "name"))) {
        if (auto data = contract::decode_fields(known->fields, *bytes)) {
            out["data"] = *std::move(data);
        }
    }
    return out;
}

Fallible<std::vector<std::string>> extra_words(const CLI::App& command) {
    std::vector<std::string> out = command.remaining();
    for (const std::string& word : out) {
        if (word.starts_with("--")) {
            return wrong_usage(fmt::format(
                "there is no option {}; `polis contract {} --help` lists them",
                word,
                command.get_name()));
        }
    }
    return out;
}

void add_call_words(CLI::App& command, CallWords& words) {
    command.add_option("ADDRESS", words.address, "The contract")
        ->required()
        ->check(CLI::Validator(check_address, ""));
    command.add_option("METHOD", words.method, "One of those that polis contract abi shows")
        ->required();
    command.allow_extras();  // the arguments: see extra_words()
    command.add_option("--input", words.input, "Encoded arguments in hexadecimal instead");
    command.add_option("--value", words.value, "POLIS that go with the call, like 1.5");
}

Fallible<PreparedCall> prepare_call(
    AbiBook& book, const CallWords& words, const std::string& keys) {
    PreparedCall out;
    out.contract = *crypto::parse_address(words.address);
    if (!words.value.empty()) {
        POLIS_TRY(out.value, parse_amount(words.value, "--value"));
    }
    if (!words.input.empty()) {
        auto input = from_hex(words.input);
        if (!input || !words.arguments.empty()) {
            return wrong_usage("--input takes hexadecimal like 0x00ff, and no arguments beside it");
        }
        out.input = *std::move(input);
        return out;
    }
    POLIS_TRY(const contract::Abi* abi, book.find(words.address));
    out.method = abi->find_method(words.method);
    if (out.method == nullptr) {
        return wrong_usage(fmt::format(
            "{} has no method '{}'; it has {}", abi->name, words.method, methods_text(*abi)));
    }
    if (out.value.value != 0 && !out.method->payable) {
        return wrong_usage(fmt::format("{} takes no coins; call it without --value", words.method));
    }
    const auto resolve = [&keys](const std::string& word) { return resolve_address(word, keys); };
    POLIS_TRY(out.input, contract::encode_arguments(*out.method, words.arguments, resolve));
    return out;
}

Json call_params(const CallWords& words, const PreparedCall& call) {
    return {
        {"contract", words.address},
        {"method", words.method},
        {"input", to_hex_prefixed(call.input)},
        {"value", std::to_string(call.value.value)}};
}

Fallible<Json> decoded_result(const contract::AbiMethod* method, const std::string& output) {
    if (method == nullptr) {
        return Json(output);
    }
    const auto bytes = from_hex(output);
    if (!method->result || !bytes) {
        return Json(nullptr);
    }
    return contract::decode_value(*method->result, *bytes);
}

Json decoded_events(AbiBook& book, const Json& events) {
    Json out = Json::array();
    for (const Json& event : events) {
        const auto data = event.find("data");
        if (text_at(event, "name") == kContractEvent && data != event.end() && data->is_object()) {
            out.push_back(book.decoded_event(*data));
        }
    }
    return out;
}

std::string failure_text(const Json& receipt) {
    const std::string status = text_at(receipt, "status");
    const auto output = from_hex(text_at(receipt, "output"));
    if (!output || output->empty()) {
        return status;
    }
    const bool readable = codec::is_utf8(*output);
    return status + ": " + (readable ? std::string(as_text(*output)) : to_hex_prefixed(*output));
}

}  // namespace polis::tools
