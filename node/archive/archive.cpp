#include <node/archive/archive.hpp>

#include <fstream>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <genesis/preset.hpp>
#include <ledger/limits.hpp>
#include <ledger/validation.hpp>
#include <node/home/home.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;
using ledger::Chain;
using Step = Result<void, std::string>;

constexpr std::string_view kMagic = "POLISBLK";
constexpr std::uint32_t kVersion = 2;

/// Stands behind the preset: what the file leads to.
struct Goal {
    Height height;
    Hash block;

    static constexpr auto kFields = codec::fields(&Goal::height, &Goal::block);
};

template <class T>
Bytes with_length(const T& bytes) {
    Bytes out = codec::encode(static_cast<std::uint32_t>(bytes.size()));
    append(out, bytes);
    return out;
}

class Reader {
  public:
    explicit Reader(const fs::path& file) : file_(file), in_(file, std::ios::binary) {}

    [[nodiscard]] bool is_open() const { return in_.is_open(); }

    /// Exactly `count` bytes. @error if the file ends before
    Result<Bytes, std::string> take(std::size_t count) {
        Bytes bytes(count);
        in_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        if (static_cast<std::size_t>(in_.gcount()) != count) {
            return std::unexpected(
                file_.string() + " ends in the middle of its data; copy or export it again");
        }
        bytes_ += count;
        return bytes;
    }

    template <class T>
    Result<T, std::string> value(std::size_t size) {
        POLIS_TRY(const Bytes bytes, take(size));
        const auto decoded = codec::decode<T>(bytes);
        if (!decoded) {
            return std::unexpected(damaged("a field does not decode"));
        }
        return *decoded;
    }

    /// Bytes behind their length. @error if the length is over the limit
    Result<Bytes, std::string> sized(std::size_t count_max) {
        POLIS_TRY(const auto count, value<std::uint32_t>(sizeof(std::uint32_t)));
        if (count > count_max) {
            return std::unexpected(damaged("a length is over its limit"));
        }
        return take(count);
    }

    [[nodiscard]] bool at_end() { return in_.peek() == std::ifstream::traits_type::eof(); }

    [[nodiscard]] std::string damaged(std::string_view what) const {
        return file_.string() + " is damaged: " + std::string(what) + "; copy or export it again";
    }

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    const fs::path& file_;
    std::ifstream in_;
    std::uint64_t bytes_ = 0;
};

class Importer {
  public:
    Importer(const fs::path& file, const fs::path& home, std::size_t threads)
        : file_(file), home_(home), reader_(file), workers_(threads) {}

    Result<ArchiveSummary, std::string> run(const ArchiveProgress& progress) {
        POLIS_TRY_VOID(read_head());
        for (std::uint64_t h = 1; h <= goal_.height.value; ++h) {
            POLIS_TRY(const Bytes block, reader_.sized(ledger::kBlockBytesMax));
            POLIS_TRY_VOID(take_block(Height{h}, block));
            if (progress) {
                progress(Height{h}, goal_.height);
            }
        }
        if (!reader_.at_end()) {
            return std::unexpected(reader_.damaged("there is more behind the last block"));
        }
        if (chain_->head().height == goal_.height && chain_->head().block != goal_.block) {
            return std::unexpected(reader_.damaged("its blocks do not lead to the head it names"));
        }
        return ArchiveSummary{
            .height = chain_->head().height,
            .block = chain_->head().block,
            .state_root = chain_->head().state_root,
            .txns = txns_,
            .bytes = reader_.bytes()};
    }

  private:
    /// Everything before the blocks; ends with an open chain.
    Step read_head() {
        if (!reader_.is_open()) {
            return std::unexpected("cannot open " + file_.string() + "; check the path");
        }
        POLIS_TRY(const Bytes magic, reader_.take(kMagic.size()));
        POLIS_TRY(const auto version, reader_.value<std::uint32_t>(sizeof(kVersion)));
        if (as_text(magic) != kMagic || version != kVersion) {
            return std::unexpected(
                file_.string() + " is no export of this version; write one: polis ledger export");
        }
        POLIS_TRY(const Bytes preset, reader_.sized(genesis::kPresetBytesMax));
        POLIS_TRY(goal_, reader_.value<Goal>(sizeof(std::uint64_t) + Hash::kSize));
        return open_or_create(as_text(preset));
    }

