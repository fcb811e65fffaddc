#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/result.hpp>
#include <tools/vm/engine.hpp>
#include <vm/instance.hpp>

/// The modules of one script of the specification's suite, and what they import from each other.
namespace polis::tools::vmtool {

/// Answers the suite's host functions: they take numbers, print nothing and give nothing.
class SilentHost final : public vm::Host {
  public:
    [[nodiscard]] std::optional<vm::Trap> call(std::uint32_t function, vm::HostCall& call) override;
};

/// Why a module of the suite could not be made to run.
struct LinkFailure {
    std::optional<vm::LinkError> link;
    std::optional<vm::Trap> start;  ///< of the start function

    [[nodiscard]] std::string message() const;
};

class SpecWorld {
  public:
    explicit SpecWorld(Engine engine);

    /// Binds the imports, instantiates and runs the start function.
    /// A module whose start function traps stays: what it wrote into others' tables points to it.
    [[nodiscard]] Result<vm::Instance*, LinkFailure> instantiate(
        std::shared_ptr<const vm::Program> program);

    /// Lets the script call the module by this name; the empty name is the last module's.
    void name(const std::string& name, vm::Instance* instance);

    /// Lets others import what the module exports. @return whether there is a module of this name
    [[nodiscard]] bool offer(const std::string& name, const std::string& as);

    /// @return nothing if there is none of this name
    [[nodiscard]] vm::Instance* find(const std::string& name) const;

  private:
    /// What a module exports under a name; all empty if nothing.
    struct Extern {
        vm::FunctionRef function;
        std::shared_ptr<vm::Table> table;
        std::shared_ptr<vm::Memory> memory;
        std::shared_ptr<vm::GlobalCell> global;

        [[nodiscard]] bool is_empty() const;
    };

    [[nodiscard]] Extern exported(const std::string& module, const std::string& name);
    [[nodiscard]] Result<vm::Imports, vm::LinkError> bind(const vm::Module& module);
    void add_host_exports();

    const Engine engine_;
    SilentHost host_;
    std::map<std::string, vm::FuncType> host_types_;  ///< FunctionRef::type points into it
    std::map<std::string, Extern> host_exports_;
    std::vector<std::unique_ptr<vm::Instance>> instances_;
    std::map<std::string, vm::Instance*> named_;
    std::map<std::string, vm::Instance*> offered_;
};

}  // namespace polis::tools::vmtool
