#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <consensus/pbft/messages.hpp>
#include <core/types.hpp>

namespace polis::sim {

/// Collects every signature that correct nodes have seen, also inside certificates and
/// justifications, and finds out whom they convict.
///
/// When more than f members lie, agreement may break; then at least f + 1 of them must have signed
/// what proves it, and nobody else. Source: Ivy's accountable safety; spec [E4], [E5].
class Accountant {
  public:
    void collect(const pbft::Message& message);

    /// The members of a committee that evidence about `height` convicts. Every piece is verified
    /// the way that anybody else would.
    [[nodiscard]] std::set<PublicKey> convicted(
        Height height, const consensus::Committee& committee, consensus::CryptoChecker& checker);

  private:
    struct Entry {
        pbft::Vote vote;
        std::optional<pbft::Prepared> prepared;  ///< of a view change
    };

    using Key = std::tuple<pbft::MemberIndex, View, pbft::Phase, Hash, Signature>;

    void add(const pbft::Vote& vote, std::optional<pbft::Prepared> prepared = std::nullopt);
    void add(const pbft::Certificate& certificate);

    std::map<Height, std::map<Key, Entry>> entries_;
};

}  // namespace polis::sim
