#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <core/result.hpp>
#include <node/rpc/error.hpp>
#include <node/rpc/params.hpp>

/// The one list of methods: the dispatcher, the OpenRPC document and the reference come from it.
namespace polis::node::rpc {

struct Services;
class Subscriptions;

/// Where a method may be called.
enum class Side : std::uint8_t {
    kPublic,
    kAdmin,  ///< on the admin port, with the token
    kDev,    ///< there, and only if the node allows development
};

/// The result as JSON, or why there is none.
using Outcome = Result<std::string, RpcError>;

/// Takes the outcome, once, on any thread.
using Respond = std::function<void(Outcome)>;

struct Call {
    Services& node;
    const Params& params;
    Subscriptions* subscriptions;  ///< of the caller's WebSocket; null elsewhere, and on workers
    bool admin = false;            ///< came in through the admin port
};

/// Answers at once, on the loop's thread: microseconds only.
struct OnLoop {
    Outcome (*run)(const Call& call);
};

/// Reads blocks or files, on a worker's thread. Touches nothing but backend and parameters.
struct OnWorker {
    Outcome (*run)(const Call& call);
};

/// Starts on the loop's thread and answers later. The call is gone by then.
struct Async {
    void (*run)(const Call& call, Respond respond);
};

struct Method {
    std::string_view name;
    Side side = Side::kPublic;
    std::string_view summary;
    std::vector<Param> params;
    std::string_view result;        ///< its shape: shape.hpp
    std::vector<ErrorName> errors;  ///< beside those that every method has
    std::variant<OnLoop, OnWorker, Async> handler;
};

class Registry {
  public:
    /// @pre names are distinct
    explicit Registry(std::vector<Method> methods);

    [[nodiscard]] std::span<const Method> methods() const { return methods_; }

    /// Null if there is none.
    [[nodiscard]] const Method* find(std::string_view name) const;

    /// The method that was probably meant.
    [[nodiscard]] std::optional<std::string_view> suggest(std::string_view name) const;

  private:
    std::vector<Method> methods_;         ///< in the order of the reference
    std::vector<const Method*> by_name_;  ///< sorted
    std::vector<std::string_view> names_;
};

/// Everything in node/rpc/methods.
[[nodiscard]] Registry all_methods();

}  // namespace polis::node::rpc
