// One description of the members of every struct serves the writer and the reader, so that they
// cannot differ.
#include <tools/bench/report/json.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <core/check.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::bench {

namespace {

using Json = nlohmann::ordered_json;

/// T, const for the writer.
template <class T, class Wanted>
concept Either = std::same_as<std::remove_const_t<T>, Wanted>;

void members(auto& io, Either<Spread> auto& it) {
    io("count", it.count);
    io("mean_us", it.mean_us);
    io("p50_us", it.p50_us);
    io("p90_us", it.p90_us);
    io("p99_us", it.p99_us);
    io("p999_us", it.p999_us);
    io("max_us", it.max_us);
}

void members(auto& io, Either<Machine> auto& it) {
    io("version", it.version);
    io("compiler", it.compiler);
    io("cpu", it.cpu);
    io("cores", it.cores);
    io("memory_bytes", it.memory_bytes);
    io("system", it.system);
    io("load_before", it.load_before);
    io("began_ms", it.began_ms);
}

void members(auto& io, Either<Setup> auto& it) {
    io("workload", it.workload);
    io("election", it.election);
    io("fault", it.fault);
    io("nodes", it.nodes);
    io("rate_per_s", it.rate);
    io("rate_found", it.rate_found);
    io("seconds", it.seconds);
    io("senders", it.senders);
    io("block_interval_ms", it.block_interval_ms);
    io("random_seed", it.random_seed);
}

void members(auto& io, Either<Counts> auto& it) {
    io("offered", it.offered);
    io("finalized", it.finalized);
    io("in_time", it.in_time);
    io("failed", it.failed);
    io("unfinished", it.unfinished);
    io("refusals", it.refusals);
    io("txn_bytes", it.txn_bytes);
}

void members(auto& io, Either<Latency> auto& it) {
    io("accepted", it.accepted);
    io("first", it.first);
    io("quorum", it.quorum);
}

void members(auto& io, Either<Blocks> auto& it) {
    io("count", it.count);
    io("txns_max", it.txns_max);
    io("interval", it.interval);
    io("view_changes", it.view_changes);
    io("longest_stall_us", it.longest_stall_us);
}

void members(auto& io, Either<Stage> auto& it) {
    io("name", it.name);
    io("about", it.about);
    io("time", it.time);
}

void members(auto& io, Either<NodeUse> auto& it) {
    io("node", it.node);
    io("user_us", it.user_us);
    io("system_us", it.system_us);
    io("resident_bytes_max", it.resident_bytes_max);
    io("disk_written_bytes", it.disk_written_bytes);
    io("sent_bytes", it.sent_bytes);
    io("received_bytes", it.received_bytes);
    io("messages_sent", it.messages_sent);
    io("signatures", it.signatures);
    io("height_from", it.height_from);
    io("height_to", it.height_to);
    io("ran_through", it.ran_through);
}

void members(auto& io, Either<Floor> auto& it) {
    io("verify_alone_us", it.verify_alone_us);
    io("verify_us", it.verify_us);
    io("floor_us", it.floor_us);
    io("spent_us", it.spent_us);
    io("ratio", it.ratio);
    io("client_us", it.client_us);
}

void members(auto& io, Either<Second> auto& it) {
    io("at_s", it.at_s);
    io("due", it.due);
    io("accepted", it.accepted);
    io("finalized", it.finalized);
    io("p50_us", it.p50_us);
    io("p99_us", it.p99_us);
    io("waiting", it.waiting);
    io("height", it.height);
    io("nodes_up", it.nodes_up);
    io("cpu_us", it.cpu_us);
}

void members(auto& io, Either<Mark> auto& it) {
    io("at_us", it.at_us);
    io("what", it.what);
}

void members(auto& io, Either<Learning> auto& it) {
    io("rounds", it.rounds);
    io("samples", it.samples);
    io("samples_per_s", it.samples_per_s);
    io("jobs_done", it.jobs_done);
    io("jobs_wasted", it.jobs_wasted);
    io("proofs_rejected", it.proofs_rejected);
    io("train_ratio", it.train_ratio);
    io("best_accuracy", it.best_accuracy);
    io("time_to_target_ms", it.time_to_target_ms);
}

void members(auto& io, Either<Check> auto& it) {
    io("what", it.what);
    io("wanted", it.wanted);
    io("found", it.found);
    io("passed", it.passed);
}

void members(auto& io, Either<Run> auto& it) {
    io("name", it.name);
    io("setup", it.setup);
    io("counts", it.counts);
    io("finalized_per_s", it.per_second);
    io("latency", it.latency);
    io("blocks", it.blocks);
    io("stages", it.stages);
    io("nodes", it.nodes);
    io("floor", it.floor);
    io("seconds", it.seconds);
    io("marks", it.marks);
    io("learning", it.learning);
    io("checks", it.checks);
}

void members(auto& io, Either<Simulated> auto& it) {
    io("nodes", it.nodes);
    io("blocks", it.blocks);
    io("txns", it.txns);
    io("proposals", it.proposals);
    io("prepares", it.prepares);
    io("commits", it.commits);
    io("relayed", it.relayed);
    io("gossip", it.gossip);
    io("others", it.others);
    io("sent_bytes", it.sent_bytes);
    io("verifications", it.verifications);
    io("cpu_us", it.cpu_us);
    io("simulated_ms", it.simulated_ms);
    io("messages_before", it.messages_before);
    io("random_seed", it.random_seed);
}

void members(auto& io, Either<Report> auto& it) {
    io("command", it.command);
    io("machine", it.machine);
    io("runs", it.runs);
    io("simulated", it.simulated);
    io("knee_per_s", it.knee_per_s);
    io("checks", it.checks);
}

class Writer {
  public:
    template <class T>
    void operator()(const char* name, const T& value) {
        out_[name] = json_of(value);
    }

