#include <node/home/identity.hpp>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/dev_keys.hpp>
#include <node/home/key_file.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTokenLettersMin = 16;

bool is_there(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

Result<void, std::string> write_if_missing(const fs::path& file, const crypto::Seed& seed) {
    return is_there(file) ? Result<void, std::string>{} : write_key_file(file, seed);
}

Result<void, std::string> make_private_dir(const fs::path& dir) {
    std::error_code failed;
    fs::create_directories(dir, failed);
    if (!failed) {
        fs::permissions(dir, fs::perms::owner_all, failed);
    }
    if (failed) {
        return std::unexpected(fmt::format(
            "cannot make {}: {}; check the permissions of its parent",
            dir.string(),
            failed.message()));
    }
    return {};
}

Result<void, std::string> write_token(const fs::path& file, const std::string& token) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const std::string line = token + '\n';
    const bool written =
        fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    const std::string reason = std::generic_category().message(errno);
    if (fd >= 0) {
        ::close(fd);
    }
    if (!written) {
        return std::unexpected(
            fmt::format("cannot write {}: {}; check space and permissions", file.string(), reason));
    }
    return {};
}

crypto::Seed seed_for(const std::optional<DevValidator>& dev, std::string_view role) {
    return dev ? genesis::dev_seed(dev->seed, fmt::format("validator {} {}", dev->index, role))
               : crypto::Seed::generate();
}

}  // namespace

Result<crypto::SigningKey, std::string> load_node_key(const HomeLayout& home) {
    if (!is_there(home.node_key())) {
        POLIS_TRY_VOID(write_key_file(home.node_key(), crypto::Seed::generate()));
    }
    POLIS_TRY(const crypto::Seed seed, read_key_file(home.node_key()));
    return crypto::SigningKey(seed);
}

Result<std::optional<Identity>, std::string> load_identity(const HomeLayout& home) {
    if (!is_there(home.consensus_key())) {
        return std::optional<Identity>{};
    }
    POLIS_TRY(const crypto::Seed consensus, read_key_file(home.consensus_key()));
    POLIS_TRY(const crypto::Seed vrf, read_key_file(home.vrf_key()));
    POLIS_TRY(const crypto::Seed account, read_key_file(home.account_key()));
    crypto::SigningKey account_key(account);
    const Address address = crypto::address_of(account_key.public_key());
    return std::optional<Identity>(Identity{
        .consensus_key = crypto::SigningKey(consensus),
        .vrf_key = crypto::VrfKey(vrf),
        .address = address,
        .account_key = std::move(account_key)});
}

crypto::Seed dev_node_seed(const DevValidator& dev) {
    return genesis::dev_seed(dev.seed, fmt::format("node {} identity", dev.index));
}

Result<void, std::string> write_validator_keys(
    const HomeLayout& home, const std::optional<DevValidator>& dev) {
    POLIS_TRY_VOID(make_private_dir(home.validator_dir()));
    POLIS_TRY_VOID(write_if_missing(home.consensus_key(), seed_for(dev, "consensus")));
    POLIS_TRY_VOID(write_if_missing(home.vrf_key(), seed_for(dev, "vrf")));
    return write_if_missing(home.account_key(), seed_for(dev, "operator"));
}

Result<std::string, std::string> load_token(const fs::path& file) {
    if (!is_there(file)) {
        std::string token = to_hex(crypto::Seed::generate().view());
        POLIS_TRY_VOID(write_token(file, token));
        return token;
    }
    struct stat status{};
    std::ifstream in(file, std::ios::binary);
    std::string token;
    if (::stat(file.c_str(), &status) != 0 || !(in >> token)) {
        return std::unexpected(fmt::format(
            "cannot read the token {}; check its permissions, or remove it for a fresh one",
            file.string()));
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return std::unexpected(fmt::format(
            "{} can be used by others than its owner; run: chmod 600 {}",
            file.string(),
            file.string()));
    }
    if (token.size() < kTokenLettersMin) {
        return std::unexpected(fmt::format(
            "the token in {} is shorter than {} letters; remove it for a fresh one",
            file.string(),
            kTokenLettersMin));
    }
    return token;
}

}  // namespace polis::node
