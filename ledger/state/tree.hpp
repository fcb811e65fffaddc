#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/state/hashing.hpp>
#include <ledger/state/key.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/state/view.hpp>
#include <ledger/store/key_value.hpp>

namespace polis::ledger {

/// Where the tree fetches records that it does not hold in memory.
class LeafSource {
  public:
    virtual ~LeafSource() = default;

    /// The records whose path shares its first `bits` bits with `path`, sorted by path; `hash` need
    /// not be set. @error what the store answers
    [[nodiscard]] virtual StoreResult<std::vector<state::Leaf>> load(
        const Hash& path, std::size_t bits) const = 0;
};

/// The authenticated map: every record under one root hash (docs/spec/state.md).
///
/// Inner nodes stay in memory, about 25 bytes for a record; records lie in pages of a few
/// neighbours that are fetched from the source on demand, checked against their hash, and dropped
/// again once they exceed a budget. The pages are private to this class: the root depends on
/// records only. One thread.
class StateTree : public StateView {
  public:
    struct Options {
        std::size_t cache_bytes_max = std::size_t{256} << 20;
    };

    /// An empty tree. @pre `source` outlives the tree and holds every change that was applied by
    /// the time trim() is called
    StateTree(const LeafSource& source, Options options);

    [[nodiscard]] const Hash& root() const { return nodes_.front().summary.hash; }

    [[nodiscard]] std::uint64_t record_count() const { return record_count_; }

    [[nodiscard]] std::size_t memory_bytes() const;

    /// @error kCorrupt if the source's records do not match the tree's hash; kHalted
    [[nodiscard]] StoreResult<std::optional<Bytes>> get(const StateKey& key) override;

    /// Applies the changes and returns the new root. Until trim() all touched records stay in
    /// memory.
    /// @pre sorted by path, no path twice. @post after an error the tree must be discarded
    [[nodiscard]] StoreResult<Hash> apply(const StateChanges& changes);

    /// Adds a stretch of records in path order, for rebuilding a tree from a store.
    [[nodiscard]] StoreResult<void> append(std::span<const state::Leaf> records);

    /// Proof that the key's record is what get() returns.
    [[nodiscard]] StoreResult<StateProof> prove(const StateKey& key);

    /// From now on every call answers kHalted: for an owner whose store refused what apply() did.
    void halt() { broken_ = true; }

    /// Forgets the least used records beyond the budget. @pre the source holds all changes
    void trim();

  private:
    static constexpr std::uint32_t kNoChild = UINT32_MAX;

    struct Node {
        state::Summary summary;
        std::uint32_t left = kNoChild;  ///< kNoChild: a page, whose index is `right`
        std::uint32_t right = kNoChild;

        [[nodiscard]] bool is_page() const { return left == kNoChild; }
    };

    struct Page {
        std::vector<state::Leaf> leaves;
        bool resident = true;
        bool referenced = true;  ///< used since the clock hand passed
    };

    /// A change on its way down; the value is null for a removal.
    struct Update {
        const Hash* path;
        const Bytes* value;
    };

    std::uint32_t add_page_node(std::vector<state::Leaf> leaves, std::size_t depth);
    StoreResult<Page*> page_of(std::uint32_t node, const Hash& path, std::size_t depth);
    StoreResult<void> update(
        std::uint32_t node, std::size_t depth, std::span<const Update> updates);
    StoreResult<void> update_page(
        std::uint32_t node, std::size_t depth, std::span<const Update> updates);
    void merge(Page& page, const Update& update);
    void settle_page(std::uint32_t node, std::size_t depth);
    StoreResult<std::optional<StateProof::End>> only_leaf(
        std::uint32_t node, Hash path, std::size_t depth);
    [[nodiscard]] StoreResult<void> check_usable() const;
    StoreResult<Hash> update_root(std::span<const Update> updates);

    const LeafSource& source_;
    const Options options_;
    std::vector<Node> nodes_;  ///< [0] is the root
    std::vector<Page> pages_;
    std::uint64_t record_count_ = 0;
    std::size_t resident_bytes_ = 0;
    std::size_t clock_hand_ = 0;
    bool broken_ = false;  ///< holds what the source does not: an update failed, or halt()
};

}  // namespace polis::ledger
