#pragma once

#include <filesystem>
#include <string>

#include <genesis/preset.hpp>

namespace polis::genesis {

/// Makes a preset that people write self-contained: in each [[contracts]], the line
/// `code_file = "token.wasm"` becomes `code = "0x0061..."` with the bytes of that file, which is
/// looked for beside the preset. Text without such lines comes back as it is.
/// @error the file is missing, unreadable or larger than code may be; the key does not stand on a
/// line of its own
[[nodiscard]] PresetResult<std::string> inline_code(
    std::string text, const std::filesystem::path& preset);

}  // namespace polis::genesis
