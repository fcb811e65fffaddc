#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <tests/vm/decisions.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/types.hpp>

namespace polis::vm::tests {

/// What the functions of a random module share.
struct ModuleShape {
    std::vector<FuncType> types;
    std::vector<std::uint32_t> functions;  ///< the type of each, imported ones first
    std::uint32_t imported = 0;            ///< how many are imported
    std::vector<GlobalType> globals;
    std::uint32_t table_size = 0;  ///< 0: no table
    bool has_memory = false;
};

/// Writes one random function that is valid: keeps the types of the operands, as a validator does,
/// and produces what an instruction needs if it is not there.
class BodyMaker {
  public:
    BodyMaker(Decisions& decisions, const ModuleShape& shape, std::uint32_t function);

    /// @param instructions about how many
    void make(std::size_t instructions);

    [[nodiscard]] const Code& code() const { return code_; }

    [[nodiscard]] const std::vector<LocalGroup>& groups() const { return groups_; }

  private:
    static constexpr std::uint32_t kCounters = 3;  ///< loops of a body that end

    enum class Kind : std::uint8_t { kFunction, kBlock, kLoop, kIf, kElse };

    /// A block that is open.
    struct Block {
        Kind kind = Kind::kFunction;
        std::optional<ValueType> result = {};
        std::size_t height = 0;
        bool is_dead = false;                       ///< behind a branch that is always taken
        std::optional<std::uint32_t> counter = {};  ///< of a loop that ends: the local that counts
    };

    void choose_locals();
    void step();
    void control_step();

    // Instructions, each with what it needs.
    void binary();
    void unary();
    void comparison();
    void conversion();
    void load();
    void store();
    void local();
    void local_read_then_written();
    void global();
    void parametric();
    void expression();
    void memory_size_or_grow();
    void call();
    void call_indirect();
    void open();
    void open_counted_loop();
    void nest_deeply();
    void close();
    void start_else();
    void branch();
    void branch_if();
    void branch_table();

    // Operands.
    void produce(ValueType type);
    void constant(ValueType type);
    void tree(ValueType type, std::uint64_t depth);
    void leaf(ValueType type);
    void need(std::span<const ValueType> types);

    void need(std::initializer_list<ValueType> types) { need(std::span(types)); }

    void pop(std::size_t count);
    void push(std::optional<ValueType> type);
    void settle(std::optional<ValueType> result);
    void die();
    void address();

    [[nodiscard]] Block& block() { return blocks_.back(); }

    [[nodiscard]] std::size_t values() const { return stack_.size() - blocks_.back().height; }

    [[nodiscard]] std::optional<ValueType> carried(std::uint32_t label) const;
    [[nodiscard]] std::uint32_t some_label();
    [[nodiscard]] ValueType some_type();

    Decisions& decisions_;
    const ModuleShape& shape_;
    const std::uint32_t function_;
    const FuncType& type_;
    Code code_;
    std::vector<LocalGroup> groups_;
    std::vector<ValueType> locals_;     ///< those that any instruction may write
    std::uint32_t counters_begin_ = 0;  ///< behind them: one for each counted loop
    std::uint32_t counters_used_ = 0;
    std::vector<Block> blocks_;
    std::vector<ValueType> stack_;
};

}  // namespace polis::vm::tests
