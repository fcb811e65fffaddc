#include <tools/polis/completion.hpp>

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace polis::tools {

namespace {

/// Help that can stand between single quotes in every shell.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, text.find('\n'))) {
        if (c != '\'' && c != '\\' && c != ':' && c != '`' && c != '$') {
            out += c;
        }
    }
    return out;
}

std::vector<CompletionWord> options_of(const CLI::App& app) {
    std::vector<CompletionWord> out;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) {
            continue;  // hidden
        }
        for (const std::string& name : option->get_lnames()) {
            out.push_back(
                {"--" + name, plain(option->get_description()), option->get_items_expected() > 0});
        }
    }
    return out;
}

void add_places(const CLI::App& app, const std::string& path, std::vector<CompletionPlace>& out) {
    CompletionPlace place{path, {}, options_of(app)};
    std::vector<const CLI::App*> children;
    for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!child->get_name().empty() && !child->get_group().empty()) {
            place.commands.push_back({child->get_name(), plain(child->get_description())});
            children.push_back(child);
        } else if (child->get_name().empty()) {
            const auto grouped = options_of(*child);  // an option group
            place.options.insert(place.options.end(), grouped.begin(), grouped.end());
        }
    }
    out.push_back(std::move(place));
    for (const CLI::App* child : children) {
        add_places(*child, path.empty() ? child->get_name() : path + ' ' + child->get_name(), out);
    }
}

std::string joined(const std::vector<CompletionWord>& words) {
    std::string out;
    for (const CompletionWord& word : words) {
        out += (out.empty() ? "" : " ") + word.word;
    }
    return out;
}

/// Words of the options that take a value, over all places, each once.
std::string value_options(const std::vector<CompletionPlace>& places) {
    std::vector<std::string> names;
    for (const CompletionPlace& place : places) {
        for (const CompletionWord& option : place.options) {
            if (option.value) {
                names.push_back(option.word);
            }
        }
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string out;
    for (const std::string& name : names) {
        out += (out.empty() ? "" : "|") + name;
    }
    return out;
}

}  // namespace

std::vector<CompletionPlace> completion_places(const CLI::App& program) {
    std::vector<CompletionPlace> out;
    add_places(program, {}, out);
    return out;
}

std::string bash_completion(const std::vector<CompletionPlace>& places) {
    std::string commands;
    std::string options;
    for (const CompletionPlace& place : places) {
        commands +=
            fmt::format("        '{}') words='{}' ;;\n", place.path, joined(place.commands));
        options += fmt::format("        '{}') words='{}' ;;\n", place.path, joined(place.options));
    }
    return fmt::format(
        "# bash completion of polis; to use it: source <(polis completion bash)\n"
        "_polis_commands() {{\n    case $1 in\n{}        *) words='' ;;\n    esac\n}}\n"
        "_polis_options() {{\n    case $1 in\n{}        *) words='' ;;\n    esac\n}}\n"
        "_polis() {{\n"
        "    local current=${{COMP_WORDS[COMP_CWORD]}} path='' words word i skip=0\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        word=${{COMP_WORDS[i]}}\n"
        "        if ((skip)); then skip=0; continue; fi\n"
        "        case $word in\n"
        "            {}) skip=1 ;;\n"
        "            -*) ;;\n"
        "            *)\n"
        "                _polis_commands \"$path\"\n"
        "                if [[ \" $words \" == *\" $word \"* ]]; then path=${{path:+$path }}$word; "
        "fi ;;\n"
        "        esac\n"
        "    done\n"
        "    COMPREPLY=()\n"
        "    if ((skip)); then COMPREPLY=($(compgen -f -- \"$current\")); return; fi\n"
        "    if [[ $current == -* ]]; then _polis_options \"$path\"; else _polis_commands "
        "\"$path\"; "
        "fi\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "    if [[ -z $words ]]; then COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
        "}}\n"
        "complete -F _polis polis\n",
        commands,
        options,
        value_options(places));
}

std::string zsh_completion(const std::vector<CompletionPlace>& places) {
    const auto described = [](const std::vector<CompletionWord>& words) {
        std::string out;
        for (const CompletionWord& word : words) {
            out += fmt::format(" '{}:{}'", word.word, word.help);
        }
        return out;
    };
    std::string commands;
    std::string options;
    for (const CompletionPlace& place : places) {
        commands +=
            fmt::format("        '{}') found=({} ) ;;\n", place.path, described(place.commands));
        options +=
            fmt::format("        '{}') found=({} ) ;;\n", place.path, described(place.options));
    }
    return fmt::format(
        "#compdef polis\n"
        "# zsh completion of polis; to use it: polis completion zsh > a directory of "
        "$fpath/_polis\n"
        "_polis_commands() {{\n    case $1 in\n{}        *) found=() ;;\n    esac\n}}\n"
        "_polis_options() {{\n    case $1 in\n{}        *) found=() ;;\n    esac\n}}\n"
        "_polis() {{\n"
        "    local place='' word skip=0\n"
        "    local -a found\n"
        "    for word in ${{words[2,CURRENT-1]}}; do\n"
        "        if ((skip)); then skip=0; continue; fi\n"
        "        case $word in\n"
        "            {}) skip=1 ;;\n"
        "            -*) ;;\n"
        "            *)\n"
        "                _polis_commands \"$place\"\n"
        "                if [[ -n ${{(M)found:#$word:*}} ]]; then place=${{place:+$place }}$word; "
        "fi ;;\n"
        "        esac\n"
        "    done\n"
        "    if ((skip)); then _files; return; fi\n"
        "    if [[ $PREFIX == -* ]]; then _polis_options \"$place\"; else _polis_commands "
        "\"$place\"; fi\n"
        "    if (( ${{#found}} )); then _describe 'polis' found; else _files; fi\n"
        "}}\n"
        "_polis \"$@\"\n",
        commands,
        options,
        value_options(places));
}

std::string fish_completion(const std::vector<CompletionPlace>& places) {
    std::string commands;
    std::string rules;
    for (const CompletionPlace& place : places) {
        commands += fmt::format(
            "        case '{}'\n            echo {}\n", place.path, joined(place.commands));
        const std::string where = fmt::format("-n '__polis_at \"{}\"'", place.path);
        for (const CompletionWord& word : place.commands) {
            rules += fmt::format(
                "complete -c polis -f {} -a '{}' -d '{}'\n", where, word.word, word.help);
        }
        for (const CompletionWord& option : place.options) {
            rules += fmt::format(
                "complete -c polis {} -l '{}'{} -d '{}'\n",
                where,
                option.word.substr(2),
                option.value ? " -r" : "",
                option.help);
        }
    }
    std::string with_value = value_options(places);
    std::ranges::replace(with_value, '|', ' ');
    return fmt::format(
        "# fish completion of polis; to use it: polis completion fish | source\n"
        "function __polis_commands\n    switch \"$argv[1]\"\n{}    end\nend\n"
        "function __polis_at\n"
        "    set -l place ''\n"
        "    set -l skip 0\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        if test $skip -eq 1\n            set skip 0\n"
        "        else if contains -- $word {}\n            set skip 1\n"
        "        else if contains -- $word (string split ' ' -- (__polis_commands \"$place\"))\n"
        "            set place (string trim -- \"$place $word\")\n"
        "        end\n"
        "    end\n"
        "    test \"$place\" = \"$argv[1]\"\n"
        "end\n{}",
        commands,
        with_value,
        rules);
}

}  // namespace polis::tools
