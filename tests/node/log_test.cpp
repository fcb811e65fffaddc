// Lines of the log: for people and for programs, whatever a peer puts into a field.
#include <node/log/log.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace polis::node {
namespace {

constexpr LogLine kLine{
    .level = LogLevel::kWarn,
    .time = TimeMs{1'767'225'600'042},
    .area = "p2p",
    .message = "a peer misbehaved"};

TEST(Log, a_text_line_quotes_what_is_no_plain_word) {
    EXPECT_EQ(
        text_line(kLine, {{"peer", "ab12"}, {"count", std::uint64_t{3}}, {"note", "two words"}}),
        "2026-01-01T00:00:00.042Z WARN  p2p a peer misbehaved peer=ab12 count=3 note=\"two "
        "words\"");
}

TEST(Log, a_field_can_neither_end_a_line_nor_forge_a_field) {
    const std::string line = text_line(kLine, {{"note", "x\nroot=1"}, {"none", ""}});
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_TRUE(line.ends_with("note=\"x\\nroot=1\" none=\"\"")) << line;
    EXPECT_TRUE(text_line(kLine, {{"note", "a=b"}}).ends_with("note=\"a=b\""));
    EXPECT_TRUE(text_line(kLine, {{"note", "\xff"}}).ends_with("note=\"\\ufffd\""));
}

TEST(Log, a_json_line_keeps_numbers_as_numbers) {
    EXPECT_EQ(
        json_line(kLine, {{"peer", "ab12"}, {"count", std::uint64_t{3}}}),
        "{\"time\":\"2026-01-01T00:00:00.042Z\",\"level\":\"warn\",\"area\":\"p2p\","
        "\"message\":\"a peer misbehaved\",\"peer\":\"ab12\",\"count\":3}");
}

std::size_t lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) {
        ++count;
    }
    return count;
}

TEST(Log, leaves_out_what_repeats_and_what_is_below_its_level) {
    const auto file =
        std::filesystem::temp_directory_path() / ("polis-log-" + std::to_string(::getpid()));
    std::filesystem::remove(file);
    Clock clock;
    const auto log = Log::open({.level = LogLevel::kInfo, .file = file.string(), .clock = &clock});
    ASSERT_TRUE(log);
    for (std::uint64_t i = 0; i < 2 * Log::kRepeatsMax; ++i) {
        (*log)->debug("test", "quiet");
        (*log)->info("test", "loud");
    }
    (*log)->info("test", "another");
    EXPECT_EQ(lines_of(file), Log::kRepeatsMax + 1);
    // Beyond the window the line comes again and says how many were left out.
    clock.set_offset(2 * Log::kRepeatWindowMs);
    (*log)->info("test", "loud");
    std::ifstream in(file);
    std::string line;
    for (std::string next; std::getline(in, next);) {
        line = next;
    }
    EXPECT_TRUE(line.ends_with("left_out=" + std::to_string(Log::kRepeatsMax))) << line;
    std::filesystem::remove(file);
}

TEST(Log, says_where_it_cannot_write) {
    Clock clock;
    const auto log = Log::open({.file = "/proc/none/log", .clock = &clock});
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().find("log.file"), std::string::npos);
}

}  // namespace
}  // namespace polis::node
