#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <core/blob.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/store/key_value.hpp>

/// Private to BlobStore: its files. Each call is one step that a crash can only precede or follow.
namespace polis::ledger {

inline constexpr std::uint8_t kBlobMetaVersion = 1;

/// The file ROOT.meta of a whole blob. It needs no checksum: the leaves lead to the tree, tree and
/// length to the root, and the root is its name.
struct BlobMeta {
    BlobShape shape;
    std::vector<Hash> leaves;

    bool operator==(const BlobMeta&) const = default;
    static constexpr auto kFields =
        codec::fields(&BlobMeta::shape, codec::bounded(&BlobMeta::leaves, kBlobChunksMax));
};

/// The file ROOT.have of a blob that is being fetched.
struct BlobProgress {
    BlobShape shape;
    std::vector<std::optional<Hash>> leaves;  ///< of the chunks that are here

    bool operator==(const BlobProgress&) const = default;
    static constexpr auto kFields =
        codec::fields(&BlobProgress::shape, codec::bounded(&BlobProgress::leaves, kBlobChunksMax));
};

[[nodiscard]] Bytes encode_meta(const BlobMeta& meta);

/// Nothing unless every byte is right for this root.
[[nodiscard]] std::optional<BlobMeta> decode_meta(const Hash& root, ByteView bytes);

/// Version, content, checksum.
[[nodiscard]] Bytes encode_progress(const BlobProgress& progress);
[[nodiscard]] std::optional<BlobProgress> decode_progress(const Hash& root, ByteView bytes);

/// What a file is, by the end of its name.
enum class BlobFile : std::uint8_t {
    kData,      ///< ROOT.data: the bytes of a whole blob
    kMeta,      ///< ROOT.meta
    kPart,      ///< ROOT.part: the bytes of a partial one, each chunk at its place
    kProgress,  ///< ROOT.have
};

class BlobFiles {
  public:
    explicit BlobFiles(std::string folder) : folder_(std::move(folder)) {}

    [[nodiscard]] std::string name(const Hash& root, BlobFile file) const;

    [[nodiscard]] StoreResult<void> make_folder() const;

    struct Found {
        Hash root;
        BlobFile file = BlobFile::kData;
        std::uint64_t changed_ns = 0;  ///< time of the last change, for the order of age
    };

    /// Everything that is a blob's; temporary files are removed on the way.
    [[nodiscard]] StoreResult<std::vector<Found>> list() const;

    /// All of a small file. @error kNotFound, kIo, kCorrupt: longer than `bytes_max`
    [[nodiscard]] StoreResult<Bytes> load(const std::string& name, std::size_t bytes_max) const;

    /// A name of a temporary file, which the next start removes. @param number distinct in this run
    [[nodiscard]] std::string temporary(std::uint64_t number) const;

    /// Replaces a file: temporary, fsync, rename, fsync of the folder. @error kNoSpace, kIo
    [[nodiscard]] StoreResult<void> replace(const std::string& name, ByteView content) const;

    /// Bytes in the middle of a file. @error kIo; kCorrupt: it ends before
    [[nodiscard]] StoreResult<Bytes> read(
        const std::string& name, std::uint64_t offset, std::size_t count) const;
    [[nodiscard]] StoreResult<void> write(
        const std::string& name, std::uint64_t offset, ByteView bytes) const;
    [[nodiscard]] StoreResult<void> sync(const std::string& name) const;
    [[nodiscard]] StoreResult<void> rename(const std::string& from, const std::string& to) const;

    /// Not there is fine.
    [[nodiscard]] StoreResult<void> remove(const std::string& name) const;
    [[nodiscard]] StoreResult<void> sync_folder() const;

    [[nodiscard]] StoreResult<std::uint64_t> size(const std::string& name) const;

  private:
    const std::string folder_;
};

}  // namespace polis::ledger
