// The fields of consensus in a header: each one changed alone is refused by its own name.
#include <ledger/seat.hpp>

#include <optional>

#include <gtest/gtest.h>

#include <consensus/checker.hpp>
#include <consensus/pbft/beacon.hpp>
#include <core/crypto/ecvrf.hpp>

namespace polis::ledger {
namespace {

Hash filled(std::uint8_t byte) { return Hash::from_view(Bytes(32, byte)); }

const crypto::VrfKey& vrf_key(std::uint8_t index) {
    static const std::vector<crypto::VrfKey> kKeys = [] {
        std::vector<crypto::VrfKey> out;
        for (std::uint8_t i = 0; i < 4; ++i) {
            out.emplace_back(crypto::Seed(Bytes(32, static_cast<std::uint8_t>(i + 1))));
        }
        return out;
    }();
    return kKeys.at(index);
}

consensus::Committee make_committee() {
    consensus::Committee out{.chain = ChainId{7}, .term = Term{3}, .members = {}, .ranking = {}};
    for (std::uint8_t i = 0; i < 4; ++i) {
        const Hash key = filled(static_cast<std::uint8_t>(0x40 + i));
        out.members.push_back(
            {.validator = Address::from_view(key.view().first(20)),
             .consensus_key = PublicKey::from_view(key.view()),
             .vrf_key = vrf_key(i).public_key(),
             .stake = Amount{9}});
    }
    out.ranking = {.order = {2, 0, 3, 1}, .rotates = true};
    return out;
}

class SeatCheck : public ::testing::Test {
  protected:
    SeatCheck() { sit(View{2}); }

    /// Makes the header that the leader of `view` makes.
    void sit(View view) {
        header.chain_id = committee.chain;
        header.height = Height{17};
        header.view = view;
        header.term = committee.term;
        header.committee = consensus::committee_hash(committee.members);
        header.next_committee = filled(2);
        header.parent_certificate = filled(3);
        const auto leader = committee.leader(header.height, view);
        header.proposer = committee.members[leader].validator;
        prove(static_cast<std::uint8_t>(leader), header.height, filled(4));
    }

    void prove(std::uint8_t member, Height height, const Hash& previous) {
        const auto step = pbft::make_beacon(vrf_key(member), committee.chain, height, previous);
        header.beacon = step.beacon;
        header.beacon_proof = step.proof;
    }

    [[nodiscard]] std::optional<SeatError> fault() {
        const SeatContext context{
            .committee = committee,
            .next_committee = filled(2),
            .previous_beacon = filled(4),
            .parent_certificate = parent_certificate,
            .view_max = view_max,
            .fresh = fresh};
        const auto result = check_seat(header, context, checker);
        return result ? std::optional<SeatError>{} : std::optional{result.error()};
    }

    const consensus::Committee committee = make_committee();
    consensus::PlainChecker checker;
    Header header;
    std::optional<Hash> parent_certificate = filled(3);
    View view_max{2};
    bool fresh = true;
};

TEST_F(SeatCheck, the_leaders_own_header_passes) {
    EXPECT_EQ(fault(), std::nullopt);
    for (std::uint64_t view = 0; view < 9; ++view) {
        sit(View{view});
        view_max = View{view};
        EXPECT_EQ(fault(), std::nullopt) << view;
    }
}

TEST_F(SeatCheck, the_term_is_that_of_the_height) {
    header.term = Term{4};
    EXPECT_EQ(fault(), SeatError::kWrongTerm);
}

TEST_F(SeatCheck, the_committees_are_those_of_the_state) {
    header.committee = filled(9);
    EXPECT_EQ(fault(), SeatError::kWrongCommittee);
    sit(View{2});
    header.next_committee = filled(9);
    EXPECT_EQ(fault(), SeatError::kWrongNextCommittee);
}

TEST_F(SeatCheck, a_block_may_be_proposed_again_later_but_not_before_it_was_made) {
    view_max = View{5};
    fresh = false;
    EXPECT_EQ(fault(), std::nullopt);
    fresh = true;
    EXPECT_EQ(fault(), SeatError::kViewNotFresh);
    for (const bool is_fresh : {false, true}) {
        fresh = is_fresh;
        view_max = View{1};
        EXPECT_EQ(fault(), SeatError::kViewTooHigh);
    }
}

TEST_F(SeatCheck, only_the_leader_of_the_headers_view_proposes) {
    const auto leader = committee.leader(header.height, header.view);
    for (std::uint8_t i = 0; i < 4; ++i) {
        if (i != leader) {
            sit(View{2});
            header.proposer = committee.members[i].validator;
            prove(i, header.height, filled(4));
            EXPECT_EQ(fault(), SeatError::kNotLeader);
        }
    }
}

TEST_F(SeatCheck, the_beacon_is_the_leaders_one_step_from_the_parents) {
    const auto leader = static_cast<std::uint8_t>(committee.leader(header.height, header.view));
    header.beacon.data[0] ^= 1;
    EXPECT_EQ(fault(), SeatError::kWrongBeacon) << "another value";
    prove(leader, header.height, filled(5));
    EXPECT_EQ(fault(), SeatError::kWrongBeacon) << "after another beacon";
    prove(leader, Height{18}, filled(4));
    EXPECT_EQ(fault(), SeatError::kWrongBeacon) << "of another height";
    prove(static_cast<std::uint8_t>((leader + 1) % 4), header.height, filled(4));
    EXPECT_EQ(fault(), SeatError::kWrongBeacon) << "with another key";
    sit(View{2});
    header.beacon_proof.data[70] ^= 1;
    EXPECT_EQ(fault(), SeatError::kWrongBeacon) << "a proof of nothing";
}

TEST_F(SeatCheck, the_parent_certificate_is_the_one_shown_and_in_sync_anybodys) {
    header.parent_certificate = filled(9);
    EXPECT_EQ(fault(), SeatError::kWrongParentCertificate);
    parent_certificate = std::nullopt;
    EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(SeatCheck, every_fault_has_a_name) {
    std::vector<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(SeatError::kWrongParentCertificate); ++i) {
        names.push_back(to_string(static_cast<SeatError>(i)));
    }
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace polis::ledger
