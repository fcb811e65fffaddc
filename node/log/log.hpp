#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <core/result.hpp>
#include <core/types.hpp>
#include <node/runtime/clock.hpp>

namespace polis::node {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };

/// One value of a line. Keys are short words; secrets never become fields.
struct LogField {
    LogField(std::string_view name, std::string_view text) : key(name), value(text) {}

    LogField(std::string_view name, const char* text) : key(name), value(text) {}

    LogField(std::string_view name, const std::string& text) : key(name), value(text) {}

    template <std::unsigned_integral Number>
    LogField(std::string_view name, Number number)
        : key(name), value(std::to_string(number)), is_number(true) {}

    std::string_view key;
    std::string value;
    bool is_number = false;
};

using LogFields = std::initializer_list<LogField>;

/// One event as it is written.
struct LogLine {
    LogLevel level = LogLevel::kInfo;
    TimeMs time;
    std::string_view area;  ///< "p2p", "consensus"
    std::string_view message;
    std::uint64_t left_out = 0;  ///< lines of this message that the limit swallowed before
};

/// 2026-01-01T00:00:00.000Z INFO  p2p peer is up id=ab12 direction=inbound
[[nodiscard]] std::string text_line(const LogLine& line, LogFields fields);

/// {"time":"...","level":"info","area":"p2p","message":"peer is up","id":"ab12"}
[[nodiscard]] std::string json_line(const LogLine& line, LogFields fields);

/// Structured lines: a fixed message and fields. Safe from any thread; a message that repeats is
/// written kRepeatsMax times in kRepeatWindowMs, then counted.
class Log {
  public:
    static constexpr std::uint64_t kRepeatsMax = 200;
    static constexpr std::uint64_t kRepeatWindowMs = 10'000;

    struct Setup {
        LogLevel level = LogLevel::kInfo;
        bool json = false;
        std::string file;  ///< empty: standard error
        Clock* clock = nullptr;
    };

    /// @error the file cannot be opened: one line with cause and cure
    [[nodiscard]] static Result<std::unique_ptr<Log>, std::string> open(const Setup& setup);

    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    /// @param area, message literals: they name the line for the limit on repeats
    void write(LogLevel level, std::string_view area, std::string_view message, LogFields fields);

    void debug(std::string_view area, std::string_view message, LogFields fields = {}) {
        write(LogLevel::kDebug, area, message, fields);
    }

    void info(std::string_view area, std::string_view message, LogFields fields = {}) {
        write(LogLevel::kInfo, area, message, fields);
    }

    void warn(std::string_view area, std::string_view message, LogFields fields = {}) {
        write(LogLevel::kWarn, area, message, fields);
    }

    void error(std::string_view area, std::string_view message, LogFields fields = {}) {
        write(LogLevel::kError, area, message, fields);
    }

    /// Whether a line of this level is written: for fields that cost something.
    [[nodiscard]] bool wants(LogLevel level) const;

    void flush();

  private:
    class Impl;
    explicit Log(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// "info" and the others; nothing for any other word.
[[nodiscard]] Result<LogLevel, std::string> parse_log_level(std::string_view text);

}  // namespace polis::node
