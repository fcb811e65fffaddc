#include <consensus/pbft/vote_table.hpp>

#include <algorithm>

#include <consensus/mutants.hpp>
#include <core/check.hpp>

namespace polis::pbft {

std::vector<VoteTable::Tally>::iterator VoteTable::find(View view, const Hash& digest) {
    return std::ranges::find_if(
        tallies_, [&](const Tally& tally) { return tally.view == view && tally.digest == digest; });
}

void VoteTable::remove(const Vote& vote) {
    const auto tally = find(vote.statement.view, vote.statement.digest);
    POLIS_ASSERT(tally != tallies_.end());
    --tally->count;
    if (tally->count == 0) {
        *tally = tallies_.back();
        tallies_.pop_back();
    }
}

VoteTable::Added VoteTable::add(const Vote& vote) {
    POLIS_ASSERT_OP(vote.member, <, votes_.size());
    const Statement& said = vote.statement;
    std::optional<Vote>& known = votes_[vote.member];
    if (known && known->statement.view == said.view) {
        if (known->statement.digest != said.digest) {
            return Added::kConflict;
        }
        if (consensus::broken(consensus::Mutant::kCountsRepeats)) {
            ++find(said.view, said.digest)->count;
            return Added::kNew;
        }
        return Added::kRepeated;
    }
    if (known && known->statement.view > said.view) {
        return Added::kOld;
    }
    if (known) {
        remove(*known);
    }
    known = vote;
    const auto tally = find(said.view, said.digest);
    if (tally == tallies_.end()) {
        tallies_.push_back({.view = said.view, .digest = said.digest, .count = 1});
    } else {
        ++tally->count;
    }
    return Added::kNew;
}

std::size_t VoteTable::count(View view, const Hash& digest) const {
    for (const Tally& tally : tallies_) {
        if (tally.view == view && tally.digest == digest) {
            return tally.count;
        }
    }
    return 0;
}

std::vector<Vote> VoteTable::votes_for(View view, const Hash& digest) const {
    std::vector<Vote> out;
    for (const std::optional<Vote>& vote : votes_) {
        if (vote && vote->statement.view == view && vote->statement.digest == digest) {
            out.push_back(*vote);
        }
    }
    return out;
}

std::vector<Vote> VoteTable::votes_for_block(const Hash& digest) const {
    std::vector<Vote> out;
    for (const std::optional<Vote>& vote : votes_) {
        if (vote && vote->statement.digest == digest) {
            out.push_back(*vote);
        }
    }
    return out;
}

}  // namespace polis::pbft
