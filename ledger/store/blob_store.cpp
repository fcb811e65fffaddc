#include <ledger/store/blob_store.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include <core/check.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <core/merkle.hpp>

namespace polis::ledger {

namespace {

/// Progress is written after so many chunks, or a 64th of all: a kill costs no more than that.
constexpr std::uint32_t kSaveChunksMin = 16;
constexpr std::uint32_t kSaveParts = 64;

/// Version, shape, count, leaves; with a tag for each leaf and a checksum it is still below.
constexpr std::size_t kMetaBytesMax = (kBlobChunksMax + 8) * (Hash::kSize + 1);

std::unexpected<StoreError> error(StoreErrc code, const Hash& root, const std::string& what) {
    return std::unexpected(StoreError{code, "blob " + to_hex_prefixed(root.view()) + ": " + what});
}

}  // namespace

BlobStore::BlobStore(const Options& options) : options_(options), files_(options.folder) {}

StoreResult<std::unique_ptr<BlobStore>> BlobStore::open(const Options& options) {
    std::unique_ptr<BlobStore> store(new BlobStore(options));
    POLIS_TRY_VOID(store->files_.make_folder());
    POLIS_TRY_VOID(store->scan());
    return store;
}

// ---- looking through the folder -----------------------------------------------------------------

StoreResult<void> BlobStore::scan() {
    POLIS_TRY(const std::vector<BlobFiles::Found> found, files_.list());
    std::set<Hash> with_meta;
    std::set<Hash> others;
    std::vector<std::pair<std::uint64_t, Hash>> arrivals;
    for (const BlobFiles::Found& file : found) {
        if (file.file == BlobFile::kMeta) {
            with_meta.insert(file.root);
            arrivals.emplace_back(file.changed_ns, file.root);
        } else {
            others.insert(file.root);
        }
    }
    std::ranges::sort(arrivals);
    for (const auto& [changed_ns, root] : arrivals) {
        scan_whole(root);
    }
    for (const Hash& root : others) {
        if (!with_meta.contains(root)) {
            // The bytes of a blob whose description was not written any more.
            POLIS_TRY_VOID(files_.remove(files_.name(root, BlobFile::kData)));
            POLIS_TRY_VOID(scan_partial(root));
        } else {
            POLIS_TRY_VOID(files_.remove(files_.name(root, BlobFile::kPart)));
            POLIS_TRY_VOID(files_.remove(files_.name(root, BlobFile::kProgress)));
        }
    }
    return {};
}

void BlobStore::scan_whole(const Hash& root) {
    const std::string meta_name = files_.name(root, BlobFile::kMeta);
    const std::string data_name = files_.name(root, BlobFile::kData);
    const auto bytes = files_.load(meta_name, kMetaBytesMax);
    auto meta = bytes ? decode_meta(root, *bytes) : std::nullopt;
    if (!meta) {
        damaged_[root] = bytes ? meta_name + " is damaged" : bytes.error().context;
        return;
    }
    auto size = files_.size(data_name);
    if (!size && size.error().code == StoreErrc::kNotFound) {
        // The last chunk was there and the description written; only the name was still to change.
        (void)files_.rename(files_.name(root, BlobFile::kPart), data_name);
        size = files_.size(data_name);
    }
    if (!size || *size != meta->shape.bytes) {
        damaged_[root] = size ? data_name + " has another length" : size.error().context;
        return;
    }
    keep(root, meta->shape, std::move(meta->leaves));
}

StoreResult<void> BlobStore::scan_partial(const Hash& root) {
    const std::string name = files_.name(root, BlobFile::kProgress);
    const std::string part = files_.name(root, BlobFile::kPart);
    const auto bytes = files_.load(name, kMetaBytesMax);
    auto progress = bytes ? decode_progress(root, *bytes) : std::nullopt;
    if (!progress) {
        POLIS_TRY_VOID(files_.remove(name));
        return files_.remove(part);
    }
    Fetched fetched{.shape = progress->shape, .leaves = std::move(progress->leaves)};
    for (std::uint32_t i = 0; i < fetched.leaves.size(); ++i) {
        if (fetched.leaves[i]) {
            const auto chunk =
                files_.read(part, std::uint64_t{i} * kBlobChunkBytes, fetched.shape.chunk_bytes(i));
            if (!chunk || merkle::leaf_hash(*chunk) != *fetched.leaves[i]) {
                fetched.leaves[i].reset();
            }
        }
        if (!fetched.leaves[i]) {
            ++fetched.missing;
        }
    }
    fetched_.emplace(root, std::move(fetched));
    return {};
}

void BlobStore::keep(const Hash& root, const BlobShape& shape, std::vector<Hash> leaves) {
    damaged_.erase(root);
    fetched_.erase(root);
    whole_[root] =
        Whole{.shape = shape, .leaves = std::move(leaves), .age = next_age_++, .pins = 0};
}

// ---- whole blobs --------------------------------------------------------------------------------

StoreResult<Hash> BlobStore::put(ByteView bytes) {
    BlobHasher hasher;
    hasher.update(bytes);
    const BlobShape shape = hasher.finish();
    const Hash root = root_of(shape);
    const std::unique_lock lock(mutex_);
    if (whole_.contains(root)) {
        return root;
    }
    if (fetched_.contains(root)) {
        POLIS_TRY_VOID(remove_locked(root));
    }
    POLIS_TRY_VOID(make_room(bytes.size()));
    POLIS_TRY_VOID(files_.replace(files_.name(root, BlobFile::kData), bytes));
    const BlobMeta meta{.shape = shape, .leaves = hasher.leaves()};
    POLIS_TRY_VOID(files_.replace(files_.name(root, BlobFile::kMeta), encode_meta(meta)));
    keep(root, shape, hasher.leaves());
    return root;
}

std::unique_ptr<BlobStore::Writer> BlobStore::writer() {
    const std::unique_lock lock(mutex_);
    return std::unique_ptr<Writer>(new Writer(*this, files_.temporary(next_writer_++)));
}

BlobStore::Writer::~Writer() {
    const std::unique_lock lock(store_.mutex_);
    store_.reserved_ -= hasher_.bytes();
    (void)store_.files_.remove(name_);  // of what was finished the name is gone
}

StoreResult<void> BlobStore::Writer::add(ByteView portion) {
    const std::uint64_t offset = hasher_.bytes();
    if (portion.size() > kBlobBytesMax - offset) {
        return std::unexpected(StoreError{StoreErrc::kNoSpace, "longer than any blob may be"});
    }
    POLIS_TRY_VOID(store_.reserve(portion.size()));
    hasher_.update(portion);
    return store_.files_.write(name_, offset, portion);
}

StoreResult<Hash> BlobStore::Writer::finish() {
    POLIS_TRY_VOID(store_.files_.write(name_, hasher_.bytes(), {}));  // there, even if empty
    POLIS_TRY_VOID(store_.files_.sync(name_));
    return store_.adopt(name_, hasher_);
}

StoreResult<void> BlobStore::reserve(std::uint64_t bytes) {
    const std::unique_lock lock(mutex_);
    POLIS_TRY_VOID(make_room(bytes));
    reserved_ += bytes;
    return {};
}

/// Makes the synced file a blob of this store. The description comes after the bytes, as in put().
StoreResult<Hash> BlobStore::adopt(const std::string& name, BlobHasher& hasher) {
    const BlobShape shape = hasher.finish();
    const Hash root = root_of(shape);
    const std::unique_lock lock(mutex_);
    if (whole_.contains(root)) {
        return root;
    }
    if (fetched_.contains(root)) {
        POLIS_TRY_VOID(remove_locked(root));
    }
    POLIS_TRY_VOID(files_.rename(name, files_.name(root, BlobFile::kData)));
    POLIS_TRY_VOID(files_.sync_folder());
    const BlobMeta meta{.shape = shape, .leaves = hasher.leaves()};
    POLIS_TRY_VOID(files_.replace(files_.name(root, BlobFile::kMeta), encode_meta(meta)));
    keep(root, shape, hasher.leaves());
    return root;
}

StoreResult<const BlobStore::Whole*> BlobStore::find(const Hash& root) const {
    const auto blob = whole_.find(root);
    if (blob != whole_.end()) {
        return &blob->second;
    }
    const auto damage = damaged_.find(root);
    if (damage != damaged_.end()) {
        return error(StoreErrc::kCorrupt, root, damage->second + "; store or fetch it again");
    }
    return error(StoreErrc::kNotFound, root, "not here");
}

StoreResult<BlobShape> BlobStore::shape(const Hash& root) const {
    const std::shared_lock lock(mutex_);
    POLIS_TRY(const Whole* blob, find(root));
    return blob->shape;
}

StoreResult<Bytes> BlobStore::checked_chunk(
    const Hash& root, const Whole& blob, std::uint32_t index) const {
    const std::string name = files_.name(root, BlobFile::kData);
    auto bytes =
        files_.read(name, std::uint64_t{index} * kBlobChunkBytes, blob.shape.chunk_bytes(index));
    if (!bytes && bytes.error().code == StoreErrc::kNotFound) {
        return error(StoreErrc::kCorrupt, root, name + " is gone; store or fetch it again");
    }
    if (bytes && merkle::leaf_hash(*bytes) != blob.leaves[index]) {
        return error(
            StoreErrc::kCorrupt,
            root,
            "chunk " + std::to_string(index) + " of " + name +
                " is damaged; remove the blob, then store or fetch it again");
    }
    return bytes;
}

StoreResult<Bytes> BlobStore::read(
    const Hash& root, std::uint64_t offset, std::size_t count) const {
    const std::shared_lock lock(mutex_);
    POLIS_TRY(const Whole* blob, find(root));
    if (offset >= blob->shape.bytes) {
        return Bytes{};
    }
    const std::uint64_t end = offset + std::min<std::uint64_t>(count, blob->shape.bytes - offset);
    Bytes out;
    out.reserve(static_cast<std::size_t>(end - offset));
    while (offset < end) {
        const auto index = static_cast<std::uint32_t>(offset / kBlobChunkBytes);
        POLIS_TRY(const Bytes chunk, checked_chunk(root, *blob, index));
        const auto from = static_cast<std::size_t>(offset % kBlobChunkBytes);
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size() - from, end - offset));
        append(out, ByteView{chunk}.subspan(from, wanted));
        offset += wanted;
    }
    return out;
}

