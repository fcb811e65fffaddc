// The node of Polis: reads the arguments, runs one command, turns its outcome into an exit code and
// one line on standard error.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <node/cli/command.hpp>
#include <node/config/config.hpp>

namespace polis::node {

namespace {

constexpr std::string_view kFlag = "--";
constexpr const char* kFooter =
    "Exit codes: 0 done; 1 failed, with the cause and the cure on standard error; 2 wrong usage.";

/// A key of the configuration that is none: the flag that was probably meant.
int refuse(const std::string& argument) {
    const std::string_view flag = std::string_view(argument).substr(0, argument.find('='));
    NodeConfig scratch;
    const auto refused = apply_value(scratch, flag.substr(std::min(flag.size(), kFlag.size())), "");
    const bool is_key = flag.starts_with(kFlag) && flag.contains('.') && !refused;
    fmt::print(
        stderr,
        "polisd: {}\n",
        is_key ? "--" + refused.error()
               : argument + " was not expected; polisd run --help lists all flags");
    return kExitUsage;
}

int parse(Program& program, int argc, char** argv) {
    try {
        program.app.parse(argc, argv);
    } catch (const CLI::ExtrasError& /*error*/) {
        return refuse(program.app.remaining(/*recurse=*/true).front());
    } catch (const CLI::ParseError& error) {
        const bool asked_for_help = program.app.exit(error) == 0;
        return asked_for_help ? kExitOk : kExitUsage;
    }
    return kExitOk;
}

int run(int argc, char** argv) {
    Program program;
    program.app.description("polisd: a node of Polis");
    program.app.name("polisd");
    program.app.footer(kFooter);
    program.app.require_subcommand(1);
    program.app.set_version_flag("--version", POLIS_VERSION);
    add_init_command(program);
    add_run_command(program);
    add_doctor_command(program);
    add_archive_commands(program);
    if (const int code = parse(program, argc, argv); code != kExitOk || !program.action) {
        return code;
    }
    const Outcome outcome = program.action();
    if (!outcome) {
        fmt::print(stderr, "polisd: {}\n", outcome.error());
        return kExitFailed;
    }
    return *outcome;
}

}  // namespace

}  // namespace polis::node

int main(int argc, char** argv) {
    try {
        return polis::node::run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "polisd: %s\n", error.what());
    } catch (...) {
        std::fputs("polisd: stopped by an unknown exception\n", stderr);
    }
    return polis::node::kExitFailed;
}
