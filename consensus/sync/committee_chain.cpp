#include <consensus/sync/committee_chain.hpp>

#include <iterator>
#include <utility>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::sync {

CommitteeChain::CommitteeChain(
    Options options, consensus::CryptoChecker& checker, const LedgerReader& reader)
    : chain_(options.chain), term_blocks_(options.term_blocks), checker_(checker), reader_(reader) {
    POLIS_ASSERT_OP(term_blocks_, >=, 1U);
    POLIS_ASSERT(!options.genesis.empty());
    committees_.emplace(Term{0}, std::move(options.genesis));
}

Term CommitteeChain::known_before(Term term) const {
    return std::prev(committees_.upper_bound(term))->first;
}

/// A term's committee names the next one in every header of its term.
bool CommitteeChain::follow(const TermLink& link, Term term) {
    const auto facts = certified_header(link.header, link.certificate);
    if (!facts || facts->term != term || link.members.empty() ||
        consensus::committee_hash(link.members) != facts->next_committee) {
        return false;
    }
    committees_.insert_or_assign(Term{term.value + 1}, link.members);
    return true;
}

void CommitteeChain::keep_only(std::set<Term> terms) {
    terms.insert(Term{0});
    terms.insert(committees_.rbegin()->first);
    std::erase_if(committees_, [&](const auto& entry) { return !terms.contains(entry.first); });
}

bool CommitteeChain::certifies(
    const pbft::Certificate& certificate, Height height, const Hash& block) const {
    const auto members = committees_.find(term_of(height));
    if (members == committees_.end() || certificate.statement.height != height ||
        certificate.statement.digest != block) {
        return false;
    }
    const consensus::Committee committee{
        .chain = chain_, .term = members->first, .members = members->second, .ranking = {}};
    return pbft::verify_certificate(certificate, pbft::Phase::kCommit, committee, checker_)
        .has_value();
}

std::optional<HeaderFacts> CommitteeChain::certified_header(
    ByteView header, const pbft::Certificate& certificate) const {
    const auto facts = reader_.header_facts(header);
    if (!facts || facts->chain != chain_ || facts->term != term_of(facts->height)) {
        return std::nullopt;
    }
    const Hash name = crypto::blake2b_256(crypto::kDomainHeader, header);
    return certifies(certificate, facts->height, name) ? facts : std::nullopt;
}

Term CommitteeChain::term_of(Height height) const {
    return consensus::term_of(height, term_blocks_);
}

std::size_t CommitteeChain::memory_bytes() const {
    std::size_t out = 0;
    for (const auto& [term, members] : committees_) {
        out += members.size() * sizeof(consensus::Member);
    }
    return out;
}

}  // namespace polis::sync
