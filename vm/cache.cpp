#include <vm/cache.hpp>

#include <type_traits>
#include <utility>

#include <core/bytes.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::vm {

namespace {

// Both are hashed as the bytes they lie in: no padding, nothing but numbers. A new field is hashed
// without a change here.
static_assert(std::has_unique_object_representations_v<GasSchedule>);
static_assert(sizeof(Rules) == sizeof(Profile) + 3 + 16 * sizeof(std::uint32_t));

ByteView bytes_of(const GasSchedule& gas) {
    return {reinterpret_cast<const std::uint8_t*>(&gas), sizeof(gas)};
}

/// All that decides what translated code looks like. Never leaves the process, so the order of
/// bytes in a number does not matter.
Hash key_of(const Hash& code, const Rules& rules, const GasSchedule& gas) {
    crypto::Blake2b256 hash(crypto::kDomainProgram);
    hash.update(code.view());
    const auto add = [&hash](std::uint32_t number) { hash.update(big_endian(number)); };
    add(kEngineVersion);
    add(static_cast<std::uint32_t>(rules.profile));
    for (const std::uint32_t limit :
         {rules.code_bytes,
          rules.body_bytes,
          rules.functions,
          rules.types,
          rules.parameters,
          rules.locals,
          rules.operand_height,
          rules.nesting,
          rules.branch_table,
          rules.globals,
          rules.table_entries,
          rules.segments,
          rules.exports,
          rules.imports,
          rules.name_bytes,
          rules.memory_pages}) {
        add(limit);
    }
    return hash.update(bytes_of(gas)).finish();
}

}  // namespace

std::shared_ptr<const Program> ProgramCache::find(
    const Hash& code, const Rules& rules, const GasSchedule& gas) {
    const auto found = index_.find(key_of(code, rules, gas));
    if (found == index_.end()) {
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->program;
}

void ProgramCache::insert(const Hash& code, std::shared_ptr<const Program> program) {
    const Hash key = key_of(code, program->rules(), program->gas());
    const std::size_t size = program->memory_bytes();
    if (size > bytes_max_ || index_.contains(key)) {
        return;  // equal keys mean equal programs
    }
    while (bytes_ > bytes_max_ - size) {
        bytes_ -= entries_.back().program->memory_bytes();
        index_.erase(entries_.back().key);
        entries_.pop_back();
    }
    entries_.push_front({key, std::move(program)});
    index_.emplace(key, entries_.begin());
    bytes_ += size;
}

}  // namespace polis::vm
