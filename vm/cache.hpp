#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>

#include <core/types.hpp>
#include <vm/program.hpp>

namespace polis::vm {

/// Translated programs, the last used kept within a budget of bytes. One thread.
///
/// The key is the code's hash with engine version, profile and gas schedule: a chain once split
/// over a cache that kept code with old gas.
class ProgramCache {
  public:
    explicit ProgramCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// @return nothing if it is not there
    [[nodiscard]] std::shared_ptr<const Program> find(
        const Hash& code, const Rules& rules, const GasSchedule& gas);
    void insert(const Hash& code, std::shared_ptr<const Program> program);

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    struct Entry {
        Hash key;
        std::shared_ptr<const Program> program;
    };

    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::list<Entry> entries_;  ///< the last used first
    std::map<Hash, std::list<Entry>::iterator> index_;
};

}  // namespace polis::vm
