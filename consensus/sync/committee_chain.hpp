#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <consensus/sync/ledger_reader.hpp>
#include <consensus/sync/messages.hpp>
#include <core/types.hpp>

namespace polis::sync {

/// The committees that follow from genesis, term by term, and what they certify. Spec [Y30], [Y31].
class CommitteeChain {
  public:
    using Members = std::vector<consensus::Member>;

    struct Options {
        ChainId chain;
        std::uint64_t term_blocks = 0;
        Members genesis;  ///< the committee of term 0
    };

    /// @param checker, reader outlive the chain. @pre term_blocks >= 1, genesis is not empty
    CommitteeChain(Options options, consensus::CryptoChecker& checker, const LedgerReader& reader);

    /// The term to start from on the way to `term`; `term` itself if it is known.
    [[nodiscard]] Term known_before(Term term) const;

    /// Adds the committee after `term` if the link proves it. @return false for a bad link
    [[nodiscard]] bool follow(const TermLink& link, Term term);

    /// Forgets all but genesis, the highest, and these.
    void keep_only(std::set<Term> terms);

    /// True if the committee of the height's term is known and certified the block of that name.
    [[nodiscard]] bool certifies(
        const pbft::Certificate& certificate, Height height, const Hash& block) const;

    /// The facts of a header of this chain that its committee certified; nothing if not proved.
    [[nodiscard]] std::optional<HeaderFacts> certified_header(
        ByteView header, const pbft::Certificate& certificate) const;

    [[nodiscard]] Term term_of(Height height) const;

    /// @pre known
    [[nodiscard]] const Members& members(Term term) const { return committees_.at(term); }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    const ChainId chain_;
    const std::uint64_t term_blocks_;
    consensus::CryptoChecker& checker_;
    const LedgerReader& reader_;
    std::map<Term, Members> committees_;
};

}  // namespace polis::sync