StoreResult<BlobStore::Piece> BlobStore::chunk(const Hash& root, std::uint32_t index) const {
    const std::shared_lock lock(mutex_);
    POLIS_TRY(const Whole* blob, find(root));
    if (index >= blob->shape.chunk_count()) {
        return error(StoreErrc::kNotFound, root, "has no chunk " + std::to_string(index));
    }
    POLIS_TRY(Bytes bytes, checked_chunk(root, *blob, index));
    return Piece{
        .bytes = std::move(bytes), .siblings = merkle::prove(blob->leaves, index).siblings};
}

// ---- fetching -----------------------------------------------------------------------------------

StoreResult<void> BlobStore::begin(const Hash& root, const BlobShape& shape) {
    POLIS_ASSERT(is_shape_of(shape, root));
    const std::unique_lock lock(mutex_);
    if (whole_.contains(root) || fetched_.contains(root)) {
        return {};
    }
    POLIS_TRY_VOID(make_room(shape.bytes));
    // Bytes of a damaged blob must not lie beside those that come.
    POLIS_TRY_VOID(remove_locked(root));
    Fetched fetched{.shape = shape, .leaves = {}, .missing = shape.chunk_count()};
    fetched.leaves.resize(shape.chunk_count());
    POLIS_TRY_VOID(files_.write(files_.name(root, BlobFile::kPart), 0, {}));
    POLIS_TRY_VOID(save_progress(root, fetched));
    if (fetched.missing == 0) {
        return complete(root, fetched);
    }
    fetched_.emplace(root, std::move(fetched));
    return {};
}

