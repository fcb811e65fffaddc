#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <core/bytes.hpp>
#include <tools/contract/wasm_file.hpp>

/// What polis_contract() of CMake runs last:
/// polis_contract_embed ABI_OBJECT MODULE OUTPUT.wasm OUTPUT.abi.json
namespace {

using polis::Bytes;

std::optional<Bytes> read(const char* path) {
    std::ifstream file(path, std::ios::binary);
    Bytes out{std::istreambuf_iterator<char>(file), {}};
    return file.good() || file.eof() ? std::optional{std::move(out)} : std::nullopt;
}

bool write(const char* path, polis::ByteView bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(polis::as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    return file.flush().good();
}

int fail(const std::string& message) {
    std::fprintf(stderr, "polis_contract_embed: %s\n", message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace polis::tools::contract;
    const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
    if (arguments.size() != 5) {
        return fail("usage: polis_contract_embed ABI_OBJECT MODULE OUTPUT.wasm OUTPUT.abi.json");
    }
    const auto object = read(arguments[1]);
    const auto module = read(arguments[2]);
    if (!object || !module) {
        return fail("cannot read what the compiler made; build again");
    }
    const auto abi = find_abi(*object);
    if (!abi) {
        return fail("the source has no POLIS_CONTRACT(Class, ...); add it behind the class");
    }
    const auto wasm = with_custom_section(*module, kAbiSection, polis::as_bytes(*abi));
    if (!wasm) {
        return fail(wasm.error().message);
    }
    const std::string json = *abi + '\n';
    if (!write(arguments[3], *wasm) || !write(arguments[4], polis::as_bytes(json))) {
        return fail("cannot write the contract; is there room and permission?");
    }
    return 0;
}
