#include <ledger/restore.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <ledger/store/block_rows.hpp>

namespace polis::ledger {

namespace {

std::unexpected<StoreError> error(StoreErrc code, std::string context) {
    return std::unexpected(StoreError{code, std::move(context)});
}

/// Writes the records of chunks into a store and folds them into a tree on the way.
class RecordLoader {
  public:
    RecordLoader(KeyValueStore& store, StateTree::Options options)
        : store_(store), source_(store), tree_(source_, options) {}

    StoreResult<void> add(ByteView chunk) {
        const auto records = decode_chunk(chunk);
        if (!records) {
            return error(StoreErrc::kCorrupt, "a snapshot chunk is malformed");
        }
        std::vector<state::Leaf> leaves;
        WriteBatch batch;
        for (const SnapshotRecord& record : *records) {
            const Hash path = path_of(record.key);
            if (last_path_ && path <= *last_path_) {
                return error(StoreErrc::kCorrupt, "snapshot records are not in path order");
            }
            last_path_ = path;
            rows::put_state(batch, path, record.key, record.value);
            leaves.push_back({.path = path, .hash = {}, .value = record.value});
        }
        POLIS_TRY_VOID(store_.write(batch, Durability::kBuffered));
        POLIS_TRY_VOID(tree_.append(leaves));
        tree_.trim();
        return {};
    }

    [[nodiscard]] const StateTree& tree() const { return tree_; }

  private:
    KeyValueStore& store_;
    StateRows source_;
    StateTree tree_;
    std::optional<Hash> last_path_;
};

StoreResult<void> check_point(const RestorePoint& point) {
    const Header& header = point.block.header;
    if (point.next.parent != block_hash(header) ||
        checked_add(header.height, Height{1}) != point.next.height || header.height == Height{}) {
        return error(
            StoreErrc::kWrongChain, "the next header does not follow the snapshot's block");
    }
    if (header.chain_id != point.genesis.params.chain_id) {
        return error(StoreErrc::kWrongChain, "the snapshot's block is of another chain id");
    }
    if (point.certificate && point.certificate->statement.digest != point.next.parent) {
        return error(StoreErrc::kWrongChain, "the certificate is not that of the snapshot's block");
    }
    return {};
}

Head head_of(const RestorePoint& point, std::uint64_t records) {
    return {
        .height = point.block.header.height,
        .block = point.next.parent,
        .time = point.block.header.time,
        .state_root = point.next.parent_state_root,
        .receipts_root = point.next.parent_receipts_root,
        .gas_used = point.next.parent_gas_used,
        .records = records,
        .beacon = point.block.header.beacon};
}

}  // namespace

StoreResult<std::unique_ptr<Chain>> restore_chain(
    std::unique_ptr<KeyValueStore> store,
    const RestorePoint& point,
    const ChunkSource& next_chunk,
    Chain::Options options) {
    POLIS_TRY_VOID(check_point(point));
    POLIS_TRY_VOID(check_unused(*store));
    RecordLoader loader(*store, options.tree);
    while (true) {
        POLIS_TRY(const auto chunk, next_chunk());
        if (!chunk) {
            break;
        }
        POLIS_TRY_VOID(loader.add(*chunk));
    }
    if (loader.tree().root() != point.next.parent_state_root) {
        return error(
            StoreErrc::kCorrupt,
            "the snapshot's records do not lead to the state root of block " +
                std::to_string(point.block.header.height.value));
    }
    const GenesisState& genesis = point.genesis;
    const CheckedBlock first = genesis_block(genesis, genesis_root(genesis));
    WriteBatch batch;
    put_block_rows(batch, first, {}, head_of(point, loader.tree().record_count()));
    put_base_rows(batch, point.block);
    if (point.certificate) {
        put_certificate(batch, point.block.header.height, *point.certificate);
    }
    for (std::uint64_t term = 0; term < point.links.size(); ++term) {
        put_term_link(batch, Term{term}, point.links[term]);
    }
    put_chain_rows(batch, genesis.source);
    POLIS_TRY_VOID(store->write(batch, Durability::kSynced));
    return Chain::open(std::move(store), std::move(options));
}

}  // namespace polis::ledger
