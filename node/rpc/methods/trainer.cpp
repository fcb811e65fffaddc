// trainer_*: the trainer of this node; task_curve: what it told while it trained.
#include <algorithm>

#include <ml/protocol/model_spec.hpp>
#include <node/rpc/describe.hpp>
#include <node/rpc/methods/methods.hpp>
#include <node/rpc/methods/rows.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

namespace {

/// Shape TrainingJob.
void write_job(JsonWriter& out, const TrainingJob& job, bool with_points) {
    const TrainingBegin& begin = job.begin;
    out.begin_object().number("job", begin.job).bytes("task", begin.task.view());
    out.number("round", begin.round).text("model", trainer::to_text(begin.model));
    out.text("device", begin.device).number("beganMs", begin.begun.value);
    out.number("windowMs", begin.window_ms).text("end", to_string(job.end));
    out.text("cause", job.cause);
    if (job.model) {
        out.bytes("blob", job.model->view());
    } else {
        out.null("blob");
    }
    if (job.validation) {
        out.begin_object("validation").number("correct", job.validation->correct);
        out.number("count", job.validation->count);
        out.decimal("crossEntropy", job.validation->cross_entropy);
        out.flag("valid", true).end_object();
    } else {
        out.null("validation");
    }
    if (job.points.empty()) {
        out.null("last");
    } else {
        out.name("last");
        write_point(out, job.points.back());
    }
    if (with_points) {
        out.begin_array("points");
        for (const TrainingPoint& point : job.points) {
            write_point(out, point);
        }
        out.end_array();
    }
    out.end_object();
}

void write_devices(JsonWriter& out, const TrainerHost::Status& status) {
    out.begin_array("devices");
    if (status.hello) {
        for (const trainer::Device& device : status.hello->devices) {
            out.begin_object().text("name", device.name).text("description", device.description);
            out.number("memoryBytes", device.memory_bytes).end_object();
        }
    }
    out.end_array();
}

Outcome status(const Call& call) {
    const TrainerReport report = call.node.backend.trainer();
    const TrainerHost::Status& now = report.status;
    JsonWriter out;
    out.begin_object().flag("attached", now.hello.has_value());
    out.text("state", report.none.empty() ? to_string(now.state) : "absent");
    out.text("cause", report.none);
    out.text("program", now.hello ? now.hello->program : std::string());
    out.text("torch", now.hello ? now.hello->torch : std::string());
    out.begin_array("kinds");
    if (now.hello) {
        for (const std::string& kind : now.hello->kinds) {
            out.text(kind);
        }
    }
    out.end_array();
    write_devices(out, now);
    out.text("from", now.from);
    if (now.pid) {
        out.number("pid", static_cast<std::uint64_t>(*now.pid));
    } else {
        out.null("pid");
    }
    out.number("deaths", now.deaths).text("lastDeath", now.last_death);
    if (report.job) {
        out.name("job");
        write_job(out, *report.job, /*with_points=*/false);
    } else {
        out.null("job");
    }
    return out.end_object().take();
}

Outcome devices(const Call& call) {
    JsonWriter out;
    out.begin_object();
    write_devices(out, call.node.backend.trainer().status);
    return out.end_object().take();
}

Outcome logs(const Call& call) {
    const std::vector<std::string> lines = call.node.backend.trainer_lines();
    const std::size_t count = std::min<std::size_t>(lines.size(), call.params.count("limit"));
    JsonWriter out;
    out.begin_object().begin_array("lines");
    for (std::size_t i = lines.size() - count; i < lines.size(); ++i) {
        out.text(lines[i]);
    }
    return out.end_array().end_object().take();
}

Outcome curve(const Call& call) {
    const Hash& task = call.params.hash("task");
    const TaskCurve curve = call.node.backend.curve(task);
    JsonWriter out;
    out.begin_object().bytes("task", task.view()).number("nowMs", curve.now.value);
    out.begin_array("jobs");
    for (const TrainingJob& job : curve.jobs) {
        write_job(out, job, /*with_points=*/true);
    }
    return out.end_array().end_object().take();
}

constexpr std::string_view kDevicesShape =
    "{devices: [{name: text, description: text, memoryBytes: number}]}";

}  // namespace

std::vector<Method> trainer_methods() {
    return {
        {.name = "task_curve",
         .summary = "What this node trained for a task: its jobs with their loss and accuracy over "
                    "time, oldest first. A node remembers its last 16 jobs until it ends.",
         .params = {{.name = "task", .type = ParamType::kHash, .description = "The task's id."}},
         .result = "{task: hash, nowMs: number, jobs: [TrainingJob]}",
         .errors = {},
         .handler = OnWorker{curve}},
        {.name = "trainer_status",
         .summary = "The trainer of this node, what it does, and how it died last.",
         .params = {},
         .result =
             "{attached: flag, state: 'absent'|'pausing'|'waiting'|'starting'|'ready'|'training'|"
             "'stopped', cause: text, program: text, torch: text, kinds: [text], "
             "devices: [{name: text, description: text, memoryBytes: number}], from: text, "
             "pid: number|null, deaths: number, lastDeath: text, job: TrainingJob|null}",
         .errors = {},
         .handler = OnWorker{status}},
        {.name = "trainer_devices",
         .summary = "What the trainer of this node can train on.",
         .params = {},
         .result = kDevicesShape,
         .errors = {},
         .handler = OnWorker{devices}},
        {.name = "trainer_logs",
         .summary = "The latest lines that the trainer wrote, and how trainers ended.",
         .params = {limit_param("Lines at most.", "50")},
         .result = "{lines: [text]}",
         .errors = {},
         .handler = OnWorker{logs}}};
}

}  // namespace polis::node::rpc
