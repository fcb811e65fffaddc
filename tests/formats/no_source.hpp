#pragma once

#include <cstddef>
#include <vector>

#include <core/types.hpp>
#include <ledger/state/tree.hpp>

namespace polis::formats {

/// The source of a tree that is never trimmed: everything stays in memory.
class NoSource final : public ledger::LeafSource {
  public:
    [[nodiscard]] ledger::StoreResult<std::vector<ledger::state::Leaf>> load(
        const Hash& /*path*/, std::size_t /*bits*/) const override {
        return std::vector<ledger::state::Leaf>{};
    }
};

}  // namespace polis::formats
