#pragma once

#include <span>
#include <string_view>

#include <core/bytes.hpp>

namespace polis::tools::contract {

/// A header that contracts include, as it was when this program was built.
struct SdkFile {
    std::string_view name;  ///< as a contract includes it: "vm/sdk/contract.hpp"
    ByteView content;
};

/// All of vm/sdk, so that `polis contract build` needs no source tree.
[[nodiscard]] std::span<const SdkFile> sdk_files();

}  // namespace polis::tools::contract
