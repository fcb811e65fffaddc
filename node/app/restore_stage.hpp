#pragma once

#include <string>

#include <core/result.hpp>
#include <node/app/app.hpp>

namespace polis::node {

/// Whether the home has no chain yet and shall begin with a snapshot: `sync.start`.
[[nodiscard]] bool begins_with_snapshot(const App::Setup& setup);

/// Fetches a snapshot from peers and makes the home's chain of it. Returns when there is a chain;
/// when nothing has come for `sync.snapshot_wait_ms`, so that the node begins at its genesis; or
/// when the process shall end. A killed process goes on with what it has fetched.
/// @pre begins_with_snapshot(). @error one line with cause and cure
[[nodiscard]] Result<void, std::string> restore_from_peers(const App::Setup& setup);

}  // namespace polis::node
