#include <tools/learning/watch_view.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <tools/learning/sparkline.hpp>

namespace polis::tools::learning {

namespace {

constexpr std::size_t kBarWidth = 30;
constexpr std::size_t kSparkWidthMin = 8;
constexpr std::size_t kSparkWidthMax = 30;
constexpr std::uint64_t kTellEveryMs = 2'000;  ///< accuracy of a running job

std::size_t count_at(const Json& object, const char* key) {
    return object.is_object() && object.contains(key) ? object[key].size() : 0;
}

std::string percent(std::uint64_t ppm) {
    return fmt::format("{}.{:02} %", ppm / 10'000, ppm % 10'000 / 100);
}

std::string nats(std::uint64_t micro) {
    return fmt::format("{}.{:04}", micro / 1'000'000, micro % 1'000'000 / 100);
}

/// Milliseconds that a phase of the task lasts.
std::uint64_t phase_ms(const Json& task, const std::string& phase) {
    if (phase == "training") {
        return number_in(task, "trainingMs");
    }
    return number_in(task, phase == "revealing" ? "revealMs" : "scoringMs");
}

/// Nothing, or the part of the round that is over and how long the rest takes.
std::string phase_line(const Watched& watched) {
    const std::string phase = text_in(watched.round, "phase");
    const std::uint64_t until = number_in(watched.round, "untilMs");
    const std::uint64_t left = until - std::min(until, watched.now_ms);
    const std::uint64_t total = phase_ms(watched.task, phase);
    return fmt::format(
        "round {}  {:<9} {} {} left\n",
        number_in(watched.round, "number"),
        phase,
        progress_bar(total - std::min(total, left), total, kBarWidth),
        duration_text(left));
}

template <class Value>
std::string spark_of(const CurveJob& job, std::size_t width, Value value) {
    std::vector<std::uint64_t> values;
    for (const CurvePoint& point : job.points) {
        values.push_back(point.*value);
    }
    const std::string out = sparkline(values, width);
    const std::size_t shown = std::min(values.size(), width);
    return out + std::string(width - shown, ' ');
}

/// Thousands are enough for large numbers.
std::string speed_text(std::uint64_t samples_per_s) {
    return samples_per_s < 10'000 ? fmt::format("{}/s", samples_per_s)
                                  : fmt::format("{} k/s", samples_per_s / 1'000);
}

std::string job_line(const NodeCurve& curve, const CurveJob& job, std::size_t width) {
    std::string out = fmt::format("  {:<8} {:<12} ", curve.node, job.model);
    if (job.points.empty()) {
        return out + (job.end == "running" ? "begins" : job.end + ": " + job.cause) + '\n';
    }
    const CurvePoint& last = job.points.back();
    out += fmt::format(
        "loss {} {}  accuracy {} {:>8}  epoch {:<4} {:<9} ",
        spark_of(job, width, &CurvePoint::loss_micro),
        nats(last.loss_micro),
        spark_of(job, width, &CurvePoint::accuracy_ppm),
        percent(last.accuracy_ppm),
        last.epoch,
        speed_text(last.samples_per_s));
    if (job.correct) {
        out += fmt::format("model: {} of {}", *job.correct, job.count);
    } else {
        out += job.end == "running" ? std::string("trains") : job.end + ": " + job.cause;
    }
    return out + '\n';
}

std::string score_text(const Json& entry) {
    const Json score = entry.contains("score") ? entry["score"] : Json();
    return score.is_object()
               ? fmt::format("{} of {}", number_in(score, "correct"), number_in(score, "count"))
               : std::string("-");
}

/// Who takes part, and once it is over, who won.
std::string entries_text(const Watched& watched) {
    const Json& from = watched.result.is_object() ? watched.result : watched.round;
    if (count_at(from, "entries") == 0) {
        return {};
    }
    std::string out = watched.result.is_object() ? "leaderboard\n" : "entries\n";
    for (const Json& entry : from["entries"]) {
        std::string state = text_in(entry, "end");
        if (state.empty()) {
            state = text_in(entry, "model").empty() ? "committed" : "revealed";
        }
        out += fmt::format(
            "  {:<44} {:<12} {}\n", text_in(entry, "trainer"), state, score_text(entry));
    }
    return out;
}

/// The latest job of a node's curve for the round at hand; null if there is none.
const CurveJob* latest_job(const NodeCurve& curve) {
    return curve.jobs.empty() ? nullptr : &curve.jobs.back();
}

std::string phase_of(const Watched& watched) {
    const std::string state = text_in(watched.task, "state");
    return watched.round.is_object() ? fmt::format(
                                           "round {} {}",
                                           number_in(watched.round, "number"),
                                           text_in(watched.round, "phase"))
                                     : state;
}

}  // namespace

std::string picture(const Watched& watched, std::size_t width) {
    constexpr std::size_t kBeside = 100;  // columns of a job's line without its two curves
    const std::size_t spark =
        std::clamp(width > kBeside ? (width - kBeside) / 2 : 0, kSparkWidthMin, kSparkWidthMax);
    std::string out = fmt::format(
        "{}  {}  {}\n",
        text_in(watched.task, "name"),
        text_in(watched.task, "id").substr(0, 10),
        text_in(watched.task, "state"));
    if (watched.round.is_object()) {
        out += phase_line(watched);
    }
    for (const NodeCurve& curve : watched.curves) {
        if (const CurveJob* const job = latest_job(curve)) {
            out += job_line(curve, *job, spark);
        }
    }
    if (watched.silent > 0) {
        out += fmt::format("  {} nodes do not answer\n", watched.silent);
    }
    return out + entries_text(watched);
}

Json to_json(const Watched& watched) {
    Json nodes = Json::array();
    for (const NodeCurve& curve : watched.curves) {
        const CurveJob* const job = latest_job(curve);
        if (job == nullptr) {
            continue;
        }
        Json row = {
            {"node", curve.node}, {"round", job->round}, {"model", job->model}, {"end", job->end}};
        if (!job->points.empty()) {
            const CurvePoint& last = job->points.back();
            row["elapsedMs"] = last.elapsed_ms;
            row["epoch"] = last.epoch;
            row["lossMicro"] = last.loss_micro;
            row["accuracyPpm"] = last.accuracy_ppm;
        }
        nodes.push_back(std::move(row));
    }
    return {
        {"nowMs", watched.now_ms},
        {"state", text_in(watched.task, "state")},
        {"round", watched.round},
        {"nodes", std::move(nodes)},
        {"silent", watched.silent},
        {"result", watched.result}};
}

std::vector<std::string> Narrator::tell(const Watched& watched) {
    std::vector<std::string> out;
    if (std::string phase = phase_of(watched); phase != phase_) {
        out.push_back(phase);
        phase_ = std::move(phase);
    }
    const std::size_t entries = count_at(watched.round, "entries");
    if (entries > entries_) {
        out.push_back(fmt::format("{} committed", entries));
    }
    entries_ = std::max(entries, entries_);
    for (const NodeCurve& curve : watched.curves) {
        const CurveJob* const job = latest_job(curve);
        if (job == nullptr) {
            continue;
        }
        Told& told = jobs_[fmt::format("{}/{}", curve.node, job->job)];
        const std::string who = fmt::format("{}: {}", curve.node, job->model);
        if (told.end != job->end) {
            told.end = job->end;
            out.push_back(
                job->correct ? fmt::format("{} gave {} of {}", who, *job->correct, job->count)
                             : fmt::format("{} {} {}", who, job->end, job->cause));
        }
        const CurvePoint last = job->points.empty() ? CurvePoint{} : job->points.back();
        const bool news = last.accuracy_ppm != told.accuracy_ppm &&
                          (told.at_ms == 0 || last.elapsed_ms >= told.at_ms + kTellEveryMs);
        if (news && job->end == "running") {
            told.accuracy_ppm = last.accuracy_ppm;
            told.at_ms = last.elapsed_ms;
            out.push_back(fmt::format(
                "{} accuracy {} loss {} after {}",
                who,
                percent(last.accuracy_ppm),
                nats(last.loss_micro),
                duration_text(last.elapsed_ms)));
        }
    }
    return out;
}

}  // namespace polis::tools::learning