    [[nodiscard]] Json take() && { return std::move(out_); }

  private:
    template <class T>
    static Json json_of(const T& value) {
        if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
            if constexpr (std::is_floating_point_v<T>) {
                POLIS_ASSERT(std::isfinite(value));
            }
            return value;
        } else {
            Writer writer;
            members(writer, value);
            return std::move(writer).take();
        }
    }

    template <class T>
    static Json json_of(const std::optional<T>& value) {
        return value ? json_of(*value) : Json(nullptr);
    }

    template <class T>
    static Json json_of(const std::vector<T>& list) {
        Json out = Json::array();
        for (const T& item : list) {
            out.push_back(json_of(item));
        }
        return out;
    }

    Json out_ = Json::object();
};

/// Reads the members of one object. After the first mistake it reads no further and keeps that.
class Reader {
  public:
    /// `path` of the object in the text, with a point at its end.
    Reader(const Json& object, std::string path) : object_(object), path_(std::move(path)) {}

    template <class T>
    void operator()(const char* name, T& out) {
        known_.emplace_back(name);
        if (!mistake_.empty()) {
            return;
        }
        const auto found = object_.find(name);
        if (found == object_.end()) {
            mistake_ = fmt::format("{}{} is missing", path_, name);
            return;
        }
        mistake_ = read(*found, path_ + name, out);
    }

    /// To be called after all members. @return empty: everything is as it must be
    [[nodiscard]] std::string mistake() const {
        if (!mistake_.empty()) {
            return mistake_;
        }
        for (const auto& [name, unused] : object_.items()) {
            if (std::ranges::find(known_, name) == known_.end()) {
                return fmt::format("{}{} is no member of this version", path_, name);
            }
        }
        return {};
    }

  private:
    static std::string read(const Json& json, const std::string& path, std::uint64_t& out) {
        if (!json.is_number_unsigned()) {
            return path + " is no integer from 0 to 2^64 - 1";
        }
        out = json.get<std::uint64_t>();
        return {};
    }

    static std::string read(const Json& json, const std::string& path, double& out) {
        if (!json.is_number()) {
            return path + " is no number";
        }
        out = json.get<double>();
        return {};
    }

    static std::string read(const Json& json, const std::string& path, bool& out) {
        if (!json.is_boolean()) {
            return path + " is neither true nor false";
        }
        out = json.get<bool>();
        return {};
    }

    static std::string read(const Json& json, const std::string& path, std::string& out) {
        if (!json.is_string()) {
            return path + " is no text";
        }
        out = json.get<std::string>();
        return {};
    }

