// The table of host functions, and what a host sees of a call.
#include <vm/host.hpp>

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace polis::vm {
namespace {

TEST(HostFunctions, stand_in_the_order_of_the_enum) {
    const auto all = host_functions();
    ASSERT_EQ(all.size(), static_cast<std::size_t>(HostFunction::kRequestEvaluation) + 1);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(static_cast<std::size_t>(all[i].function), i) << all[i].name;
    }
}

TEST(HostFunctions, are_found_by_their_names) {
    std::set<std::string_view> names;
    for (const HostSignature& signature : host_functions()) {
        EXPECT_EQ(find_host_function(signature.name), &signature);
        EXPECT_TRUE(names.insert(signature.name).second) << signature.name;
    }
    EXPECT_EQ(find_host_function(""), nullptr);
    EXPECT_EQ(find_host_function("Input"), nullptr);
    EXPECT_EQ(find_host_function("input "), nullptr);
}

TEST(HostFunctions, have_the_documented_types) {
    const auto type = [](std::string_view name) {
        return to_string(find_host_function(name)->type);
    };
    EXPECT_EQ(type("input"), "(i32, i32) -> i32");
    EXPECT_EQ(type("revert"), "(i32, i32)");
    EXPECT_EQ(type("storage_get"), "(i32, i32, i32, i32) -> i32");
    EXPECT_EQ(type("value"), "() -> i64");
    EXPECT_EQ(type("transfer"), "(i32, i64) -> i32");
    EXPECT_EQ(type("call"), "(i32, i32, i32, i32, i32, i64, i64) -> i32");
    EXPECT_EQ(type("request_evaluation"), "(i32, i32, i32, i32, i64, i32)");
}

TEST(HostCall, charges_until_there_is_none_left) {
    HostCall call;
    call.gas_left = 10;
    EXPECT_EQ(call.charge(4), std::nullopt);
    EXPECT_EQ(call.gas_left, 6U);
    EXPECT_EQ(call.charge(6), std::nullopt);
    EXPECT_EQ(call.charge(0), std::nullopt);
    EXPECT_EQ(call.charge(1), Trap::kOutOfGas);
    call.gas_left = 5;
    EXPECT_EQ(call.charge(UINT64_MAX), Trap::kOutOfGas);
    EXPECT_EQ(call.gas_left, 0U);
}

TEST(HostCall, gives_bytes_within_the_memory_only) {
    const auto memory = Memory::create({.min = 1, .max = 2}, 2);
    HostCall call;
    EXPECT_FALSE(call.bytes(0, 0)) << "a caller without a memory";
    call.memory = memory.get();
    EXPECT_EQ(call.bytes(0, 65'536)->size(), 65'536U);
    EXPECT_EQ(call.bytes(65'535, 1)->data(), memory->data() + 65'535);
    EXPECT_TRUE(call.bytes(65'536, 0));
    EXPECT_FALSE(call.bytes(65'536, 1));
    EXPECT_FALSE(call.bytes(0, 65'537));
    EXPECT_FALSE(call.bytes(65'537, 0));
    EXPECT_FALSE(call.bytes(0xffff'ffff, 0xffff'ffff));
    EXPECT_FALSE(call.bytes(UINT64_MAX, 2)) << "no sum wraps";
}

}  // namespace
}  // namespace polis::vm
