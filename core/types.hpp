#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/integer.hpp>

/// The words of the protocol as types: an amount cannot be added to a height by accident.
namespace polis {

using Hash = FixedBytes<struct HashTag, 32>;
using Address = FixedBytes<struct AddressTag, 20>;
using PublicKey = FixedBytes<struct PublicKeyTag, 32>;
using Signature = FixedBytes<struct SignatureTag, 64>;
using VrfPublicKey = FixedBytes<struct VrfPublicKeyTag, 32>;
using VrfProof = FixedBytes<struct VrfProofTag, 80>;
using VrfOutput = FixedBytes<struct VrfOutputTag, 64>;

/// An unsigned 64-bit number with a unit.
template <class Tag>
struct Quantity {
    std::uint64_t value = 0;

    auto operator<=>(const Quantity&) const = default;
};

template <class Tag>
[[nodiscard]] constexpr std::optional<Quantity<Tag>> checked_add(
    Quantity<Tag> left, Quantity<Tag> right) {
    const auto sum = checked_add(left.value, right.value);
    return sum ? std::optional{Quantity<Tag>{*sum}} : std::nullopt;
}

template <class Tag>
[[nodiscard]] constexpr std::optional<Quantity<Tag>> checked_sub(
    Quantity<Tag> left, Quantity<Tag> right) {
    const auto difference = checked_sub(left.value, right.value);
    return difference ? std::optional{Quantity<Tag>{*difference}} : std::nullopt;
}

using Amount = Quantity<struct AmountTag>;  ///< 10^-9 POLIS
using Gas = Quantity<struct GasTag>;
using GasPrice = Quantity<struct GasPriceTag>;  ///< 10^-9 POLIS for one unit of gas
using Nonce = Quantity<struct NonceTag>;        ///< number of transactions an account has had
using Height = Quantity<struct HeightTag>;      ///< block number; genesis is 0
using View = Quantity<struct ViewTag>;          ///< attempt at a height
using Term = Quantity<struct TermTag>;          ///< stretch of heights with one ranking
using TimeMs = Quantity<struct TimeTag>;        ///< milliseconds since 1970-01-01 UTC

/// Which chain a signature is for; compared in every transaction and header.
using ChainId = Quantity<struct ChainIdTag>;

/// gas * price, or nothing when it exceeds the type.
[[nodiscard]] constexpr std::optional<Amount> fee_of(Gas gas, GasPrice price) {
    const auto fee = checked_mul(gas.value, price.value);
    return fee ? std::optional{Amount{*fee}} : std::nullopt;
}

}  // namespace polis
