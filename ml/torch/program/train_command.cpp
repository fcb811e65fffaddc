#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <core/blob.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <ml/data/limits.hpp>
#include <ml/data/source.hpp>
#include <ml/data/split.hpp>
#include <ml/exact/safetensors.hpp>
#include <ml/torch/float_file.hpp>
#include <ml/torch/hold_out.hpp>
#include <ml/torch/program/arguments.hpp>
#include <ml/torch/program/commands.hpp>
#include <ml/torch/trainer.hpp>

namespace polis::trainer {

namespace {

constexpr std::string_view kValued[] = {
    "--data",
    "--label",
    "--ignore",
    "--model",
    "--hidden",
    "--window",
    "--target",
    "--out",
    "--seed",
    "--map",
    "--device",
    "--epochs",
    "--batch",
    "--checkpoint",
    "--float",
    "--test",
    "--validation",
    "--safetensors"};
constexpr std::string_view kFlags[] = {"--json"};
constexpr std::uint32_t kTestPpm = 150'000;

volatile std::sig_atomic_t ended_by = 0;

void on_signal(int signal) { ended_by = signal; }

int complain(const std::string& text, int exit_code) {
    std::fprintf(stderr, "polis-trainer: %s\n", text.c_str());
    return exit_code;
}

/// What the words ask for, checked.
struct Request {
    std::string data;
    data::SourceOptions source;
    std::uint32_t validation_ppm = 0;  ///< 0: as hold_out() does
    std::uint32_t test_ppm = kTestPpm;
    ModelSpec model;
    std::uint64_t seed = 1;
    std::optional<Hash> map;
    std::string device;
    std::uint32_t window_ms = 0;
    std::uint32_t target_ppm = 0;
    std::uint32_t epochs = 0;
    std::uint32_t batch = 64;
    std::string checkpoint;
    std::string out;
    std::string safetensors;
    std::string floats;
    bool json = false;
};

Result<void, std::string> read_model(const Arguments& arguments, Request& out) {
    out.model.kind = arguments.text("--model", "mlp");
    if (out.model.kind == "mlp" && !arguments.has("--hidden")) {
        out.model.hidden = {64};
    }
    for (const std::string& width : arguments.list("--hidden")) {
        const auto value = parse_u64(width);
        if (!value || *value > exact::kChannelsMax) {
            return std::unexpected("--hidden needs widths of at most 4096, such as 64,32");
        }
        out.model.hidden.push_back(static_cast<std::uint32_t>(*value));
    }
    if (arguments.has("--map")) {
        out.map = fixed_from_hex<Hash>(arguments.text("--map", {}));
        if (!out.map) {
            return std::unexpected(std::string("--map needs 64 hexadecimal digits"));
        }
    }
    return {};
}

Result<std::uint32_t, std::string> small(
    const Arguments& arguments,
    std::string_view name,
    std::uint32_t otherwise,
    std::uint32_t most) {
    POLIS_TRY(const std::uint64_t value, arguments.number(name, otherwise, most));
    return static_cast<std::uint32_t>(value);
}

Result<Request, std::string> read_request(std::span<char* const> words) {
    POLIS_TRY(const Arguments arguments, Arguments::parse(words, kValued, kFlags));
    if (!arguments.has("--data")) {
        return std::unexpected(std::string("--data is missing; try --data digits"));
    }
    Request out;
    out.data = arguments.text("--data", {});
    out.source.csv = {
        .label = arguments.text("--label", {}), .ignored = arguments.list("--ignore")};
    POLIS_TRY(out.seed, arguments.number("--seed", 1, UINT64_MAX));
    out.source.seed = out.seed;
    POLIS_TRY(out.validation_ppm, arguments.ppm("--validation", 0));
    POLIS_TRY(out.test_ppm, arguments.ppm("--test", kTestPpm));
    POLIS_TRY(out.target_ppm, arguments.ppm("--target", 0));
    POLIS_TRY_VOID(read_model(arguments, out));
    POLIS_TRY(const std::uint32_t seconds, small(arguments, "--window", 0, kWindowMsMax / 1000));
    out.window_ms = seconds * 1000;
    POLIS_TRY(out.epochs, small(arguments, "--epochs", 0, kEpochsMax));
    POLIS_TRY(out.batch, small(arguments, "--batch", 64, kBatchMax));
    out.device = arguments.text("--device", "auto");
    out.checkpoint = arguments.text("--checkpoint", {});
    out.out = arguments.text("--out", {});
    out.safetensors = arguments.text("--safetensors", {});
    out.floats = arguments.text("--float", {});
    out.json = arguments.has("--json");
    return out;
}

/// The datasets of a training, as files.
Result<data::Split, data::DataError> prepare(const Request& request) {
    POLIS_TRY(data::Sources sources, data::load_source(request.data, request.source));
    data::Split out;
    if (sources.test.empty() && request.test_ppm > 0) {
        const auto whole = exact::DatasetView::open(sources.train);
        if (!whole) {
            return data::fail(whole.error());
        }
        POLIS_TRY(
            out,
            data::split(*whole, {.validation_ppm = 0, .test_ppm = request.test_ppm}, request.seed));
        sources.train = std::move(out.train);
        sources.test = std::move(out.test);
    }
    if (!sources.validation.empty()) {
        return data::Split{
            .train = std::move(sources.train),
            .validation = std::move(sources.validation),
            .test = std::move(sources.test)};
    }
    const auto rest = exact::DatasetView::open(sources.train);
    if (!rest) {
        return data::fail(rest.error());
    }
    POLIS_TRY(
        out,
        request.validation_ppm == 0
            ? hold_out(*rest, request.seed)
            : data::split(
                  *rest, {.validation_ppm = request.validation_ppm, .test_ppm = 0}, request.seed));
    out.test = std::move(sources.test);
    return out;
}

double percent(std::uint64_t part, std::uint64_t whole) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void print_job(const Job& job) {
    const exact::Shape& shape = job.train.shape();
    std::printf(
        "data      %u training, %u validation, %u test samples of %ux%ux%u, %u classes\n",
        job.train.count(),
        job.validation.count(),
        job.test ? job.test->count() : 0,
        shape.channels,
        shape.height,
        shape.width,
        job.train.classes());
}

void print_progress(const Progress& progress, bool json) {
    const double seconds = static_cast<double>(progress.elapsed_ms) / 1000;
    const double loss = static_cast<double>(progress.loss_micro) / 1e6;
    std::printf(
        json ? "{\"event\":\"progress\",\"epoch\":%u,\"step\":%llu,\"loss\":%.6f,"
               "\"accuracy\":%.6f,\"samples_per_s\":%llu,\"seconds\":%.3f}\n"
             : "epoch %3u  step %7llu  loss %8.5f  validation %8.4f  %7llu samples/s  %6.1f s\n",
        progress.epoch,
        static_cast<unsigned long long>(progress.step),
        loss,
        static_cast<double>(progress.accuracy_ppm) / 1e6,
        static_cast<unsigned long long>(progress.samples_per_s),
        seconds);
    std::fflush(stdout);
}

bool write_file(const std::string& path, ByteView bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.close();
    return static_cast<bool>(out);
}

const char* reason_of(EndReason reason) {
    switch (reason) {
        case EndReason::kTarget:
            return "target";
        case EndReason::kEpochs:
            return "epochs";
        case EndReason::kWindow:
            return "window";
    }
    return "";
}

void print_json(const Trained& trained, ByteView model) {
    std::printf(
        "{\"event\":\"done\",\"reason\":\"%s\",\"device\":\"%s\",\"seconds\":%.3f,"
        "\"validation_correct\":%llu,\"validation_count\":%llu",
        reason_of(trained.reason),
        trained.device.c_str(),
        static_cast<double>(trained.progress.elapsed_ms) / 1000,
        static_cast<unsigned long long>(trained.validation.correct),
        static_cast<unsigned long long>(trained.validation.count));
    if (trained.test) {
        std::printf(
            ",\"test_correct\":%llu,\"test_count\":%llu,\"float_test_correct\":%llu",
            static_cast<unsigned long long>(trained.test->exact.correct),
            static_cast<unsigned long long>(trained.test->exact.count),
            static_cast<unsigned long long>(trained.test->float_correct));
    }
    std::printf(
        ",\"model_bytes\":%zu,\"model_root\":\"%s\"}\n",
        model.size(),
        to_hex_prefixed(blob_root(model).view()).c_str());
}

void print_result(const Trained& trained, ByteView model) {
    const exact::Score& score = trained.validation;
    std::printf(
        "done      after %.1f s on %s: end of %s\n",
        static_cast<double>(trained.progress.elapsed_ms) / 1000,
        trained.device.c_str(),
        reason_of(trained.reason));
    std::printf(
        "validated %.2f %% exact, %llu of %llu\n",
        percent(score.correct, score.count),
        static_cast<unsigned long long>(score.correct),
        static_cast<unsigned long long>(score.count));
    if (trained.test) {
        const exact::Score& test = trained.test->exact;
        std::printf(
            "tested    %.2f %% exact, %llu of %llu; %.2f %% in floats\n",
            percent(test.correct, test.count),
            static_cast<unsigned long long>(test.correct),
            static_cast<unsigned long long>(test.count),
            percent(trained.test->float_correct, test.count));
    }
    std::printf(
        "model     %zu bytes, root %s\n",
        model.size(),
        to_hex_prefixed(blob_root(model).view()).c_str());
}

int finish(const Request& request, const Trained& trained) {
    const Bytes model = exact::encode_model(trained.model.model());
    if (request.json) {
        print_json(trained, model);
    } else {
        print_result(trained, model);
    }
    const bool written =
        (request.out.empty() || write_file(request.out, model)) &&
        (request.safetensors.empty() ||
         write_file(request.safetensors, exact::export_safetensors(trained.model))) &&
        (request.floats.empty() ||
         write_file(request.floats, float_safetensors(trained.model.model(), trained.weights)));
    if (!written) {
        return complain("a result cannot be written; check folders and space", kExitFailed);
    }
    const bool missed = request.target_ppm != 0 && trained.reason != EndReason::kTarget;
    return missed ? kExitTargetMissed : kExitDone;
}

int fail_with(const Failure& failure) {
    if (failure.code == FailureCode::kCancelled && ended_by != 0) {
        return complain("ended by signal " + std::to_string(ended_by), kExitSignal + ended_by);
    }
    return complain(
        failure.text(), failure.code == FailureCode::kOutOfMemory ? kExitOutOfMemory : kExitFailed);
}

}  // namespace

int train_command(std::span<char* const> words) {
    const auto request = read_request(words);
    if (!request) {
        return complain(request.error() + "; see polis-trainer help", kExitUsage);
    }
    std::signal(SIGTERM, on_signal);
    std::signal(SIGINT, on_signal);
    const auto files = prepare(*request);
    if (!files) {
        return complain(files.error().text(), kExitFailed);
    }
    const auto train_view = exact::DatasetView::open(files->train);
    const auto validation = exact::DatasetView::open(files->validation);
    auto test = exact::DatasetView::open(files->test);
    if (!train_view || !validation || (!files->test.empty() && !test)) {
        return complain("the datasets cannot be opened", kExitFailed);
    }
    const Job job{
        .train = *train_view,
        .validation = *validation,
        .test = test ? std::optional(*test) : std::nullopt,
        .mapping_seed = request->map,
        .model = request->model,
        .seed = request->seed,
        .device = request->device,
        .window_ms = request->window_ms,
        .target_ppm = request->target_ppm,
        .epochs = request->epochs,
        .batch = request->batch,
        .checkpoint = request->checkpoint};
    if (!request->json) {
        print_job(job);
    }
    const auto trained = train(
        job,
        {.now_ms = {},
         .stop = [] { return ended_by != 0; },
         .progress = [&](const Progress& progress) { print_progress(progress, request->json); }});
    return trained ? finish(*request, *trained) : fail_with(trained.error());
}

}  // namespace polis::trainer
