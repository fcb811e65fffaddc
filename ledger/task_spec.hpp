#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ml/exact/shape.hpp>

/// What a learning task asks for, as its owner submits it. Source: protocol.md 3.2, 1.
namespace polis::ledger {

/// How a claim about a model is checked. Append only.
enum class VerificationMode : std::uint8_t {
    kScore = 0,   ///< members evaluate the model
    kReplay = 1,  ///< members repeat training: reserved, no task may ask for it yet
};

struct TaskSpec {
    std::string name;  ///< for people
    Bytes tag;         ///< the owner's own name for it: one task for each owner and tag
    Hash training;     ///< blob root of the samples to learn from
    Hash test;         ///< blob root of the sealed test set: docs/formats/tasks.md
    Hash test_key_hash;
    Hash validation;  ///< blob root of public samples; they decide when the test set cannot
    exact::Shape input;
    std::uint32_t classes = 0;
    std::uint32_t model_bytes_max = 0;
    std::uint64_t multiply_adds_max = 0;  ///< for one sample
    std::uint32_t target_ppm = 0;         ///< right answers that a winner needs, per million
    VerificationMode mode = VerificationMode::kScore;
    Amount reward;
    Amount bond;          ///< the owner's: lost if its test set cannot be evaluated
    Amount trainer_bond;  ///< each trainer's: lost by whoever does not reveal
    std::uint64_t training_ms = 0;
    std::uint64_t reveal_ms = 0;
    std::uint64_t scoring_ms = 0;
    std::uint16_t runner_up_bps = 0;  ///< part of the reward that others above the target share
    /// What the owner suggests to train, "mlp:64" or "lenet"; empty: nothing. No condition: any
    /// model within the limits counts.
    std::string architecture;

    bool operator==(const TaskSpec&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&TaskSpec::name, kTaskNameBytesMax),
        codec::bounded(&TaskSpec::tag, kTaskTagBytesMax),
        &TaskSpec::training,
        &TaskSpec::test,
        &TaskSpec::test_key_hash,
        &TaskSpec::validation,
        &TaskSpec::input,
        &TaskSpec::classes,
        &TaskSpec::model_bytes_max,
        &TaskSpec::multiply_adds_max,
        &TaskSpec::target_ppm,
        &TaskSpec::mode,
        &TaskSpec::reward,
        &TaskSpec::bond,
        &TaskSpec::trainer_bond,
        &TaskSpec::training_ms,
        &TaskSpec::reveal_ms,
        &TaskSpec::scoring_ms,
        &TaskSpec::runner_up_bps,
        codec::bounded(&TaskSpec::architecture, kTaskArchitectureBytesMax));
};

/// Why no chain takes a task like this.
enum class TaskSpecError : std::uint8_t {
    kNoName,            ///< the name is empty
    kNoTag,             ///< the tag is empty
    kBadInput,          ///< a side is 0 or over the limits of models
    kBadClasses,        ///< fewer than 2 classes or more than models may have
    kBadModelBytes,     ///< 0, or more than a model may have
    kBadMultiplyAdds,   ///< 0, or more than a model may need
    kImpossibleTarget,  ///< more than all answers right
    kReplayReserved,    ///< mode `replay` is not implemented
    kNoReward,          ///< a task without reward would never be chosen
    kNoBond,            ///< the owner's bond is 0
    kNoTrainerBond,     ///< the trainers' bond is 0: silence would cost nothing
    kAmountsOverflow,   ///< reward and bond exceed 64 bits
    kBadWindow,         ///< a window is shorter or longer than the limits
    kBadRunnerUpShare,  ///< more than the whole reward
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(TaskSpecError error);

/// @return the first rule that the task breaks, nothing if it breaks none. Reads no state.
[[nodiscard]] std::optional<TaskSpecError> spec_error(const TaskSpec& spec);

}  // namespace polis::ledger

template <>
inline constexpr auto polis::codec::kEnumLast<polis::ledger::VerificationMode> =
    polis::ledger::VerificationMode::kReplay;
