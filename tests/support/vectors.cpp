#include <tests/support/vectors.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <core/hex.hpp>

namespace polis::tests {

namespace {

std::filesystem::path folder() {
    const char* named = std::getenv("POLIS_VECTORS");
    return named != nullptr && *named != '\0' ? named : "../shared/vectors";
}

}  // namespace

bool have_vectors() { return std::filesystem::is_directory(folder()); }

std::string no_vectors_text() {
    return "skipped: no vectors in " + folder().string() + "; set POLIS_VECTORS";
}

std::string read_vectors(std::string_view name) {
    const std::filesystem::path path = folder() / name;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> vector_names(std::string_view name) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder() / name)) {
        out.push_back(entry.path().filename().string());
    }
    std::ranges::sort(out);
    return out;
}

nlohmann::ordered_json read_json_vectors(std::string_view name) {
    return nlohmann::ordered_json::parse(read_vectors(name));
}

Bytes hex_bytes(std::string_view text) {
    auto bytes = from_hex(text);
    if (!bytes) {
        throw std::runtime_error("not hexadecimal: " + std::string(text));
    }
    return *std::move(bytes);
}

}  // namespace polis::tests
