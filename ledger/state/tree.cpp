#include <ledger/state/tree.hpp>

#include <algorithm>
#include <utility>

#include <core/check.hpp>
#include <core/hex.hpp>

namespace polis::ledger {

using state::Leaf;
using state::NodeKind;
using state::path_bit;

namespace {

/// Small pages cost memory for nodes, large ones cost hashes at each change; 4 to 8 measured best.
constexpr std::size_t kPageLeavesMax = 6;

std::size_t footprint(const Leaf& leaf) { return sizeof(Leaf) + leaf.value.capacity() + 16; }

std::size_t footprint(const std::vector<Leaf>& leaves) {
    std::size_t total = 0;
    for (const Leaf& leaf : leaves) {
        total += footprint(leaf);
    }
    return total;
}

auto find_leaf(std::vector<Leaf>& leaves, const Hash& path) {
    return std::ranges::lower_bound(leaves, path, {}, &Leaf::path);
}

Hash with_bit(Hash path, std::size_t depth, bool bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (depth % 8));
    std::uint8_t& byte = path.data[depth / 8];
    byte = static_cast<std::uint8_t>(bit ? byte | mask : byte & ~mask);
    return path;
}

}  // namespace

StateTree::StateTree(const LeafSource& source, Options options)
    : source_(source), options_(options) {
    add_page_node({}, 0);
}

std::size_t StateTree::memory_bytes() const {
    return nodes_.capacity() * sizeof(Node) + pages_.capacity() * sizeof(Page) + resident_bytes_;
}

StoreResult<std::optional<Bytes>> StateTree::get(const StateKey& key) {
    POLIS_TRY_VOID(check_usable());
    const Hash& path = key.path();
    std::uint32_t node = 0;
    std::size_t depth = 0;
    while (!nodes_[node].is_page()) {
        node = path_bit(path, depth) ? nodes_[node].right : nodes_[node].left;
        ++depth;
    }
    POLIS_TRY(Page * page, page_of(node, path, depth));
    const auto leaf = find_leaf(page->leaves, path);
    if (leaf == page->leaves.end() || leaf->path != path) {
        return std::optional<Bytes>{};
    }
    return leaf->value;
}

StoreResult<Hash> StateTree::apply(const StateChanges& changes) {
    std::vector<Update> updates;
    updates.reserve(changes.size());
    for (const StateChange& change : changes) {
        updates.push_back({&change.key.path(), change.value ? &*change.value : nullptr});
    }
    return update_root(updates);
}

StoreResult<void> StateTree::append(std::span<const Leaf> records) {
    std::vector<Update> updates;
    updates.reserve(records.size());
    for (const Leaf& record : records) {
        updates.push_back({&record.path, &record.value});
    }
    POLIS_TRY_VOID(update_root(updates));
    return {};
}

StoreResult<void> StateTree::check_usable() const {
    if (broken_) {
        return std::unexpected(StoreError{
            StoreErrc::kHalted, "the state stopped after a failed update; open the store again"});
    }
    return {};
}

StoreResult<Hash> StateTree::update_root(std::span<const Update> updates) {
    for (std::size_t i = 1; i < updates.size(); ++i) {
        POLIS_ASSERT(*updates[i - 1].path < *updates[i].path);
    }
    POLIS_TRY_VOID(check_usable());
    broken_ = true;
    POLIS_TRY_VOID(update(0, 0, updates));
    broken_ = false;
    return root();
}

StoreResult<void> StateTree::update(
    std::uint32_t node, std::size_t depth, std::span<const Update> updates) {
    if (updates.empty()) {
        return {};
    }
    if (nodes_[node].is_page()) {
        return update_page(node, depth, updates);
    }
    const auto first_one = std::ranges::partition_point(
        updates, [depth](const Update& update) { return !path_bit(*update.path, depth); });
    const auto middle = static_cast<std::size_t>(first_one - updates.begin());
    const std::uint32_t left = nodes_[node].left;
    const std::uint32_t right = nodes_[node].right;
    POLIS_TRY_VOID(update(left, depth + 1, updates.first(middle)));
    POLIS_TRY_VOID(update(right, depth + 1, updates.subspan(middle)));
    nodes_[node].summary = state::combine(nodes_[left].summary, nodes_[right].summary);
    return {};
}

StoreResult<void> StateTree::update_page(
    std::uint32_t node, std::size_t depth, std::span<const Update> updates) {
    POLIS_TRY(Page * page, page_of(node, *updates.front().path, depth));
    resident_bytes_ -= footprint(page->leaves);
    record_count_ -= page->leaves.size();
    for (const Update& update : updates) {
        merge(*page, update);
    }
    record_count_ += page->leaves.size();
    resident_bytes_ += footprint(page->leaves);
    settle_page(node, depth);
    return {};
}

void StateTree::merge(Page& page, const Update& update) {
    auto leaf = find_leaf(page.leaves, *update.path);
    const bool found = leaf != page.leaves.end() && leaf->path == *update.path;
    if (update.value == nullptr) {
        if (found) {
            page.leaves.erase(leaf);
        }
        return;
    }
    if (!found) {
        leaf = page.leaves.insert(leaf, Leaf{.path = *update.path, .hash = {}, .value = {}});
    }
    leaf->value = *update.value;
    leaf->hash = state::leaf_hash(leaf->path, leaf->value);
}

