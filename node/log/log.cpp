#include <node/log/log.hpp>

#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <genesis/devnet.hpp>
#include <node/runtime/mutex.hpp>

namespace polis::node {

namespace {

constexpr std::array<std::string_view, 5> kNames{"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 5> kLabels{"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR"};

/// Lines whose repeats are counted; beyond, a new one takes the place of an old one.
constexpr std::size_t kCountedLinesMax = 256;

std::size_t index_of(LogLevel level) { return static_cast<std::size_t>(level); }

/// With milliseconds, always.
std::string moment(TimeMs time) {
    std::string text = genesis::to_text(TimeMs{time.value / 1'000 * 1'000});
    text.pop_back();
    return fmt::format("{}.{:03}Z", text, time.value % 1'000);
}

bool is_plain(std::string_view text) {
    constexpr std::string_view kSpecial = " \"=\\";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte <= 0x20 || byte >= 0x7f || kSpecial.contains(letter)) {
            return false;
        }
    }
    return !text.empty();
}

/// Quoted as in JSON unless it is one plain word: a peer's text can neither end a line nor forge a
/// field.
std::string as_value(const std::string& text) {
    return is_plain(text)
               ? text
               : nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string text_line(const LogLine& line, LogFields fields) {
    std::string out = fmt::format(
        "{} {} {} {}", moment(line.time), kLabels[index_of(line.level)], line.area, line.message);
    for (const LogField& field : fields) {
        out += fmt::format(" {}={}", field.key, as_value(field.value));
    }
    if (line.left_out > 0) {
        out += fmt::format(" left_out={}", line.left_out);
    }
    return out;
}

std::string json_line(const LogLine& line, LogFields fields) {
    nlohmann::ordered_json out;
    out["time"] = moment(line.time);
    out["level"] = kNames[index_of(line.level)];
    out["area"] = line.area;
    out["message"] = line.message;
    for (const LogField& field : fields) {
        const std::string key(field.key);
        if (field.is_number) {
            out[key] = std::stoull(field.value);
        } else {
            out[key] = field.value;
        }
    }
    if (line.left_out > 0) {
        out["left_out"] = line.left_out;
    }
    return out.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

class Log::Impl {
  public:
    Impl(const Setup& setup, spdlog::sink_ptr sink)
        : level_(setup.level),
          json_(setup.json),
          clock_(*setup.clock),
          logger_("polis", std::move(sink)) {
        logger_.set_pattern("%v");
        logger_.set_level(spdlog::level::trace);
        logger_.flush_on(spdlog::level::trace);  // a line that a crash swallows helps nobody
    }

    [[nodiscard]] bool wants(LogLevel level) const { return level >= level_; }

    void write(LogLine line, LogFields fields) {
        line.time = clock_.now();
        if (const auto left_out = admit(line)) {
            line.left_out = *left_out;
            const std::string text = json_ ? json_line(line, fields) : text_line(line, fields);
            logger_.log(spdlog::level::info, spdlog::string_view_t(text));
        }
    }

    void flush() { logger_.flush(); }

  private:
    struct Repeats {
        TimeMs since;
        std::uint64_t count = 0;
        std::uint64_t left_out = 0;
    };

    /// How many lines like this were left out before; nothing if this one is left out, too.
    std::optional<std::uint64_t> admit(const LogLine& line) {
        const MutexLock lock(mutex_);
        const std::pair key{line.area, line.message};
        if (!repeats_.contains(key) && repeats_.size() >= kCountedLinesMax) {
            repeats_.erase(repeats_.begin());
        }
        Repeats& repeats = repeats_[key];
        if (line.time.value >= repeats.since.value + kRepeatWindowMs) {
            const std::uint64_t left_out = repeats.left_out;
            repeats = {.since = line.time, .count = 1, .left_out = 0};
            return left_out;
        }
        if (repeats.count >= kRepeatsMax) {
            ++repeats.left_out;
            return std::nullopt;
        }
        ++repeats.count;
        return 0;
    }

    // Constant after construction.
    const LogLevel level_;
    const bool json_;
    Clock& clock_;

    spdlog::logger logger_;
    Mutex mutex_;
    std::map<std::pair<std::string_view, std::string_view>, Repeats> repeats_
        POLIS_GUARDED_BY(mutex_);
};

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Log::~Log() = default;

Result<std::unique_ptr<Log>, std::string> Log::open(const Setup& setup) {
    try {
        spdlog::sink_ptr sink;
        if (setup.file.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        } else {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(setup.file);
        }
        return std::unique_ptr<Log>(new Log(std::make_unique<Impl>(setup, std::move(sink))));
    } catch (const spdlog::spdlog_ex&) {
        return std::unexpected(fmt::format(
            "cannot write the log {}: check its directory and permissions, or choose another "
            "log.file",
            setup.file));
    }
}

void Log::write(LogLevel level, std::string_view area, std::string_view message, LogFields fields) {
    if (impl_->wants(level)) {
        impl_->write({.level = level, .time = {}, .area = area, .message = message}, fields);
    }
}

bool Log::wants(LogLevel level) const { return impl_->wants(level); }

void Log::flush() { impl_->flush(); }

Result<LogLevel, std::string> parse_log_level(std::string_view text) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) {
            return static_cast<LogLevel>(i);
        }
    }
    return std::unexpected("choose trace, debug, info, warn or error");
}

}  // namespace polis::node
