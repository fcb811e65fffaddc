#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/types.hpp>
#include <tools/failure.hpp>

/// Public collections, fetched over plain HTTP: what came is believed by its SHA-256 only.
namespace polis::tools::learning {

struct FetchRequest {
    std::string source;          ///< a name of the catalogue, or an http:// or file:// URL
    std::string folder;          ///< where the files go
    std::string mirror;          ///< in place of the catalogue's; empty: those
    std::optional<Hash> sha256;  ///< of a URL's file; nothing: it is only told
};

struct FetchedFile {
    std::string path;
    Hash sha256;
    std::size_t bytes = 0;
    bool checked = false;  ///< against a digest that was known before
    bool fresh = false;    ///< false: it was there already
};

/// Names that fetch() knows.
[[nodiscard]] std::vector<std::string_view> catalogue();

/// Fetches what is missing. A file that broke off goes on where it ended (FILE.part); its name
/// appears only when it is whole and has the right digest.
/// @param say lines while it works. @error what could not be had, from where, and what to do
[[nodiscard]] Fallible<std::vector<FetchedFile>> fetch(
    const FetchRequest& request, const std::function<void(std::string_view line)>& say);

}  // namespace polis::tools::learning
