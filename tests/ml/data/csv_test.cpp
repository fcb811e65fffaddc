// Tables as datasets: columns, scales, classes, and tables that are none.
#include <ml/data/csv.hpp>

#include <string>

#include <gtest/gtest.h>

#include <ml/data/limits.hpp>

namespace polis::data {
namespace {

DataCode code_of(const std::string& text, const CsvOptions& options = {}) {
    const auto out = dataset_of_csv(text, options);
    return out ? DataCode::kCannotRead : out.error().code;
}

TEST(Csv, features_are_scaled_and_labels_become_classes) {
    const auto out = dataset_of_csv("a,b,class\n1,-5,x\n3,5,y\n2,0,x\n", {});
    ASSERT_TRUE(out.has_value());
    const auto view = exact::DatasetView::open(out->file);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->shape(), exact::flat_shape(2));
    EXPECT_EQ(out->classes, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(to_bytes(view->sample(0)), (Bytes{0, 0}));
    EXPECT_EQ(to_bytes(view->sample(1)), (Bytes{255, 255}));
    EXPECT_EQ(to_bytes(view->sample(2)), (Bytes{128, 128}));
    EXPECT_EQ(view->label(1), 1U);
}

TEST(Csv, without_a_header_the_last_column_is_the_label) {
    const auto out = dataset_of_csv("1,2,10\r\n.5,3,9\r\n\r\n+1,+1e3,10", {});
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(out->classes, (std::vector<std::string>{"9", "10"}));  // by value, not by letters
    EXPECT_EQ(exact::DatasetView::open(out->file)->count(), 3U);
}

TEST(Csv, the_label_may_stand_anywhere_and_id_is_no_feature) {
    const auto out = dataset_of_csv("id,diagnosis,r\n7,M,1\n8,B,2\n", {});
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(exact::DatasetView::open(out->file)->shape(), exact::flat_shape(1));
    const CsvOptions second{.label = "1", .ignored = {"2"}};
    EXPECT_EQ(dataset_of_csv("1,a,3\n2,b,4\n", second)->classes.size(), 2U);
    EXPECT_EQ(code_of("a,b\n1,2\n", {.label = "c", .ignored = {}}), DataCode::kNoLabelColumn);
    EXPECT_EQ(code_of("a,b\n1,2\n", {.label = {}, .ignored = {"9"}}), DataCode::kNoLabelColumn);
}

TEST(Csv, quotes_hold_commas) {
    const auto out = dataset_of_csv("\"a,1\",class\n1,\"x, \"\"y\"\"\"\n2,z\n", {});
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(out->classes[0], "x, \"y\"");
}

TEST(Csv, tables_that_are_none_have_names) {
    EXPECT_EQ(code_of(""), DataCode::kBadCsv);
    EXPECT_EQ(code_of("a,class\n"), DataCode::kBadCsv);
    EXPECT_EQ(code_of("1,2,3\n1,2\n"), DataCode::kBadCsv);
    EXPECT_EQ(code_of("1,\"2\n"), DataCode::kBadCsv);
    EXPECT_EQ(code_of("1\n2\n"), DataCode::kBadCsv);
    EXPECT_EQ(code_of("1,x\ntwo,y\n"), DataCode::kBadValue);
    EXPECT_EQ(code_of("1,x\nnan,y\n"), DataCode::kBadValue);
    EXPECT_EQ(code_of("1,x\ninf,y\n"), DataCode::kBadValue);
    EXPECT_EQ(code_of("1,x\n2,\n"), DataCode::kBadCsv);
    EXPECT_EQ(code_of(std::string(kCsvColumnsMax, ',')), DataCode::kBadCsv);
    std::string many;
    for (int i = 0; i <= static_cast<int>(exact::kClassesMax); ++i) {
        many += "1,c" + std::to_string(i) + "\n";
    }
    EXPECT_EQ(code_of(many), DataCode::kTooManyClasses);
}

TEST(Csv, errors_name_line_and_column) {
    const auto out = dataset_of_csv("1,2,x\n3,?,y\n", {});
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().where, "line 2, column 1");
}

TEST(Csv, the_widest_range_does_not_overflow) {
    const auto out = dataset_of_csv("-1.7e308,x\n1.7e308,y\n0,x\n", {});
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(exact::DatasetView::open(out->file)->sample(2)[0], 128);
}

}  // namespace
}  // namespace polis::data
