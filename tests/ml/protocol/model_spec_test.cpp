// Names of architectures as people write them.
#include <ml/protocol/model_spec.hpp>

#include <string>

#include <gtest/gtest.h>

namespace polis::trainer {
namespace {

TEST(ModelSpec, is_read_from_the_text_that_it_is_written_to) {
    for (const std::string text : {"logistic", "lenet", "mlp:64", "mlp:128,64", "mlp"}) {
        const auto spec = parse_model_spec(text);
        ASSERT_TRUE(spec.has_value()) << text;
        EXPECT_EQ(to_text(*spec), text);
    }
    EXPECT_EQ(parse_model_spec("mlp:64"), default_model());
}

TEST(ModelSpec, is_nothing_for_other_texts) {
    for (const std::string text :
         {"",
          ":64",
          "mlp:",
          "mlp:64,",
          "mlp:,64",
          "mlp:0",
          "mlp:-1",
          "mlp:99999999999",
          "mlp:6 4"}) {
        EXPECT_FALSE(parse_model_spec(text).has_value()) << text;
    }
    EXPECT_FALSE(parse_model_spec(std::string(kKindBytesMax + 1, 'x')).has_value());
    std::string deep = "mlp:1";
    for (std::size_t i = 0; i < kHiddenLayersMax; ++i) {
        deep += ",1";
    }
    EXPECT_FALSE(parse_model_spec(deep).has_value());
}

}  // namespace
}  // namespace polis::trainer
