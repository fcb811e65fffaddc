// From names to datasets: files on disk in every format, and names that mean nothing. The public
// datasets are looked at where they are: POLIS_DATA, by default ../shared/data.
#include <ml/data/source.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include <ml/data/digits.hpp>

namespace polis::data {
namespace {

namespace fs = std::filesystem;

class SourceTest : public testing::Test {
  protected:
    SourceTest() {
        const auto* info = testing::UnitTest::GetInstance()->current_test_info();
        folder_ = fs::temp_directory_path() /
                  ("polis-data-" + std::to_string(::getpid()) + "-" + info->name());
        fs::create_directories(folder_);
    }

    ~SourceTest() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    std::string write(const std::string& name, ByteView content) {
        const std::string path = (folder_ / name).string();
        std::ofstream(path, std::ios::binary)
            .write(
                reinterpret_cast<const char*>(content.data()),
                static_cast<std::streamsize>(content.size()));
        return path;
    }

    static DataCode code_of(const std::string& name) {
        const auto out = load_source(name, {});
        return out ? DataCode::kLabelsMismatch : out.error().code;
    }

    fs::path folder_;
};

std::string data_folder() {
    const char* folder = std::getenv("POLIS_DATA");
    return folder != nullptr ? folder : "../shared/data";
}

exact::DatasetView opened(const Bytes& file) { return *exact::DatasetView::open(file); }

TEST_F(SourceTest, a_folder_may_be_divided_already) {
    const Bytes training = *draw_digits(40, 1);
    const Bytes validation = *draw_digits(20, 2);
    const Bytes test = *draw_digits(10, 3);
    write(std::string(kTrainingFile), training);
    auto found = load_source(folder_.string(), {});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->train, training);
    EXPECT_TRUE(found->validation.empty() && found->test.empty());
    write(std::string(kValidationFile), validation);
    write(std::string(kTestFile), test);
    found = load_source(folder_.string(), {});
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->format, "dataset");
    EXPECT_EQ(found->validation, validation);
    EXPECT_EQ(found->test, test);
    write(std::string(kTestFile), ByteView{test}.first(test.size() - 1));
    EXPECT_EQ(code_of(folder_.string()), DataCode::kBadDataset);
}

TEST_F(SourceTest, digits_need_no_file) {
    const auto some = load_source("digits:30", {});
    ASSERT_TRUE(some.has_value());
    EXPECT_EQ(opened(some->train).count(), 30U);
    EXPECT_TRUE(some->test.empty());
    EXPECT_EQ(code_of("digits:x"), DataCode::kUnknownSource);
    EXPECT_EQ(code_of("digits:99999999999"), DataCode::kUnknownSource);
}

TEST_F(SourceTest, a_folder_with_images_gives_both_parts) {
    const Bytes images{0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 255};
    const Bytes labels{0, 0, 8, 1, 0, 0, 0, 1, 1};
    write("train-images-idx3-ubyte", images);
    write("train-labels-idx1-ubyte", labels);
    EXPECT_TRUE(load_source(folder_.string(), {})->test.empty());
    write("t10k-images-idx3-ubyte", images);
    EXPECT_EQ(code_of(folder_.string()), DataCode::kLabelsMismatch);
    write("t10k-labels-idx1-ubyte", labels);
    const auto both = load_source(folder_.string(), {});
    ASSERT_TRUE(both.has_value());
    EXPECT_EQ(opened(both->test).count(), 1U);
}

TEST_F(SourceTest, cifar_records) {
    Bytes record(3073, 9);
    record[0] = 3;
    const auto one = load_source(write("data_batch_1.bin", record), {});
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(opened(one->train).shape(), (exact::Shape{3, 32, 32}));
    EXPECT_EQ(opened(one->train).label(0), 3U);
    record.pop_back();
    EXPECT_EQ(code_of(write("cut.bin", record)), DataCode::kBadCifar);
    record.push_back(0);
    record[0] = 10;
    EXPECT_EQ(code_of(write("label.bin", record)), DataCode::kBadDataset);
    EXPECT_EQ(code_of(write("empty.bin", {})), DataCode::kBadCifar);
}

TEST_F(SourceTest, dataset_files_are_opened_before_they_are_believed) {
    Bytes file = *draw_digits(10, 1);
    EXPECT_EQ(load_source(write("digits.polisdat", file), {})->format, "dataset");
    file.pop_back();
    EXPECT_EQ(code_of(write("cut.polisdat", file)), DataCode::kBadDataset);
}

TEST_F(SourceTest, names_that_mean_nothing_are_refused_by_name) {
    EXPECT_EQ(code_of((folder_ / "absent").string()), DataCode::kCannotRead);
    EXPECT_EQ(code_of(folder_.string()), DataCode::kUnknownSource);
    EXPECT_EQ(code_of(write("note.txt", as_bytes("hello"))), DataCode::kUnknownSource);
    EXPECT_EQ(code_of("/dev/zero"), DataCode::kUnknownSource);
    EXPECT_EQ(code_of(write("bad.csv.gz", Bytes{0x1f, 0x8b, 8})), DataCode::kBadGzip);
}

TEST_F(SourceTest, errors_say_which_file) {
    const std::string path = write("bad.csv", as_bytes("1,2\n3\n"));
    EXPECT_EQ(load_source(path, {}).error().where, path + ", line 2");
}

TEST(PublicData, known_collections_load_with_their_published_counts) {
    const std::string folder = data_folder();
    if (!fs::exists(folder + "/mnist")) {
        GTEST_SKIP() << folder << " is not there; set POLIS_DATA to the public datasets";
    }

    struct Known {
        const char* name;
        std::uint32_t train;
        std::uint32_t test;
        exact::Shape shape;
        std::uint32_t classes;
    };

    const Known known[] = {
        {"optdigits", 3823, 1797, {1, 8, 8}, 10},
        {"optdigits/optdigits-train.csv", 3823, 0, {64, 1, 1}, 10},
        {"usps", 7291, 2007, {1, 16, 16}, 10},
        {"cifar10", 5000, 1000, {3, 32, 32}, 10},
        {"iris/iris.csv", 150, 0, {4, 1, 1}, 3},
        {"wine/wine.csv", 178, 0, {13, 1, 1}, 3},
        {"breast-cancer/wdbc.csv", 569, 0, {30, 1, 1}, 2},
        {"mnist/t10k-images-idx3-ubyte.gz", 10'000, 0, {1, 28, 28}, 10}};
    for (const Known& entry : known) {
        const auto out = load_source(folder + "/" + entry.name, {});
        ASSERT_TRUE(out.has_value()) << entry.name << ": " << out.error().text();
        const exact::DatasetView train = opened(out->train);
        EXPECT_EQ(train.count(), entry.train) << entry.name;
        EXPECT_EQ(train.shape(), entry.shape) << entry.name;
        EXPECT_EQ(train.classes(), entry.classes) << entry.name;
        EXPECT_EQ(out->test.empty() ? 0U : opened(out->test).count(), entry.test) << entry.name;
    }
}

}  // namespace
}  // namespace polis::data
