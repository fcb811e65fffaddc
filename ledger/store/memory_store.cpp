#include <ledger/store/memory_store.hpp>

#include <utility>

namespace polis::ledger {

void apply_batch(MemoryImage& image, const WriteBatch& batch) {
    batch.visit([&image](ByteView key, std::optional<ByteView> value) {
        if (value) {
            image.insert_or_assign(to_bytes(key), to_bytes(*value));
        } else {
            image.erase(to_bytes(key));
        }
    });
}

void scan_image(const MemoryImage& image, ByteView first, ByteView last, const ScanVisitor& visit) {
    for (auto row = image.lower_bound(first); row != image.end(); ++row) {
        if (!last.empty() && !less(row->first, last)) {
            return;
        }
        if (!visit(row->first, row->second)) {
            return;
        }
    }
}

std::uint64_t image_bytes(const MemoryImage& image) {
    std::uint64_t bytes = 0;
    for (const auto& [key, value] : image) {
        bytes += key.size() + value.size();
    }
    return bytes;
}

MemoryStore::MemoryStore() : MemoryStore(MemoryImage{}) {}

MemoryStore::MemoryStore(MemoryImage image)
    : image_(std::make_shared<MemoryImage>(std::move(image))) {}

StoreResult<std::optional<Bytes>> MemoryStore::get(ByteView key) const {
    const std::lock_guard lock(mutex_);
    const auto row = image_->find(key);
    if (row == image_->end()) {
        return std::nullopt;
    }
    return row->second;
}

StoreResult<void> MemoryStore::scan(ByteView first, ByteView last, const ScanVisitor& visit) const {
    std::shared_ptr<MemoryImage> moment;
    {
        const std::lock_guard lock(mutex_);
        moment = image_;
    }
    scan_image(*moment, first, last, visit);
    // Given back under the lock: a writer that then counts one reference also sees our last read.
    const std::lock_guard lock(mutex_);
    moment.reset();
    return {};
}

StoreResult<void> MemoryStore::write(const WriteBatch& batch, Durability /*durability*/) {
    const std::lock_guard lock(mutex_);
    if (image_.use_count() > 1) {
        image_ = std::make_shared<MemoryImage>(*image_);
    }
    apply_batch(*image_, batch);
    return {};
}

std::uint64_t MemoryStore::size_bytes() const {
    const std::lock_guard lock(mutex_);
    return image_bytes(*image_);
}

MemoryImage MemoryStore::image() const {
    const std::lock_guard lock(mutex_);
    return *image_;
}

}  // namespace polis::ledger
