// Models as safetensors: what is written is read back, and hostile files are refused by name.
#include <ml/exact/safetensors.hpp>

#include <set>
#include <string>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <tests/ml/exact/models.hpp>

namespace polis::exact {
namespace {

using tests::ModelMaker;

/// A file from its header and data.
Bytes file_of(std::string_view header, std::size_t data_bytes) {
    Bytes out = codec::encode(std::uint64_t{header.size()});
    append(out, as_bytes(header));
    out.resize(out.size() + data_bytes, 1);
    return out;
}

SafetensorsError error_of(ByteView file) { return import_safetensors(file).error(); }

/// [2] inputs, 2 logits: bias and multiplier of 8 bytes, weight of 4, shift of 2.
Model tiny_model() {
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

Bytes tiny_file() { return export_safetensors(*admit(tiny_model())); }

/// The header of the tiny file with one piece replaced; the data stay.
Bytes edited(std::string_view from, std::string_view to) {
    const Bytes file = tiny_file();
    constexpr std::size_t kDataBytes = 22;
    std::string header(as_text(ByteView{file}).substr(8, file.size() - 8 - kDataBytes));
    const std::size_t place = header.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    header.replace(place, from.size(), to);
    Bytes out = codec::encode(std::uint64_t{header.size()});
    append(out, as_bytes(header));
    append(out, ByteView{file}.last(kDataBytes));
    return out;
}

TEST(Safetensors, a_model_comes_back_and_so_do_the_bytes) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Random random(seed);
        const auto model = admit(tests::random_model(random));
        ASSERT_TRUE(model);
        const Bytes file = export_safetensors(*model);
        const auto back = import_safetensors(file);
        ASSERT_TRUE(back) << to_string(back.error());
        EXPECT_EQ(*back, model->model());
        EXPECT_EQ(export_safetensors(*admit(*back)), file);
        EXPECT_EQ(encode_model(*back), encode_model(model->model()));
    }
}

TEST(Safetensors, the_header_of_a_small_model) {
    const Bytes file = tiny_file();
    const std::string wanted =
        R"({"__metadata__":{"format":"polis-exact/1","architecture":"{\"input\":[2,1,1],)"
        R"(\"layers\":[{\"kind\":\"dense\",\"source\":0,\"outputs\":2,\"max\":0}]}"},)"
        R"("layer.0.bias":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},)"
        R"("layer.0.multiplier":{"dtype":"I32","shape":[2],"data_offsets":[8,16]},)"
        R"("layer.0.weight":{"dtype":"I8","shape":[2,2],"data_offsets":[16,20]},)"
        R"("layer.0.shift":{"dtype":"U8","shape":[2],"data_offsets":[20,22]}})";
    const std::size_t padded = (wanted.size() + 7) / 8 * 8;
    EXPECT_EQ(as_text(ByteView{file}).substr(8, wanted.size()), wanted);
    EXPECT_EQ(file.size(), 8 + padded + 22);
    EXPECT_EQ(file[0] + 256U * file[1], padded);
}

TEST(Safetensors, the_longest_header_fits) {
    Random random(1);
    ModelMaker maker(random, {1, 6, 6});
    for (std::size_t i = 0; i + 1 < kLayersMax; ++i) {
        maker.conv({.outputs = 10, .kernel = 3, .stride = 1, .pad = 1});
    }
    const auto model = admit(maker.logits(2));
    ASSERT_TRUE(model) << to_string(model.error());
    const Bytes file = export_safetensors(*model);
    EXPECT_EQ(*import_safetensors(file), model->model());
    // Also with as many notes as there may be, and a map.
    const auto map = Mapping::derive(Hash{}, model->model().input, Mapping::Kind::kPatches);
    const SafetensorsNotes notes{{"note", std::string(kSafetensorsNotesBytesMax - 4, 'x')}};
    const auto all = read_safetensors(export_safetensors(*model, notes, &map));
    ASSERT_TRUE(all) << to_string(all.error());
    EXPECT_EQ(all->model, model->model());
    EXPECT_EQ(all->notes, notes);
}

TEST(Safetensors, a_map_and_notes_go_along) {
    const Model model = tiny_model();
    Hash seed;
    seed.data[0] = 1;
    const auto map = Mapping::derive(seed, model.input, Mapping::Kind::kFlat);
    const SafetensorsNotes notes{{"seed", "0x01"}, {"task", "a b"}};
    const Bytes file = export_safetensors(*admit(model), notes, &map);
    const auto all = read_safetensors(file);
    ASSERT_TRUE(all) << to_string(all.error());
    EXPECT_EQ(all->model, model);
    EXPECT_EQ(all->notes, notes);
    EXPECT_EQ(all->input_map, (InputMap{map.sources(), map.inversions()}));
    EXPECT_FALSE(read_safetensors(tiny_file())->input_map);
    EXPECT_EQ(export_safetensors(*admit(all->model), all->notes, &map), file);
    // The tensors lie in this order: bias, multiplier, sources, weight, shift, inversions.
    const auto spoilt = [&](std::size_t from_end, std::uint8_t value) {
        Bytes other = file;
        other[other.size() - from_end] = value;
        return error_of(other);
    };
    EXPECT_EQ(spoilt(1, 0x7f), SafetensorsError::kBadInputMap);
    EXPECT_EQ(spoilt(2 + 2 + 4 + 8, 2), SafetensorsError::kBadInputMap);
}

