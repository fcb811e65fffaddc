// Proofs of state. The first byte picks what follows: an encoded proof as it came from a peer, or
// edits of a genuine proof of a fixed tree. Whatever verifies against that tree's root says what
// the tree holds, and is the one proof that the tree itself gives.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <core/codec/borsh.hpp>
#include <core/random.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/state/tree.hpp>
#include <tests/formats/no_source.hpp>
#include <tests/fuzz/alloc_guard.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::ledger {
namespace {

using fuzz::Choices;

constexpr std::uint8_t kRecords = 48;
constexpr std::uint8_t kKeys = 64;  ///< those from kRecords on are not in the tree

StateKey key_of(std::uint8_t index) {
    const std::array<std::uint8_t, 1> name{index};
    return StateKey(RecordKind::kAccount, {name});
}

class FixedTree {
  public:
    FixedTree() : tree_(source_, {}) {
        Random random(1, "state_proof_fuzz");
        StateChanges changes;
        for (std::uint8_t i = 0; i < kRecords; ++i) {
            Bytes value(random.between(0, 40));
            random.fill(value);
            changes.push_back({key_of(i), value});
            records_.emplace(key_of(i).path(), value);
        }
        std::ranges::sort(changes, {}, [](const StateChange& change) { return change.key.path(); });
        POLIS_ASSERT(tree_.apply(changes).has_value());
    }

    [[nodiscard]] const Hash& root() const { return tree_.root(); }

    [[nodiscard]] StateProof prove(const StateKey& key) { return *tree_.prove(key); }

    [[nodiscard]] std::optional<Bytes> record(const Hash& path) const {
        const auto found = records_.find(path);
        return found == records_.end() ? std::nullopt : std::optional{found->second};
    }

  private:
    formats::NoSource source_;
    StateTree tree_;
    std::map<Hash, Bytes> records_;
};

FixedTree& fixed_tree() {
    static FixedTree tree;
    return tree;
}

void check_sound(ByteView key, const StateProof& proof) {
    const auto result = verify_proof(fixed_tree().root(), key, proof);
    if (!result) {
        POLIS_ASSERT(to_string(result.error()) != "unknown proof error");
        return;
    }
    POLIS_ASSERT(*result == fixed_tree().record(path_of(key)));
    POLIS_ASSERT(proof == fixed_tree().prove(StateKey::from_bytes(key)));
}

/// One change of a proof, chosen by the input.
void edit(Choices& choices, StateProof& proof) {
    const std::uint8_t where = choices.byte();
    const std::size_t index = proof.siblings.empty() ? 0 : where % proof.siblings.size();
    const auto at = proof.siblings.begin() + static_cast<std::ptrdiff_t>(index);
    switch (choices.byte() % 9) {
        case 0:
            proof.siblings.resize(index);
            break;
        case 1:
            proof.siblings.insert(at, Hash{});
            break;
        case 2:
            proof.siblings.emplace_back();
            break;
        case 3:
            if (!proof.siblings.empty()) {
                at->data[choices.byte() % Hash::kSize] ^= choices.byte();
            }
            break;
        case 4:
            proof.leaf.reset();
            break;
        case 5:
            proof.leaf = fixed_tree().prove(key_of(where % kKeys)).leaf;
            break;
        case 6:
            proof.siblings = fixed_tree().prove(key_of(where % kKeys)).siblings;
            break;
        case 7:
            if (proof.leaf) {
                proof.leaf->path.data[where % Hash::kSize] ^= choices.byte();
            }
            break;
        default:
            if (proof.leaf) {
                proof.leaf->value = to_bytes(choices.take(where % 64));
            }
            break;
    }
}

/// Half of a leaf's preimage read as a sibling, a node read as a leaf: no confusion of levels.
void check_level_confusion(const StateKey& key, StateProof proof) {
    if (proof.siblings.empty()) {
        return;
    }
    const Hash last = proof.siblings.back();
    proof.siblings.pop_back();
    proof.leaf = StateProof::End{.path = key.path(), .value = to_bytes(last.view())};
    POLIS_ASSERT(!verify_proof(fixed_tree().root(), key.bytes(), proof));
}

void run_edits(Choices choices) {
    const StateKey key = key_of(choices.byte() % kKeys);
    const StateKey asked = key_of(choices.byte() % kKeys);
    StateProof proof = fixed_tree().prove(key);
    POLIS_ASSERT(verify_proof(fixed_tree().root(), key.bytes(), proof).has_value());
    check_level_confusion(key, proof);
    while (!choices.empty()) {
        edit(choices, proof);
        check_sound(asked.bytes(), proof);
    }
    check_sound(asked.bytes(), proof);
}

void run_encoded(Choices choices) {
    const StateKey key = key_of(choices.byte() % kKeys);
    const auto proof = fuzz::decode_canonical<StateProof>(choices.rest());
    if (!proof) {
        return;
    }
    check_sound(key.bytes(), *proof);
    // Against a root made of the peer's own bytes: no crash, and no other error than a named one.
    Hash root;
    if (!proof->siblings.empty()) {
        root = proof->siblings.front();
    }
    const fuzz::AllocGuard guard(choices.rest().size());
    const auto result = verify_proof(root, key.bytes(), *proof);
    POLIS_ASSERT(result || to_string(result.error()) != "unknown proof error");
}

}  // namespace
}  // namespace polis::ledger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    if (choices.byte() % 2 == 0) {
        polis::ledger::run_encoded(choices);
    } else {
        polis::ledger::run_edits(choices);
    }
    return 0;
}
