#include <p2p/peers/address.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace polis::p2p {

namespace {

constexpr std::size_t kMappedBytes = 12;
constexpr std::array<std::uint8_t, kMappedBytes> kMappedPrefix{
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// The leading bits that all addresses of a range share.
struct Range {
    std::array<std::uint8_t, 4> prefix;
    std::size_t bits;
};

/// RFC 6890 and its updates: what a stranger cannot reach, but a neighbour can.
constexpr std::array kLocal4{
    Range{{10, 0, 0, 0}, 8},
    Range{{100, 64, 0, 0}, 10},
    Range{{127, 0, 0, 0}, 8},
    Range{{169, 254, 0, 0}, 16},
    Range{{172, 16, 0, 0}, 12},
    Range{{192, 168, 0, 0}, 16}};

/// Nobody listens there: this host, protocol assignments, documentation, benchmarks, multicast.
constexpr std::array kNowhere4{
    Range{{0, 0, 0, 0}, 8},
    Range{{192, 0, 0, 0}, 24},
    Range{{192, 0, 2, 0}, 24},
    Range{{192, 88, 99, 0}, 24},
    Range{{198, 18, 0, 0}, 15},
    Range{{198, 51, 100, 0}, 24},
    Range{{203, 0, 113, 0}, 24},
    Range{{224, 0, 0, 0}, 4},
    Range{{240, 0, 0, 0}, 4}};

constexpr std::array kLocal6{Range{{0xfc, 0, 0, 0}, 7}, Range{{0xfe, 0x80, 0, 0}, 10}};

/// Inside 2000::/3: Teredo, documentation (two), 6to4. The tunnels would give the owner of one IPv4
/// address as many groups as it likes.
constexpr std::array kNowhere6{
    Range{{0x20, 0x01, 0, 0}, 32},
    Range{{0x20, 0x01, 0x0d, 0xb8}, 32},
    Range{{0x3f, 0xff, 0, 0}, 20},
    Range{{0x20, 0x02, 0, 0}, 16}};

constexpr Range kUnicast6{{0x20, 0, 0, 0}, 3};

bool is_ipv4(const Endpoint& endpoint) {
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), endpoint.address.begin());
}

/// The bytes that tell networks apart: all four of IPv4, the first of IPv6.
std::span<const std::uint8_t> significant(const Endpoint& endpoint) {
    return std::span(endpoint.address).subspan(is_ipv4(endpoint) ? kMappedBytes : 0, 4);
}

bool is_in(std::span<const std::uint8_t> address, const Range& range) {
    for (std::size_t bit = 0; bit < range.bits; ++bit) {
        const int mask = 0x80 >> (bit % 8);
        if (((address[bit / 8] ^ range.prefix[bit / 8]) & mask) != 0) {
            return false;
        }
    }
    return true;
}

bool is_in_any(std::span<const std::uint8_t> address, std::span<const Range> ranges) {
    return std::ranges::any_of(ranges, [&](const Range& range) { return is_in(address, range); });
}

bool is_loopback6(const Endpoint& endpoint) {
    const auto last = endpoint.address.end() - 1;
    return *last == 1 &&
           std::all_of(endpoint.address.begin(), last, [](std::uint8_t b) { return b == 0; });
}

}  // namespace

AddressGroup group_of(const Endpoint& endpoint, bool local_network) {
    enum Kind : std::uint8_t { kExact, kIpv4, kIpv6 };

    AddressGroup group;
    const auto rest = group.bytes.begin() + 1;
    if (local_network && is_local(endpoint)) {
        group.bytes[0] = kExact;
        const auto end = std::ranges::copy(endpoint.address, rest).out;
        end[0] = static_cast<std::uint8_t>(endpoint.port >> 8);
        end[1] = static_cast<std::uint8_t>(endpoint.port & 0xff);
        return group;
    }
    const bool ipv4 = is_ipv4(endpoint);
    group.bytes[0] = ipv4 ? kIpv4 : kIpv6;
    std::ranges::copy(significant(endpoint).first(ipv4 ? 2 : 4), rest);
    return group;
}

bool is_local(const Endpoint& endpoint) {
    if (is_ipv4(endpoint)) {
        return is_in_any(significant(endpoint), kLocal4);
    }
    return is_loopback6(endpoint) || is_in_any(significant(endpoint), kLocal6);
}

bool is_routable(const Endpoint& endpoint) {
    const auto address = significant(endpoint);
    if (is_local(endpoint)) {
        return false;
    }
    if (is_ipv4(endpoint)) {
        return !is_in_any(address, kNowhere4);
    }
    return is_in(address, kUnicast6) && !is_in_any(address, kNowhere6);
}

bool is_acceptable(const Endpoint& endpoint, bool local_network) {
    if (local_network && is_local(endpoint)) {
        return endpoint.port != 0;
    }
    return endpoint.port >= kPortMin && is_routable(endpoint);
}

}  // namespace polis::p2p
