#pragma once

#include <string>

namespace polis::node {

/// What `top -H` and a debugger show: at most 15 letters.
void name_this_thread(const std::string& name);

/// Lets the node's other threads have the processor first: for long work that nobody waits for.
void put_this_thread_behind();

}  // namespace polis::node
