// polis-mutants: proves the simulator by bugs that were put in on purpose. `polis simulate
// --mutants` starts this program, which is built with the tests and is no part of the product.
#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tests/mutants/catalogue.hpp>
#include <tests/mutants/hunt.hpp>

namespace polis::mutants {

namespace {

struct Arguments {
    HuntOptions hunt;
    std::vector<std::string> only;
    bool json = false;
};

/// @throws CLI::ValidationError for a name that no mutant has
std::vector<std::size_t> chosen(const std::vector<std::string>& names) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < all().size(); ++i) {
        if (names.empty() || std::ranges::find(names, all()[i].name) != names.end()) {
            out.push_back(i);
        }
    }
    if (!names.empty() && out.size() != names.size()) {
        throw CLI::ValidationError("--only", "no such mutant; run without it to see their names");
    }
    return out;
}

std::string name_of(const Catch& result) {
    return std::string(result.mutant ? all()[*result.mutant].name : "none (control)");
}

bool as_it_should(const Catch& result) { return result.mutant.has_value() == result.caught(); }

std::string outcome_of(const Catch& result) {
    const std::string seeds = fmt::format("{} seed{}", result.seeds, result.seeds == 1 ? "" : "s");
    if (!result.mutant) {
        return result.caught() ? "BROKEN after " + seeds + ": " + result.how
                               : seeds + " without a violation";
    }
    return result.caught() ? "caught after " + seeds + ": " + result.how : "SURVIVED " + seeds;
}

void print_table(const std::vector<Catch>& results) {
    for (const Catch& result : results) {
        fmt::print("{:<24}{}\n", name_of(result), outcome_of(result));
        if (result.mutant) {
            fmt::print("{:<24}  {}\n", "", all()[*result.mutant].what);
        }
    }
}

void print_json(const std::vector<Catch>& results) {
    nlohmann::ordered_json out;
    std::uint64_t survived = 0;
    for (const Catch& result : results) {
        nlohmann::ordered_json row;
        row["mutant"] = name_of(result);
        row["caught"] = result.caught();
        row["seeds"] = result.seeds;
        row["how"] = result.how;
        out["mutants"].push_back(row);
        survived += as_it_should(result) ? 0U : 1U;
    }
    out["unexpected"] = survived;
    fmt::print("{}\n", out.dump(2));
}

int run(const Arguments& arguments) {
    std::vector<Catch> results = hunt(arguments.hunt, chosen(arguments.only));
    std::ranges::sort(results, {}, [](const Catch& result) {
        return result.mutant ? *result.mutant + 1 : std::size_t{0};
    });
    if (arguments.json) {
        print_json(results);
    } else {
        print_table(results);
    }
    return std::ranges::all_of(results, as_it_should) ? 0 : 1;
}

}  // namespace

}  // namespace polis::mutants

int main(int argc, char** argv) {
    polis::mutants::Arguments arguments;
    arguments.hunt.jobs = std::max(1U, std::thread::hardware_concurrency());
    CLI::App app("Runs the simulator against deliberate bugs; every one must be caught");
    app.add_option("--seeds", arguments.hunt.seeds_max, "Seeds to try for each bug")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
        ->capture_default_str();
    app.add_option("--control", arguments.hunt.control, "Seeds that the sound code must survive")
        ->capture_default_str();
    app.add_option("--jobs", arguments.hunt.jobs, "Processes at a time")
        ->check(CLI::Range(1, 1'024))
        ->capture_default_str();
    app.add_option("--only", arguments.only, "Only these bugs, by name");
    app.add_flag("--json", arguments.json, "Answer in JSON");
    try {
        app.parse(argc, argv);
        return polis::mutants::run(arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        fmt::print(stderr, "polis-mutants: {}\n", error.what());
        return 1;
    }
}
