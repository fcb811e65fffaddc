#include <node/learning/key_keeper.hpp>

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <consensus/pole/records.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/hex.hpp>
#include <node/home/key_file.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".key";

}  // namespace

Result<KeyKeeper, std::string> KeyKeeper::open(fs::path folder) {
    KeyKeeper out(std::move(folder));
    std::error_code failed;
    fs::create_directories(out.folder_, failed);
    if (failed) {
        return std::unexpected(fmt::format(
            "cannot make {}: {}; check space and permissions",
            out.folder_.string(),
            failed.message()));
    }
    for (const fs::directory_entry& file : fs::directory_iterator(out.folder_, failed)) {
        const std::string name = file.path().filename().string();
        const auto task = name.ends_with(kSuffix)
                              ? fixed_from_hex<Hash>(name.substr(0, name.size() - kSuffix.size()))
                              : std::nullopt;
        if (task) {
            POLIS_TRY(const crypto::Seed key, read_key_file(file.path()));
            out.keys_[*task] = Hash::from_view(key.view());
        }
    }
    return out;
}

Result<void, std::string> KeyKeeper::keep(const Hash& task, const Hash& key) {
    const fs::path file = folder_ / (to_hex(task.view()) + std::string(kSuffix));
    std::error_code ignored;
    fs::remove(file, ignored);
    POLIS_TRY_VOID(write_key_file(file, crypto::Seed(key.view())));
    keys_[task] = key;
    return {};
}

std::optional<ledger::Payload> KeyKeeper::on_block(
    const std::optional<ledger::tasks::OpenRound>& open) const {
    if (!open || open->round.phase != consensus::pole::Phase::kRevealing || open->round.test_key) {
        return std::nullopt;
    }
    const auto key = keys_.find(open->round.task);
    if (key == keys_.end()) {
        return std::nullopt;
    }
    return ledger::RevealTestKey{.task = open->round.task, .key = key->second};
}

}  // namespace polis::node
