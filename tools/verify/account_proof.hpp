#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/account.hpp>
#include <ledger/state/proof.hpp>

/// State proofs as JSON, for whoever wants to check them without the chain.
namespace polis::tools {

inline constexpr std::size_t kProofTextBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kProofDepthMax = 16;

/// What an address has in the state with this root, and the proof of it.
struct AccountProof {
    ChainId chain_id;
    Height height;
    Hash block;
    Hash root;
    Address address;
    std::optional<ledger::Account> account;  ///< nothing: the address has no record
    ledger::StateProof proof;
};

[[nodiscard]] nlohmann::ordered_json to_json(const AccountProof& proof);

/// Reads what to_json() wrote. @error what is malformed; nothing is verified here
[[nodiscard]] Result<AccountProof, std::string> parse_account_proof(std::string_view text);

/// Checks that the proof shows `account` under `root`. @error why it does not
[[nodiscard]] Result<void, std::string> verify(const AccountProof& proof);

}  // namespace polis::tools
