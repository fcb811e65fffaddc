#include <ledger/validation.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

namespace polis::ledger {

namespace {

std::unexpected<BlockFault> fault(BlockError code) {
    return std::unexpected(BlockFault{.code = code, .index = 0, .txn = std::nullopt});
}

std::unexpected<BlockFault> txn_fault(std::size_t index, TxnError error) {
    return std::unexpected(BlockFault{.code = BlockError::kBadTxn, .index = index, .txn = error});
}

std::optional<BlockError> check_link(
    const Header& header, const Head& parent, const TxnRules& rules) {
    if (header.version != kHeaderVersion) {
        return BlockError::kBadVersion;
    }
    if (header.chain_id != rules.chain_id) {
        return BlockError::kWrongChain;
    }
    if (checked_add(parent.height, Height{1}) != header.height) {
        return BlockError::kWrongHeight;
    }
    if (header.parent != parent.block) {
        return BlockError::kWrongParent;
    }
    if (header.time <= parent.time) {
        return BlockError::kWrongTime;
    }
    if (header.parent_state_root != parent.state_root) {
        return BlockError::kWrongStateRoot;
    }
    if (header.parent_receipts_root != parent.receipts_root) {
        return BlockError::kWrongReceiptsRoot;
    }
    if (header.parent_gas_used != parent.gas_used) {
        return BlockError::kWrongGasUsed;
    }
    return std::nullopt;
}

std::vector<Hash> ids_of(std::span<const CheckedTxn> txns) {
    std::vector<Hash> ids;
    ids.reserve(txns.size());
    for (const CheckedTxn& txn : txns) {
        ids.push_back(txn.id);
    }
    return ids;
}

bool too_many(std::size_t txns, std::size_t facts) {
    return txns > kBlockTxnsMax || facts > consensus::kBlockFactsMax;
}

/// What the transactions must be at this height, and how much room they may take.
Result<void, BlockFault> check_members(const DraftBlock& draft) {
    std::size_t bytes =
        codec::Codec<Header>::kBytesMin + sizeof(std::uint32_t) + codec::encode(draft.facts).size();
    for (std::size_t i = 0; i < draft.txns.size(); ++i) {
        if (draft.txns[i].txn.body.valid_until < draft.header.height) {
            return txn_fault(i, TxnError::kExpired);
        }
        bytes += draft.txns[i].encoded_bytes;
        if (bytes > kBlockBytesMax) {
            return fault(BlockError::kTooLarge);
        }
    }
    return {};
}

Result<void, BlockFault> check_body(const CheckedBlock& block, const TxnRules& rules) {
    std::vector<Hash> ids = ids_of(block.txns);
    if (txn_root(ids) != block.header.txn_root) {
        return fault(BlockError::kWrongTxnRoot);
    }
    std::ranges::sort(ids);
    if (std::ranges::adjacent_find(ids) != ids.end()) {
        return fault(BlockError::kDuplicateTxn);
    }
    Gas gas;
    for (const CheckedTxn& txn : block.txns) {
        const auto sum = checked_add(gas, txn.txn.body.gas_limit);
        if (!sum || *sum > rules.block_gas_max) {
            return fault(BlockError::kGasOverLimit);
        }
        gas = *sum;
    }
    return {};
}

/// What the facts of a block are sorted by; no two share it.
std::pair<consensus::FactKind, Hash> place_of(const consensus::CertifiedFact& certified) {
    return {certified.fact.kind, certified.fact.subject};
}

Result<void, BlockFault> check_block_facts(const CheckedBlock& block) {
    if (consensus::facts_root(block.facts) != block.header.facts_root) {
        return fault(BlockError::kWrongFactsRoot);
    }
    for (std::size_t i = 1; i < block.facts.size(); ++i) {
        const auto before = place_of(block.facts[i - 1]);
        const auto here = place_of(block.facts[i]);
        if (here == before) {
            return fault(BlockError::kDuplicateFact);
        }
        if (here < before) {
            return fault(BlockError::kFactsUnordered);
        }
    }
    return {};
}

}  // namespace

std::string_view to_string(BlockError error) {
    switch (error) {
        case BlockError::kMalformed:
            return "not the canonical encoding of a block";
        case BlockError::kTooLarge:
            return "block over the size limit";
        case BlockError::kBadVersion:
            return "unknown header version";
        case BlockError::kWrongChain:
            return "block of another chain id";
        case BlockError::kWrongHeight:
            return "height is not the parent's plus one";
        case BlockError::kWrongParent:
            return "parent hash is not the head";
        case BlockError::kWrongTime:
            return "time is not after the parent's";
        case BlockError::kWrongStateRoot:
            return "state root of the parent differs";
        case BlockError::kWrongReceiptsRoot:
            return "receipts root of the parent differs";
        case BlockError::kWrongGasUsed:
            return "gas used by the parent differs";
        case BlockError::kWrongTxnRoot:
            return "transaction root does not match the body";
        case BlockError::kWrongFactsRoot:
            return "facts root does not match the body";
        case BlockError::kBadTxn:
            return "bad transaction";
        case BlockError::kDuplicateTxn:
            return "the same transaction twice";
        case BlockError::kGasOverLimit:
            return "gas limits add up to more than the block's";
        case BlockError::kDuplicateFact:
            return "two facts about the same subject";
        case BlockError::kFactsUnordered:
            return "facts are not in the order of kind and subject";
    }
    return "unknown block error";
}

std::string describe(const BlockFault& fault) {
    std::string out(to_string(fault.code));
    if (fault.txn) {
        out += " " + std::to_string(fault.index) + ": " + std::string(to_string(*fault.txn));
    }
    return out;
}

Result<CheckedBlock, BlockFault> check_block(
    ByteView encoded, const Head& parent, const TxnRules& rules) {
    if (encoded.size() > kBlockBytesMax) {
        return fault(BlockError::kTooLarge);
    }
    const auto block = codec::decode<Block>(encoded);
    if (!block) {
        return fault(BlockError::kMalformed);
    }
    return check_block(*block, parent, rules);
}

Result<DraftBlock, BlockFault> draft_of(const Block& block, const TxnRules& rules) {
    if (too_many(block.txns.size(), block.facts.size())) {
        return fault(BlockError::kTooLarge);
    }
    DraftBlock out{.header = block.header, .txns = {}, .facts = block.facts};
    out.txns.reserve(block.txns.size());
    for (std::size_t i = 0; i < block.txns.size(); ++i) {
        auto txn = check(block.txns[i], rules);
        if (!txn) {
            return txn_fault(i, txn.error());
        }
        out.txns.push_back(*std::move(txn));
    }
    return out;
}

Result<CheckedBlock, BlockFault> check_block(
    const Block& block, const Head& parent, const TxnRules& rules) {
    if (const auto error = check_link(block.header, parent, rules)) {
        return fault(*error);
    }
    POLIS_TRY(DraftBlock draft, draft_of(block, rules));
    return check_block(std::move(draft), parent, rules);
}

Result<CheckedBlock, BlockFault> check_block(
    DraftBlock draft, const Head& parent, const TxnRules& rules) {
    if (const auto error = check_link(draft.header, parent, rules)) {
        return fault(*error);
    }
    if (too_many(draft.txns.size(), draft.facts.size())) {
        return fault(BlockError::kTooLarge);
    }
    POLIS_TRY_VOID(check_members(draft));
    CheckedBlock out{
        .header = draft.header,
        .hash = block_hash(draft.header),
        .txns = std::move(draft.txns),
        .facts = std::move(draft.facts)};
    POLIS_TRY_VOID(check_body(out, rules));
    POLIS_TRY_VOID(check_block_facts(out));
    return out;
}

Result<void, BlockFault> check_signatures(const CheckedBlock& block, WorkerPool& workers) {
    constexpr std::size_t kGrain = 16;
    std::atomic<std::size_t> first_bad = block.txns.size();
    const auto verify_range = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            if (signature_valid(block.txns[i].txn)) {
                continue;
            }
            std::size_t known = first_bad.load();
            while (i < known && !first_bad.compare_exchange_weak(known, i)) {
            }
        }
    };
    workers.run(block.txns.size(), verify_range, kGrain);
    if (first_bad < block.txns.size()) {
        return txn_fault(first_bad, TxnError::kBadSignature);
    }
    return {};
}

