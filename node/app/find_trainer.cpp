#include <node/app/find_trainer.hpp>

#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include <core/integer.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;

std::unexpected<std::string> wrong(const std::string& text) {
    return std::unexpected(fmt::format(
        "trainer.architecture: \"{}\" is none; write logistic, lenet, cnn, resnet8, or mlp with "
        "its hidden layers as in mlp:128,64",
        text));
}

}  // namespace

Result<std::optional<fs::path>, std::string> find_trainer(const std::string& program) {
    if (program.empty()) {
        return std::nullopt;
    }
    std::error_code ignored;
    const bool named = program.find('/') != std::string::npos;
    const fs::path file = named
                              ? fs::path(program)
                              : fs::read_symlink("/proc/self/exe", ignored).parent_path() / program;
    if (::access(file.c_str(), X_OK) == 0) {
        return file;
    }
    if (named) {
        return std::unexpected(fmt::format(
            "trainer.program: there is no program {}; correct the path, or leave it empty to train "
            "nothing",
            program));
    }
    return std::nullopt;
}

Result<trainer::ModelSpec, std::string> parse_architecture(const std::string& text) {
    const std::size_t colon = text.find(':');
    trainer::ModelSpec out{.kind = text.substr(0, colon), .hidden = {}};
    if (out.kind.empty() || out.kind.size() > trainer::kKindBytesMax) {
        return wrong(text);
    }
    std::string_view widths =
        colon == std::string::npos ? std::string_view{} : std::string_view(text).substr(colon + 1);
    while (!widths.empty()) {
        const std::size_t comma = widths.find(',');
        const auto width = parse_u64(widths.substr(0, comma));
        if (!width || *width == 0 || *width > UINT32_MAX ||
            out.hidden.size() == trainer::kHiddenLayersMax) {
            return wrong(text);
        }
        out.hidden.push_back(static_cast<std::uint32_t>(*width));
        widths = comma == std::string_view::npos ? std::string_view{} : widths.substr(comma + 1);
    }
    return out;
}

}  // namespace polis::node