/// Recomputes a page's hash, after splitting it in two as long as it holds too many leaves.
void StateTree::settle_page(std::uint32_t node, std::size_t depth) {
    const std::uint32_t page = nodes_[node].right;
    if (pages_[page].leaves.size() <= kPageLeavesMax) {
        nodes_[node].summary = state::summarize(pages_[page].leaves, depth);
        return;
    }
    std::vector<Leaf> lower = std::exchange(pages_[page].leaves, {});
    const auto middle = lower.begin() + static_cast<std::ptrdiff_t>(state::split_at(lower, depth));
    std::vector<Leaf> upper(std::make_move_iterator(middle), std::make_move_iterator(lower.end()));
    lower.erase(middle, lower.end());
    pages_[page].leaves = std::move(lower);
    const auto left = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.summary = {}, .left = kNoChild, .right = page});
    settle_page(left, depth + 1);
    const std::uint32_t right = add_page_node(std::move(upper), depth + 1);
    nodes_[node].left = left;
    nodes_[node].right = right;
    nodes_[node].summary = state::combine(nodes_[left].summary, nodes_[right].summary);
}

std::uint32_t StateTree::add_page_node(std::vector<Leaf> leaves, std::size_t depth) {
    const auto page = static_cast<std::uint32_t>(pages_.size());
    const auto node = static_cast<std::uint32_t>(nodes_.size());
    pages_.push_back({.leaves = std::move(leaves)});
    nodes_.push_back({.summary = {}, .left = kNoChild, .right = page});
    settle_page(node, depth);
    return node;
}

/// The page of a node on the way of `path`, fetched and checked if it is not in memory.
StoreResult<StateTree::Page*> StateTree::page_of(
    std::uint32_t node, const Hash& path, std::size_t depth) {
    Page& page = pages_[nodes_[node].right];
    page.referenced = true;
    if (page.resident) {
        return &page;
    }
    POLIS_TRY(std::vector<Leaf> leaves, source_.load(path, depth));
    for (Leaf& leaf : leaves) {
        leaf.hash = state::leaf_hash(leaf.path, leaf.value);
    }
    if (state::summarize(leaves, depth) != nodes_[node].summary) {
        return std::unexpected(StoreError{
            StoreErrc::kCorrupt,
            "state records near path " + to_hex(path.view()) + " do not match the state root"});
    }
    page.leaves = std::move(leaves);
    page.resident = true;
    resident_bytes_ += footprint(page.leaves);
    return &page;
}

StoreResult<StateProof> StateTree::prove(const StateKey& key) {
    POLIS_TRY_VOID(check_usable());
    const Hash& path = key.path();
    StateProof proof;
    std::uint32_t node = 0;
    std::size_t depth = 0;
    while (!nodes_[node].is_page() && nodes_[node].summary.kind == NodeKind::kInner) {
        const bool goes_right = path_bit(path, depth);
        const std::uint32_t left = nodes_[node].left;
        const std::uint32_t right = nodes_[node].right;
        proof.siblings.push_back(nodes_[goes_right ? left : right].summary.hash);
        node = goes_right ? right : left;
        ++depth;
    }
    if (nodes_[node].summary.kind != NodeKind::kInner) {
        POLIS_TRY(proof.leaf, only_leaf(node, path, depth));
        return proof;
    }
    POLIS_TRY(Page * page, page_of(node, path, depth));
    if (const Leaf* leaf = state::descend(page->leaves, depth, path, proof.siblings)) {
        proof.leaf = StateProof::End{.path = leaf->path, .value = leaf->value};
    }
    return proof;
}

/// The one record of a subtree that holds at most one.
StoreResult<std::optional<StateProof::End>> StateTree::only_leaf(
    std::uint32_t node, Hash path, std::size_t depth) {
    if (nodes_[node].summary.kind == NodeKind::kEmpty) {
        return std::optional<StateProof::End>{};
    }
    while (!nodes_[node].is_page()) {
        const bool goes_right = nodes_[nodes_[node].left].summary.kind == NodeKind::kEmpty;
        path = with_bit(path, depth, goes_right);
        node = goes_right ? nodes_[node].right : nodes_[node].left;
        ++depth;
    }
    POLIS_TRY(Page * page, page_of(node, path, depth));
    POLIS_ASSERT_OP(page->leaves.size(), ==, 1);
    const Leaf& leaf = page->leaves.front();
    return StateProof::End{.path = leaf.path, .value = leaf.value};
}

void StateTree::trim() {
    // Twice round at most: once to clear the marks, once to drop.
    std::size_t steps = pages_.size() * 2;
    while (resident_bytes_ > options_.cache_bytes_max && steps > 0) {
        Page& page = pages_[clock_hand_];
        clock_hand_ = (clock_hand_ + 1) % pages_.size();
        --steps;
        if (!page.resident || std::exchange(page.referenced, false)) {
            continue;
        }
        resident_bytes_ -= footprint(page.leaves);
        std::vector<Leaf>{}.swap(page.leaves);
        page.resident = false;
    }
}

}  // namespace polis::ledger
