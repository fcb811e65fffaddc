// model_*: models that settled rounds have made public. Their bytes: GET /v1/models/ROOT.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <ledger/modules/task_queries.hpp>
#include <node/rpc/cursor.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/describe_tasks.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

namespace tasks = ledger::tasks;

/// A settled round and its task.
struct Settled {
    tasks::RoundResult result;
    tasks::Task task;
};

Result<std::optional<Settled>, RpcError> settled(ledger::StateView& state, std::uint64_t round) {
    POLIS_TRY(auto result, ask(tasks::load_result(state, round)));
    if (!result) {
        return std::nullopt;
    }
    POLIS_TRY(auto task, ask(tasks::load_task(state, result->task)));
    if (!task) {
        return std::nullopt;
    }
    return Settled{*std::move(result), *std::move(task)};
}

/// Shape Model. @pre the entry has a model
void write_model(JsonWriter& out, const Backend& node, const Settled& from, std::size_t index) {
    const tasks::RoundResult& result = from.result;
    const tasks::EntryResult& entry = result.entries[index];
    const ledger::TaskSpec& spec = from.task.spec;
    out.begin_object().bytes("task", result.task.view()).text("name", spec.name);
    out.number("round", result.round).number("rank", index + 1).address("trainer", entry.trainer);
    out.text("end", tasks::to_string(entry.end)).bytes("root", entry.model->view());
    if (const auto bytes = node.blob_bytes(*entry.model)) {
        out.number("bytes", *bytes);
    } else {
        out.null("bytes");
    }
    write_score(out, "score", entry.score);
    const Hash seed = consensus::pole::seed_of(result.beacon, result.task, entry.trainer);
    out.bytes("seed", seed.view()).bytes("beacon", result.beacon.view());
    out.bytes("data", result.data.view());
    write_optional(out, "key", result.test_key);
    out.begin_array("input").number(spec.input.channels).number(spec.input.height);
    out.number(spec.input.width).end_array().number("classes", spec.classes);
    out.number("settled", result.settled.value).end_object();
}

Outcome get(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    POLIS_TRY(const auto task, ask(tasks::load_task(state, call.params.hash("task"))));
    if (!task || task->round == 0) {
        return "null";
    }
    POLIS_TRY(const auto found, settled(state, task->round));
    const std::uint64_t rank = call.params.count("rank");
    if (!found || rank > found->result.entries.size() || !found->result.entries[rank - 1].model) {
        return "null";
    }
    JsonWriter out;
    write_model(out, call.node.backend, *found, rank - 1);
    return out.take();
}

/// Where the newest round begins; nothing if none is settled.
Result<std::optional<Cursor>, RpcError> newest(ledger::StateView& state) {
    POLIS_TRY(const auto results, ask(tasks::last_results(state, 1)));
    if (results.empty()) {
        return std::nullopt;
    }
    return Cursor{results.front().round, 0};
}

Outcome list(const Call& call) {
    ledger::LatestState state(call.node.backend.chain());
    std::optional<Cursor> place;
    if (call.params.has("cursor")) {
        place = parse_cursor(call.params.text("cursor"));
        if (!place) {
            return std::unexpected(rpc_error(ErrorName::kBadCursor));
        }
    } else {
        POLIS_TRY(place, newest(state));
    }
    std::uint64_t left = call.params.count("limit");
    JsonWriter out;
    out.begin_object().begin_array("models");
    // One round at a time: the numbers of settled rounds have no gaps.
    while (place && left > 0) {
        POLIS_TRY(const auto found, settled(state, place->group));
        const std::size_t count = found ? found->result.entries.size() : 0;
        for (; place->item < count && left > 0; ++place->item) {
            if (found->result.entries[place->item].model) {
                write_model(out, call.node.backend, *found, place->item);
                --left;
            }
        }
        if (!found || place->group <= 1) {
            place = place->item < count ? place : std::nullopt;
            break;
        }
        if (place->item >= count) {
            place = Cursor{place->group - 1, 0};
        }
    }
    out.end_array();
    if (place) {
        out.text("cursor", to_string(*place));
    } else {
        out.null("cursor");
    }
    return out.end_object().take();
}

}  // namespace

std::vector<Method> model_methods() {
    return {
        {.name = "model_list",
         .summary = "Models of settled rounds, newest round first, the best one of each first.",
         .params = {limit_param("Models at most.", "50"), cursor_param()},
         .result = "{models: [Model], cursor: text|null}",
         .errors = {ErrorName::kBadCursor, ErrorName::kStoreFailed},
         .handler = OnWorker{list}},
        {.name = "model_get",
         .summary =
             "A model of a settled round and the seed of its input map; null if there is none.",
         .params =
             {task_param(),
              {.name = "rank",
               .type = ParamType::kCount,
               .description = "Its place on the leaderboard, 1 for the winner.",
               .required = false,
               .standard = "1",
               .min = 1,
               .max = consensus::pole::kEntriesMax}},
         .result = "Model|null",
         .errors = {ErrorName::kStoreFailed},
         .handler = OnWorker{get}}};
}

}  // namespace polis::node::rpc
