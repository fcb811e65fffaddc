#pragma once

#include <optional>

#include <consensus/sync/ledger_reader.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::node {

/// The ledger's formats for sync. Pure; any thread.
class SyncLedgerReader final : public sync::LedgerReader {
  public:
    [[nodiscard]] std::optional<sync::HeaderFacts> header_facts(ByteView header) const override;
    [[nodiscard]] std::optional<sync::ManifestFacts> manifest_facts(
        ByteView manifest) const override;
    [[nodiscard]] std::optional<Hash> block_hash(ByteView block) const override;
};

}  // namespace polis::node
