#include <node/app/find_trainer.hpp>

#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

namespace polis::node {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAsTheTaskSays = "task";

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

Result<std::optional<trainer::ModelSpec>, std::string> parse_architecture(const std::string& text) {
    if (text == kAsTheTaskSays) {
        return std::nullopt;
    }
    auto spec = trainer::parse_model_spec(text);
    if (!spec) {
        return std::unexpected(fmt::format(
            "trainer.architecture: \"{}\" is none; write task (as each task suggests), logistic, "
            "lenet, cnn, resnet8, or mlp with its hidden layers as in mlp:128,64",
            text));
    }
    return spec;
}

}  // namespace polis::node
