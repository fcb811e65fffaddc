#include <ledger/chain.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <core/check.hpp>
#include <core/hex.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/store/block_rows.hpp>
#include <ledger/store/snapshot.hpp>

namespace polis::ledger {

namespace {

/// Records are handed to the tree in stretches of this size while a store is opened.
constexpr std::size_t kRebuildStretch = 16'384;

std::unexpected<StoreError> error(StoreErrc code, std::string context) {
    return std::unexpected(StoreError{code, std::move(context)});
}

/// Another program may know the election: the chain is not at fault.
StoreResult<void> check_election(const Params& params) {
    if (terms::election_of(params) != nullptr) {
        return {};
    }
    return error(
        StoreErrc::kWrongSchema,
        "the chain's election is " + std::string(to_string(params.election)) +
            ", which this program does not have");
}

/// The accounts among changed records.
std::vector<Address> accounts_of(const StateChanges& changes) {
    std::vector<Address> out;
    for (const StateChange& change : changes) {
        if (change.key.kind() == RecordKind::kAccount) {
            out.push_back(Address::from_view(change.key.bytes().subspan(1)));
        }
    }
    return out;
}

}  // namespace

Chain::Chain(std::unique_ptr<KeyValueStore> store, Options options)
    : store_(std::move(store)),
      options_(std::move(options)),
      reader_(*store_),
      state_rows_(*store_),
      tree_(state_rows_, options_.tree),
      programs_(options_.program_cache_bytes) {}

StoreResult<std::unique_ptr<Chain>> Chain::create(
    std::unique_ptr<KeyValueStore> store, const GenesisState& genesis, Options options) {
    std::unique_ptr<Chain> chain(new Chain(std::move(store), std::move(options)));
    POLIS_TRY_VOID(check_election(genesis.params));
    POLIS_TRY_VOID(check_unused(*chain->store_));
    POLIS_TRY_VOID(chain->write_genesis(genesis));
    POLIS_TRY_VOID(chain->load_rows());
    POLIS_TRY_VOID(chain->load_params_of_state());
    return chain;
}

StoreResult<std::unique_ptr<Chain>> Chain::open(
    std::unique_ptr<KeyValueStore> store, Options options) {
    std::unique_ptr<Chain> chain(new Chain(std::move(store), std::move(options)));
    POLIS_TRY_VOID(chain->load_rows());
    POLIS_TRY_VOID(chain->load_state());
    POLIS_TRY_VOID(chain->load_params_of_state());
    POLIS_TRY_VOID(chain->check_terms());
    POLIS_TRY_VOID(chain->check_head_block());
    return chain;
}

/// The records first, in stretches that fit into memory; the rows that make a chain of them last.
StoreResult<void> Chain::write_genesis(const GenesisState& genesis) {
    POLIS_ASSERT(!params_error(genesis.params));
    POLIS_TRY(const Hash root, tree_.apply(genesis.records));
    POLIS_TRY(const auto params, load_params(tree_));
    POLIS_ASSERT(params == genesis.params);
    POLIS_TRY(const auto first_term, terms::load_terms(tree_));
    POLIS_ASSERT(consensus::committee_hash(first_term.members) == genesis.committee);
    POLIS_TRY_VOID(write_genesis_records(genesis.records));
    const CheckedBlock block = genesis_block(genesis, root);
    const Head head{
        .height = {},
        .block = block.hash,
        .time = genesis.time,
        .state_root = root,
        .receipts_root = receipts_root({}),
        .gas_used = {},
        .records = tree_.record_count(),
        .beacon = {}};
    WriteBatch batch;
    put_block_rows(batch, block, {}, head);
    put_chain_rows(batch, genesis.source);
    POLIS_TRY_VOID(store_->write(batch, Durability::kSynced));
    tree_.trim();
    return {};
}

StoreResult<void> Chain::write_genesis_records(const StateChanges& records) {
    const std::span<const StateChange> all(records);
    for (std::size_t begin = 0; begin < all.size(); begin += kRebuildStretch) {
        const std::size_t count = std::min(kRebuildStretch, all.size() - begin);
        WriteBatch batch;
        StateRows::write(batch, all.subspan(begin, count));
        POLIS_TRY_VOID(store_->write(batch, Durability::kBuffered));
    }
    return {};
}

/// Reads the fixed rows: schema, head, genesis.
StoreResult<void> Chain::load_rows() {
    POLIS_TRY(const auto schema, get_sealed(*store_, rows::schema_key()));
    if (!schema) {
        POLIS_TRY(const bool empty, is_empty(*store_));
        return empty ? error(
                           StoreErrc::kNotFound,
                           "the store holds no chain; create one from a genesis")
                     : error(
                           StoreErrc::kCorrupt,
                           "the schema row is missing: the store was never finished, or it is "
                           "damaged; delete the directory and repeat");
    }
    POLIS_TRY(const auto version, decode_row<std::uint32_t>(rows::schema_key(), *schema));
    if (version != rows::kSchemaVersion) {
        return error(
            StoreErrc::kWrongSchema,
            "the store has schema " + std::to_string(version) + ", this program reads " +
                std::to_string(rows::kSchemaVersion) + "; export with the program that wrote it");
    }
    POLIS_TRY(const auto head, get_sealed(*store_, rows::head_key()));
    if (!head) {
        return error(StoreErrc::kCorrupt, "the head row is missing");
    }
    POLIS_TRY(head_, decode_row<Head>(rows::head_key(), *head));
    POLIS_TRY(const auto genesis_block, block(Height{}));
    POLIS_ASSERT(genesis_block.has_value());  // never above the head
    genesis_ = genesis_block->header.parent;
    POLIS_TRY(const auto base, get_sealed(*store_, rows::base_key()));
    if (base) {
        POLIS_TRY(base_, decode_row<Height>(rows::base_key(), *base));
    }
    POLIS_TRY(pending_keys_, pending_keys(*store_, Height{head_.height.value + 1}));
    return {};
}

StoreResult<void> Chain::load_params_of_state() {
    POLIS_TRY(const auto params, load_params(tree_));
    if (!params) {
        return error(StoreErrc::kCorrupt, "the state has no parameters");
    }
    if (const auto unusable = params_error(*params)) {
        return error(StoreErrc::kCorrupt, "parameters in the state: " + std::string(*unusable));
    }
    POLIS_TRY_VOID(check_election(*params));
    params_ = *params;
    return {};
}

/// The state's term must be that of the next block.
StoreResult<void> Chain::check_terms() {
    POLIS_TRY(const auto record, terms::load_terms(tree_));
    const Term expected{head_.height.value / params_.term_blocks};
    if (record.term != expected) {
        return error(
            StoreErrc::kCorrupt,
            "the state's term is " + std::to_string(record.term.value) + ", not " +
                std::to_string(expected.value));
    }
    return {};
}

StoreResult<void> Chain::load_state() {
    std::vector<state::Leaf> stretch;
    stretch.reserve(kRebuildStretch);
    const auto flush = [&]() -> StoreResult<void> {
        POLIS_TRY_VOID(tree_.append(stretch));
        stretch.clear();
        tree_.trim();
        return {};
    };
    const auto add = [&](const rows::StateRow& row) -> StoreResult<void> {
        stretch.push_back({.path = row.path, .hash = {}, .value = row.value});
        return stretch.size() < kRebuildStretch ? StoreResult<void>{} : flush();
    };
    POLIS_TRY_VOID(state_rows_.visit(add));
    POLIS_TRY_VOID(flush());
    if (tree_.root() != head_.state_root) {
        return error(
            StoreErrc::kCorrupt,
            "state records do not match the state root of block " +
                std::to_string(head_.height.value) + ": " + std::to_string(tree_.record_count()) +
                " records found, " + std::to_string(head_.records) + " expected");
    }
    return {};
}

StoreResult<void> Chain::check_head_block() const {
    POLIS_TRY(const auto block_at_head, block(head_.height));
    POLIS_ASSERT(block_at_head.has_value());  // not above the head
    if (block_hash(block_at_head->header) != head_.block) {
        return error(StoreErrc::kCorrupt, "the stored block at the head is not the head's");
    }
    return {};
}

TxnRules Chain::rules() const {
    return {
        .chain_id = params_.chain_id,
        .block_gas_max = params_.block_gas_max,
        .gas_price_min = params_.gas_price_min};
}

StoreResult<AppliedBlock> Chain::apply(const CheckedBlock& checked, const Finality& finality) {
    POLIS_ASSERT(checked.header.parent == head_.block);
    POLIS_ASSERT(!finality.certificate || finality.certificate->statement.digest == checked.hash);
    POLIS_TRY_VOID(check_running());
    auto applied = execute_and_store(checked, finality);
    if (!applied) {
        halt();  // the tree may be ahead of the store
    }
    return applied;
}

/// The last block of a term proves the committee of the next one. @pre the block is not executed
StoreResult<std::optional<sync::TermLink>> Chain::link_of(
    const CheckedBlock& checked, const Finality& finality) {
    if (!finality.certificate ||
        !consensus::ends_term(checked.header.height, params_.term_blocks)) {
        return std::optional<sync::TermLink>{};
    }
    POLIS_TRY(terms::TermRecord record, terms::load_terms(tree_));
    return std::optional{sync::TermLink{
        .header = codec::encode(checked.header),
        .certificate = *finality.certificate,
        .members = std::move(record.next)}};
}

StoreResult<AppliedBlock> Chain::execute_and_store(
    const CheckedBlock& checked, const Finality& finality) {
    POLIS_TRY(const auto link, link_of(checked, finality));
    const ExecutionTools tools{.programs = programs_, .tracer = nullptr};
    POLIS_TRY(BlockOutcome outcome, execute_block(tree_, params_, checked, tools));
    report(ApplyStage::kExecuted);
    POLIS_TRY(const Hash root, tree_.apply(outcome.changes));
    report(ApplyStage::kRooted);
    const Head next{
        .height = checked.header.height,
        .block = checked.hash,
        .time = checked.header.time,
        .state_root = root,
        .receipts_root = outcome.receipts_root,
        .gas_used = outcome.gas_used,
        .records = tree_.record_count(),
        .beacon = checked.header.beacon};
    WriteBatch batch;
    put_block_rows(batch, checked, outcome.receipts, next);
    if (finality.certificate) {
        put_certificate(batch, next.height, *finality.certificate);
    }
    if (link) {
        put_term_link(batch, consensus::term_of(next.height, params_.term_blocks), *link);
    }
    if (finality.vote_record) {
        put_vote_record(batch, *finality.vote_record);
    }
    for (const Bytes& key : pending_keys_) {
        batch.remove(key);
    }
    StateRows::write(batch, outcome.changes);
    report(ApplyStage::kEncoded);
    POLIS_TRY_VOID(store_->write(batch, options_.durability));
    head_ = next;
    pending_keys_.clear();
    tree_.trim();
    report(ApplyStage::kWritten);
    return AppliedBlock{
        .receipts = std::move(outcome.receipts),
        .events = std::move(outcome.events),
        .touched = accounts_of(outcome.changes)};
}

StoreResult<void> Chain::persist_vote(ByteView record, const CheckedBlock* body) {
    POLIS_TRY_VOID(check_running());
    WriteBatch batch;
    put_vote_record(batch, record);
    if (body != nullptr) {
        POLIS_ASSERT(body->header.parent == head_.block);
        put_pending(batch, *body);
        pending_keys_.insert(rows::pending_key(body->header.height, body->hash));
    }
    auto written = store_->write(batch, Durability::kSynced);
    if (!written) {
        halt();
    }
    return written;
}

StoreResult<Height> Chain::take_snapshot(std::size_t count) {
    POLIS_ASSERT_OP(count, >=, 1U);
    POLIS_TRY_VOID(check_running());
    POLIS_TRY_VOID(write_snapshot(*store_, head_));
    POLIS_TRY_VOID(keep_snapshots(*store_, count));
    return head_.height;
}

StoreResult<void> Chain::check_running() const {
    return halted_ ? error(StoreErrc::kHalted, "an earlier write of the chain failed; reopen it")
                   : StoreResult<void>{};
}

void Chain::halt() {
    halted_ = true;
    tree_.halt();
}

StoreResult<std::optional<Bytes>> Chain::vote_record() const {
    return get_sealed(*store_, rows::vote_key());
}

StoreResult<std::optional<Block>> Chain::pending_block(const Hash& hash) const {
    const Bytes key = rows::pending_key(Height{head_.height.value + 1}, hash);
    POLIS_TRY(const auto bytes, get_sealed(*store_, key));
    if (!bytes) {
        return std::optional<Block>{};
    }
    POLIS_TRY(Block out, decode_row<Block>(key, *bytes));
    return std::optional<Block>{std::move(out)};
}

StoreResult<pbft::Schedule> Chain::schedule() {
    POLIS_TRY(const auto record, terms::load_terms(tree_));
    pbft::Schedule out;
    out.height = Height{head_.height.value + 1};
    out.head = head_.block;
    out.current = terms::committee(params_, record);
    const auto previous = terms::previous_committee(params_, record);
    const bool begins_term = previous && consensus::ends_term(head_.height, params_.term_blocks);
    out.parent = begins_term ? *previous : out.current;
    out.next = consensus::ends_term(out.height, params_.term_blocks)
                   ? terms::next_committee(params_, record)
                   : out.current;
    return out;
}

StoreResult<Hash> Chain::next_committee() {
    POLIS_TRY(const auto record, terms::load_terms(tree_));
    return consensus::committee_hash(record.next);
}

StoreResult<std::optional<facts::FactsFault>> Chain::check_facts(
    const CheckedBlock& block, consensus::CryptoChecker& checker) {
    POLIS_ASSERT(block.header.parent == head_.block);
    if (block.facts.empty()) {
        return std::optional<facts::FactsFault>{};
    }
    POLIS_TRY(const auto record, terms::load_terms(tree_));
    const auto previous = terms::previous_committee(params_, record);
    const auto verified = facts::check_facts(
        block, terms::committee(params_, record), previous ? &*previous : nullptr, checker);
    if (!verified) {
        return std::optional{verified.error()};
    }
    POLIS_TRY(const auto objection, facts::election_objects(tree_, params_, block));
    if (!objection) {
        return std::optional<facts::FactsFault>{};
    }
    facts::FactsFault fault;
    fault.code = facts::FactsError::kRefused;
    fault.reason = *objection;
    return std::optional{fault};
}

void Chain::report(ApplyStage stage) const {
    if (options_.on_stage) {
        options_.on_stage(stage);
    }
}

}  // namespace polis::ledger
