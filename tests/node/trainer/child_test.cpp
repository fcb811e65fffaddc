// What a program that a node starts gets from it.
#include <node/trainer/child.hpp>

#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>

namespace polis::node {
namespace {

TEST(Child, inherits_nothing_but_its_own_streams) {
    const Descriptor open(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC, like Asio's sockets
    ASSERT_GT(open.get(), 2);
    const std::string look =
        "test -e /proc/self/fd/" + std::to_string(open.get()) + " && echo inherited; echo looked";
    auto child = Child::start({"/bin/sh", "-c", look});
    ASSERT_TRUE(child) << child.error();
    while (child->read_errors()) {
        std::this_thread::yield();
    }
    EXPECT_EQ(child->last_words(), "looked");
}

}  // namespace
}  // namespace polis::node
