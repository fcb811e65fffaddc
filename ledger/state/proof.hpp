#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>

namespace polis::ledger {

/// Shows that a state with a known root holds a record, or that it does not.
///
/// The way from the root towards the record's path ends at `leaf` or, without one, at nothing.
/// A leaf of another path proves absence: two records would have made the way longer.
struct StateProof {
    struct End {
        Hash path;
        Bytes value;

        bool operator==(const End&) const = default;
        static constexpr auto kFields =
            codec::fields(&End::path, codec::bounded(&End::value, kStateValueBytesMax));
    };

    std::vector<Hash> siblings;  ///< outermost first; its count is the depth where the way ends
    std::optional<End> leaf;

    bool operator==(const StateProof&) const = default;
    static constexpr std::size_t kSiblingsMax = 256;
    static constexpr auto kFields =
        codec::fields(codec::bounded(&StateProof::siblings, kSiblingsMax), &StateProof::leaf);
};

enum class ProofError : std::uint8_t {
    kTooDeep,         ///< more siblings than a path has bits
    kForeignLeaf,     ///< the leaf does not lie on the way to the key
    kWrongRoot,       ///< the hashes do not lead to the root
    kUselessSibling,  ///< the last sibling is empty, so the way should have ended earlier
};

std::string_view to_string(ProofError error);

/// What a state with this root holds under `key`: its record, or nothing.
/// @error why the proof is not one; source: spec [S6].
[[nodiscard]] Result<std::optional<Bytes>, ProofError> verify_proof(
    const Hash& root, ByteView key, const StateProof& proof);

}  // namespace polis::ledger
