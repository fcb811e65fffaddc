#include <tools/learning/submit.hpp>

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <consensus/pole/records.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/secret.hpp>
#include <core/hex.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/protocol/model_spec.hpp>
#include <tools/learning/data.hpp>

namespace polis::tools::learning {

namespace {

constexpr std::chrono::seconds kUploadPatience{120};
constexpr std::size_t kUploadBytesPerS = std::size_t{1} << 20;  ///< the slowest line we wait for
constexpr std::size_t kLargeBytes = std::size_t{8} << 20;       ///< worth lines of progress
constexpr std::size_t kProgressParts = 10;

/// What models of a task may need; generous for every architecture that the trainer knows.
constexpr std::uint32_t kModelBytesMax = std::uint32_t{4} << 20;
constexpr std::uint64_t kMultiplyAddsMax = 20'000'000;

/// Says every tenth of a large blob.
std::function<void(std::size_t)> progress_of(const Bytes& blob, const Say& say) {
    if (!say || blob.size() < kLargeBytes) {
        return {};
    }
    return [&say, all = blob.size(), said = std::size_t{0}](std::size_t sent) mutable {
        const std::size_t part = sent / (all / kProgressParts + 1);
        if (part > said) {
            said = part;
            say(fmt::format("sent {} of {} MiB", sent >> 20, all >> 20));
        }
    };
}

}  // namespace

Fallible<Prepared> prepare(const TaskFile& file, const std::string& tag) {
    POLIS_TRY(
        Parts parts,
        load_parts(
            file.source,
            {.test_ppm = file.test_ppm, .validation_ppm = file.validation_ppm, .seed = file.seed}));
    const auto training = exact::DatasetView::open(parts.training);
    const auto test = exact::DatasetView::open(parts.test);
    if (!training || !test) {
        return std::unexpected(
            Failure("a part of the data is empty; choose other percentages under [data]"));
    }
    Prepared out;
    const crypto::Seed seed = crypto::Seed::generate();
    out.key = Hash::from_view(seed.view());
    out.sealed_test = ledger::tasks::seal(crypto::Secret32(seed.view()), parts.test);
    out.training_samples = training->count();
    out.test_samples = test->count();
    ledger::TaskSpec& spec = out.spec;
    spec.name = file.name;
    spec.tag = to_bytes(as_bytes(tag));
    spec.test_key_hash = consensus::pole::test_key_hash(out.key);
    spec.input = training->shape();
    spec.classes = training->classes();
    spec.model_bytes_max = kModelBytesMax;
    spec.multiply_adds_max = kMultiplyAddsMax;
    spec.target_ppm = file.target_ppm;
    spec.reward = file.reward;
    spec.bond = file.bond;
    spec.trainer_bond = file.trainer_bond;
    spec.training_ms = file.window_ms;
    spec.reveal_ms = file.reveal_ms;
    spec.scoring_ms = file.scoring_ms;
    spec.runner_up_bps = file.runner_up_bps;
    spec.architecture = trainer::to_text({.kind = file.kind, .hidden = file.hidden});
    out.training = std::move(parts.training);
    out.validation = std::move(parts.validation);
    if (const auto wrong = ledger::spec_error(spec)) {
        return std::unexpected(Failure(std::string(ledger::to_string(*wrong))));
    }
    return out;
}

Fallible<Hash> upload(const HttpAddress& node, const Bytes& blob, const Say& say) {
    HttpClient client(node);
    const auto answer = client.send(
        {.method = "PUT",
         .target = "/v1/blobs",
         .body = std::string(as_text(blob)),
         .content_type = "application/octet-stream",
         .token = {},
         .progress = progress_of(blob, say)},
        kUploadPatience + std::chrono::seconds(blob.size() / kUploadBytesPerS));
    if (!answer) {
        return std::unexpected(Failure(describe(answer.error())));
    }
    const auto json = nlohmann::json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
    const auto root = json.is_object() && json.contains("root") && json["root"].is_string()
                          ? fixed_from_hex<Hash>(json["root"].get<std::string>())
                          : std::nullopt;
    if (answer->status / 100 != 2 || !root) {
        return std::unexpected(Failure(fmt::format(
            "{} did not take a blob of {} bytes: {}", node.text(), blob.size(), answer->body)));
    }
    return *root;
}

}  // namespace polis::tools::learning
