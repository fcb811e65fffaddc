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

std::size_t footprint(const Leaf& leaf) { return sizeof(Leaf) + leaf.value.heap_bytes(); }

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

/// True for what a page may hold: paths that begin as `path` does, strictly ascending.
/// The source is a file; what it holds must not reach an assertion.
bool belong_to_page(const std::vector<Leaf>& leaves, const Hash& path, std::size_t depth) {
    const auto disordered = std::ranges::adjacent_find(
        leaves, [](const Leaf& left, const Leaf& right) { return left.path >= right.path; });
    return disordered == leaves.end() &&
           (leaves.empty() || (state::common_bits(leaves.front().path, path) >= depth &&
                               state::common_bits(leaves.back().path, path) >= depth));
}

}  // namespace

StateTree::StateTree(const LeafSource& source, Options options)
    : source_(source), options_(options), links_{Link::to_page(0)}, summaries_(1), pages_(1) {}

std::size_t StateTree::memory_bytes() const {
    return links_.capacity() * sizeof(Link) + summaries_.capacity() * sizeof(state::Summary) +
           pages_.capacity() * sizeof(Page) + resident_bytes_;
}

StateTree::Place StateTree::place_of(const Hash& path) const {
    Place place{kRoot, 0};
    while (!links_[place.node].is_page()) {
        place.node = links_[place.node].child(path_bit(path, place.depth));
        ++place.depth;
    }
    return place;
}

StoreResult<std::optional<SmallBytes>> StateTree::get(const StateKey& key) {
    POLIS_TRY_VOID(check_usable());
    const Hash& path = key.path();
    POLIS_TRY(Page * page, page_at(place_of(path), path));
    const auto leaf = find_leaf(page->leaves, path);
    if (leaf == page->leaves.end() || leaf->path != path) {
        return std::optional<SmallBytes>{};
    }
    return leaf->value;
}

StoreResult<Hash> StateTree::apply(const StateChanges& changes) {
    std::vector<Update> updates;
    updates.reserve(changes.size());
    for (const StateChange& change : changes) {
        updates.push_back({&change.key.path(), change.value ? &*change.value : nullptr});
    }
    open_page_ = kNoPage;
    return update_root(updates);
}

StoreResult<void> StateTree::append(std::span<const Leaf> records) {
    std::vector<Update> updates;
    updates.reserve(records.size());
    for (const Leaf& record : records) {
        updates.push_back({&record.path, &record.value});
    }
    POLIS_TRY_VOID(update_root(updates));
    if (!records.empty()) {
        open_page_ = links_[place_of(records.back().path).node].page();
    }
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
    POLIS_TRY_VOID(update({kRoot, 0}, updates));
    broken_ = false;
    return root();
}

StoreResult<void> StateTree::update(const Place& place, std::span<const Update> updates) {
    if (updates.empty()) {
        return {};
    }
    const Link link = links_[place.node];
    if (link.is_page()) {
        return update_page(place, updates);
    }
    const std::size_t depth = place.depth;
    const auto first_one = std::ranges::partition_point(
        updates, [depth](const Update& update) { return !path_bit(*update.path, depth); });
    const auto middle = static_cast<std::size_t>(first_one - updates.begin());
    POLIS_TRY_VOID(update({link.child(false), depth + 1}, updates.first(middle)));
    POLIS_TRY_VOID(update({link.child(true), depth + 1}, updates.subspan(middle)));
    recombine(place.node);
    return {};
}

void StateTree::recombine(NodeIndex node) {
    const Link link = links_[node];
    summaries_[node] = state::combine(summaries_[link.child(false)], summaries_[link.child(true)]);
}

StoreResult<void> StateTree::update_page(const Place& place, std::span<const Update> updates) {
    POLIS_TRY(Page * page, page_at(place, *updates.front().path));
    record_count_ -= page->leaves.size();
    for (const Update& update : updates) {
        merge(*page, update);
    }
    record_count_ += page->leaves.size();
    settle_page(place);
    return {};
}

void StateTree::merge(Page& page, const Update& update) {
    auto leaf = find_leaf(page.leaves, *update.path);
    const bool found = leaf != page.leaves.end() && leaf->path == *update.path;
    if (found) {
        resident_bytes_ -= footprint(*leaf);
    }
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
    resident_bytes_ += footprint(*leaf);
}

