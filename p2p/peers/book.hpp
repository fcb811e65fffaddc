#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include <core/codec/borsh.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <p2p/endpoint.hpp>
#include <p2p/peers/address.hpp>
#include <p2p/session.hpp>

/// The addresses that this node knows, in buckets that a secret assigns.
namespace polis::p2p {

inline constexpr std::size_t kBucketSlots = 32;
inline constexpr std::size_t kTriedBuckets = 64;
inline constexpr std::size_t kNewBuckets = 256;
/// Places within its bucket that an address may take: few addresses hardly ever collide.
inline constexpr std::size_t kPlacesPerAddress = 4;
inline constexpr std::size_t kTriedMax = kTriedBuckets * kBucketSlots;
inline constexpr std::size_t kNewMax = kNewBuckets * kBucketSlots;
/// Buckets of `tried` that addresses of one group can reach.
inline constexpr std::size_t kTriedBucketsPerGroup = 4;
/// Buckets of `new` that addresses told by one group can reach.
inline constexpr std::size_t kNewBucketsPerSource = 32;
/// Addresses of `new` that one identity has told.
inline constexpr std::size_t kNewPerSourceMax = 512;
/// Failures in a row after which an address goes: untested ones, and those that once answered.
inline constexpr std::uint32_t kNewFailuresMax = 5;
inline constexpr std::uint32_t kTriedFailuresMax = 12;

enum class Table : std::uint8_t {
    kNew,    ///< somebody told us; nothing is known about it
    kTried,  ///< we have dialled it and a node of our network has answered
};

struct BookEntry {
    Endpoint endpoint;
    Table table = Table::kNew;
    std::optional<NodeId> id;  ///< who answered last
    NodeId source;             ///< who told us
    Endpoint source_endpoint;
    std::uint32_t failures = 0;  ///< since the last success
    TimeMs last_try;
    TimeMs last_success;
    bool challenged = false;  ///< another address claims its place: a feeler looks whether it lives

    bool operator==(const BookEntry&) const = default;
    static constexpr auto kFields = codec::fields(
        &BookEntry::endpoint,
        &BookEntry::table,
        &BookEntry::id,
        &BookEntry::source,
        &BookEntry::source_endpoint,
        &BookEntry::failures,
        &BookEntry::last_try,
        &BookEntry::last_success,
        &BookEntry::challenged);
};

/// Tried and new addresses. An address has one possible bucket in either table, which follows from
/// the secret, its group and (for `new`) the group of whoever told it: an attacker with few groups
/// fills few buckets, whatever it sends (Heilman et al., "Eclipse Attacks on Bitcoin's Peer-to-Peer
/// Network", 2015).
class Book {
  public:
    using Eligible = std::function<bool(const BookEntry&)>;

    Book(const Hash& secret, bool local_network);

    struct Source {
        NodeId id;
        Endpoint endpoint;
    };

    /// Notes an address that somebody told. Of its places that are taken one is given up only by an
    /// address that has failed since it last answered.
    /// @return true if it is new to the book
    bool add(const Endpoint& endpoint, const Source& source);

    void attempted(const Endpoint& endpoint, TimeMs now);
    void failed(const Endpoint& endpoint, TimeMs now);

    /// A dial led to a node of our network. The address enters `tried`, unless another one that has
    /// not failed holds the place.
    void connected(const Endpoint& endpoint, const NodeId& id, TimeMs now);

    void remove(const Endpoint& endpoint);

    /// A random bucket among those with an eligible address, then a random one of them: a few
    /// crowded buckets weigh no more than as many sparse ones.
    [[nodiscard]] std::optional<Endpoint> pick(
        Table table, Random& random, const Eligible& eligible) const;

    [[nodiscard]] const std::map<Endpoint, BookEntry>& entries() const { return entries_; }

    [[nodiscard]] const BookEntry* find(const Endpoint& endpoint) const;
    [[nodiscard]] std::size_t count(Table table) const;

    [[nodiscard]] const Hash& secret() const { return secret_; }

    /// Puts a saved entry back; one whose place is taken is dropped.
    void restore(BookEntry entry, TimeMs now);

  private:
    struct Place {
        Table table = Table::kNew;
        std::size_t slot = 0;

        auto operator<=>(const Place&) const = default;
    };

    using Places = std::array<Place, kPlacesPerAddress>;

    [[nodiscard]] Places places_of(const BookEntry& entry) const;
    [[nodiscard]] std::uint64_t keyed(std::uint8_t purpose, ByteView input) const;

    /// A free place; else that of an address that has failed, which goes.
    [[nodiscard]] std::optional<Place> make_place(const Places& places);
    void insert(const BookEntry& entry, const Place& place);
    void erase(const Endpoint& endpoint);

    const Hash secret_;
    const bool local_network_;
    std::map<Endpoint, BookEntry> entries_;
    std::map<Place, Endpoint> slots_;
    std::map<Endpoint, Place> places_;    ///< the same, the other way round
    std::map<NodeId, std::size_t> told_;  ///< addresses of `new` by who told them
};

}  // namespace polis::p2p

namespace polis::codec {

template <>
inline constexpr auto kEnumLast<p2p::Table> = p2p::Table::kTried;

}  // namespace polis::codec
