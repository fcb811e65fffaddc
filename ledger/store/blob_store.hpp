#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include <core/blob.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/store/blob_files.hpp>
#include <ledger/store/key_value.hpp>

namespace polis::ledger {

/// Blobs in a folder of their own, whole ones and those that are still being fetched.
///
/// What it serves is checked against the leaf hashes of the chunk, and those against the root which
/// is the file's name: a changed byte gives kCorrupt, never other content. Safe from several
/// threads: reads go side by side, changes one at a time. Files: docs/formats/blobs.md.
class BlobStore {
  public:
    struct Options {
        std::string folder;  ///< made if it is not there
        std::uint64_t quota_bytes = std::uint64_t{16} << 30;
    };

    /// Looks through the folder. A damaged blob is listed in damaged() and answers kCorrupt until
    /// it is stored anew; the remains of an interrupted write are removed.
    /// @error kIo, kNoSpace
    [[nodiscard]] static StoreResult<std::unique_ptr<BlobStore>> open(const Options& options);

    /// Stores a whole blob, on the medium before it returns. Storing what is there is free.
    /// @error kNoSpace: the disk or the quota is full; kIo
    StoreResult<Hash> put(ByteView bytes);

    /// A blob on its way in, whose root nobody knows yet: portions of any size go to the disk as
    /// they come, so memory does not grow with the blob. What is not finished leaves nothing.
    class Writer {
      public:
        ~Writer();
        Writer(const Writer&) = delete;
        Writer& operator=(const Writer&) = delete;

        /// @error kNoSpace: the disk or the quota is full, or it is longer than any blob; kIo
        [[nodiscard]] StoreResult<void> add(ByteView portion);

        /// The blob is whole and on the medium. @pre once, and nothing is added after it
        /// @error kNoSpace, kIo
        [[nodiscard]] StoreResult<Hash> finish();

      private:
        friend class BlobStore;

        Writer(BlobStore& store, std::string name) : store_(store), name_(std::move(name)) {}

        BlobStore& store_;
        const std::string name_;  ///< of the temporary file
        BlobHasher hasher_;
    };

    /// Each writer belongs to one thread at a time and ends before the store.
    [[nodiscard]] std::unique_ptr<Writer> writer();

    /// @error kNotFound, kCorrupt (known to be damaged)
    [[nodiscard]] StoreResult<BlobShape> shape(const Hash& root) const;

    /// Bytes from `offset`, fewer at the end of the blob; every chunk that they touch is checked.
    /// @error kNotFound, kCorrupt, kIo
    [[nodiscard]] StoreResult<Bytes> read(
        const Hash& root, std::uint64_t offset, std::size_t count) const;

    struct Piece {
        Bytes bytes;
        std::vector<Hash> siblings;
    };

    /// A chunk with its proof, for a peer. @error as read(); kNotFound beyond the last chunk
    [[nodiscard]] StoreResult<Piece> chunk(const Hash& root, std::uint32_t index) const;

    // ---- fetching ----

    /// Makes room for a blob that is to come in chunks; goes on with what is there already.
    /// @pre is_shape_of(shape, root)
    /// @error kNoSpace, kIo
    [[nodiscard]] StoreResult<void> begin(const Hash& root, const BlobShape& shape);

    /// The shape of a blob that is being fetched, and which chunks of it are here.
    struct Partial {
        BlobShape shape;
        std::vector<bool> have;
    };

    [[nodiscard]] std::optional<Partial> partial(const Hash& root) const;

    /// Takes a chunk whose proof was verified. With the last one the blob is whole and durable.
    /// @return true if it is whole now
    /// @pre begin(); the size of the chunk is right
    /// @error kNoSpace, kIo; kCorrupt: the chunks do not lead to the root (all are dropped)
    [[nodiscard]] StoreResult<bool> write_chunk(
        const Hash& root, std::uint32_t index, ByteView bytes);

    /// Drops what was fetched of a blob that nobody wants any more. @error kIo
    [[nodiscard]] StoreResult<void> abandon(const Hash& root);

    // ---- keeping ----

    /// A pinned blob is not collected. Pins count, and live as long as this object: whoever needs a
    /// blob pins it again after a restart. @error kNotFound
    [[nodiscard]] StoreResult<void> pin(const Hash& root);
    void unpin(const Hash& root);

    /// Removes unpinned blobs, oldest first, until at most `bytes_max` are used.
    /// @return how many were removed. @error kIo
    [[nodiscard]] StoreResult<std::size_t> collect(std::uint64_t bytes_max);

    /// @error kIo
    [[nodiscard]] StoreResult<void> remove(const Hash& root);

    [[nodiscard]] std::uint64_t used_bytes() const;
    [[nodiscard]] std::vector<Hash> roots() const;  ///< whole blobs

    /// Blobs that cannot be served, each with what is wrong.
    [[nodiscard]] std::map<Hash, std::string> damaged() const;

  private:
    struct Whole {
        BlobShape shape;
        std::vector<Hash> leaves;
        std::uint64_t age = 0;  ///< order of arrival
        std::uint64_t pins = 0;
    };

    struct Fetched {
        BlobShape shape;
        std::vector<std::optional<Hash>> leaves;
        std::uint32_t missing = 0;
        std::uint32_t unsaved = 0;  ///< chunks that the file of progress does not know
    };

    explicit BlobStore(const Options& options);

    [[nodiscard]] StoreResult<void> scan();
    void scan_whole(const Hash& root);
    [[nodiscard]] StoreResult<void> scan_partial(const Hash& root);
    [[nodiscard]] StoreResult<const Whole*> find(const Hash& root) const;
    [[nodiscard]] StoreResult<Bytes> checked_chunk(
        const Hash& root, const Whole& blob, std::uint32_t index) const;
    [[nodiscard]] StoreResult<void> reserve(std::uint64_t bytes);
    [[nodiscard]] StoreResult<Hash> adopt(const std::string& name, BlobHasher& hasher);
    [[nodiscard]] StoreResult<void> make_room(std::uint64_t bytes);
    [[nodiscard]] StoreResult<std::size_t> collect_locked(std::uint64_t bytes_max);
    [[nodiscard]] StoreResult<void> remove_locked(const Hash& root);
    [[nodiscard]] StoreResult<void> save_progress(const Hash& root, Fetched& fetched);
    [[nodiscard]] StoreResult<void> complete(const Hash& root, const Fetched& fetched);
    void keep(const Hash& root, const BlobShape& shape, std::vector<Hash> leaves);
    [[nodiscard]] std::uint64_t used_locked() const;

    const Options options_;
    const BlobFiles files_;
    mutable std::shared_mutex mutex_;  ///< guards everything below, and the files
    std::map<Hash, Whole> whole_;
    std::map<Hash, Fetched> fetched_;
    std::map<Hash, std::string> damaged_;
    std::uint64_t next_age_ = 1;
    std::uint64_t reserved_ = 0;  ///< bytes of blobs on their way in
    std::uint64_t next_writer_ = 1;
};

}  // namespace polis::ledger
