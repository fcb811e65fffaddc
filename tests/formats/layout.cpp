#include <tests/formats/layout.hpp>

#include <gtest/gtest.h>

#include <tests/formats/document.hpp>

namespace polis::formats {

void expect_layout(
    const std::string& document, const std::string& name, const std::vector<Place>& places) {
    const std::vector<Row> rows = table_rows(document, "layout " + name);
    ASSERT_EQ(rows.size(), places.size()) << name;
    bool fixed = true;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        ASSERT_GE(rows[i].size(), 4U) << name << " row " << i;
        EXPECT_EQ(rows[i][0], fixed ? std::to_string(places[i].offset) : "...")
            << name << " row " << i;
        EXPECT_EQ(rows[i][1], (places[i].fixed ? "" : ">= ") + std::to_string(places[i].bytes_min))
            << name << " row " << i;
        fixed = fixed && places[i].fixed;
    }
}

}  // namespace polis::formats
