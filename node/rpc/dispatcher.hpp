#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <node/rpc/registry.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

/// Who calls.
struct Caller {
    bool admin = false;                            ///< came in with the token
    std::shared_ptr<Subscriptions> subscriptions;  ///< of a WebSocket
};

/// Takes the answer on the loop's thread: empty if nothing is to be answered (notifications).
using Done = std::function<void(std::string)>;

/// JSON-RPC 2.0: reads a request or a batch, runs the methods, gathers the answers.
///
/// A batch runs in slices, so that other clients come in between. One thread: the loop's.
class Dispatcher {
  public:
    /// @pre `services` outlives this and every open call
    explicit Dispatcher(Services& services) : services_(services) {}

    /// `done` is called once, perhaps before this returns.
    void handle(std::string_view text, const Caller& caller, Done done);

  private:
    Services& services_;
};

/// An answer with an error, for what never became a request.
[[nodiscard]] std::string error_response(const RpcError& error, std::string_view id = "null");

}  // namespace polis::node::rpc
