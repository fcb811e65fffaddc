#include <ml/torch/program/worker.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <new>
#include <utility>
#include <variant>

#include <unistd.h>

#include <core/blob.hpp>
#include <core/hex.hpp>
#include <ml/data/limits.hpp>
#include <ml/data/source.hpp>
#include <ml/torch/hold_out.hpp>
#include <ml/torch/trainer.hpp>

namespace polis::trainer {

namespace {

TrainerMessage failed(std::uint64_t job, const Failure& failure) {
    return Failed{.job = job, .code = failure.code, .text = fitting(failure.text())};
}

/// Files are read by the training thread: they may be large. Blobs are at hand.
Result<std::shared_ptr<const Bytes>, Failure> bytes_at(
    const BlobLocation& location, const std::shared_ptr<const Bytes>& sent) {
    if (const auto* file = std::get_if<LocalFile>(&location)) {
        auto bytes = data::read_file(file->path);
        if (!bytes) {
            return fail(FailureCode::kBadData, bytes.error().text());
        }
        return std::make_shared<const Bytes>(*std::move(bytes));
    }
    if (sent == nullptr) {
        return fail(
            FailureCode::kBadData,
            "the dataset " + to_hex_prefixed(std::get<SentBlob>(location).root.view()) +
                " was not sent");
    }
    return sent;
}

Result<exact::DatasetView, Failure> open(ByteView file) {
    const auto view = exact::DatasetView::open(file);
    if (!view) {
        return fail(FailureCode::kBadData, std::string(exact::to_string(view.error())));
    }
    return *view;
}

}  // namespace

bool BlobShelf::add(const BlobPortion& portion) {
    auto found = std::ranges::find(blobs_, portion.root, &Blob::root);
    if (found == blobs_.end()) {
        if (blobs_.size() == kShelfBlobsMax) {
            blobs_.erase(blobs_.begin());
        }
        blobs_.push_back(
            {.root = portion.root,
             .bytes = std::make_shared<Bytes>(),
             .bytes_total = portion.bytes_total});
        found = blobs_.end() - 1;
    }
    Blob& blob = *found;
    const bool continues = !blob.complete && portion.bytes_total == blob.bytes_total &&
                           blob.bytes_total <= exact::kDatasetBytesMax &&
                           portion.offset == blob.bytes->size() && !portion.bytes.empty() &&
                           portion.bytes.size() <= blob.bytes_total - portion.offset;
    if (!continues) {
        return false;
    }
    append(*blob.bytes, portion.bytes);
    blob.complete = blob.bytes->size() == blob.bytes_total;
    return !blob.complete || blob_root(*blob.bytes) == blob.root;
}

std::vector<Hash> BlobShelf::roots() const {
    std::vector<Hash> out;
    for (const Blob& blob : blobs_) {
        out.push_back(blob.root);
    }
    return out;
}

void BlobShelf::drop_incomplete() {
    std::erase_if(blobs_, [](const Blob& blob) { return !blob.complete; });
}

std::shared_ptr<const Bytes> BlobShelf::find(const Hash& root) const {
    const auto found = std::ranges::find(blobs_, root, &Blob::root);
    return found != blobs_.end() && found->complete ? found->bytes : nullptr;
}

void Worker::start(Train job, const BlobShelf& shelf) {
    const auto sent = [&shelf](const BlobLocation& location) -> std::shared_ptr<const Bytes> {
        const auto* blob = std::get_if<SentBlob>(&location);
        return blob != nullptr ? shelf.find(blob->root) : nullptr;
    };
    Input input{.train = sent(job.data), .validation = nullptr};
    if (job.validation) {
        input.validation = sent(*job.validation);
    }
    job_ = job.job;
    cancelled_ = false;
    thread_ =
        std::thread([this, job = std::move(job), input = std::move(input)] { run(job, input); });
}

void Worker::stop() {
    cancel();
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::vector<TrainerMessage> Worker::take() {
    std::vector<TrainerMessage> out;
    {
        const std::lock_guard lock(mutex_);
        out.swap(said_);
    }
    const bool over = !out.empty() && !std::holds_alternative<Progress>(out.back());
    if (over) {
        if (thread_.joinable()) {  // not after stop()
            thread_.join();
        }
        job_.reset();
    }
    return out;
}

void Worker::run(const Train& job, Input input) {
    TrainerMessage last = Failed{.job = job.job, .code = FailureCode::kOutOfMemory, .text = {}};
    try {
        last = work(job, input);
    } catch (const std::bad_alloc&) {
        std::get<Failed>(last).text = fitting(std::string(to_string(FailureCode::kOutOfMemory)));
    } catch (const std::exception& error) {
        last = failed(job.job, {.code = FailureCode::kInternal, .detail = error.what()});
    }
    say(std::move(last));
}

TrainerMessage Worker::work(const Train& job, Input& input) {
    const auto attempt = [&]() -> Result<TrainerMessage, Failure> {
        POLIS_TRY(input.train, bytes_at(job.data, input.train));
        data::Split parts;
        if (job.validation) {
            POLIS_TRY(input.validation, bytes_at(*job.validation, input.validation));
        } else {
            POLIS_TRY(const exact::DatasetView all, open(*input.train));
            auto split = hold_out(all, job.seed);
            if (!split) {
                return fail(FailureCode::kBadData, split.error().text());
            }
            parts = *std::move(split);
        }
        POLIS_TRY(
            const exact::DatasetView train_part, open(job.validation ? *input.train : parts.train));
        POLIS_TRY(
            const exact::DatasetView validation,
            open(job.validation ? *input.validation : parts.validation));
        const Job local{
            .train = train_part,
            .validation = validation,
            .test = std::nullopt,
            .mapping_seed = job.mapping_seed,
            .model = job.model,
            .seed = job.seed,
            .device = job.device,
            .window_ms = job.window_ms,
            .target_ppm = job.target_ppm,
            .epochs = job.epochs,
            .checkpoint = {}};
        const auto progress = [&](Progress report) {
            report.job = job.job;
            say(report);
        };
        POLIS_TRY(
            const Trained trained,
            train(
                local,
                {.now_ms = {}, .stop = [&] { return cancelled_.load(); }, .progress = progress}));
        Finished out{
            .job = job.job,
            .reason = trained.reason,
            .model = exact::encode_model(trained.model.model()),
            .validation = trained.validation,
            .progress = trained.progress};
        out.progress.job = job.job;
        return TrainerMessage(std::move(out));
    };
    auto result = attempt();
    return result ? *std::move(result) : failed(job.job, result.error());
}

void Worker::say(TrainerMessage message) {
    {
        const std::lock_guard lock(mutex_);
        said_.push_back(std::move(message));
    }
    const std::uint64_t one = 1;
    if (write(wake_fd_, &one, sizeof(one)) != sizeof(one)) {
        std::fputs("polis-trainer: a message waits for the next heartbeat\n", stderr);
    }
}

}  // namespace polis::trainer
