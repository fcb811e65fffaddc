#include <memory>
#include <string>

#include <tools/polis/command.hpp>
#include <tools/polis/completion.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

void add_completion_command(Program& program) {
    const auto shell = std::make_shared<std::string>();
    CLI::App& command =
        *program.app.add_subcommand("completion", "Print what completes this program's words");
    command.add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    program.on(command, [shell, &program] {
        const auto places = completion_places(program.app);
        return print(
            *shell == "bash"  ? bash_completion(places)
            : *shell == "zsh" ? zsh_completion(places)
                              : fish_completion(places));
    });
}

}  // namespace polis::tools
