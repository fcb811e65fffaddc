// task_*: learning tasks, the open round, and what became of earlier ones.
#include <algorithm>
#include <optional>
#include <string_view>

#include <ledger/modules/task_queries.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/describe_tasks.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/methods/task_page.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

namespace tasks = ledger::tasks;
namespace pole = consensus::pole;

/// Shape Task.
void write_task(JsonWriter& out, const Hash& id, const tasks::Task& task) {
    const ledger::TaskSpec& spec = task.spec;
    out.begin_object().bytes("id", id.view()).address("owner", task.owner);
    out.text("name", spec.name).text("state", tasks::to_string(task.state));
    out.number("round", task.round).number("submitted", task.submitted.value);
    out.number("submittedMs", task.submitted_at.value)
        .flag("available", task.available.has_value());
    out.decimal("escrow", task.escrow.value).decimal("reward", spec.reward.value);
    out.decimal("bond", spec.bond.value).decimal("trainerBond", spec.trainer_bond.value);
    out.text("architecture", spec.architecture);
    out.number("runnerUpBps", spec.runner_up_bps).number("targetPpm", spec.target_ppm);
    out.begin_array("input").number(spec.input.channels).number(spec.input.height);
    out.number(spec.input.width).end_array().number("classes", spec.classes);
    out.number("modelBytesMax", spec.model_bytes_max);
    out.decimal("multiplyAddsMax", spec.multiply_adds_max);
    out.number("trainingMs", spec.training_ms).number("revealMs", spec.reveal_ms);
    out.number("scoringMs", spec.scoring_ms).bytes("training", spec.training.view());
    out.bytes("test", spec.test.view()).bytes("testKeyHash", spec.test_key_hash.view());
    out.bytes("validation", spec.validation.view()).end_object();
}

/// Shape Round.
void write_round(JsonWriter& out, const tasks::OpenRound& open) {
    const pole::Round& round = open.round;
    out.begin_object().number("number", round.number).bytes("task", round.task.view());
    out.text("name", open.task.spec.name).text("phase", phase_name(round.phase));
    out.number("opened", round.opened.value).number("untilMs", round.phase_until.value);
    out.bytes("beacon", round.beacon.view()).bytes("data", pole::data_root(round).view());
    write_optional(out, "testKey", round.test_key);
    out.begin_array("entries");
    for (const pole::Entry& entry : open.entries) {
        out.begin_object().address("trainer", entry.trainer);
        write_optional(out, "model", entry.model);
        out.flag("available", entry.available);
        write_score(out, "score", entry.score);
        out.end_object();
    }
    out.end_array().end_object();
}

/// Shape RoundResult.
void write_result(JsonWriter& out, const tasks::RoundResult& result) {
    out.begin_object().number("round", result.round).bytes("task", result.task.view());
    out.number("opened", result.opened.value).number("settled", result.settled.value);
    out.number("settledMs", result.settled_at.value).bytes("data", result.data.view());
    write_optional(out, "testKey", result.test_key);
    out.flag("ownerFailed", result.owner_failed).begin_array("entries");
    for (const tasks::EntryResult& entry : result.entries) {
        out.begin_object().address("trainer", entry.trainer);
        out.text("end", tasks::to_string(entry.end));
        write_optional(out, "model", entry.model);
        write_score(out, "score", entry.score);
        out.decimal("paid", entry.paid.value);
        if (const auto owner = tasks::copied_from(result, entry)) {
            out.address("copyOf", *owner);
        } else {
            out.null("copyOf");
        }
        out.end_object();
    }
    out.end_array().end_object();
}

Outcome get(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    const Hash id = call.params.hash("task");
    POLIS_TRY(const auto task, ask(tasks::load_task(state, id)));
    if (!task) {
        return "null";
    }
    JsonWriter out;
    write_task(out, id, *task);
    return out.take();
}

Outcome list(const Call& call) {
    POLIS_TRY(const TaskPage page, task_page(call));
    JsonWriter out;
    out.begin_object().begin_array("tasks");
    for (const tasks::NamedTask& task : page.tasks) {
        write_task(out, task.id, task.task);
    }
    out.end_array().number("total", page.total);
    write_cursor(out, page.cursor);
    return out.end_object().take();
}

Outcome round(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    POLIS_TRY(const auto open, ask(tasks::open_round(state)));
    if (!open) {
        return "null";
    }
    JsonWriter out;
    write_round(out, *open);
    return out.take();
}

Outcome leaderboard(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    POLIS_TRY(const auto task, ask(tasks::load_task(state, call.params.hash("task"))));
    if (!task || task->round == 0) {
        return "null";
    }
    POLIS_TRY(const auto result, ask(tasks::load_result(state, task->round)));
    if (!result) {
        return "null";
    }
    JsonWriter out;
    write_result(out, *result);
    return out.take();
}

Outcome results(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    POLIS_TRY(const auto found, ask(tasks::last_results(state, call.params.count("limit"))));
    JsonWriter out;
    out.begin_object().begin_array("rounds");
    for (const tasks::RoundResult& result : found) {
        write_result(out, result);
    }
    return out.end_array().end_object().take();
}

}  // namespace

std::vector<Method> task_methods() {
    return {
        {.name = "task_list",
         .summary = "Learning tasks: the open one, those that wait, closed ones newest first.",
         .params = {limit_param("Tasks at most.", "50"), cursor_param()},
         .result = "{tasks: [Task], total: number, cursor: text|null}",
         .errors = {ErrorName::kBadCursor, ErrorName::kStoreFailed},
         .handler = OnWorker{list}},
        {.name = "task_get",
         .summary = "A task; null if this chain knows none of that id.",
         .params = {task_param()},
         .result = "Task|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get}},
        {.name = "task_round",
         .summary = "The round that is open now, and everybody's part in it; null if none is.",
         .params = {},
         .result = "Round|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{round}},
        {.name = "task_leaderboard",
         .summary = "How a task's round ended, best model first; null while it has not.",
         .params = {task_param()},
         .result = "RoundResult|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{leaderboard}},
        {.name = "task_results",
         .summary = "The last settled rounds, newest first.",
         .params = {limit_param("Rounds at most.", "10")},
         .result = "{rounds: [RoundResult]}",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{results}}};
}

}  // namespace polis::node::rpc
