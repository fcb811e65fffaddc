#include <node/home/home.hpp>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <genesis/builder.hpp>
#include <ledger/store/leveldb_store.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;
using ledger::Chain;
using ChainResult = Result<std::unique_ptr<Chain>, std::string>;

std::string create_hint(const fs::path& home) {
    return "create one: polis genesis build FILE --home " + home.string();
}

/// Why there can be no store here, if so; LevelDB would name only a file of its own.
std::optional<std::string> missing_home(const fs::path& home) {
    std::error_code failed;
    const fs::file_status place = fs::status(chain_dir(home), failed);
    if (fs::is_directory(place)) {
        return std::nullopt;
    }
    if (failed == std::errc::permission_denied) {
        return home.string() + " cannot be read: run as its owner or change its permissions";
    }
    if (fs::exists(place)) {
        return chain_dir(home).string() + " is not a directory; " + create_hint(home);
    }
    if (!fs::exists(home, failed)) {
        return "there is no directory " + home.string() + "; name the home of a chain, or " +
               create_hint(home);
    }
    return home.string() + " holds no chain; " + create_hint(home);
}

/// The file's text, nothing if it cannot be read.
std::optional<std::string> text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    return in.good() || in.eof() ? std::optional{std::move(text)} : std::nullopt;
}

/// Whether a chain can be created here. @error why not
Result<void, std::string> check_free(const fs::path& home, std::string_view preset) {
    std::error_code failed;
    if (fs::exists(chain_dir(home), failed)) {
        return std::unexpected(
            home.string() + " already holds a chain; choose another --home or remove it");
    }
    if (fs::exists(genesis_file(home), failed) && text_of(genesis_file(home)) != preset) {
        return std::unexpected(
            genesis_file(home).string() + " is another preset; choose another --home");
    }
    fs::create_directories(home, failed);
    if (failed) {
        return std::unexpected(
            "cannot make the directory " + home.string() + ": " + failed.message() +
            "; choose another --home");
    }
    return {};
}

Result<void, std::string> write_text(const fs::path& file, std::string_view text) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!out.flush()) {
        return std::unexpected(
            "cannot write " + file.string() + ": check space and permissions, then start again");
    }
    return {};
}

}  // namespace

fs::path genesis_file(const fs::path& home) { return home / "genesis.toml"; }

fs::path chain_dir(const fs::path& home) { return home / "chain"; }

ChainResult create_home(const fs::path& home, std::string_view preset, std::string_view file) {
    const auto genesis = genesis::build_from_text(preset, file);
    if (!genesis) {
        return std::unexpected(describe(genesis.error()));
    }
    POLIS_TRY_VOID(check_free(home, preset));
    POLIS_TRY_VOID(write_text(genesis_file(home), preset));
    auto store = ledger::open_leveldb(chain_dir(home));
    if (!store) {
        return std::unexpected(store.error().context);
    }
    auto chain = Chain::create(*std::move(store), genesis->state, Chain::Options{});
    if (!chain) {
        return std::unexpected(chain.error().context);
    }
    return *std::move(chain);
}

ChainResult open_home(const fs::path& home, const OpenOptions& options) {
    if (const auto missing = missing_home(home)) {
        return std::unexpected(*missing);
    }
    ledger::LevelDbOptions store_options = options.store;
    store_options.create_if_missing = false;
    auto store = ledger::open_leveldb(chain_dir(home), store_options);
    if (!store) {
        return std::unexpected(store.error().context);
    }
    auto chain = Chain::open(*std::move(store), options.chain);
    if (!chain) {
        return std::unexpected(
            "the chain in " + home.string() + " cannot be used: " + chain.error().context);
    }
    return *std::move(chain);
}

Result<fs::path, std::string> fresh_directory(std::string_view purpose) {
    std::error_code failed;
    std::string name =
        (fs::temp_directory_path(failed) / ("polis-" + std::string(purpose) + "-XXXXXX")).string();
    if (failed || ::mkdtemp(name.data()) == nullptr) {
        return std::unexpected(
            "cannot make a temporary directory: " + std::generic_category().message(errno) +
            "; name one with --home");
    }
    return name;
}

}  // namespace polis::node
