#include <tests/vm/random_module.hpp>

#include <string>

#include <tests/vm/random_body.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/host.hpp>

namespace polis::vm::tests {

namespace {

constexpr std::size_t kBodiesMax = 5;
constexpr std::uint64_t kInstructionsMax = 60;
constexpr std::uint64_t kManyInstructionsMax = 500;  ///< of one function in sixteen

class ModuleMaker {
  public:
    explicit ModuleMaker(Decisions& decisions) : decisions_(decisions) {}

    Bytes make() {
        choose_types();
        choose_imports();
        choose_functions();
        choose_memory();
        choose_table();
        choose_globals();
        for (std::size_t i = 0; i < bodies_; ++i) {
            const auto index = static_cast<std::uint32_t>(shape_.imported + i);
            BodyMaker body(decisions_, shape_, index);
            const bool many = decisions_.chance(1, 16);
            const std::uint64_t most = many ? kManyInstructionsMax : kInstructionsMax;
            body.make(static_cast<std::size_t>(decisions_.between(1, most)));
            builder_.function(shape_.functions[index], body.code(), body.groups());
            builder_.export_as("f" + std::to_string(i), index);
        }
        return builder_.build();
    }

  private:
    std::uint32_t add_type(const FuncType& type) {
        shape_.types.push_back(type);
        return builder_.type(type.params, type.result);
    }

    ValueType some_type() { return decisions_.chance(2, 5) ? kI64 : kI32; }

    void choose_types() {
        add_type({});
        for (std::uint64_t left = decisions_.between(1, 5); left > 0; --left) {
            if (decisions_.chance(1, 4)) {  // equal types under two indices
                add_type(FuncType(decisions_.pick(shape_.types)));
                continue;
            }
            FuncType type;
            for (std::uint64_t params = decisions_.below(5); params > 0; --params) {
                type.params.push_back(some_type());
            }
            if (decisions_.chance(2, 3)) {
                type.result = some_type();
            }
            add_type(type);
        }
    }

    void choose_imports() {
        for (std::uint64_t left = decisions_.below(4); left > 0; --left) {
            const HostSignature& wanted = decisions_.pick(host_functions_);
            const std::uint32_t type = add_type(wanted.type);
            builder_.import_function(kHostModule, wanted.name, type);
            shape_.functions.push_back(type);
            ++shape_.imported;
        }
    }

    void choose_functions() {
        bodies_ = static_cast<std::size_t>(decisions_.between(1, kBodiesMax));
        for (std::size_t i = 0; i < bodies_; ++i) {
            shape_.functions.push_back(
                static_cast<std::uint32_t>(decisions_.below(shape_.types.size())));
        }
    }

    void choose_memory() {
        shape_.has_memory = !decisions_.chance(1, 10);
        if (!shape_.has_memory) {
            return;
        }
        const auto min = static_cast<std::uint32_t>(1 - (decisions_.chance(1, 10) ? 1 : 0));
        builder_.memory({.min = min, .max = min + static_cast<std::uint32_t>(decisions_.below(4))});
        if (min > 0 && decisions_.chance(1, 2)) {
            Bytes bytes(static_cast<std::size_t>(decisions_.below(40)));
            for (std::uint8_t& byte : bytes) {
                byte = static_cast<std::uint8_t>(decisions_.below(256));
            }
            builder_.data(static_cast<std::int32_t>(decisions_.below(200)), bytes);
        }
    }

    void choose_table() {
        if (decisions_.chance(1, 3)) {
            return;
        }
        shape_.table_size = static_cast<std::uint32_t>(decisions_.between(1, 8));
        builder_.table({.min = shape_.table_size, .max = shape_.table_size});
        std::vector<std::uint32_t> entries;
        const std::uint64_t filled = decisions_.below(shape_.table_size + 1);
        for (std::uint64_t i = 0; i < filled; ++i) {
            entries.push_back(
                static_cast<std::uint32_t>(decisions_.below(shape_.functions.size())));
        }
        builder_.element(
            static_cast<std::int32_t>(decisions_.below(shape_.table_size - filled + 1)), entries);
    }

    void choose_globals() {
        for (std::uint64_t left = decisions_.below(5); left > 0; --left) {
            const GlobalType type{some_type(), decisions_.chance(3, 4)};
            shape_.globals.push_back(type);
            builder_.global(type, static_cast<std::int64_t>(decisions_.below(1'000)) - 500);
        }
    }

    Decisions& decisions_;
    const std::span<const HostSignature> host_functions_ = host_functions();
    ModuleShape shape_;
    ModuleBuilder builder_;
    std::size_t bodies_ = 0;
};

}  // namespace

Bytes random_module(Decisions& decisions) { return ModuleMaker(decisions).make(); }

}  // namespace polis::vm::tests