    Step open_or_create(std::string_view preset) {
        const std::string name = "the preset in " + file_.string();
        std::error_code ignored;
        if (!fs::exists(chain_dir(home_), ignored)) {
            POLIS_TRY(chain_, create_home(home_, preset, name));
            return {};
        }
        const auto genesis = genesis::build_from_text(preset, name);
        if (!genesis) {
            return std::unexpected(describe(genesis.error()));
        }
        POLIS_TRY(chain_, open_home(home_));
        if (chain_->genesis() != genesis->hash) {
            return std::unexpected(
                home_.string() + " holds another chain than " + file_.string() +
                "; choose another --home");
        }
        return {};
    }

    Step take_block(Height height, const Bytes& encoded) {
        if (height <= chain_->head().height) {
            return same_block(height, encoded);  // an earlier import got here
        }
        const auto block = check_block(encoded, chain_->head(), chain_->rules());
        if (!block) {
            return refuse(height, describe(block.error()));
        }
        if (const auto signatures = check_signatures(*block, workers_); !signatures) {
            return refuse(height, describe(signatures.error()));
        }
        if (const auto applied = chain_->apply(*block); !applied) {
            return std::unexpected(applied.error().context);
        }
        txns_ += block->txns.size();
        return {};
    }

    Step same_block(Height height, const Bytes& encoded) {
        const auto stored = chain_->block(height);
        if (!stored) {
            return std::unexpected(stored.error().context);
        }
        if (!*stored || codec::encode(**stored) != encoded) {
            return refuse(height, "the chain in " + home_.string() + " has another block there");
        }
        return {};
    }

    [[nodiscard]] Step refuse(Height height, const std::string& why) const {
        return std::unexpected(
            reader_.damaged("block " + std::to_string(height.value) + " is refused, " + why));
    }

    const fs::path& file_;
    const fs::path& home_;
    Reader reader_;
    WorkerPool workers_;
    Goal goal_;
    std::unique_ptr<Chain> chain_;
    std::uint64_t txns_ = 0;
};

Result<Bytes, std::string> archive_head(const Chain& chain) {
    const auto preset = chain.genesis_source();
    if (!preset) {
        return std::unexpected(preset.error().context);
    }
    Bytes out = to_bytes(as_bytes(kMagic));
    codec::encode_to(out, kVersion);
    append(out, with_length(*preset));
    codec::encode_to(out, Goal{chain.head().height, chain.head().block});
    return out;
}

/// The stored bytes of a block, as the import will check them.
Result<ledger::Block, std::string> stored_block(const Chain& chain, Height height) {
    auto block = chain.block(height);
    if (!block) {
        return std::unexpected(block.error().context);
    }
    if (!*block) {
        return std::unexpected(
            "block " + std::to_string(height.value) + " is missing; run: polis ledger verify");
    }
    return **std::move(block);
}

}  // namespace

Result<ArchiveSummary, std::string> export_chain(
    const Chain& chain, const fs::path& file, const ArchiveProgress& progress) {
    std::error_code ignored;
    if (fs::exists(file, ignored)) {
        return std::unexpected(file.string() + " exists; choose another --out");
    }
    std::ofstream out(file, std::ios::binary);
    ArchiveSummary summary{
        .height = chain.head().height,
        .block = chain.head().block,
        .state_root = chain.head().state_root};
    const auto put = [&](const Bytes& bytes) {
        const std::string_view text = as_text(bytes);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        summary.bytes += bytes.size();
    };
    POLIS_TRY(const Bytes head, archive_head(chain));
    put(head);
    for (std::uint64_t h = 1; h <= summary.height.value && out; ++h) {
        POLIS_TRY(const ledger::Block block, stored_block(chain, Height{h}));
        put(with_length(codec::encode(block)));
        summary.txns += block.txns.size();
        if (progress) {
            progress(Height{h}, summary.height);
        }
    }
    if (!out.flush()) {
        return std::unexpected(
            "cannot write " + file.string() + "; check space and permissions, then remove it");
    }
    return summary;
}

Result<ArchiveSummary, std::string> import_chain(
    const fs::path& file,
    const fs::path& home,
    std::size_t threads,
    const ArchiveProgress& progress) {
    return Importer(file, home, threads).run(progress);
}

}  // namespace polis::node
