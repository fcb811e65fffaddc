#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <core/bytes.hpp>

/// Public test vectors, which are not part of the source tree.
///
/// They are read from the folder in the environment variable POLIS_VECTORS, by default
/// `../shared/vectors` from the source root, where tests run.
namespace polis::tests {

[[nodiscard]] bool have_vectors();

/// For GTEST_SKIP: says which folder is missing and how to name another.
[[nodiscard]] std::string no_vectors_text();

/// The text of a file in that folder; throws if it cannot be read, which fails the test.
[[nodiscard]] std::string read_vectors(std::string_view name);

/// Names of the files in a folder of vectors, sorted.
[[nodiscard]] std::vector<std::string> vector_names(std::string_view name);

/// Members stay in the order of the file.
[[nodiscard]] nlohmann::ordered_json read_json_vectors(std::string_view name);

/// Hexadecimal that a vector file or a test spells; throws if it is none.
[[nodiscard]] Bytes hex_bytes(std::string_view text);

/// Hexadecimal of exactly the size of `Fixed`.
template <class Fixed>
[[nodiscard]] Fixed hex_fixed(std::string_view text) {
    return Fixed::from_view(hex_bytes(text));
}

}  // namespace polis::tests

/// Leaves the test as skipped where the vectors are absent.
#define POLIS_NEEDS_VECTORS()                              \
    if (!::polis::tests::have_vectors()) {                 \
        GTEST_SKIP() << ::polis::tests::no_vectors_text(); \
    }                                                      \
    static_assert(true, "needs a semicolon")
