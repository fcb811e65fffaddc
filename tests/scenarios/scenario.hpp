#pragma once

#include <string>
#include <string_view>

/// Golden scenarios: a text file of commands for a cluster of replicas, each followed by everything
/// that the replicas then do. Reading one is reading the protocol.
namespace polis::pbft::testing {

/// Runs a scenario and writes it again with what really happened.
///
/// Lines that begin with `#` are comments, with `$ ` commands; all others are output. Commands:
///
///     members N               a committee of N; first
///     start [NODE...]         starts these or all nodes from what they have stored
///     crash NODE...           loses what was not durable
///     clock MS                lets time pass without anything happening
///     run MS                  lets time pass: timers, builds, deliveries
///     build NODE [SALT]       answers the node's Build; another block for another salt
///     timer KIND NODE...      fires view or resend timers now
///     deliver [COUNT]         delivers everything, or the COUNT oldest messages
///     drop                    loses everything in flight
///     lose KIND FROM TO       from now on: KIND is proposals, prepares, commits, changes or all;
///                             FROM and TO are nodes or *
///     lose nothing            the network works again
///     forge VIEW NODE TO      node TO receives a view change of NODE's key to VIEW
///     expect height N         every running node has finalized at least N blocks
///
/// @return the whole text; a line `error: ...` follows a command that cannot be done
[[nodiscard]] std::string run_scenario(std::string_view text);

}  // namespace polis::pbft::testing