TEST(Safetensors, any_order_and_spacing_is_read) {
    const Bytes file = tiny_file();
    const std::string header =
        R"({ "layer.0.shift":{"shape" : [2], "dtype":"U8","data_offsets":[0,2]},)"
        "\n\t"
        R"("layer.0.bias":{"data_offsets":[2,10],"dtype":"I32","shape":[2]},)"
        R"("layer.0.multiplier":{"dtype":"I32","shape":[2],"data_offsets":[10,18]},)"
        R"("layer.0.weight":{"dtype":"I8","shape":[2,2],"data_offsets":[18,22]},)"
        R"("__metadata__":{"author":"a\tb","architecture":"{\"layers\":[{\"max\":0,\"outputs\":)"
        R"(2,\"kind\":\"dense\",\"source\":0}],\"input\":[2,1,1]}","format":"polis-exact/1"}})";
    Bytes other = codec::encode(std::uint64_t{header.size()});
    append(other, as_bytes(header));
    const ByteView data = ByteView{file}.last(22);
    append(other, data.subspan(20, 2));
    append(other, data.first(20));
    const auto model = import_safetensors(other);
    ASSERT_TRUE(model) << to_string(model.error());
    EXPECT_EQ(*model, tiny_model());
}

TEST(Safetensors, lengths_that_lie) {
    EXPECT_EQ(error_of({}), SafetensorsError::kTruncated);
    EXPECT_EQ(error_of(Bytes{2, 0, 0, 0, 0, 0, 0}), SafetensorsError::kTruncated);
    EXPECT_EQ(error_of(Bytes{3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}), SafetensorsError::kTruncated);
    EXPECT_EQ(error_of(Bytes(8, 0xff)), SafetensorsError::kHeaderTooLarge);
    const std::string spaces(kSafetensorsHeaderBytesMax + 1, ' ');
    EXPECT_EQ(error_of(file_of(spaces, 0)), SafetensorsError::kHeaderTooLarge);
    const Bytes file = tiny_file();
    const ByteView lie(file.data(), kSafetensorsBytesMax + 1);
    EXPECT_EQ(error_of(lie), SafetensorsError::kTooLarge);
    for (std::size_t size = 0; size < file.size(); ++size) {
        EXPECT_FALSE(import_safetensors(ByteView{file}.first(size))) << size;
    }
}

TEST(Safetensors, json_that_is_not_a_header) {
    const std::string deep(60'000, '[');
    const std::string deep_entry = R"({"a":{"dtype":)" + deep;
    for (const std::string& header : std::vector<std::string>{
             "",
             "[]",
             " {}",
             "{",
             "{}x",
             "{,}",
             R"({"a"})",
             R"({"a":})",
             R"({"a":1})",
             R"({"a":{)",
             R"({"a)",
             R"({"a\)",
             R"({"\u0041":{}})",
             "{\"\x01\":{}}",
             "{\"\xc3\xa4\":{}}",
             R"({"a":{"shape":[1,]}})",
             R"({"a":{"shape":[-1]}})",
             R"({"a":{"shape":[01]}})",
             R"({"a":{"shape":[1.0]}})",
             R"({"a":{"shape":[1e9]}})",
             R"({"a":{"shape":[true]}})",
             R"({"a":{"shape":[18446744073709551616]}})",
             R"({"a":{"shape":[[1]]}})",
             R"({"__metadata__":{"a":1}})",
             R"({"__metadata__":{"a":{}}})",
             deep,
             deep_entry}) {
        EXPECT_EQ(error_of(file_of(header, 0)), SafetensorsError::kBadJson) << header.substr(0, 60);
    }
}

TEST(Safetensors, names_that_occur_twice) {
    constexpr auto kTwice = SafetensorsError::kDuplicateName;
    EXPECT_EQ(error_of(edited("layer.0.shift", "layer.0.bias")), kTwice);
    EXPECT_EQ(error_of(edited(R"("dtype":"U8")", R"("shape":[2])")), kTwice);
    EXPECT_EQ(error_of(edited("architecture", "format")), kTwice);
    EXPECT_EQ(error_of(edited(R"(\"outputs\")", R"(\"source\")")), kTwice);
}

