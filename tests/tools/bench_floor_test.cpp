// Goal: what a verification takes is measured on real signatures, beside other work too.
#include <vector>

#include <gtest/gtest.h>

#include <tools/bench/floor.hpp>

namespace polis::tools::bench {
namespace {

std::vector<Signed> some_signatures() {
    LoadAccounts accounts = LoadAccounts::of_devnet("seed", 2);
    const std::vector<ledger::Payload> payloads(
        5, ledger::Transfer{.to = accounts.address(0), .amount = Amount{1}});
    const SenderView chain{
        .chain_id = ChainId{1}, .head = Height{9}, .gas_price_min = GasPrice{1}, .nonce = {}};
    return signatures_of(accounts.sign(chain, payloads));
}

TEST(Floor, is_measured_on_every_signature) {
    const std::vector<Signed> signatures = some_signatures();
    ASSERT_EQ(signatures.size(), 5U);
    EXPECT_EQ(signatures[0].key, signatures[2].key);
    EXPECT_NE(signatures[0].message, signatures[2].message);
    EXPECT_GT(verification_us(signatures), 0);
}

TEST(VerificationProbe, has_a_sample_however_short_its_time_is) {
    VerificationProbe probe(some_signatures());
    probe.start();
    probe.stop();
    probe.stop();
    EXPECT_GT(probe.verification_us(), 0);
    EXPECT_GT(probe.spent_us(), 0U);
}

TEST(VerificationProbe, ends_with_its_owner) {
    VerificationProbe never_started(some_signatures());
    VerificationProbe never_stopped(some_signatures());
    never_stopped.start();
}

}  // namespace
}  // namespace polis::tools::bench