    template <class T>
    static std::string read(const Json& json, const std::string& path, std::optional<T>& out) {
        return json.is_null() ? std::string() : read(json, path, out.emplace());
    }

    template <class T>
    static std::string read(const Json& json, const std::string& path, std::vector<T>& out) {
        if (!json.is_array()) {
            return path + " is no list";
        }
        for (const Json& item : json) {
            const std::string at = fmt::format("{}[{}]", path, out.size());
            if (std::string mistake = read(item, at, out.emplace_back()); !mistake.empty()) {
                return mistake;
            }
        }
        return {};
    }

    template <class T>
    static std::string read(const Json& json, const std::string& path, T& out) {
        if (!json.is_object()) {
            return path + " is no object";
        }
        Reader reader(json, path + '.');
        members(reader, out);
        return reader.mistake();
    }

    const Json& object_;
    std::string path_;
    std::vector<std::string> known_;
    std::string mistake_;
};

std::unexpected<Failure> refuse(std::string_view source, std::string_view cause) {
    return std::unexpected(Failure(fmt::format(
        "{}: {}; it is damaged or was changed by hand: measure again, or take an unchanged copy",
        source,
        cause)));
}

/// Name and version of the schema. They are looked at first, because what another version has to
/// say of its members nobody here can know.
Fallible<void> check_schema(const Json& json, std::string_view source) {
    const auto name = json.find("schema");
    const auto version = json.find("version");
    if (!json.is_object() || name == json.end() || *name != kSchemaName || version == json.end() ||
        !version->is_number_unsigned()) {
        return std::unexpected(Failure(fmt::format(
            "{}: this is no summary of polis bench; name a folder that it wrote, or the {} in it",
            source,
            kSummaryName)));
    }
    if (*version != kSchemaVersion) {
        return std::unexpected(Failure(fmt::format(
            "{}: version {} of the summary is unknown here, this polis reads version {}; use the "
            "polis that wrote it, or measure again",
            source,
            version->get<std::uint64_t>(),
            kSchemaVersion)));
    }
    return {};
}

/// Runs are known by their names: `compare` matches by them, tables begin with them.
std::string repeated_name(const Report& report) {
    std::vector<std::string> names;
    for (const Run& run : report.runs) {
        names.push_back(run.name);
    }
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    return twice == names.end() ? "" : fmt::format("two runs have the name \"{}\"", *twice);
}

}  // namespace

std::string to_json(const Report& report) {
    Writer writer;
    writer("schema", std::string(kSchemaName));
    writer("version", kSchemaVersion);
    members(writer, report);
    return std::move(writer).take().dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Fallible<Report> parse_summary(std::string_view text, std::string_view source) {
    Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) {
        return refuse(source, "this is no JSON");
    }
    POLIS_TRY_VOID(check_schema(json, source));
    json.erase("schema");
    json.erase("version");
    Report report;
    Reader reader(json, "");
    members(reader, report);
    if (const std::string mistake = reader.mistake(); !mistake.empty()) {
        return refuse(source, mistake);
    }
    if (const std::string mistake = repeated_name(report); !mistake.empty()) {
        return refuse(source, mistake);
    }
    return report;
}

Fallible<Report> read_summary(const std::filesystem::path& path) {
    std::error_code failed;
    const bool folder = std::filesystem::is_directory(path, failed);
    const std::filesystem::path file = folder ? path / kSummaryName : path;
    const std::uintmax_t bytes = std::filesystem::file_size(file, failed);
    if (failed) {
        return std::unexpected(Failure(fmt::format(
            "cannot read {}: {}; name a folder that polis bench wrote, or the {} in it",
            file.string(),
            failed.message(),
            kSummaryName)));
    }
    if (bytes > kSummaryBytesMax) {
        return std::unexpected(Failure(fmt::format(
            "{} has {} bytes, a summary has at most {}; is it the right file?",
            file.string(),
            bytes,
            kSummaryBytesMax)));
    }
    POLIS_TRY(const std::string text, devnet::read_file(file));
    return parse_summary(text, file.string());
}

}  // namespace polis::tools::bench
