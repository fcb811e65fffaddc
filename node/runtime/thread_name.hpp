#pragma once

#include <string>

namespace polis::node {

/// What `top -H` and a debugger show: at most 15 letters.
void name_this_thread(const std::string& name);

}  // namespace polis::node
