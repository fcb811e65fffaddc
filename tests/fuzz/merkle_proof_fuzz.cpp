// Proofs that a leaf stands in a list. The first byte picks: an encoded proof against the roots of
// fixed lists, or edits of a genuine one. What verifies is true, and is the one genuine proof.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/merkle.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::merkle {
namespace {

using fuzz::Choices;

constexpr std::size_t kListMax = 20;

struct FixedList {
    std::vector<Hash> leaves;
    Hash root;
};

/// Lists of 1 to kListMax leaves.
const FixedList& list_of(std::size_t choice) {
    static const std::vector<FixedList> kLists = [] {
        std::vector<FixedList> lists;
        std::vector<Hash> leaves;
        for (std::uint8_t i = 0; i < kListMax; ++i) {
            leaves.push_back(leaf_hash(std::array<std::uint8_t, 1>{i}));
            lists.push_back({leaves, merkle::root(leaves)});
        }
        return lists;
    }();
    return kLists[choice % kListMax];
}

void check_sound(const FixedList& list, const Hash& leaf, const Proof& proof) {
    if (!verify(list.root, leaf, proof)) {
        return;
    }
    POLIS_ASSERT_OP(proof.count, ==, list.leaves.size());
    POLIS_ASSERT_OP(proof.index, <, list.leaves.size());
    const auto index = static_cast<std::size_t>(proof.index);
    POLIS_ASSERT(leaf == list.leaves[index]);
    POLIS_ASSERT(proof == prove(list.leaves, index));
}

void edit(Choices& choices, Proof& proof) {
    const std::uint8_t where = choices.byte();
    const std::size_t index = proof.siblings.empty() ? 0 : where % proof.siblings.size();
    const auto at = proof.siblings.begin() + static_cast<std::ptrdiff_t>(index);
    switch (choices.byte() % 7) {
        case 0:
            proof.index = where;
            break;
        case 1:
            proof.count = where;
            break;
        case 2:
            proof.siblings.resize(index);
            break;
        case 3:
            proof.siblings.insert(at, list_of(0).leaves.front());
            break;
        case 4:
            if (!proof.siblings.empty()) {
                at->data[choices.byte() % Hash::kSize] ^= choices.byte();
            }
            break;
        case 5:
            proof.count |= std::uint64_t{1} << (where % 64);
            break;
        default:
            proof.index |= std::uint64_t{1} << (where % 64);
            break;
    }
}

void run_edits(Choices choices) {
    const FixedList& list = list_of(choices.byte());
    const std::size_t index = choices.byte() % list.leaves.size();
    const FixedList& claimed_list = list_of(choices.byte());
    Hash leaf = list.leaves[index];
    Proof proof = prove(list.leaves, index);
    POLIS_ASSERT(verify(list.root, leaf, proof));
    while (!choices.empty()) {
        edit(choices, proof);
        check_sound(claimed_list, leaf, proof);
        // The parent of two leaves passed off as a leaf.
        if (!proof.siblings.empty()) {
            const Hash parent = node_hash(leaf, proof.siblings.front());
            Proof shorter = proof;
            shorter.siblings.erase(shorter.siblings.begin());
            check_sound(claimed_list, parent, shorter);
        }
    }
    check_sound(claimed_list, leaf, proof);
}

void run_encoded(Choices choices) {
    const FixedList& list = list_of(choices.byte());
    const auto proof = fuzz::decode_canonical<Proof>(choices.rest());
    if (!proof) {
        return;
    }
    for (const Hash& leaf : list.leaves) {
        check_sound(list, leaf, *proof);
    }
}

}  // namespace
}  // namespace polis::merkle

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    if (choices.byte() % 2 == 0) {
        polis::merkle::run_encoded(choices);
    } else {
        polis::merkle::run_edits(choices);
    }
    return 0;
}
