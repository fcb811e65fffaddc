#include <node/home/key_file.hpp>

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/hex.hpp>

namespace polis::node {

namespace {

constexpr std::string_view kHeading = "polis-key-1 ";

/// Closes on every way out.
struct File {
    explicit File(int descriptor) : fd(descriptor) {}

    File(const File&) = delete;
    File& operator=(const File&) = delete;

    ~File() {
        if (fd >= 0) {
            ::close(fd);
        }
    }

    const int fd;
};

std::string system_reason() { return std::generic_category().message(errno); }

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written <= 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return ::fsync(fd) == 0;
}

std::unexpected<std::string> not_a_key(const std::filesystem::path& file) {
    return std::unexpected(file.string() + " is no key file; make one: polis keys new --file FILE");
}

}  // namespace

Result<void, std::string> write_key_file(
    const std::filesystem::path& file, const crypto::Seed& seed) {
    const File out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (out.fd < 0 && errno == EEXIST) {
        return std::unexpected(
            file.string() + " exists and keys are never overwritten; choose another --file");
    }
    if (out.fd < 0) {
        return std::unexpected(
            "cannot create " + file.string() + ": " + system_reason() + "; choose another --file");
    }
    if (!write_all(out.fd, std::string(kHeading) + to_hex(seed.view()) + '\n')) {
        const std::string reason = system_reason();
        ::unlink(file.c_str());
        return std::unexpected("cannot write " + file.string() + ": " + reason + "; make room");
    }
    return {};
}

Result<crypto::Seed, std::string> read_key_file(const std::filesystem::path& file) {
    const File in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (in.fd < 0 || ::fstat(in.fd, &status) != 0) {
        return std::unexpected(
            "cannot read " + file.string() + ": " + system_reason() + "; check --file");
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return std::unexpected(
            file.string() + " can be used by others than its owner; run: chmod 600 " +
            file.string());
    }
    std::array<char, 256> buffer{};
    const ssize_t size = ::read(in.fd, buffer.data(), buffer.size());
    if (size < 0) {
        return not_a_key(file);
    }
    std::string_view text(buffer.data(), static_cast<std::size_t>(size));
    if (!text.starts_with(kHeading) || !text.ends_with('\n')) {
        return not_a_key(file);
    }
    text.remove_prefix(kHeading.size());
    text.remove_suffix(1);
    auto seed = parse_seed(std::string(text));
    if (!seed) {
        return not_a_key(file);
    }
    return seed;
}

Result<crypto::Seed, std::string> parse_seed(const std::string& text) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != crypto::Seed::kSize) {
        return std::unexpected("a seed has 64 hexadecimal digits; check --seed");
    }
    return crypto::Seed(*bytes);
}

}  // namespace polis::node
