#include <consensus/memo_checker.hpp>

#include <utility>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::consensus {

namespace {

/// Key and proof have one length each, so no two questions of one kind hash the same bytes.
Hash name_of(ByteView key, ByteView proof, ByteView message) {
    return crypto::Blake2b256(crypto::kDomainMemo)
        .update(key)
        .update(proof)
        .update(message)
        .finish();
}

}  // namespace

MemoChecker::MemoChecker(std::size_t count_max) : count_max_(count_max) {
    POLIS_ASSERT_OP(count_max, >=, 1U);
}

template <class Answer>
const Answer* MemoChecker::find(Generations<Answer>& memory, const Hash& question) {
    if (const auto found = memory.young.find(question); found != memory.young.end()) {
        return &found->second;
    }
    const auto found = memory.old.find(question);
    return found == memory.old.end() ? nullptr : &put(memory, question, found->second);
}

template <class Answer>
const Answer& MemoChecker::put(Generations<Answer>& memory, const Hash& question, Answer answer) {
    if (memory.young.size() >= count_max_) {
        memory.old = std::exchange(memory.young, {});
    }
    return memory.young.emplace(question, std::move(answer)).first->second;
}

bool MemoChecker::signature_valid(
    const PublicKey& key, ByteView message, const Signature& signature) {
    const Hash question = name_of(key.view(), signature.view(), message);
    if (const bool* known = find(signatures_, question)) {
        return *known;
    }
    ++computed_;
    return put(signatures_, question, plain_.signature_valid(key, message, signature));
}

std::optional<VrfOutput> MemoChecker::vrf_output(
    const VrfPublicKey& key, ByteView input, const VrfProof& proof) {
    const Hash question = name_of(key.view(), proof.view(), input);
    if (const std::optional<VrfOutput>* known = find(proofs_, question)) {
        return *known;
    }
    ++computed_;
    return put(proofs_, question, plain_.vrf_output(key, input, proof));
}

std::size_t MemoChecker::memory_bytes() const {
    constexpr std::size_t kNode = 4 * sizeof(void*) + sizeof(Hash);  // of a tree
    const std::size_t signatures = signatures_.young.size() + signatures_.old.size();
    const std::size_t proofs = proofs_.young.size() + proofs_.old.size();
    return signatures * (kNode + sizeof(bool)) +
           proofs * (kNode + sizeof(std::optional<VrfOutput>));
}

}  // namespace polis::consensus
