#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <ledger/store/key_value.hpp>

namespace polis::ledger {

/// Orders keys as unsigned bytes, the order of LevelDB.
struct ByteLess {
    using is_transparent = void;

    bool operator()(ByteView left, ByteView right) const { return less(left, right); }
};

/// The whole content of a store: what memory stores hold and what fault stores survive with.
using MemoryImage = std::map<Bytes, Bytes, ByteLess>;

/// Applies the operations of a batch in their order.
void apply_batch(MemoryImage& image, const WriteBatch& batch);

/// Visits [first, last) of an image; an empty `last` means up to the end.
void scan_image(const MemoryImage& image, ByteView first, ByteView last, const ScanVisitor& visit);

/// Rough number of bytes of an image: keys and values without the cost of the tree.
[[nodiscard]] std::uint64_t image_bytes(const MemoryImage& image);

/// The ordered twin of LevelDB in memory, for tests and for tools that need no disk. Nothing here
/// fails and nothing outlives the object; both levels of durability mean the same.
class MemoryStore final : public KeyValueStore {
  public:
    MemoryStore();
    explicit MemoryStore(MemoryImage image);

    [[nodiscard]] StoreResult<std::optional<Bytes>> get(ByteView key) const override;
    [[nodiscard]] StoreResult<void> scan(
        ByteView first, ByteView last, const ScanVisitor& visit) const override;
    [[nodiscard]] StoreResult<void> write(const WriteBatch& batch, Durability durability) override;
    [[nodiscard]] std::uint64_t size_bytes() const override;

    /// A copy of everything that is in the store now.
    [[nodiscard]] MemoryImage image() const;

  private:
    mutable std::mutex mutex_;
    /// Guarded by mutex_. A scan holds a second reference while it walks without the lock, and a
    /// writer that finds one copies the map first: a shared map never changes.
    mutable std::shared_ptr<MemoryImage> image_;
};

}  // namespace polis::ledger
