#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ml/exact/scoring.hpp>
#include <ml/protocol/limits.hpp>
#include <ml/protocol/model_spec.hpp>

/// What a host (the node) and a trainer (polis-trainer) tell each other. No torch, no sockets.
/// Fractions are millionths and losses micronats, so that no float crosses the wire.
namespace polis::trainer {

using HelloNonce = FixedBytes<struct TrainerNonceTag, 32>;
using Proof = FixedBytes<struct TrainerProofTag, 32>;

// ---- from the host ------------------------------------------------------------------------------

/// First message of a connection.
struct Challenge {
    std::uint16_t version = kProtocolVersion;
    HelloNonce nonce{};  ///< fresh

    bool operator==(const Challenge&) const = default;
    static constexpr auto kFields = codec::fields(&Challenge::version, &Challenge::nonce);
};

/// A dataset file on the trainer's machine.
struct LocalFile {
    std::string path{};

    bool operator==(const LocalFile&) const = default;
    static constexpr auto kFields = codec::fields(codec::bounded(&LocalFile::path, kPathBytesMax));
};

/// A dataset that the host has sent in portions.
struct SentBlob {
    Hash root{};

    bool operator==(const SentBlob&) const = default;
    static constexpr auto kFields = codec::fields(&SentBlob::root);
};

using BlobLocation = std::variant<LocalFile, SentBlob>;

/// Part of a dataset for a trainer that does not share the host's files. Portions come in order;
/// the last one completes `bytes_total`, and the blob's root is checked then.
struct BlobPortion {
    Hash root{};
    std::uint64_t bytes_total = 0;
    std::uint64_t offset = 0;
    Bytes bytes{};

    bool operator==(const BlobPortion&) const = default;
    static constexpr auto kFields = codec::fields(
        &BlobPortion::root,
        &BlobPortion::bytes_total,
        &BlobPortion::offset,
        codec::bounded(&BlobPortion::bytes, kPortionBytesMax));
};

/// A job. One at a time.
struct Train {
    std::uint64_t job = 0;  ///< chosen by the host; every answer carries it
    Hash task{};            ///< for logs
    BlobLocation data{};    ///< a dataset: training and validation samples
    /// Validation samples, from the same task; without them a tenth of `data` is held out.
    std::optional<BlobLocation> validation{};
    std::optional<Hash> mapping_seed{};  ///< exact::Mapping of the owner and round
    ModelSpec model{};
    std::uint64_t seed = 0;        ///< root of all streams
    std::uint32_t window_ms = 0;   ///< the best model so far is the result when it is over
    std::uint32_t target_ppm = 0;  ///< stop at this validation accuracy; 0: never
    std::uint32_t epochs = 0;      ///< 0: as many as suit the architecture
    std::string device{};          ///< auto, cpu or cuda:N
    bool operator==(const Train&) const = default;
    static constexpr auto kFields = codec::fields(
        &Train::job,
        &Train::task,
        &Train::data,
        &Train::validation,
        &Train::mapping_seed,
        &Train::model,
        &Train::seed,
        &Train::window_ms,
        &Train::target_ppm,
        &Train::epochs,
        codec::bounded(&Train::device, kKindBytesMax));
};

struct Cancel {
    std::uint64_t job = 0;

    bool operator==(const Cancel&) const = default;
    static constexpr auto kFields = codec::fields(&Cancel::job);
};

/// The host ends the connection.
struct Refused {
    std::string text{};  ///< for people: cause and cure

    bool operator==(const Refused&) const = default;
    static constexpr auto kFields = codec::fields(codec::bounded(&Refused::text, kTextBytesMax));
};

/// The tag of a message is its place in this list; new ones are appended.
using HostMessage = std::variant<Challenge, Train, Cancel, BlobPortion, Refused>;

// ---- from the trainer ---------------------------------------------------------------------------

struct Device {
    std::string name{};  ///< cpu, cuda:0, ...
    std::string description{};
    std::uint64_t memory_bytes = 0;  ///< 0: not known

    bool operator==(const Device&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&Device::name, kKindBytesMax),
        codec::bounded(&Device::description, kTextBytesMax),
        &Device::memory_bytes);
};

