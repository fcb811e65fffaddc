#pragma once

#include <stddef.h>

/// Contracts that are compiled into a native program, for tests.
namespace polis::sdk::native {

struct Method {
    const char* name;  ///< nothing: the end of a list
    void (*run)();
};

/// Puts a contract into the list of those that contracts() in vm/sdk/native/host.hpp gives.
class Registration {
  public:
    /// All of them live as long as the program.
    Registration(const char* abi, size_t abi_size, const Method* methods);
};

}  // namespace polis::sdk::native
