#include <consensus/signers.hpp>

#include <cstdint>

#include <core/check.hpp>

namespace polis::consensus {

namespace {

bool has_bit(const Bytes& bits, std::size_t index) {
    const std::uint32_t byte = bits[index / 8];
    return (byte >> (index % 8) & 1U) != 0;
}

}  // namespace

Bytes signer_bits(std::span<const MemberIndex> signers, std::size_t members) {
    Bytes out((members + 7) / 8);
    for (const MemberIndex signer : signers) {
        POLIS_ASSERT_OP(signer, <, members);
        POLIS_ASSERT(!has_bit(out, signer));
        out[signer / 8] |= static_cast<std::uint8_t>(1U << (signer % 8));
    }
    return out;
}

std::vector<MemberIndex> signers_of(const Bytes& bits) {
    std::vector<MemberIndex> out;
    for (std::size_t i = 0; i < bits.size() * 8; ++i) {
        if (has_bit(bits, i)) {
            out.push_back(static_cast<MemberIndex>(i));
        }
    }
    return out;
}

bool signers_valid(const Bytes& bits, std::size_t members, std::size_t count) {
    if (bits.size() != (members + 7) / 8) {
        return false;
    }
    const std::vector<MemberIndex> signers = signers_of(bits);
    return signers.size() == count && (signers.empty() || signers.back() < members);
}

}  // namespace polis::consensus
