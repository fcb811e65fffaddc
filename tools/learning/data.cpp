#include <tools/learning/data.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <core/blob.hpp>
#include <ml/data/split.hpp>
#include <ml/exact/dataset.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::learning {

namespace {

namespace fs = std::filesystem;

std::unexpected<Failure> failed(const data::DataError& error) {
    return std::unexpected(Failure(error.text()));
}

/// Makes the parts that are missing out of the training samples.
Fallible<void> make_parts(data::Sources& sources, const Division& division) {
    const auto all = exact::DatasetView::open(sources.train);
    if (!all) {
        return failed(data::fail(all.error()).error());
    }
    // Where both parts are to be made, one draw makes them: a sample is in one part only.
    const bool validation = sources.validation.empty();
    auto split = data::split(
        *all,
        {.validation_ppm = validation ? division.validation_ppm : 0,
         .test_ppm = sources.test.empty() ? division.test_ppm : 0},
        division.seed);
    if (!split) {
        return failed(split.error());
    }
    sources.train = std::move(split->train);
    if (validation) {
        sources.validation = std::move(split->validation);
    }
    if (sources.test.empty()) {
        sources.test = std::move(split->test);
    }
    return {};
}

/// Parts that were made by hand may not fit each other.
Fallible<void> check_alike(const Parts& parts, const std::string& source) {
    const auto training = exact::DatasetView::open(parts.training);
    for (const Bytes* part : {&parts.training, &parts.validation, &parts.test}) {
        const auto view = exact::DatasetView::open(*part);
        if (part->empty() && training) {
            continue;
        }
        if (!training || !view || view->shape() != training->shape() ||
            view->classes() != training->classes()) {
            return std::unexpected(Failure(
                source +
                ": its parts have samples of different shapes or classes; make them from "
                "one source with polis data split"));
        }
    }
    return {};
}

}  // namespace

Fallible<data::Sources> load(
    const std::string& source, std::uint64_t seed, const data::CsvOptions& csv) {
    data::SourceOptions options;
    options.seed = seed;
    options.csv = csv;
    auto sources = data::load_source(source, options);
    if (!sources) {
        return failed(sources.error());
    }
    return *std::move(sources);
}

Fallible<Parts> load_parts(
    const std::string& source, const Division& division, const data::CsvOptions& csv) {
    POLIS_TRY(data::Sources sources, load(source, division.seed, csv));
    if (sources.test.empty() || sources.validation.empty()) {
        POLIS_TRY_VOID(make_parts(sources, division));
    }
    Parts out{
        .training = std::move(sources.train),
        .validation = std::move(sources.validation),
        .test = std::move(sources.test)};
    POLIS_TRY_VOID(check_alike(out, source));
    return out;
}

Fallible<DatasetFacts> facts_of(ByteView dataset) {
    const auto view = exact::DatasetView::open(dataset);
    if (!view) {
        return failed(data::fail(view.error()).error());
    }
    DatasetFacts out;
    out.shape = view->shape();
    out.classes = view->classes();
    out.samples = view->count();
    out.bytes = dataset.size();
    out.root = blob_root(dataset);
    const auto [least, largest] = std::ranges::minmax(view->samples());
    out.least = least;
    out.largest = largest;
    out.labels.resize(view->classes());
    for (std::uint32_t i = 0; i < view->count(); ++i) {
        ++out.labels[view->label(i)];
    }
    return out;
}

Fallible<void> write_parts(const Parts& parts, const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        return std::unexpected(Failure(
            fmt::format("cannot make the folder {}: {}; check --out", folder, error.message())));
    }
    const fs::path at(folder);
    POLIS_TRY_VOID(devnet::write_file(at / data::kTrainingFile, as_text(parts.training)));
    POLIS_TRY_VOID(devnet::write_file(at / data::kValidationFile, as_text(parts.validation)));
    return devnet::write_file(at / data::kTestFile, as_text(parts.test));
}

}  // namespace polis::tools::learning
