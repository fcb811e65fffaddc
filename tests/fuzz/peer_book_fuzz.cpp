// The file of the address book. The first byte picks: bytes as they are, which are refused unless
// the checksum is right; or content under a right checksum, which loads within its bounds.
#include <cstddef>
#include <cstdint>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <p2p/peers.hpp>
#include <p2p/peers/saved.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::p2p {
namespace {

void load(ByteView file, TimeMs now) {
    Peers::Setup setup;
    setup.self.data[0] = 200;
    setup.book = to_bytes(file);
    setup.limits.local_network = file.size() % 2 == 0;
    Peers peers(setup, now);
    const auto saved = decode_book(file);
    POLIS_ASSERT(peers.book_dropped() == (!saved && !file.empty()));
    POLIS_ASSERT_OP(peers.known_count(), <=, saved ? saved->entries.size() : 0);
    (void)peers.tick(now);
    // What it saves it can read, and that is at rest.
    const Bytes once = peers.save();
    POLIS_ASSERT(decode_book(once).has_value());
}

void run(ByteView input) {
    fuzz::Choices choices(input);
    const bool sealed = choices.byte() % 2 == 0;
    const TimeMs now{choices.byte() * std::uint64_t{1'000'000}};
    if (!sealed) {
        load(choices.rest(), now);
        return;
    }
    const auto book = fuzz::decode_canonical<SavedBook>(choices.rest());
    Bytes file{kBookVersion};
    append(file, choices.rest());
    append(file, crypto::blake2b_256(crypto::kDomainPeerBook, file).view());
    POLIS_ASSERT(decode_book(file) == book);
    load(file, now);
}

}  // namespace
}  // namespace polis::p2p

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::p2p::run({data, size});
    return 0;
}