std::optional<BlobStore::Partial> BlobStore::partial(const Hash& root) const {
    const std::shared_lock lock(mutex_);
    const auto fetched = fetched_.find(root);
    if (fetched == fetched_.end()) {
        return std::nullopt;
    }
    Partial out{.shape = fetched->second.shape, .have = {}};
    for (const auto& leaf : fetched->second.leaves) {
        out.have.push_back(leaf.has_value());
    }
    return out;
}

StoreResult<bool> BlobStore::write_chunk(const Hash& root, std::uint32_t index, ByteView bytes) {
    const std::unique_lock lock(mutex_);
    const auto found = fetched_.find(root);
    if (found == fetched_.end()) {
        return whole_.contains(root);  // somebody stored it meanwhile
    }
    Fetched& fetched = found->second;
    POLIS_ASSERT_OP(index, <, fetched.leaves.size());
    POLIS_ASSERT_OP(bytes.size(), ==, fetched.shape.chunk_bytes(index));
    if (!fetched.leaves[index]) {
        POLIS_TRY_VOID(files_.write(
            files_.name(root, BlobFile::kPart), std::uint64_t{index} * kBlobChunkBytes, bytes));
        fetched.leaves[index] = merkle::leaf_hash(bytes);
        --fetched.missing;
        ++fetched.unsaved;
    }
    if (fetched.missing == 0) {
        POLIS_TRY_VOID(complete(root, Fetched(fetched)));
        return true;
    }
    const std::uint32_t step = std::max(kSaveChunksMin, fetched.shape.chunk_count() / kSaveParts);
    if (fetched.unsaved >= step) {
        POLIS_TRY_VOID(save_progress(root, fetched));
    }
    return false;
}

/// The bytes first: what the file of progress claims is on the medium.
StoreResult<void> BlobStore::save_progress(const Hash& root, Fetched& fetched) {
    POLIS_TRY_VOID(files_.sync(files_.name(root, BlobFile::kPart)));
    const BlobProgress progress{.shape = fetched.shape, .leaves = fetched.leaves};
    POLIS_TRY_VOID(
        files_.replace(files_.name(root, BlobFile::kProgress), encode_progress(progress)));
    fetched.unsaved = 0;
    return {};
}

