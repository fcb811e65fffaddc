#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <core/result.hpp>
#include <vm/host.hpp>
#include <vm/memory.hpp>
#include <vm/program.hpp>
#include <vm/trap.hpp>

namespace polis::vm {

class Instance;

/// A function of an instance, or of a host.
struct FunctionRef {
    Instance* instance = nullptr;  ///< nothing for a host's function
    Host* host = nullptr;
    std::uint32_t index = 0;         ///< in the instance; or what Host::call gets
    const FuncType* type = nullptr;  ///< nothing: an empty entry of a table

    [[nodiscard]] bool is_empty() const { return type == nullptr; }
};

struct Table {
    Limits limits;
    std::vector<FunctionRef> entries;
};

struct GlobalCell {
    GlobalType type;
    std::uint64_t value = 0;
};

/// What the imports of a module are bound to, each kind in the order of the module.
struct Imports {
    std::vector<FunctionRef> functions;
    std::shared_ptr<Table> table;
    std::shared_ptr<Memory> memory;
    std::vector<std::shared_ptr<GlobalCell>> globals;
};

/// Why a module cannot be instantiated.
enum class LinkError : std::uint8_t {
    kMissing,       ///< an import is bound to nothing
    kIncompatible,  ///< or to something of another type
    kData,          ///< a data segment does not fit into the memory
    kElements,      ///< a segment of elements does not fit into the table
    kNoRoom,        ///< the machine has no memory for it
};

std::string_view to_string(LinkError error);

/// Sees the calls of a run: gas by function, who calls whom. Costs nothing when there is none.
class CallObserver {
  public:
    virtual ~CallObserver() = default;

    /// @param gas_left before anything of the function is paid
    virtual void on_call(std::uint32_t function, std::uint64_t gas_left) = 0;
    virtual void on_return(std::uint32_t function, std::uint64_t gas_left) = 0;
};

/// A program with memory, globals and a table of its own. One thread.
class Instance {
  public:
    /// Binds imports, checks all segments and then writes them. The start function, if there is
    /// one, is the caller's to run.
    [[nodiscard]] static Result<std::unique_ptr<Instance>, LinkError> create(
        std::shared_ptr<const Program> program, Imports imports);

    /// For contracts and kernels: every import is a function of `host`, which outlives the
    /// instance.
    [[nodiscard]] static Result<std::unique_ptr<Instance>, LinkError> create(
        std::shared_ptr<const Program> program, Host& host);

    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;
    ~Instance();

    [[nodiscard]] const Program& program() const { return *program_; }

    [[nodiscard]] const Module& module() const { return program_->module(); }

    [[nodiscard]] const std::shared_ptr<Memory>& memory() const { return memory_; }

    [[nodiscard]] const std::shared_ptr<Table>& table() const { return table_; }

    [[nodiscard]] const std::vector<std::shared_ptr<GlobalCell>>& globals() const {
        return globals_;
    }

    /// @pre index < module().functions.size()
    [[nodiscard]] FunctionRef function(std::uint32_t index);

    void observe(CallObserver* observer) { observer_ = observer; }

    [[nodiscard]] CallObserver* observer() const { return observer_; }

  private:
    explicit Instance(std::shared_ptr<const Program> program);

    [[nodiscard]] std::uint64_t value_of(const ConstantExpression& constant) const;
    [[nodiscard]] bool allocate();
    [[nodiscard]] Result<void, LinkError> write_segments();

    const std::shared_ptr<const Program> program_;
    std::vector<FunctionRef> imported_;
    std::shared_ptr<Memory> memory_;
    std::shared_ptr<Table> table_;
    std::vector<std::shared_ptr<GlobalCell>> globals_;
    CallObserver* observer_ = nullptr;
};

/// Runs a function of the instance with the fast engine.
/// @param args one slot each, i32 with a zero high half. @pre as many as the function takes
[[nodiscard]] Outcome run(
    Instance& instance,
    std::uint32_t function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas);

}  // namespace polis::vm