TEST(Safetensors, entries_that_are_wrong) {
    EXPECT_EQ(error_of(edited(R"("dtype":"U8",)", "")), SafetensorsError::kBadEntry);
    EXPECT_EQ(error_of(edited(R"("dtype":"U8")", R"("type":"U8")")), SafetensorsError::kBadEntry);
    EXPECT_EQ(error_of(edited("\"U8\"", "\"F32\"")), SafetensorsError::kBadDtype);
    EXPECT_EQ(error_of(edited("\"U8\"", "\"I8\"")), SafetensorsError::kBadDtype);
    EXPECT_EQ(error_of(edited("[2,2]", "[4]")), SafetensorsError::kBadShape);
    EXPECT_EQ(error_of(edited("[2,2]", "[1,4]")), SafetensorsError::kBadShape);
    EXPECT_EQ(error_of(edited("[2,2]", "[2,2,1]")), SafetensorsError::kBadShape);
    EXPECT_EQ(error_of(edited("[2,2]", "[1,1,1,1,4]")), SafetensorsError::kBadShape);
    EXPECT_EQ(error_of(edited("[2,2]", "[2,0]")), SafetensorsError::kBadShape);
    // 2 * (2^63 + 2) is 4 in 64 bits, which is what the offsets say.
    EXPECT_EQ(error_of(edited("[2,2]", "[2,9223372036854775810]")), SafetensorsError::kBadShape);
    EXPECT_EQ(error_of(edited("[2,2]", "[2,3]")), SafetensorsError::kBadOffsets);
}

TEST(Safetensors, offsets_that_are_wrong) {
    EXPECT_EQ(error_of(edited("[20,22]", "[22,20]")), SafetensorsError::kBadOffsets);
    EXPECT_EQ(error_of(edited("[20,22]", "[21,23]")), SafetensorsError::kBadOffsets);
    EXPECT_EQ(error_of(edited("[20,22]", "[20]")), SafetensorsError::kBadOffsets);
    EXPECT_EQ(
        error_of(edited("[20,22]", "[18446744073709551614,18446744073709551615]")),
        SafetensorsError::kBadOffsets);
    EXPECT_EQ(error_of(edited("[20,22]", "[0,2]")), SafetensorsError::kOverlap);
    EXPECT_EQ(error_of(edited("[8,16]", "[0,8]")), SafetensorsError::kOverlap);
    EXPECT_EQ(
        error_of(edited(R"([2],"data_offsets":[0,8])", R"([1],"data_offsets":[0,4])")),
        SafetensorsError::kHole);
    EXPECT_EQ(
        error_of(edited(R"([2],"data_offsets":[20,22])", R"([1],"data_offsets":[20,21])")),
        SafetensorsError::kTrailingBytes);
    Bytes longer = tiny_file();
    longer.push_back(0);
    EXPECT_EQ(error_of(longer), SafetensorsError::kTrailingBytes);
}

TEST(Safetensors, tensors_and_architecture_that_do_not_fit) {
    constexpr auto kBad = SafetensorsError::kBadArchitecture;
    EXPECT_EQ(error_of(edited("layer.0.shift", "layer.1.shift")), SafetensorsError::kMissingTensor);
    EXPECT_EQ(
        error_of(edited(
            R"(\"dense\",\"source\":0,\"outputs\":2,\"max\":0)",
            R"(\"max_pool_2x2\",\"source\":0)")),
        SafetensorsError::kUnknownTensor);
    EXPECT_EQ(error_of(edited("polis-exact/1", "pt")), SafetensorsError::kNoArchitecture);
    EXPECT_EQ(error_of(edited("\"format\"", "\"form\"")), SafetensorsError::kNoArchitecture);
    EXPECT_EQ(error_of(edited("dense", "lstm")), kBad);
    EXPECT_EQ(error_of(edited(R"(,\"max\":0)", "")), kBad);
    EXPECT_EQ(error_of(edited(R"(\"max\":0)", R"(\"max\":256)")), kBad);
    EXPECT_EQ(error_of(edited(R"(\"max\":0)", R"(\"max\":0,\"more\":0)")), kBad);
    EXPECT_EQ(error_of(edited(R"(\"outputs\":2)", R"(\"outputs\":0)")), kBad);
    EXPECT_EQ(
        error_of(edited(R"(\"outputs\":2)", R"(\"outputs\":3)")), SafetensorsError::kBadShape);
    EXPECT_EQ(error_of(edited("[2,1,1]", "[2,1]")), kBad);
    EXPECT_EQ(error_of(edited("[2,1,1]", "[2,1,1,1]")), kBad);
    EXPECT_EQ(error_of(edited("[2,1,1]", "[4294967296,1,1]")), kBad);
    EXPECT_EQ(error_of(edited(R"(\"input\":[2,1,1],)", "")), kBad);
    EXPECT_EQ(error_of(edited(R"(\"input\")", R"(\"output\")")), kBad);
    EXPECT_EQ(error_of(edited(R"(]}")", R"(]}x")")), SafetensorsError::kBadJson);
}

TEST(Safetensors, errors_say_something_of_their_own) {
    std::set<std::string_view> texts;
    const auto last = static_cast<std::uint8_t>(SafetensorsError::kBadArchitecture);
    for (std::uint8_t i = 0; i <= last; ++i) {
        texts.insert(to_string(static_cast<SafetensorsError>(i)));
    }
    EXPECT_EQ(texts.size(), last + 1U);
    EXPECT_FALSE(texts.contains("unknown"));
}

}  // namespace
}  // namespace polis::exact
