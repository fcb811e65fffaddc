#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/sync/snapshot_sync.hpp>
#include <core/crypto/ed25519.hpp>

/// A chain of headers with true committees and signatures, and snapshots of it, in formats of the
/// test's own.
namespace polis::sync {

inline constexpr std::uint64_t kTermBlocks = 8;
inline constexpr std::uint64_t kChainLength = 100;
inline constexpr ChainId kChain{77};

class TestReader final : public LedgerReader {
  public:
    [[nodiscard]] std::optional<HeaderFacts> header_facts(ByteView header) const override;
    [[nodiscard]] std::optional<ManifestFacts> manifest_facts(ByteView manifest) const override;
    [[nodiscard]] std::optional<Hash> block_hash(ByteView block) const override;
};

struct TestSnapshot {
    SnapshotOffer offer;
    Bytes manifest;
    std::vector<Bytes> chunks;
};

class TestChain {
  public:
    TestChain();

    /// The one that all tests share: its signatures are made once.
    static TestChain& shared();

    [[nodiscard]] const std::vector<consensus::Member>& members(std::uint64_t term) const;

    [[nodiscard]] const Bytes& header(std::uint64_t height) const { return headers_[height]; }

    [[nodiscard]] Hash hash(std::uint64_t height) const;
    [[nodiscard]] static Hash state_root(std::uint64_t height);
    [[nodiscard]] Bytes block(std::uint64_t height) const;

    /// @param term whose committee signs; the height's own by default
    [[nodiscard]] pbft::Certificate certificate(
        std::uint64_t height, std::optional<std::uint64_t> term = std::nullopt);

    [[nodiscard]] TermLink link(std::uint64_t term);
    [[nodiscard]] Anchor anchor(std::uint64_t height);

    /// @param salt other contents under the same state root, if not 0
    [[nodiscard]] TestSnapshot snapshot(
        std::uint64_t height, std::size_t chunks, std::uint8_t salt = 0) const;

    [[nodiscard]] SnapshotSync::Trust trust() const;

  private:
    struct Term {
        std::vector<crypto::SigningKey> keys;
        std::vector<consensus::Member> members;
    };

    std::vector<Term> terms_;
    std::vector<Bytes> headers_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, pbft::Certificate> certificates_;
};

}  // namespace polis::sync
