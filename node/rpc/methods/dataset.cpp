// dataset_*: the samples that tasks refer to. Their bytes: GET /v1/blobs/ROOT.
#include <ml/exact/dataset.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <ledger/modules/task_queries.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/describe_tasks.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/methods/task_page.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

namespace tasks = ledger::tasks;

constexpr std::array<std::string_view, 3> kParts = {"training", "validation", "test"};

const Hash& root_of(const ledger::TaskSpec& spec, std::string_view part) {
    if (part == "training") {
        return spec.training;
    }
    return part == "validation" ? spec.validation : spec.test;
}

/// Bytes of the dataset inside of a blob; nothing if the blob is no sealed set.
std::optional<std::uint64_t> inner_bytes(const Backend& node, const Hash& root) {
    const auto head = node.read_blob(root, 0, tasks::kSealHeaderBytes);
    if (!head) {
        return std::nullopt;
    }
    const auto plain = tasks::read_seal_header(*head);
    return plain ? std::optional{*plain} : std::nullopt;
}

void write_number(JsonWriter& out, std::string_view name, std::optional<std::uint64_t> number) {
    if (number) {
        out.number(name, *number);
    } else {
        out.null(name);
    }
}

/// The key of a task's test set, as far as the chain knows it.
Result<std::optional<Hash>, RpcError> key_of(ledger::StateView& state, const tasks::Task& task) {
    if (task.state == tasks::TaskState::kOpen) {
        POLIS_TRY(const auto open, ask(tasks::open_round(state)));
        return open && open->round.number == task.round ? open->round.test_key : std::nullopt;
    }
    if (task.round == 0) {
        return std::nullopt;
    }
    POLIS_TRY(const auto result, ask(tasks::load_result(state, task.round)));
    return result ? result->test_key : std::nullopt;
}

/// Shape Dataset.
Result<void, RpcError> write_dataset(
    JsonWriter& out, const Call& call, const tasks::NamedTask& named, std::string_view part) {
    const Backend& node = call.node.backend;
    const ledger::TaskSpec& spec = named.task.spec;
    const Hash& root = root_of(spec, part);
    const bool sealed = part == "test";
    std::optional<Hash> key;
    if (sealed) {
        ledger::LatestState state(node.chain());
        POLIS_TRY(key, key_of(state, named.task));
    }
    const auto bytes = node.blob_bytes(root);
    const auto inside = sealed && bytes ? inner_bytes(node, root) : bytes;
    out.begin_object().bytes("task", named.id.view()).text("name", spec.name);
    out.text("part", part).bytes("root", root.view()).flag("sealed", sealed);
    write_optional(out, "key", key);
    write_number(out, "bytes", bytes);
    write_number(
        out,
        "samples",
        inside ? exact::samples_in(*inside, spec.input, spec.classes) : std::nullopt);
    out.begin_array("input").number(spec.input.channels).number(spec.input.height);
    out.number(spec.input.width).end_array().number("classes", spec.classes).end_object();
    return {};
}

Outcome get(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    const Hash id = call.params.hash("task");
    POLIS_TRY(auto task, ask(tasks::load_task(state, id)));
    if (!task) {
        return "null";
    }
    JsonWriter out;
    POLIS_TRY_VOID(write_dataset(out, call, {id, *std::move(task)}, call.params.text("part")));
    return out.take();
}

Outcome list(const Call& call) {
    POLIS_TRY(const TaskPage page, task_page(call));
    JsonWriter out;
    out.begin_object().begin_array("datasets");
    for (const tasks::NamedTask& task : page.tasks) {
        for (const std::string_view part : kParts) {
            POLIS_TRY_VOID(write_dataset(out, call, task, part));
        }
    }
    out.end_array();
    write_cursor(out, page.cursor);
    return out.end_object().take();
}

}  // namespace

std::vector<Method> dataset_methods() {
    return {
        {.name = "dataset_list",
         .summary = "The datasets of all tasks, in the order of task_list, three for each.",
         .params = {limit_param("Tasks at most.", "50"), cursor_param()},
         .result = "{datasets: [Dataset], cursor: text|null}",
         .errors = {ErrorName::kBadCursor, ErrorName::kStoreFailed},
         .handler = OnWorker{list}},
        {.name = "dataset_get",
         .summary = "A dataset of a task, with its key once that is revealed; null without task.",
         .params =
             {task_param(),
              {.name = "part",
               .type = ParamType::kChoice,
               .description = "Which one.",
               .choices = {kParts.begin(), kParts.end()}}},
         .result = "Dataset|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get}}};
}

}  // namespace polis::node::rpc
