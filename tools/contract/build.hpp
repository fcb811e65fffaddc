#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <tools/failure.hpp>

/// From C++ to a contract: what polis_contract() of CMake does, without a source tree.
namespace polis::tools::contract {

struct BuildOptions {
    std::vector<std::filesystem::path> sources;  ///< the first has POLIS_CONTRACT
    std::filesystem::path folder = ".";          ///< made if it is not there
    std::string name;                            ///< empty: the stem of the first source
};

struct Built {
    std::filesystem::path wasm;
    std::filesystem::path abi;
    Bytes code;        ///< what is in `wasm`
    std::string json;  ///< what is in `abi`
};

/// Compiles, links, takes the interface from the types, checks that the chain would accept the
/// module and writes both files. What the compiler says goes to standard error as it says it.
/// @error no clang++-19 or wasm-ld-19, a source that does not compile, a module that is refused
[[nodiscard]] Fallible<Built> build(const BuildOptions& options);

}  // namespace polis::tools::contract
