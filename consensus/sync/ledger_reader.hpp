#pragma once

#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::sync {

/// What sync needs to know of a header.
struct HeaderFacts {
    ChainId chain;
    Height height;
    Term term;
    Hash parent;
    Hash parent_state_root;
    Hash committee;
    Hash next_committee;

    bool operator==(const HeaderFacts&) const = default;
};

/// What sync needs to know of a manifest.
struct ManifestFacts {
    Height height;
    Hash block;
    Hash state_root;
    std::vector<Hash> chunks;

    bool operator==(const ManifestFacts&) const = default;
};

/// Reads the ledger's formats for this layer, which does not know them. Pure functions.
class LedgerReader {
  public:
    virtual ~LedgerReader() = default;

    /// Nothing for bytes that are no header.
    [[nodiscard]] virtual std::optional<HeaderFacts> header_facts(ByteView header) const = 0;

    /// Nothing for bytes that are no manifest.
    [[nodiscard]] virtual std::optional<ManifestFacts> manifest_facts(ByteView manifest) const = 0;

    /// The name of a block whose transactions and facts lead to its header's roots; nothing else.
    [[nodiscard]] virtual std::optional<Hash> block_hash(ByteView block) const = 0;
};

}  // namespace polis::sync