StoreResult<void> BlobStore::complete(const Hash& root, const Fetched& fetched) {
    BlobMeta meta{.shape = fetched.shape, .leaves = {}};
    for (const auto& leaf : fetched.leaves) {
        meta.leaves.push_back(*leaf);
    }
    if (merkle::root(meta.leaves) != fetched.shape.tree) {
        POLIS_TRY_VOID(remove_locked(root));
        return error(StoreErrc::kCorrupt, root, "its chunks are not those of this root");
    }
    const std::string part = files_.name(root, BlobFile::kPart);
    POLIS_TRY_VOID(files_.sync(part));
    POLIS_TRY_VOID(files_.replace(files_.name(root, BlobFile::kMeta), encode_meta(meta)));
    POLIS_TRY_VOID(files_.rename(part, files_.name(root, BlobFile::kData)));
    POLIS_TRY_VOID(files_.remove(files_.name(root, BlobFile::kProgress)));
    POLIS_TRY_VOID(files_.sync_folder());
    keep(root, meta.shape, std::move(meta.leaves));
    return {};
}

StoreResult<void> BlobStore::abandon(const Hash& root) {
    const std::unique_lock lock(mutex_);
    return fetched_.contains(root) ? remove_locked(root) : StoreResult<void>{};
}

// ---- keeping ------------------------------------------------------------------------------------

StoreResult<void> BlobStore::pin(const Hash& root) {
    const std::unique_lock lock(mutex_);
    const auto blob = whole_.find(root);
    if (blob == whole_.end()) {
        return error(StoreErrc::kNotFound, root, "not here");
    }
    ++blob->second.pins;
    return {};
}

void BlobStore::unpin(const Hash& root) {
    const std::unique_lock lock(mutex_);
    const auto blob = whole_.find(root);
    if (blob != whole_.end() && blob->second.pins > 0) {
        --blob->second.pins;
    }
}

std::uint64_t BlobStore::used_locked() const {
    std::uint64_t out = reserved_;
    for (const auto& [root, blob] : whole_) {
        out += blob.shape.bytes;
    }
    for (const auto& [root, fetched] : fetched_) {
        out += fetched.shape.bytes;
    }
    return out;
}

StoreResult<void> BlobStore::make_room(std::uint64_t bytes) {
    const std::uint64_t quota = options_.quota_bytes;
    if (bytes <= quota) {
        POLIS_TRY_VOID(collect_locked(quota - bytes));
    }
    if (bytes > quota || used_locked() > quota - bytes) {
        return std::unexpected(StoreError{
            StoreErrc::kNoSpace,
            "the blobs may use " + std::to_string(quota) + " bytes, and " +
                std::to_string(used_locked()) + " are in use; a blob of " + std::to_string(bytes) +
                " has no room: unpin or remove others, or raise the quota"});
    }
    return {};
}

StoreResult<std::size_t> BlobStore::collect(std::uint64_t bytes_max) {
    const std::unique_lock lock(mutex_);
    return collect_locked(bytes_max);
}

StoreResult<std::size_t> BlobStore::collect_locked(std::uint64_t bytes_max) {
    std::uint64_t used = used_locked();
    std::vector<std::pair<std::uint64_t, Hash>> unpinned;
    for (const auto& [root, blob] : whole_) {
        if (blob.pins == 0 && blob.shape.bytes > 0) {
            unpinned.emplace_back(blob.age, root);
        }
    }
    std::ranges::sort(unpinned);
    std::size_t removed = 0;
    for (const auto& [age, root] : unpinned) {
        if (used <= bytes_max) {
            break;
        }
        used -= whole_.at(root).shape.bytes;
        POLIS_TRY_VOID(remove_locked(root));
        ++removed;
    }
    return removed;
}

StoreResult<void> BlobStore::remove(const Hash& root) {
    const std::unique_lock lock(mutex_);
    return remove_locked(root);
}

/// The description first: bytes without one are removed at the next start.
StoreResult<void> BlobStore::remove_locked(const Hash& root) {
    whole_.erase(root);
    fetched_.erase(root);
    damaged_.erase(root);
    POLIS_TRY_VOID(files_.remove(files_.name(root, BlobFile::kMeta)));
    POLIS_TRY_VOID(files_.remove(files_.name(root, BlobFile::kData)));
    POLIS_TRY_VOID(files_.remove(files_.name(root, BlobFile::kProgress)));
    return files_.remove(files_.name(root, BlobFile::kPart));
}

std::uint64_t BlobStore::used_bytes() const {
    const std::shared_lock lock(mutex_);
    return used_locked();
}

std::vector<Hash> BlobStore::roots() const {
    const std::shared_lock lock(mutex_);
    std::vector<Hash> out;
    for (const auto& [root, blob] : whole_) {
        out.push_back(root);
    }
    return out;
}

std::map<Hash, std::string> BlobStore::damaged() const {
    const std::shared_lock lock(mutex_);
    return damaged_;
}

}  // namespace polis::ledger
