#include <tests/fuzz/contract_seeds.hpp>

#include <optional>
#include <string_view>

#include <core/codec/borsh.hpp>
#include <core/types.hpp>

namespace polis::fuzz {

namespace {

constexpr std::string_view kShop =
    R"({"name":"shop","version":1,"types":{"Item":{"fields":[["id","u32"],["price","u128"]]},)"
    R"("Order":{"fields":[["buyer","address"],["items","list<Item>"],["note","option<string>"]]}},)"
    R"("constructor":{"payable":true,"params":[["owner","address"]]},"methods":[)"
    R"({"name":"place","mutates":true,"payable":true,"params":[["order","Order"]],)"
    R"("result":"Order"},{"name":"count","mutates":false,"payable":false,"params":[["a","i16"]],)"
    R"("result":"list<option<i8>>"}],"events":[{"name":"Placed","fields":[["paid","u64"]]}]})";

Bytes with_rest(ByteView rest) {
    Bytes out = to_bytes(as_bytes(kShop));
    out.push_back(0);
    append(out, rest);
    return out;
}

Bytes order() {
    Bytes out = codec::encode(Address{});
    codec::encode_to(out, std::uint32_t{1});
    codec::encode_to(out, std::uint32_t{7});
    codec::encode_to(out, u128{1} << 100);
    codec::encode_to(out, std::optional<std::string>("two words"));
    return out;
}

/// A module with nothing but the section of an interface.
Bytes module_with_abi() {
    constexpr std::string_view kName = "polis.abi";
    Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0, 0, 12, 9};
    append(out, as_bytes(kName));
    append(out, as_bytes("{}"));
    return out;
}

}  // namespace

std::map<std::string, Bytes> contract_seeds() {
    return {
        {"abi/order", with_rest(order())},
        {"abi/list", with_rest(Bytes{2, 0, 0, 0, 0, 1, 0x80})},
        {"abi/words",
         with_rest(as_bytes("{buyer: dev:1, items: [{id: 5, price: 6}], note: null}"))},
        {"abi/literal", to_bytes(as_bytes("[ a, \"b \\\" c\", {x: -1, \"y\": []} ]"))},
        {"abi/module", module_with_abi()}};
}

}  // namespace polis::fuzz
