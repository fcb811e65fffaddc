#include <ledger/task_spec.hpp>

#include <consensus/pole/limits.hpp>
#include <ml/exact/limits.hpp>

namespace polis::ledger {

namespace {

bool shape_fits(const exact::Shape& shape) {
    const bool sides = shape.channels >= 1 && shape.channels <= exact::kInputsMax &&
                       shape.height >= 1 && shape.height <= exact::kSideMax && shape.width >= 1 &&
                       shape.width <= exact::kSideMax;
    return sides && shape.elements() <= exact::kInputsMax;
}

bool window_fits(std::uint64_t window_ms) {
    return window_ms >= kTaskWindowMsMin && window_ms <= kTaskWindowMsMax;
}

std::optional<TaskSpecError> model_error(const TaskSpec& spec) {
    if (!shape_fits(spec.input)) {
        return TaskSpecError::kBadInput;
    }
    if (spec.classes < 2 || spec.classes > exact::kClassesMax) {
        return TaskSpecError::kBadClasses;
    }
    if (spec.model_bytes_max == 0 || spec.model_bytes_max > exact::kModelBytesMax) {
        return TaskSpecError::kBadModelBytes;
    }
    if (spec.multiply_adds_max == 0 || spec.multiply_adds_max > exact::kMultiplyAddsMax) {
        return TaskSpecError::kBadMultiplyAdds;
    }
    return std::nullopt;
}

std::optional<TaskSpecError> money_error(const TaskSpec& spec) {
    if (spec.reward == Amount{}) {
        return TaskSpecError::kNoReward;
    }
    if (spec.bond == Amount{}) {
        return TaskSpecError::kNoBond;
    }
    if (spec.trainer_bond == Amount{}) {
        return TaskSpecError::kNoTrainerBond;
    }
    if (!checked_add(spec.reward, spec.bond)) {
        return TaskSpecError::kAmountsOverflow;
    }
    return spec.runner_up_bps > kBasisPoints ? std::optional{TaskSpecError::kBadRunnerUpShare}
                                             : std::nullopt;
}

}  // namespace

std::string_view to_string(TaskSpecError error) {
    switch (error) {
        case TaskSpecError::kNoName:
            return "the task has no name: give it one";
        case TaskSpecError::kNoTag:
            return "the task has no tag: give it one that you use for no other task";
        case TaskSpecError::kBadInput:
            return "the input shape has an empty side or is over the limits of models";
        case TaskSpecError::kBadClasses:
            return "the number of classes is not within 2 and the limit of models";
        case TaskSpecError::kBadModelBytes:
            return "the largest model is 0 bytes or over the limit of models";
        case TaskSpecError::kBadMultiplyAdds:
            return "the multiply-adds for a sample are 0 or over the limit of models";
        case TaskSpecError::kImpossibleTarget:
            return "the target is more than all answers right: ask for at most 1000000 ppm";
        case TaskSpecError::kReplayReserved:
            return "verification by replay is not available yet: choose \"score\"";
        case TaskSpecError::kNoReward:
            return "the reward is zero: a task without reward is never chosen";
        case TaskSpecError::kNoBond:
            return "the bond is zero: put something behind the promise to reveal the test key";
        case TaskSpecError::kNoTrainerBond:
            return "the trainers' bond is zero: ask for one, or silence costs them nothing";
        case TaskSpecError::kAmountsOverflow:
            return "reward and bond together exceed 64 bits";
        case TaskSpecError::kBadWindow:
            return "a window is shorter or longer than the limits";
        case TaskSpecError::kBadRunnerUpShare:
            return "the runners-up share is more than the whole reward";
    }
    return "unknown fault of a task";
}

std::optional<TaskSpecError> spec_error(const TaskSpec& spec) {
    if (spec.name.empty()) {
        return TaskSpecError::kNoName;
    }
    if (spec.tag.empty()) {
        return TaskSpecError::kNoTag;
    }
    if (const auto error = model_error(spec)) {
        return error;
    }
    if (spec.target_ppm > consensus::pole::kPpm) {
        return TaskSpecError::kImpossibleTarget;
    }
    if (spec.mode != VerificationMode::kScore) {
        return TaskSpecError::kReplayReserved;
    }
    if (const auto error = money_error(spec)) {
        return error;
    }
    if (!window_fits(spec.training_ms) || !window_fits(spec.reveal_ms) ||
        !window_fits(spec.scoring_ms)) {
        return TaskSpecError::kBadWindow;
    }
    return std::nullopt;
}

}  // namespace polis::ledger