/// The answer to a challenge.
struct Hello {
    std::uint16_t version = kProtocolVersion;
    Proof proof{};  ///< HMAC-SHA256 of "polis-trainer" and the nonce under the token
    std::string program{};
    std::string torch{};
    std::vector<Device> devices{};
    std::vector<std::string> kinds{};  ///< architectures that it knows
    std::vector<Hash> blobs{};         ///< datasets that it has, oldest first

    bool operator==(const Hello&) const = default;
    static constexpr auto kFields = codec::fields(
        &Hello::version,
        &Hello::proof,
        codec::bounded(&Hello::program, kTextBytesMax),
        codec::bounded(&Hello::torch, kTextBytesMax),
        codec::bounded(&Hello::devices, kDevicesMax),
        codec::bounded(&Hello::kinds, kDevicesMax),
        codec::bounded(&Hello::blobs, kShelfBlobsMax));
};

/// Alive; also while a job runs.
struct Heartbeat {
    bool operator==(const Heartbeat&) const = default;
    static constexpr auto kFields = codec::fields();
};

struct Progress {
    std::uint64_t job = 0;
    std::uint32_t epoch = 0;         ///< complete ones
    std::uint64_t step = 0;          ///< batches
    std::uint64_t samples = 0;       ///< seen by training
    std::uint64_t loss_micro = 0;    ///< micronats a sample since the last report
    std::uint32_t accuracy_ppm = 0;  ///< of the last integer model on the validation samples
    std::uint64_t samples_per_s = 0;
    std::uint64_t elapsed_ms = 0;

    bool operator==(const Progress&) const = default;
    static constexpr auto kFields = codec::fields(
        &Progress::job,
        &Progress::epoch,
        &Progress::step,
        &Progress::samples,
        &Progress::loss_micro,
        &Progress::accuracy_ppm,
        &Progress::samples_per_s,
        &Progress::elapsed_ms);
};

/// Why training ended with a model.
enum class EndReason : std::uint8_t {
    kTarget,  ///< the target was reached
    kEpochs,  ///< all epochs are done
    kWindow,  ///< the window is over
};

/// The result of a job.
struct Finished {
    std::uint64_t job = 0;
    EndReason reason = EndReason::kEpochs;
    Bytes model{};              ///< exact::encode_model, admitted
    exact::Score validation{};  ///< of that model, by ml/exact
    Progress progress{};        ///< the last one

    bool operator==(const Finished&) const = default;
    static constexpr auto kFields = codec::fields(
        &Finished::job,
        &Finished::reason,
        codec::bounded(&Finished::model, exact::kModelBytesMax),
        &Finished::validation,
        &Finished::progress);
};

/// Why a job gave no model.
enum class FailureCode : std::uint8_t {
    kUnknownArchitecture,  ///< no such kind, or it does not fit the samples
    kBadSpec,              ///< a number of the job is outside of its limits
    kBadData,              ///< a dataset is absent, damaged or does not fit the job
    kBadDevice,            ///< no such device here
    kOutOfMemory,          ///< of the machine or of the GPU
    kDiverged,             ///< the weights left the range that integers can express
    kNothingLearned,       ///< the window was over before the first model
    kCancelled,            ///< by the host, or the trainer was told to end
    kBusy,                 ///< another job runs
    kInternal,             ///< the library failed; the text says how
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(FailureCode code);

struct Failed {
    std::uint64_t job = 0;
    FailureCode code = FailureCode::kInternal;
    std::string text{};  ///< for people

    bool operator==(const Failed&) const = default;
    static constexpr auto kFields =
        codec::fields(&Failed::job, &Failed::code, codec::bounded(&Failed::text, kTextBytesMax));
};

/// The tag of a message is its place in this list; new ones are appended.
using TrainerMessage = std::variant<Hello, Heartbeat, Progress, Finished, Failed>;

/// Text cut to what a message may carry, without splitting a character.
[[nodiscard]] std::string fitting(std::string text);

/// The proof of a token for a nonce. Local sockets use an empty token.
[[nodiscard]] Proof prove(ByteView token, const HelloNonce& nonce);

}  // namespace polis::trainer

template <>
inline constexpr auto polis::codec::kEnumLast<polis::trainer::EndReason> =
    polis::trainer::EndReason::kWindow;
template <>
inline constexpr auto polis::codec::kEnumLast<polis::trainer::FailureCode> =
    polis::trainer::FailureCode::kInternal;
