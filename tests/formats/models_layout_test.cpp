// The tables and examples of docs/formats/models.md against the code.
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/limits.hpp>
#include <ml/exact/mapping.hpp>
#include <ml/exact/model.hpp>
#include <ml/exact/safetensors.hpp>
#include <ml/exact/scoring.hpp>
#include <tests/formats/document.hpp>
#include <tests/formats/layout.hpp>

namespace polis::formats {
namespace {

using namespace exact;

std::string page() { return read_document("docs/formats/models.md"); }

std::map<std::string, std::string> pairs_of(std::string_view marker) {
    std::map<std::string, std::string> out;
    for (const Row& row : table_rows(page(), marker)) {
        EXPECT_GE(row.size(), 2U) << marker;
        EXPECT_TRUE(out.emplace(row[0], row[1]).second) << marker << ": " << row[0] << " twice";
    }
    return out;
}

/// `constexpr` names in ml/exact/limits.hpp, read as text: a new limit must be documented.
std::size_t limits_in_source() {
    std::istringstream source(read_document("ml/exact/limits.hpp"));
    std::size_t count = 0;
    for (std::string line; std::getline(source, line);) {
        count += line.starts_with("inline constexpr ") ? 1U : 0U;
    }
    return count;
}

TEST(FormatsModels, structs_are_those_of_the_code) {
    const std::map<std::string, std::vector<Place>> layouts{
        {"Add", layout_of<Add>()},
        {"Conv2d", layout_of<Conv2d>()},
        {"Dense", layout_of<Dense>()},
        {"Layer", layout_of<Layer>()},
        {"Model", layout_of<Model>()},
        {"Requantise", layout_of<Requantise>()},
        {"Score", layout_of<Score>()},
        {"Shape", layout_of<Shape>()}};
    EXPECT_EQ(layout_names(page()).size(), layouts.size());
    for (const auto& [name, places] : layouts) {
        expect_layout(page(), name, places);
    }
    static_assert(std::is_same_v<Operation, std::variant<Dense, Conv2d, MaxPool2x2, Add>>);
    const std::map<std::string, std::string> tags{
        {"0", "Dense"}, {"1", "Conv2d"}, {"2", "MaxPool2x2"}, {"3", "Add"}};
    EXPECT_EQ(pairs_of("models operations"), tags);
}

TEST(FormatsModels, limits_are_those_of_the_code) {
    const auto text = [](std::uint64_t value) { return std::to_string(value); };
    const std::map<std::string, std::string> limits{
        {"kActivationBytesMax", text(kActivationBytesMax)},
        {"kChannelsMax", text(kChannelsMax)},
        {"kClassesMax", text(kClassesMax)},
        {"kDatasetBytesMax", text(kDatasetBytesMax)},
        {"kInputsMax", text(kInputsMax)},
        {"kKernelSideMax", text(kKernelSideMax)},
        {"kLayersMax", text(kLayersMax)},
        {"kModelBytesMax", text(kModelBytesMax)},
        {"kMultiplierEnd", text(kMultiplierEnd)},
        {"kMultiplierMin", text(kMultiplierMin)},
        {"kMultiplyAddsMax", text(kMultiplyAddsMax)},
        {"kPatchSide", text(kPatchSide)},
        {"kSafetensorsBytesMax", text(kSafetensorsBytesMax)},
        {"kSafetensorsHeaderBytesMax", text(kSafetensorsHeaderBytesMax)},
        {"kSafetensorsNotesBytesMax", text(kSafetensorsNotesBytesMax)},
        {"kSamplesMax", text(kSamplesMax)},
        {"kShiftMax", text(kShiftMax)},
        {"kShiftMin", text(kShiftMin)},
        {"kSideMax", text(kSideMax)},
        {"kStrideMax", text(kStrideMax)}};
    EXPECT_EQ(pairs_of("models limits"), limits);
    EXPECT_EQ(limits.size(), limits_in_source());
}

/// The rows of a table of a file's head: offset, size, content.
void expect_head(
    std::string_view marker, std::string_view magic, std::uint8_t version, std::size_t body) {
    const std::vector<Row> rows = table_rows(page(), marker);
    ASSERT_GE(rows.size(), 3U);
    EXPECT_EQ(rows[0], (Row{"0", "8", std::string(magic)}));
    EXPECT_EQ(rows[1][0], "8");
    EXPECT_TRUE(rows[1][2].starts_with(std::to_string(version) + ":")) << rows[1][2];
    EXPECT_EQ(rows[2][0], "9");
    EXPECT_EQ(rows[2][1], (marker == "models head" ? ">= " : "") + std::to_string(body));
}

TEST(FormatsModels, files_begin_as_documented) {
    expect_head(
        "models head",
        as_text(ByteView{kModelMagic}),
        kModelVersion,
        codec::Codec<Model>::kBytesMin);
    expect_head(
        "dataset head",
        as_text(ByteView{kDatasetMagic}),
        kDatasetVersion,
        codec::Codec<Shape>::kBytesMin);
    EXPECT_EQ(table_rows(page(), "dataset head")[5][0], std::to_string(kDatasetHeaderBytes));
}

Model example_model() {
    Model out{.input = flat_shape(2)};
    out.layers.push_back(
        {.source = 0,
         .operation = Dense{
             .outputs = 2,
             .weights = {1, -2, 3, -128},
             .bias = {5, -6},
             .requantise = {
                 .multiplier = {kMultiplierMin, kMultiplierEnd - 1},
                 .shift = {20, 21},
                 .activation_max = 0}}});
    return out;
}

TEST(FormatsModels, examples_are_what_the_code_writes) {
    const std::map<std::string, Bytes> values = stated_values(page());
    EXPECT_EQ(values.at("model"), encode_model(example_model()));
    EXPECT_TRUE(decode_model(values.at("model")));
    auto builder = DatasetBuilder::create({1, 2, 2}, 3);
    EXPECT_TRUE(builder->add(Bytes{1, 2, 3, 4}, 2));
    EXPECT_TRUE(builder->add(Bytes{5, 6, 7, 8}, 0));
    EXPECT_EQ(values.at("dataset"), *builder->finish());
}

std::uint32_t number(const std::string& text) {
    return static_cast<std::uint32_t>(std::stoul(text));
}

TEST(FormatsModels, maps_are_those_of_the_examples) {
    Hash seed;
    for (std::size_t i = 0; i < Hash::kSize; ++i) {
        seed.data[i] = static_cast<std::uint8_t>(i);
    }
    const std::vector<Row> rows = table_rows(page(), "mapping examples");
    ASSERT_EQ(rows.size(), 3U);
    for (const Row& row : rows) {
        ASSERT_GE(row.size(), 6U);
        const Mapping::Kind kind =
            row[0] == "flat" ? Mapping::Kind::kFlat : Mapping::Kind::kPatches;
        const Mapping map =
            Mapping::derive(seed, {number(row[1]), number(row[2]), number(row[3])}, kind);
        std::string sources;
        for (const std::uint32_t source : map.sources()) {
            sources += (sources.empty() ? "" : " ") + std::to_string(source);
        }
        EXPECT_EQ(sources, row[4]);
        EXPECT_EQ(to_hex(map.inversions()), row[5]);
    }
}

TEST(FormatsModels, safetensors_kinds_and_tensors_are_those_of_the_code) {
    Model model = example_model();
    model.layers.push_back({.source = 1, .operation = Conv2d{.outputs = 1}});
    model.layers.push_back({.source = 2, .operation = MaxPool2x2{}});
    model.layers.push_back({.source = 3, .operation = Add{}});
    const std::string json = architecture_json(model);
    for (const auto& [kind, members] : pairs_of("safetensors kinds")) {
        std::string wanted = "{\"kind\":\"" + kind + "\",\"source\":";
        const std::size_t begin = json.find(wanted);
        ASSERT_NE(begin, std::string::npos) << kind;
        const std::string layer = json.substr(begin, json.find('}', begin) - begin);
        std::istringstream names(members);
        std::size_t count = 2;  // kind, source
        for (std::string name; std::getline(names >> std::ws, name, ','); ++count) {
            EXPECT_NE(layer.find("\"" + name + "\":"), std::string::npos) << kind << " " << name;
        }
        EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(layer, ':')), count) << kind;
    }
    const Bytes file = export_safetensors(*admit(example_model()));
    const std::string_view text = as_text(ByteView{file});
    for (const auto& [name, dtype] : pairs_of("safetensors tensors")) {
        const std::string first = "layer.0" + name.substr(name.rfind('.'));
        const std::string entry = "\"" + first + "\":{\"dtype\":\"" + dtype + "\"";
        EXPECT_NE(text.find(entry), std::string_view::npos) << entry;
    }
    EXPECT_EQ(pairs_of("safetensors tensors").size(), 4U);
    EXPECT_EQ(pairs_of("safetensors kinds").size(), std::variant_size_v<Operation>);
    EXPECT_NE(page().find("`" + std::string(kSafetensorsFormat) + "`"), std::string::npos);
}

}  // namespace
}  // namespace polis::formats
