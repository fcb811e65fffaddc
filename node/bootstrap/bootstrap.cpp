#include <node/bootstrap/bootstrap.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/block.hpp>
#include <ledger/restore.hpp>
#include <ledger/store/snapshot.hpp>
#include <node/validator/wire.hpp>

namespace polis::node {

namespace {

using ledger::StoreErrc;
using ledger::StoreError;
using ledger::StoreResult;
using ledger::WriteBatch;

// ---- the scratch store: one snapshot, and the links of the terms before it ----------------------

const Bytes kGenesisKey = to_bytes(as_bytes("g"));
const Bytes kManifestKey = to_bytes(as_bytes("m"));

Bytes chunk_key(std::uint32_t index) {
    Bytes out = to_bytes(as_bytes("c"));
    append(out, big_endian(index));
    return out;
}

Bytes link_key(Term term) {
    Bytes out = to_bytes(as_bytes("l"));
    append(out, big_endian(term.value));
    return out;
}

StoreError damaged(std::string what) {
    return {StoreErrc::kIo, "what was fetched of a snapshot is damaged: " + std::move(what)};
}

/// Its chunk of that index; nothing if it is not here or not what the manifest names.
StoreResult<std::optional<Bytes>> load_chunk(
    const ledger::KeyValueStore& scratch, const Hash& name, std::uint32_t index) {
    POLIS_TRY(auto chunk, scratch.get(chunk_key(index)));
    return chunk && ledger::chunk_hash(*chunk) == name ? std::move(chunk) : std::nullopt;
}

StoreResult<std::vector<std::uint32_t>> chunks_here(
    const ledger::KeyValueStore& scratch, const std::vector<Hash>& names) {
    std::vector<std::uint32_t> out;
    for (std::uint32_t index = 0; index < names.size(); ++index) {
        POLIS_TRY(const auto chunk, load_chunk(scratch, names[index], index));
        if (chunk) {
            out.push_back(index);
        }
    }
    return out;
}

StoreResult<void> remove_rows(
    WriteBatch& batch, const ledger::KeyValueStore& scratch, ByteView first, ByteView last) {
    return scratch.scan(first, last, [&](ByteView key, ByteView /*value*/) {
        batch.remove(key);
        return true;
    });
}

/// What is left of an attempt at another chain goes.
StoreResult<void> claim(ledger::KeyValueStore& scratch, const Hash& genesis) {
    POLIS_TRY(const auto owner, scratch.get(kGenesisKey));
    if (owner == to_bytes(genesis.view())) {
        return {};
    }
    WriteBatch batch;
    POLIS_TRY_VOID(remove_rows(batch, scratch, {}, {}));
    batch.put(kGenesisKey, genesis.view());
    return scratch.write(batch, ledger::Durability::kBuffered);
}

StoreResult<std::vector<sync::TermLink>> load_links(const ledger::KeyValueStore& scratch) {
    std::vector<sync::TermLink> out;
    for (Term term;; ++term.value) {
        POLIS_TRY(const auto bytes, scratch.get(link_key(term)));
        if (!bytes) {
            return out;
        }
        auto link = codec::decode<sync::TermLink>(*bytes);
        if (!link) {
            return std::unexpected(damaged("a link of term " + std::to_string(term.value)));
        }
        out.push_back(*std::move(link));
    }
}

}  // namespace

// ---- beginning ----------------------------------------------------------------------------------

Bootstrap::Bootstrap(const Setup& setup, std::optional<Hash> unfinished)
    : genesis_(*setup.genesis),
      scratch_(*setup.scratch),
      sync_(
          {.chain = setup.genesis->state.params.chain_id,
           .term_blocks = setup.genesis->state.params.term_blocks,
           .genesis = setup.genesis->committee},
          *setup.checker,
          reader_,
          unfinished,
          setup.options) {}

StoreResult<std::unique_ptr<Bootstrap>> Bootstrap::open(const Setup& setup) {
    POLIS_ASSERT(setup.genesis != nullptr && setup.checker != nullptr && setup.scratch != nullptr);
    POLIS_TRY_VOID(claim(*setup.scratch, setup.genesis->hash));
    POLIS_TRY(const auto manifest, setup.scratch->get(kManifestKey));
    const auto unfinished = manifest ? std::optional{sync::manifest_hash(*manifest)} : std::nullopt;
    return std::unique_ptr<Bootstrap>(new Bootstrap(setup, unfinished));
}

// ---- inputs -------------------------------------------------------------------------------------

Bootstrap::Outputs Bootstrap::peer_joined(PeerId peer, TimeMs now) {
    return perform(sync_.peer_joined(peer, now), now);
}

Bootstrap::Outputs Bootstrap::peer_left(PeerId peer, TimeMs now) {
    return perform(sync_.peer_left(peer, now), now);
}

/// Everything but answers is for nodes that have a chain.
Bootstrap::Outputs Bootstrap::receive(PeerId peer, ByteView bytes, TimeMs now) {
    auto message = decode_wire(bytes);
    if (!message) {
        return ValidatorOutputs{Penalise{peer, "a message that cannot be decoded"}};
    }
    auto* const answer = std::get_if<sync::SnapshotResponse>(&*message);
    return answer == nullptr ? Outputs{}
                             : perform(sync_.answered(peer, std::move(*answer), now), now);
}

Bootstrap::Outputs Bootstrap::tick(TimeMs now) { return perform(sync_.tick(now), now); }

Bootstrap::Outputs Bootstrap::refuse(TimeMs now) {
    POLIS_ASSERT(ready_.has_value());
    const Hash manifest = ready_->offer.manifest;
    ready_.reset();
    height_.reset();
    return perform(sync_.snapshot_false(manifest, now), now);
}

// ---- effects ------------------------------------------------------------------------------------

Bootstrap::Outputs Bootstrap::perform(sync::SnapshotEffects effects, TimeMs now) {
    for (sync::SnapshotEffect& effect : effects) {
        POLIS_TRY_VOID(std::visit([&](auto& one) { return perform_one(one, now); }, effect));
    }
    return std::exchange(out_, {});
}

Bootstrap::Done Bootstrap::perform_one(sync::AskSnapshot& effect, TimeMs /*now*/) {
    const Envelope envelope{std::move(effect.request)};
    out_.emplace_back(SendTo{effect.peer, channel_of(envelope), encode_wire(envelope)});
    return {};
}

Bootstrap::Done Bootstrap::perform_one(const sync::SnapshotChosen& effect, TimeMs now) {
    const auto facts = reader_.manifest_facts(effect.manifest);
    POLIS_ASSERT(facts.has_value());  // sync has read it
    height_ = effect.offer.height;
    ++pieces_;
    POLIS_TRY(const auto before, scratch_.get(kManifestKey));
    if (before != effect.manifest) {
        WriteBatch batch;
        POLIS_TRY_VOID(remove_rows(batch, scratch_, as_bytes("c"), as_bytes("d")));
        batch.put(kManifestKey, effect.manifest);
        POLIS_TRY_VOID(scratch_.write(batch, ledger::Durability::kBuffered));
    }
    POLIS_TRY(const auto here, chunks_here(scratch_, facts->chunks));
    POLIS_TRY(auto more, perform(sync_.chunks_here(effect.offer.manifest, here, now), now));
    out_ = std::move(more);  // what was in it before among them
    return {};
}

Bootstrap::Done Bootstrap::perform_one(const sync::KeepLink& effect, TimeMs /*now*/) {
    ++pieces_;
    WriteBatch batch;
    batch.put(link_key(effect.term), codec::encode(effect.link));
    return scratch_.write(batch, ledger::Durability::kBuffered);
}

Bootstrap::Done Bootstrap::perform_one(const sync::KeepChunk& effect, TimeMs /*now*/) {
    ++pieces_;
    WriteBatch batch;
    batch.put(chunk_key(effect.index), effect.bytes);
    return scratch_.write(batch, ledger::Durability::kBuffered);
}

Bootstrap::Done Bootstrap::perform_one(sync::SnapshotReady& effect, TimeMs /*now*/) {
    ready_ = std::move(effect);
    return {};
}

Bootstrap::Done Bootstrap::perform_one(const sync::Blame& effect, TimeMs /*now*/) {
    out_.emplace_back(Penalise{effect.peer, std::string(sync::to_string(effect.fault))});
    return {};
}

// ---- the end ------------------------------------------------------------------------------------

StoreResult<std::unique_ptr<ledger::Chain>> Bootstrap::restore(
    std::unique_ptr<ledger::KeyValueStore> store, ledger::Chain::Options options) const {
    POLIS_ASSERT(ready_.has_value());
    const sync::Anchor& anchor = ready_->anchor;
    auto block = codec::decode<ledger::Block>(anchor.block.block);
    auto next = codec::decode<ledger::Header>(anchor.next_header);
    const auto facts = reader_.manifest_facts(ready_->manifest);
    POLIS_ASSERT(block && next && facts);  // sync has read them
    POLIS_TRY(auto links, load_links(scratch_));
    const ledger::RestorePoint point{
        .genesis = genesis_.state,
        .block = *std::move(block),
        .next = *std::move(next),
        .certificate = anchor.block.certificate,
        .links = std::move(links)};
    std::uint32_t index = 0;
    const auto next_chunk = [&]() -> StoreResult<std::optional<Bytes>> {
        if (index == facts->chunks.size()) {
            return std::nullopt;
        }
        POLIS_TRY(auto chunk, load_chunk(scratch_, facts->chunks[index], index));
        if (!chunk) {
            return std::unexpected(damaged("chunk " + std::to_string(index)));
        }
        ++index;
        return chunk;
    };
    return ledger::restore_chain(std::move(store), point, next_chunk, std::move(options));
}

}  // namespace polis::node
