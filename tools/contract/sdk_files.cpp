#include <tools/contract/sdk_files.hpp>

#include <array>

// Made by polis_embed() in tools/CMakeLists.txt.
#define POLIS_SDK_FILES(X) \
    X(abi)                 \
    X(bytes)               \
    X(chain)               \
    X(codec)               \
    X(containers)          \
    X(contract)            \
    X(evaluation)          \
    X(host)                \
    X(integer)             \
    X(memory)              \
    X(storage)             \
    X(types)

#define POLIS_DECLARE(name)                        \
    extern const unsigned char polis_sdk_##name[]; \
    extern const unsigned long polis_sdk_##name##_size;
POLIS_SDK_FILES(POLIS_DECLARE)

namespace polis::tools::contract {

std::span<const SdkFile> sdk_files() {
#define POLIS_ROW(name) \
    SdkFile{"vm/sdk/" #name ".hpp", ByteView(polis_sdk_##name, polis_sdk_##name##_size)},
    static const std::array files = {POLIS_SDK_FILES(POLIS_ROW)};
    return files;
}

}  // namespace polis::tools::contract
