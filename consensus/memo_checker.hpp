#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::consensus {

/// Remembers what it has checked: a certificate holds signatures of votes that came one by one, and
/// a message that several peers pass on is the same question again.
///
/// Keeps answers by a hash of the question, in two generations: when the young one is full it
/// becomes the old one, and what was in the old one is forgotten; an answer that is asked for again
/// becomes young. So what is in use stays, memory is bounded, and the same questions leave the same
/// content. One thread.
class MemoChecker final : public CryptoChecker {
  public:
    /// Answers in one generation: some heights' votes of the largest committee.
    static constexpr std::size_t kCountMax = 16'384;

    /// @pre count_max >= 1
    explicit MemoChecker(std::size_t count_max = kCountMax);

    [[nodiscard]] bool signature_valid(
        const PublicKey& key, ByteView message, const Signature& signature) override;
    [[nodiscard]] std::optional<VrfOutput> vrf_output(
        const VrfPublicKey& key, ByteView input, const VrfProof& proof) override;

    /// Questions that core/crypto had to answer so far.
    [[nodiscard]] std::size_t computed() const { return computed_; }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    template <class Answer>
    struct Generations {
        std::map<Hash, Answer> young;
        std::map<Hash, Answer> old;
    };

    template <class Answer>
    [[nodiscard]] const Answer* find(Generations<Answer>& memory, const Hash& question);
    template <class Answer>
    const Answer& put(Generations<Answer>& memory, const Hash& question, Answer answer);

    const std::size_t count_max_;
    PlainChecker plain_;
    Generations<bool> signatures_;
    Generations<std::optional<VrfOutput>> proofs_;
    std::size_t computed_ = 0;
};

}  // namespace polis::consensus