/// Recomputes a page's hash, after splitting it in two as long as it holds too many leaves.
void StateTree::settle_page(const Place& place) {
    const std::uint32_t page = links_[place.node].page();
    std::vector<Leaf>& leaves = pages_[page].leaves;
    if (leaves.size() <= kPageLeavesMax) {
        summaries_[place.node] = state::summarize(leaves, place.depth);
        return;
    }
    std::vector<Leaf> lower = std::exchange(leaves, {});
    const auto middle =
        lower.begin() + static_cast<std::ptrdiff_t>(state::split_at(lower, place.depth));
    std::vector<Leaf> upper(std::make_move_iterator(middle), std::make_move_iterator(lower.end()));
    lower.erase(middle, lower.end());
    lower.shrink_to_fit();

    const NodeIndex left = add_children();
    links_[left] = Link::to_page(page);
    pages_[page].leaves = std::move(lower);
    links_[left + 1] = Link::to_page(static_cast<std::uint32_t>(pages_.size()));
    pages_.emplace_back().leaves = std::move(upper);
    links_[place.node] = Link::to_children(left);
    settle_page({left, place.depth + 1});
    settle_page({left + 1, place.depth + 1});
    recombine(place.node);
}

/// Two new nodes next to each other; the caller links them. @return the left one
StateTree::NodeIndex StateTree::add_children() {
    const auto left = static_cast<NodeIndex>(links_.size());
    POLIS_ASSERT_OP(left, <, NodeIndex{1} << 31);
    links_.insert(links_.end(), 2, Link::to_page(0));
    summaries_.resize(summaries_.size() + 2);
    return left;
}

/// The page of a place on the way of `path`, fetched and checked if it is not in memory.
StoreResult<StateTree::Page*> StateTree::page_at(const Place& place, const Hash& path) {
    Page& page = pages_[links_[place.node].page()];
    page.referenced = true;
    if (page.resident) {
        return &page;
    }
    if (summaries_[place.node].kind == NodeKind::kEmpty) {
        // Nothing to fetch; while a tree is rebuilt, the source holds what is yet to be appended.
        page.resident = true;
        return &page;
    }
    POLIS_TRY(std::vector<Leaf> leaves, source_.load(path, place.depth));
    for (Leaf& leaf : leaves) {
        leaf.hash = state::leaf_hash(leaf.path, leaf.value);
    }
    if (!belong_to_page(leaves, path, place.depth) ||
        state::summarize(leaves, place.depth) != summaries_[place.node]) {
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
    Place place{kRoot, 0};
    while (!links_[place.node].is_page() && summaries_[place.node].kind == NodeKind::kInner) {
        const Link link = links_[place.node];
        const bool goes_right = path_bit(path, place.depth);
        proof.siblings.push_back(summaries_[link.child(!goes_right)].hash);
        place = {link.child(goes_right), place.depth + 1};
    }
    if (summaries_[place.node].kind != NodeKind::kInner) {
        POLIS_TRY(proof.leaf, only_leaf(place, path));
        return proof;
    }
    POLIS_TRY(Page * page, page_at(place, path));
    if (const Leaf* leaf = state::descend(page->leaves, place.depth, path, proof.siblings)) {
        proof.leaf = StateProof::End{.path = leaf->path, .value = to_bytes(leaf->value)};
    }
    return proof;
}

/// The one record of a subtree that holds at most one.
StoreResult<std::optional<StateProof::End>> StateTree::only_leaf(Place place, Hash path) {
    if (summaries_[place.node].kind == NodeKind::kEmpty) {
        return std::optional<StateProof::End>{};
    }
    while (!links_[place.node].is_page()) {
        const Link link = links_[place.node];
        const bool goes_right = summaries_[link.child(false)].kind == NodeKind::kEmpty;
        path = with_bit(path, place.depth, goes_right);
        place = {link.child(goes_right), place.depth + 1};
    }
    POLIS_TRY(Page * page, page_at(place, path));
    POLIS_ASSERT_OP(page->leaves.size(), ==, 1);
    const Leaf& leaf = page->leaves.front();
    return StateProof::End{.path = leaf.path, .value = to_bytes(leaf.value)};
}

void StateTree::trim() {
    // Twice round at most: once to clear the marks, once to drop.
    std::size_t steps = pages_.size() * 2;
    while (resident_bytes_ > options_.cache_bytes_max && steps > 0) {
        Page& page = pages_[clock_hand_];
        const bool open = clock_hand_ == open_page_;
        clock_hand_ = (clock_hand_ + 1) % pages_.size();
        --steps;
        if (open || !page.resident || std::exchange(page.referenced, false)) {
            continue;
        }
        resident_bytes_ -= footprint(page.leaves);
        std::vector<Leaf>{}.swap(page.leaves);
        page.resident = false;
    }
}

}  // namespace polis::ledger
