// What people and other programs see of a training: curves as text and as files.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <tools/learning/curve.hpp>
#include <tools/learning/export_curves.hpp>
#include <tools/learning/sparkline.hpp>
#include <tools/learning/tensorboard.hpp>
#include <tools/learning/watch_view.hpp>

namespace polis::tools::learning {
namespace {

Json answer() {
    return Json::parse(R"({"task":"0x07","nowMs":5000,"jobs":[{"job":1,"task":"0x07","round":3,
        "model":"mlp:64","device":"cpu","beganMs":1000,"windowMs":9000,"end":"running","cause":"",
        "blob":null,"validation":null,"last":null,"points":[
        {"elapsedMs":500,"epoch":1,"samples":100,"lossMicro":2000000,"accuracyPpm":500000,
         "samplesPerS":200},
        {"elapsedMs":1500,"epoch":2,"samples":300,"lossMicro":1250000,"accuracyPpm":912345,
         "samplesPerS":20000}]}]})");
}

NodeCurve curve() { return *parse_curve("node 0", answer()); }

TEST(Sparkline, shows_the_range_in_eight_heights) {
    const std::vector<std::uint64_t> rising{0, 1, 2, 3, 4, 5, 6, 7};
    EXPECT_EQ(sparkline(rising, 20), "▁▂▃▄▅▆▇█");
    EXPECT_EQ(sparkline(rising, 4), "▁▃▅█") << "means of neighbours";
    EXPECT_EQ(sparkline(std::vector<std::uint64_t>{5, 5}, 4), "▁▁");
    EXPECT_EQ(sparkline({}, 4), "");
    EXPECT_EQ(sparkline(rising, 0), "");
}

TEST(Sparkline, bars_and_durations) {
    EXPECT_EQ(progress_bar(1, 4, 8), "[##......]");
    EXPECT_EQ(progress_bar(9, 4, 4), "[####]");
    EXPECT_EQ(progress_bar(0, 0, 4), "[####]");
    EXPECT_EQ(duration_text(850), "850 ms");
    EXPECT_EQ(duration_text(12'345), "12.3 s");
    EXPECT_EQ(duration_text(250'000), "4 min 10 s");
    EXPECT_EQ(duration_text(7'500'000), "2 h 5 min");
}

TEST(Curve, an_answer_that_is_none_has_a_cause) {
    Json damaged = answer();
    damaged["jobs"][0].erase("round");
    EXPECT_NE(parse_curve("n", damaged).error().message.find("round"), std::string::npos);
    EXPECT_FALSE(parse_curve("n", Json::array()).has_value());
    EXPECT_EQ(curve().jobs.at(0).points.at(1).accuracy_ppm, 912'345U);
}

TEST(TensorBoard, checksums_are_those_of_rfc_3720) {
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
    EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8a9136aaU);
    EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43U);
}

/// Bytes of another encoder of the same format: length, masked checksum, event, masked checksum.
TEST(TensorBoard, a_file_is_its_bytes) {
    EventFile file(1.0);
    EXPECT_EQ(
        to_hex(file.bytes()),
        "1800000000000000a37f4b2209000000000000f03f1a0d62"
        "7261696e2e4576656e743a3286bf577a");
    const std::size_t before = file.bytes().size();
    file.scalar(2.0, 300, "loss/a", 0.5F);
    EXPECT_EQ(
        to_hex(ByteView{file.bytes()}.subspan(before)),
        "1d00000000000000602fdf2309000000000000004010ac022a0f0a0d0a06"
        "6c6f73732f61150000003ffe5ff72f");
}

TEST(Export, a_row_a_point) {
    const std::vector<NodeCurve> curves{curve()};
    EXPECT_EQ(
        to_csv(curves),
        "node,round,job,model,device,elapsed_ms,epoch,samples,loss,accuracy,samples_per_s\n"
        "\"node 0\",3,1,\"mlp:64\",\"cpu\",500,1,100,2.000000,0.500000,200\n"
        "\"node 0\",3,1,\"mlp:64\",\"cpu\",1500,2,300,1.250000,0.912345,20000\n");
    const std::string lines = to_jsonl(curves);
    const Json first = Json::parse(lines.substr(0, lines.find('\n')));
    EXPECT_EQ(first["lossMicro"], 2'000'000);
    EXPECT_EQ(std::ranges::count(lines, '\n'), 2);
    EXPECT_EQ(parse_export_format("tensorboard"), ExportFormat::kTensorboard);
    EXPECT_FALSE(parse_export_format("xls").has_value());
    const Bytes events = to_tensorboard(curves);
    const std::string_view text = as_text(events);
    EXPECT_NE(text.find("accuracy/node 0 round 3 job 1"), std::string_view::npos);
}

Watched watched() {
    Watched out;
    out.task = {
        {"id", "0x0123456789abcdef"},
        {"name", "digits"},
        {"state", "open"},
        {"trainingMs", 8'000U}};
    out.round = {
        {"number", 3U}, {"phase", "training"}, {"untilMs", 7'000U}, {"entries", Json::array()}};
    out.curves = {curve()};
    out.now_ms = 5'000;
    return out;
}

TEST(Watch, a_picture_has_the_phase_the_curves_and_the_end) {
    Watched now = watched();
    const std::string text = picture(now, 120);
    EXPECT_NE(
        text.find("round 3  training  [######################........] 2.0 s left"),
        std::string::npos)
        << text;
    EXPECT_NE(text.find("mlp:64"), std::string::npos);
    EXPECT_NE(text.find("loss █▁"), std::string::npos) << text;
    EXPECT_NE(text.find("91.23 %"), std::string::npos);
    now.round = nullptr;
    now.task["state"] = "settled";
    now.result = {
        {"entries",
         {{{"trainer", "po1"}, {"end", "won"}, {"score", {{"correct", 118U}, {"count", 120U}}}}}}};
    now.silent = 1;
    const std::string end = picture(now, 120);
    EXPECT_NE(end.find("leaderboard\n  po1 "), std::string::npos) << end;
    EXPECT_NE(end.find("118 of 120"), std::string::npos);
    EXPECT_NE(end.find("1 nodes do not answer"), std::string::npos);
    EXPECT_EQ(to_json(now)["nodes"][0]["accuracyPpm"], 912'345);
}

TEST(Watch, lines_tell_only_what_changed) {
    Narrator narrator;
    Watched now = watched();
    EXPECT_EQ(
        narrator.tell(now),
        (std::vector<std::string>{
            "round 3 training",
            "node 0: mlp:64 running ",
            "node 0: mlp:64 accuracy 91.23 % loss 1.2500 after 1.5 s"}));
    EXPECT_EQ(narrator.tell(now), std::vector<std::string>{});
    now.round["entries"].push_back({{"trainer", "po1"}});
    now.curves[0].jobs[0].end = "model";
    now.curves[0].jobs[0].correct = 9;
    now.curves[0].jobs[0].count = 10;
    EXPECT_EQ(
        narrator.tell(now),
        (std::vector<std::string>{"1 committed", "node 0: mlp:64 gave 9 of 10"}));
}

}  // namespace
}  // namespace polis::tools::learning