CheckedBlock make_block(const Head& parent, BlockPlan plan, std::vector<CheckedTxn> txns) {
    std::ranges::sort(plan.facts, {}, place_of);
    Header header;
    header.chain_id = plan.chain_id;
    header.height = Height{parent.height.value + 1};
    header.time = plan.time;
    header.parent = parent.block;
    header.txn_root = txn_root(ids_of(txns));
    header.facts_root = consensus::facts_root(plan.facts);
    header.parent_state_root = parent.state_root;
    header.parent_receipts_root = parent.receipts_root;
    header.parent_gas_used = parent.gas_used;
    header.proposer = plan.proposer;
    header.view = plan.seat.view;
    header.term = plan.seat.term;
    header.parent_certificate = plan.seat.parent_certificate;
    header.beacon = plan.seat.beacon;
    header.beacon_proof = plan.seat.beacon_proof;
    header.committee = plan.seat.committee;
    header.next_committee = plan.seat.next_committee;
    return {
        .header = header,
        .hash = block_hash(header),
        .txns = std::move(txns),
        .facts = std::move(plan.facts)};
}

Bytes encode_block(const CheckedBlock& block) {
    Bytes out;
    codec::encode_to(out, block.header);
    codec::encode_to(out, static_cast<std::uint32_t>(block.txns.size()));
    for (const CheckedTxn& txn : block.txns) {
        codec::encode_to(out, txn.txn);
    }
    codec::encode_to(out, block.facts);
    return out;
}

}  // namespace polis::ledger
