#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <core/bytes.hpp>
#include <core/check.hpp>
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

    [[nodiscard]] const Hash& root() const { return summaries_[kRoot].hash; }

    [[nodiscard]] std::uint64_t record_count() const { return record_count_; }

    [[nodiscard]] std::size_t memory_bytes() const;

    /// @error kCorrupt if the source's records do not match the tree's hash; kHalted
    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override;

    /// Applies the changes and returns the new root. Until trim() all touched records stay in
    /// memory.
    /// @pre sorted by path, no path twice. @post after an error the tree must be discarded
    [[nodiscard]] StoreResult<Hash> apply(const StateChanges& changes);

    /// Adds a stretch of records in path order, for rebuilding a tree from a store that holds all
    /// of them. Between two stretches trim() may be called, but nothing be read.
    [[nodiscard]] StoreResult<void> append(std::span<const state::Leaf> records);

    /// Proof that the key's record is what get() returns.
    [[nodiscard]] StoreResult<StateProof> prove(const StateKey& key);

    /// From now on every call answers kHalted: for an owner whose store refused what apply() did.
    void halt() { broken_ = true; }

    /// Forgets the least used records beyond the budget. @pre the source holds all changes
    void trim();

  private:
    using NodeIndex = std::uint32_t;

    static constexpr NodeIndex kRoot = 0;
    static constexpr std::uint32_t kNoPage = UINT32_MAX;

    /// Where a node leads: to two children that stand next to each other, or to a page.
    class Link {
      public:
        static Link to_page(std::uint32_t page) { return Link(page | kPageFlag); }

        static Link to_children(NodeIndex left) { return Link(left); }

        [[nodiscard]] bool is_page() const { return (bits_ & kPageFlag) != 0; }

        [[nodiscard]] std::uint32_t page() const { return bits_ & ~kPageFlag; }

        [[nodiscard]] NodeIndex child(bool right) const { return bits_ + (right ? 1 : 0); }

      private:
        static constexpr std::uint32_t kPageFlag = 0x8000'0000U;

        explicit Link(std::uint32_t bits) : bits_(bits) {}

        std::uint32_t bits_;
    };

    /// The page that a path leads to.
    struct Place {
        NodeIndex node;
        std::size_t depth;
    };

    struct Page {
        std::vector<state::Leaf> leaves;
        bool resident = true;
        bool referenced = true;  ///< used since the clock hand passed
    };

    /// A change on its way down; the value is null for a removal.
    struct Update {
        const Hash* path;
        const SmallBytes* value;
    };

    [[nodiscard]] Place place_of(const Hash& path) const;
    NodeIndex add_children();
    void recombine(NodeIndex node);
    StoreResult<Page*> page_at(const Place& place, const Hash& path);
    StoreResult<void> update(const Place& place, std::span<const Update> updates);
    StoreResult<void> update_page(const Place& place, std::span<const Update> updates);
    void merge(Page& page, const Update& update);
    [[nodiscard]] StoreResult<void> check_usable() const;
    void settle_page(const Place& place);
    StoreResult<std::optional<StateProof::End>> only_leaf(Place place, Hash path);
    StoreResult<Hash> update_root(std::span<const Update> updates);

    const LeafSource& source_;
    const Options options_;
    // By node. Two arrays, because a search touches only links: 4 bytes a node stay in the cache.
    std::vector<Link> links_;
    std::vector<state::Summary> summaries_;
    std::vector<Page> pages_;
    std::uint64_t record_count_ = 0;
    std::size_t resident_bytes_ = 0;
    std::size_t clock_hand_ = 0;
    /// Where append() stopped: the source's records for it are more than the tree's, so it stays.
    std::uint32_t open_page_ = kNoPage;
    bool broken_ = false;  ///< holds what the source does not: an update failed, or halt()
};

}  // namespace polis::ledger
