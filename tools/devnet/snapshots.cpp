#include <tools/devnet/snapshots.hpp>

#include <algorithm>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameBytesMax = 64;

fs::path snapshots_dir(const Devnet& devnet) { return devnet.home / "snapshots"; }

Fallible<void> check_name(const std::string& name) {
    const bool odd = std::ranges::any_of(name, [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return !letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.';
    });
    if (name.empty() || name.size() > kNameBytesMax || odd || name.starts_with('.')) {
        return wrong_usage(
            fmt::format("'{}' is no name of a snapshot; use letters, digits, - and _", name));
    }
    return {};
}

/// Shares the blocks of the file where the file system can, and copies them where it cannot.
bool clone_file(const fs::path& from, const fs::path& to) {
    const FileDescriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    const FileDescriptor out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (in.valid() && out.valid() && ::ioctl(out.get(), FICLONE, in.get()) == 0) {
        return true;
    }
    std::error_code failed;
    return fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
}

Fallible<void> copy_tree(const fs::path& from, const fs::path& to) {
    std::error_code failed;
    fs::create_directories(to, failed);
    fs::recursive_directory_iterator entry(from, failed);
    for (const fs::recursive_directory_iterator end; !failed && entry != end;
         entry.increment(failed)) {
        const fs::path target = to / entry->path().lexically_relative(from);
        const bool done = entry->is_directory(failed)
                              ? fs::create_directories(target, failed) || fs::exists(target)
                              : clone_file(entry->path(), target);
        if (!done || failed) {
            return std::unexpected(Failure(fmt::format(
                "cannot copy {} to {}; is there space left?",
                entry->path().string(),
                to.string())));
        }
        if (!entry->is_directory(failed)) {
            fs::permissions(target, entry->status(failed).permissions(), failed);
        }
    }
    if (failed) {
        return std::unexpected(Failure(fmt::format(
            "cannot read {}: {}; check its permissions", from.string(), failed.message())));
    }
    return {};
}

/// Ends the nodes; afterwards `again` starts those that did run.
struct Interlude {
    Begin again;

    static Fallible<Interlude> begin(Devnet& devnet, const std::string& version, const Say& say) {
        Interlude out;
        out.again.version = version;
        for (std::size_t i = 0; i < devnet.nodes.size(); ++i) {
            if (state_of(devnet, devnet.nodes[i]) != ProcessState::kGone) {
                out.again.positions.push_back(i);
            }
        }
        POLIS_TRY_VOID(down(devnet, {}, say));
        return out;
    }
};

Fallible<void> copy_homes(const Devnet& devnet, const fs::path& to) {
    for (const Node& node : devnet.nodes) {
        const fs::path home = node_home(devnet, node);
        POLIS_TRY_VOID(copy_tree(home, to / home.filename()));
    }
    return write_file(to / "devnet.json", to_state(devnet));
}

void remove_homes(const Devnet& devnet) {
    std::error_code ignored;
    for (const Node& node : devnet.nodes) {
        fs::remove_all(node_home(devnet, node), ignored);
    }
}

std::uint64_t bytes_in(const fs::path& folder) {
    std::uint64_t out = 0;
    std::error_code failed;
    for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code unreadable;
        if (entry->is_regular_file(unreadable)) {
            out += entry->file_size(unreadable);
        }
    }
    return out;
}

}  // namespace

Fallible<void> take_snapshot(
    Devnet& devnet, const std::string& name, const std::string& version, const Say& say) {
    POLIS_TRY_VOID(check_name(name));
    const fs::path target = snapshots_dir(devnet) / name;
    std::error_code failed;
    if (fs::exists(target, failed)) {
        return std::unexpected(
            Failure(fmt::format("there is a snapshot {} already; choose another name", name)));
    }
    POLIS_TRY(const Interlude interlude, Interlude::begin(devnet, version, say));
    const fs::path fresh = target.string() + ".new";
    fs::remove_all(fresh, failed);
    auto copied = copy_homes(devnet, fresh);
    if (copied) {
        fs::rename(fresh, target, failed);
    } else {
        fs::remove_all(fresh, failed);
    }
    POLIS_TRY_VOID(begin(devnet, interlude.again, say));
    return copied;
}

Fallible<void> revert(
    Devnet& devnet, const std::string& name, const std::string& version, const Say& say) {
    POLIS_TRY_VOID(check_name(name));
    const fs::path source = snapshots_dir(devnet) / name;
    std::error_code failed;
    if (!fs::exists(source / "devnet.json", failed)) {
        return std::unexpected(Failure(fmt::format(
            "there is no snapshot {}; list them with `polis devnet snapshot --list`", name)));
    }
    POLIS_TRY(const std::string text, read_file(source / "devnet.json"));
    POLIS_TRY(Devnet old, parse_state(text, devnet.home));
    old.polisd = devnet.polisd;
    POLIS_TRY(Interlude interlude, Interlude::begin(devnet, version, say));
    remove_homes(devnet);
    for (const Node& node : old.nodes) {
        const fs::path home = node_home(old, node);
        POLIS_TRY_VOID(copy_tree(source / home.filename(), home));
    }
    devnet = old;
    POLIS_TRY_VOID(save(devnet));
    if (interlude.again.positions.empty()) {
        return {};
    }
    interlude.again.positions.clear();
    for (std::size_t i = 0; i < devnet.nodes.size(); ++i) {
        interlude.again.positions.push_back(i);
    }
    return begin(devnet, interlude.again, say);
}

Fallible<std::vector<SnapshotRow>> list_snapshots(const Devnet& devnet) {
    std::vector<SnapshotRow> out;
    std::error_code failed;
    for (fs::directory_iterator entry(snapshots_dir(devnet), failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const auto age = fs::file_time_type::clock::now() - entry->last_write_time(failed);
        out.push_back(
            {.name = entry->path().filename().string(),
             .bytes = bytes_in(entry->path()),
             .age_s = std::chrono::duration_cast<std::chrono::seconds>(age).count()});
    }
    std::ranges::sort(out, {}, &SnapshotRow::name);
    return out;
}

Fallible<void> reset(Devnet& devnet, bool manifest, const Say& say) {
    POLIS_TRY_VOID(down(devnet, {}, say));
    remove_homes(devnet);
    std::error_code ignored;
    fs::remove(devnet.home / "devnet.json", ignored);
    if (manifest) {
        fs::remove(manifest_file(devnet.home), ignored);
        fs::remove_all(snapshots_dir(devnet), ignored);
    }
    return {};
}

}  // namespace polis::tools::devnet
