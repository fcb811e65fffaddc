#include <ml/data/source.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <core/integer.hpp>
#include <ml/data/cifar.hpp>
#include <ml/data/digits.hpp>
#include <ml/data/gzip.hpp>
#include <ml/data/idx.hpp>
#include <ml/data/limits.hpp>

namespace polis::data {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDigits = "digits";

/// An error of a parser, with the file that it looked at in front.
template <class T>
Result<T, DataError> in_file(Result<T, DataError> result, const std::string& path) {
    if (!result) {
        std::string& where = result.error().where;
        where = where.empty() ? path : path + ", " + where;
    }
    return result;
}

std::string_view without_gz(std::string_view name) {
    if (name.ends_with(".gz")) {
        name.remove_suffix(3);
    }
    return name;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Labels that belong to a file of images, under the names that are in use.
std::optional<std::string> labels_beside(const std::string& images) {
    const fs::path path(images);
    const std::string name = path.filename().string();
    const std::size_t at = name.find("images-idx");
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const std::string stem = name.substr(0, at) + "labels-idx1-ubyte";
    for (const char* ending : {".gz", ""}) {
        const fs::path candidate = path.parent_path() / (stem + ending);
        std::error_code ignored;
        if (fs::is_regular_file(candidate, ignored)) {
            return candidate.string();
        }
    }
    return std::nullopt;
}

Result<Bytes, DataError> load_idx(const std::string& images_path, std::uint32_t& white) {
    const auto labels_path = labels_beside(images_path);
    if (!labels_path) {
        return fail(DataCode::kLabelsMismatch, images_path + ": no labels beside it");
    }
    POLIS_TRY(const Bytes images_file, read_unpacked(images_path));
    POLIS_TRY(const Bytes labels_file, read_unpacked(*labels_path));
    POLIS_TRY(const IdxArray images, in_file(parse_idx(images_file), images_path));
    POLIS_TRY(const IdxArray labels, in_file(parse_idx(labels_file), *labels_path));
    return in_file(dataset_of_idx(images, labels, white), images_path);
}

Result<Sources, DataError> load_digits(const std::string& name, std::uint64_t seed) {
    std::uint64_t count = kDigitsDefault;
    if (name.size() > kDigits.size()) {
        const auto given = parse_u64(std::string_view(name).substr(kDigits.size() + 1));
        if (!given || *given > kDigitsMax) {
            return fail(DataCode::kUnknownSource, name);
        }
        count = *given;
    }
    Sources out;
    POLIS_TRY(out.train, draw_digits(static_cast<std::uint32_t>(count), seed));
    out.format = kDigits;
    return out;
}

/// Regular files of a folder in the order of their names.
std::vector<std::string> files_in(const std::string& folder) {
    std::vector<std::string> out;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        std::error_code ignored;
        if (entry.is_regular_file(ignored)) {
            out.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(out);
    return out;
}

bool is_test_name(std::string_view name) {
    return contains(name, "t10k") || contains(name, "test");
}

/// CIFAR-10 batches of one part, joined. Empty if there are none.
Result<Bytes, DataError> load_batches(
    const std::string& folder, const std::vector<std::string>& names, bool test) {
    Bytes joined;
    for (const std::string& name : names) {
        if (!without_gz(name).ends_with(".bin") || is_test_name(name) != test) {
            continue;
        }
        POLIS_TRY(const Bytes batch, read_unpacked((fs::path(folder) / name).string()));
        if (joined.size() + batch.size() > kFileBytesMax) {
            return fail(DataCode::kTooLarge, folder);
        }
        append(joined, batch);
    }
    return joined;
}

Result<Sources, DataError> load_cifar_folder(
    const std::string& folder, const std::vector<std::string>& names) {
    Sources out;
    out.format = "cifar10";
    POLIS_TRY(const Bytes train, load_batches(folder, names, /*test=*/false));
    POLIS_TRY(const Bytes test, load_batches(folder, names, /*test=*/true));
    POLIS_TRY(out.train, in_file(dataset_of_cifar(train), folder));
    if (!test.empty()) {
        POLIS_TRY(out.test, in_file(dataset_of_cifar(test), folder));
    }
    return out;
}

/// A file that must be a dataset.
Result<Bytes, DataError> load_dataset(const fs::path& path) {
    POLIS_TRY(Bytes file, read_unpacked(path.string()));
    if (const auto view = exact::DatasetView::open(file); !view) {
        return in_file<Bytes>(fail(view.error()), path.string());
    }
    return file;
}

/// What `polis data split` has written.
Result<Sources, DataError> load_parts(const fs::path& folder) {
    Sources out;
    out.format = "dataset";
    POLIS_TRY(out.train, load_dataset(folder / kTrainingFile));
    std::error_code ignored;
    if (fs::exists(folder / kValidationFile, ignored)) {
        POLIS_TRY(out.validation, load_dataset(folder / kValidationFile));
    }
    if (fs::exists(folder / kTestFile, ignored)) {
        POLIS_TRY(out.test, load_dataset(folder / kTestFile));
    }
    return out;
}

Result<Sources, DataError> load_folder(const std::string& folder, const SourceOptions& options) {
    const std::vector<std::string> names = files_in(folder);
    if (std::ranges::find(names, kTrainingFile) != names.end()) {
        return load_parts(folder);
    }
    const auto images = [&](bool test) {
        return std::ranges::find_if(names, [test](const std::string& name) {
            return contains(name, "images-idx") && is_test_name(name) == test;
        });
    };
    const auto train = images(/*test=*/false);
    const auto test = images(/*test=*/true);
    const bool batches = std::ranges::any_of(
        names, [](const std::string& name) { return without_gz(name).ends_with(".bin"); });
    if (train == names.end()) {
        return batches ? load_cifar_folder(folder, names) : fail(DataCode::kUnknownSource, folder);
    }
    Sources out;
    out.format = "idx";
    std::uint32_t white = options.white;
    POLIS_TRY(out.train, load_idx(folder + "/" + *train, white));
    if (test != names.end()) {
        POLIS_TRY(out.test, load_idx(folder + "/" + *test, white));
    }
    return out;
}

Result<Sources, DataError> load_file(const std::string& path, const SourceOptions& options) {
    Sources out;
    const std::string_view name = without_gz(path);
    if (contains(fs::path(path).filename().string(), "images-idx")) {
        std::uint32_t white = options.white;
        out.format = "idx";
        POLIS_TRY(out.train, load_idx(path, white));
        return out;
    }
    POLIS_TRY(Bytes file, read_unpacked(path));
    if (name.ends_with(".csv")) {
        POLIS_TRY(auto table, in_file(dataset_of_csv(as_text(file), options.csv), path));
        out.train = std::move(table.file);
        out.classes = std::move(table.classes);
        out.format = "csv";
        return out;
    }
    if (name.ends_with(".bin")) {
        out.format = "cifar10";
        POLIS_TRY(out.train, in_file(dataset_of_cifar(file), path));
        return out;
    }
    const bool magic =
        file.size() >= exact::kDatasetMagic.size() &&
        equal(ByteView{file}.first(exact::kDatasetMagic.size()), exact::kDatasetMagic);
    if (!magic) {
        return fail(DataCode::kUnknownSource, path);
    }
    if (auto view = exact::DatasetView::open(file); !view) {
        return in_file<Sources>(fail(view.error()), path);
    }
    out.train = std::move(file);
    out.format = "dataset";
    return out;
}

}  // namespace

Result<Bytes, DataError> read_file(const std::string& path) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error) {
        return fail(DataCode::kCannotRead, path);
    }
    if (size > kFileBytesMax) {
        return fail(DataCode::kTooLarge, path);
    }
    std::ifstream file(path, std::ios::binary);
    Bytes out(static_cast<std::size_t>(size));
    file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (!file || file.gcount() != static_cast<std::streamsize>(out.size())) {
        return fail(DataCode::kCannotRead, path);
    }
    return out;
}

Result<Bytes, DataError> read_unpacked(const std::string& path) {
    POLIS_TRY(Bytes file, read_file(path));
    return is_gzip(file) ? in_file(gunzip(file, kFileBytesMax), path)
                         : Result<Bytes, DataError>(std::move(file));
}

Result<Sources, DataError> load_source(const std::string& name, const SourceOptions& options) {
    if (name == kDigits || name.starts_with(std::string(kDigits) + ":")) {
        return load_digits(name, options.seed);
    }
    std::error_code error;
    const fs::file_status status = fs::status(name, error);
    if (fs::is_directory(status)) {
        return load_folder(name, options);
    }
    if (!fs::is_regular_file(status)) {
        return fs::exists(status) ? fail(DataCode::kUnknownSource, name)
                                  : fail(DataCode::kCannotRead, name);
    }
    return load_file(name, options);
}

}  // namespace polis::data
