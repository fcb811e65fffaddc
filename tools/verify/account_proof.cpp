#include <tools/verify/account_proof.hpp>

#include <algorithm>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>

namespace polis::tools {

namespace {

using Json = nlohmann::ordered_json;
using ledger::Account;
using ledger::StateProof;

constexpr std::string_view kType = "polis-account-proof-1";

/// The deepest nesting of brackets outside of strings: a parser must not meet a tower of them.
std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if (c == ']' || c == '}') {
            depth -= std::min<std::size_t>(depth, 1);
        }
    }
    return deepest;
}

/// Reads members of one object; the first fault sticks and is asked for at the end.
class Fields {
  public:
    explicit Fields(const Json& object) : object_(object) {}

    std::string text(const char* key) {
        const Json* const value = find(key);
        if (value == nullptr || !value->is_string()) {
            fail(key, "is not a text");
            return {};
        }
        return value->get<std::string>();
    }

    std::uint64_t number(const char* key) {
        const Json* const value = find(key);
        if (value == nullptr || !value->is_number_unsigned()) {
            fail(key, "is not a number");
            return 0;
        }
        return value->get<std::uint64_t>();
    }

    std::uint64_t decimal(const char* key) {
        const auto value = parse_u64(text(key));
        if (!value) {
            fail(key, "is not a decimal number in quotes");
        }
        return value.value_or(0);
    }

    template <class FixedSize>
    FixedSize fixed(const char* key) {
        const auto value = fixed_from_hex<FixedSize>(text(key));
        if (!value) {
            fail(key, "does not have its length in hexadecimal");
        }
        return value.value_or(FixedSize{});
    }

    Bytes bytes(const char* key) {
        auto value = from_hex(text(key));
        if (!value) {
            fail(key, "is not hexadecimal");
        }
        return std::move(value).value_or(Bytes{});
    }

    const Json* find(const char* key) const {
        const auto place = object_.find(key);
        return place == object_.end() ? nullptr : &*place;
    }

    void fail(std::string_view key, std::string_view what) {
        if (fault_.empty()) {
            fault_ = std::string(key) + ' ' + std::string(what);
        }
    }

    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    const Json& object_;
    std::string fault_;
};

std::optional<Account> read_account(Fields& fields) {
    const Json* const value = fields.find("account");
    if (value == nullptr || value->is_null()) {
        return std::nullopt;
    }
    if (!value->is_object()) {
        fields.fail("account", "is neither an object nor null");
        return std::nullopt;
    }
    Fields inner(*value);
    const Account account{
        .balance = Amount{inner.decimal("balance")}, .nonce = Nonce{inner.decimal("nonce")}};
    if (!inner.fault().empty()) {
        fields.fail("account." + inner.fault(), "");
    }
    return account;
}

StateProof read_proof(Fields& fields) {
    StateProof proof;
    const Json* const siblings = fields.find("siblings");
    if (siblings == nullptr || !siblings->is_array() ||
        siblings->size() > StateProof::kSiblingsMax) {
        fields.fail("siblings", "is not a list of at most 256 hashes");
        return proof;
    }
    for (const Json& item : *siblings) {
        const auto hash =
            item.is_string() ? fixed_from_hex<Hash>(item.get<std::string>()) : std::nullopt;
        if (!hash) {
            fields.fail("siblings", "holds something else than hashes");
        }
        proof.siblings.push_back(hash.value_or(Hash{}));
    }
    if (const Json* const leaf = fields.find("leaf"); leaf != nullptr && leaf->is_object()) {
        Fields inner(*leaf);
        proof.leaf = StateProof::End{inner.fixed<Hash>("path"), inner.bytes("value")};
        if (!inner.fault().empty()) {
            fields.fail("leaf." + inner.fault(), "");
        }
    } else if (leaf == nullptr || !leaf->is_null()) {
        fields.fail("leaf", "is neither an object nor null");
    }
    return proof;
}

}  // namespace

Json to_json(const AccountProof& proof) {
    Json out;
    out["type"] = kType;
    out["chain_id"] = proof.chain_id.value;
    out["height"] = proof.height.value;
    out["block"] = to_hex_prefixed(proof.block.view());
    out["root"] = to_hex_prefixed(proof.root.view());
    out["address"] = crypto::to_text(proof.address);
    out["key"] = to_hex_prefixed(ledger::account_key(proof.address).bytes());
    out["account"] = nullptr;
    if (proof.account) {
        out["account"] = {
            {"balance", std::to_string(proof.account->balance.value)},
            {"nonce", std::to_string(proof.account->nonce.value)}};
    }
    out["siblings"] = Json::array();
    for (const Hash& sibling : proof.proof.siblings) {
        out["siblings"].push_back(to_hex_prefixed(sibling.view()));
    }
    out["leaf"] = nullptr;
    if (proof.proof.leaf) {
        out["leaf"] = {
            {"path", to_hex_prefixed(proof.proof.leaf->path.view())},
            {"value", to_hex_prefixed(proof.proof.leaf->value)}};
    }
    return out;
}

Result<AccountProof, std::string> parse_account_proof(std::string_view text) {
    if (text.size() > kProofTextBytesMax || depth_of(text) > kProofDepthMax) {
        return std::unexpected("too large or too deep for a proof");
    }
    const Json json = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
        return std::unexpected("not a JSON object");
    }
    Fields fields(json);
    if (fields.text("type") != kType) {
        fields.fail("type", "is not " + std::string(kType));
    }
    const std::string address_text = fields.text("address");
    const auto address = crypto::parse_address(address_text);
    if (!address) {
        fields.fail("address", "is no address");
    }
    AccountProof proof{
        .chain_id = ChainId{fields.number("chain_id")},
        .height = Height{fields.number("height")},
        .block = fields.fixed<Hash>("block"),
        .root = fields.fixed<Hash>("root"),
        .address = address.value_or(Address{}),
        .account = read_account(fields),
        .proof = read_proof(fields)};
    if (fields.bytes("key") != to_bytes(ledger::account_key(proof.address).bytes())) {
        fields.fail("key", "is not the address's");
    }
    if (!fields.fault().empty()) {
        return std::unexpected(fields.fault());
    }
    return proof;
}

Result<void, std::string> verify(const AccountProof& proof) {
    const ledger::StateKey key = ledger::account_key(proof.address);
    const auto record = verify_proof(proof.root, key.bytes(), proof.proof);
    if (!record) {
        return std::unexpected(std::string(to_string(record.error())));
    }
    std::optional<Bytes> claimed;
    if (proof.account) {
        claimed = codec::encode(*proof.account);
    }
    if (*record != claimed) {
        return std::unexpected("it shows another account than it claims");
    }
    return {};
}

}  // namespace polis::tools
