#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>

namespace polis::ledger {

/// First byte of every key: which module's record it is. Append only.
enum class RecordKind : std::uint8_t {
    kParams = 0,
    kSupply = 1,
    kAccount = 2,
    kValidator = 3,
    kValidatorList = 4,
    kConsensusKey = 5,
    kDelegation = 6,
    kUnbondingPool = 7,
    kUnbonding = 8,
    kTerms = 9,
    kElection = 10,
    kFact = 11,
    kOffence = 12,
    kTask = 13,
    kTaskIndex = 14,
    kContract = 15,
    kCode = 16,
    kStorage = 17,
};

/// The name of a record in the state, with its place in the authenticated map.
///
/// Keys are hashed into 256-bit paths, so that the map stays balanced whatever names users choose.
class StateKey {
  public:
    StateKey() = default;

    /// kind | parts, concatenated. @pre at most kStateKeyBytesMax bytes
    StateKey(RecordKind kind, std::initializer_list<ByteView> parts);

    /// A key read back from a store or a message. @pre 1 <= bytes.size() <= kStateKeyBytesMax
    static StateKey from_bytes(ByteView bytes);

    [[nodiscard]] ByteView bytes() const { return ByteView{bytes_}.first(size_); }

    [[nodiscard]] const Hash& path() const { return path_; }

    [[nodiscard]] RecordKind kind() const { return static_cast<RecordKind>(bytes_[0]); }

    bool operator==(const StateKey& other) const { return path_ == other.path_; }

  private:
    void set_path();

    std::array<std::uint8_t, kStateKeyBytesMax> bytes_{};
    std::uint8_t size_ = 0;
    Hash path_;
};

/// The path of a key that has not been wrapped. Source: spec [S1].
[[nodiscard]] Hash path_of(ByteView key);

}  // namespace polis::ledger
