#include <tools/vm/files.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <stdlib.h>

namespace polis::tools::vmtool {

namespace {

namespace fs = std::filesystem;

std::string reason() { return std::generic_category().message(errno); }

/// All of a stream, one byte more than allowed at most.
Fallible<Bytes> read_stream(std::FILE* stream, const std::string& name, std::size_t bytes_max) {
    Bytes out;
    std::array<std::uint8_t, 65'536> portion{};
    while (out.size() <= bytes_max) {
        const std::size_t got = std::fread(portion.data(), 1, portion.size(), stream);
        append(out, ByteView(portion.data(), got));
        if (got < portion.size()) {
            break;
        }
    }
    if (std::ferror(stream) != 0) {
        return wrong_usage(fmt::format("cannot read {}: {}", name, reason()));
    }
    if (out.size() > bytes_max) {
        return wrong_usage(fmt::format(
            "{} has more than {} bytes; is it the file that you meant?", name, bytes_max));
    }
    return out;
}

}  // namespace

Fallible<Bytes> read_file(const fs::path& file, std::size_t bytes_max) {
    if (file == "-") {
        return read_stream(stdin, "standard input", bytes_max);
    }
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) {
        return wrong_usage(fmt::format("{} is a folder; name a file in it", file.string()));
    }
    std::FILE* stream = std::fopen(file.c_str(), "rb");
    if (stream == nullptr) {
        return wrong_usage(
            fmt::format("cannot open {}: {}; check the name", file.string(), reason()));
    }
    auto out = read_stream(stream, file.string(), bytes_max);
    std::fclose(stream);
    return out;
}

Fallible<TemporaryFolder> TemporaryFolder::create() {
    std::error_code failed;
    std::string name = (fs::temp_directory_path(failed) / "polis-vm-XXXXXX").string();
    if (failed || ::mkdtemp(name.data()) == nullptr) {
        return std::unexpected(
            fmt::format("cannot make a temporary folder {}: {}; set TMPDIR", name, reason()));
    }
    return TemporaryFolder(name);
}

TemporaryFolder::~TemporaryFolder() {
    if (!path_.empty()) {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
}

}  // namespace polis::tools::vmtool
