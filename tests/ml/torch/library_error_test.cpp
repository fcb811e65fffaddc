// What the library throws is told by what it means for the job.
#include <ml/torch/library_error.hpp>

#include <new>
#include <stdexcept>
#include <string>

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

namespace polis::trainer {
namespace {

TEST(LibraryError, a_gpu_out_of_memory_has_its_code_and_its_message) {
    const c10::OutOfMemoryError error(
        {"allocate", "allocator.cpp", 1}, "GPU 0 has a total capacity of 79 GiB\nmore lines");
    const Failure failure = failure_of(error);
    EXPECT_EQ(failure.code, FailureCode::kOutOfMemory);
    EXPECT_NE(failure.text().find("GPU 0 has a total capacity of 79 GiB"), std::string::npos);
    EXPECT_NE(failure.text().find("train a smaller model"), std::string::npos);
    EXPECT_EQ(failure.detail.find('\n'), std::string::npos);
}

TEST(LibraryError, memory_of_the_machine_is_missing_under_several_names) {
    EXPECT_EQ(failure_of(std::bad_alloc()).code, FailureCode::kOutOfMemory);
    EXPECT_EQ(
        failure_of(std::runtime_error("CUDA error: out of memory")).code,
        FailureCode::kOutOfMemory);
    try {
        (void)at::empty({std::int64_t{1} << 60}, at::kByte);
        FAIL() << "an exbibyte was allocated";
    } catch (const std::exception& error) {
        EXPECT_EQ(failure_of(error).code, FailureCode::kOutOfMemory) << error.what();
    }
}

TEST(LibraryError, anything_else_is_internal) {
    const Failure failure = failure_of(std::runtime_error("shapes differ"));
    EXPECT_EQ(failure.code, FailureCode::kInternal);
    EXPECT_EQ(failure.detail, "shapes differ");
}

}  // namespace
}  // namespace polis::trainer
