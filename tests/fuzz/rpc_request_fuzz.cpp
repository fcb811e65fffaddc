// Requests from clients, over all methods and a node in memory: every text gets an answer that is
// JSON, or none because it was a notification.
#include <cstddef>
#include <cstdint>
#include <string>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <node/rpc/json/value.hpp>
#include <tests/rpc/fake_node.hpp>
#include <tests/rpc/inline_loop.hpp>

namespace polis {
namespace {

using node::rpc::Json;

void check_answer(const Json& answer) {
    POLIS_ASSERT(answer.find("jsonrpc") != nullptr && answer.find("id") != nullptr);
    POLIS_ASSERT((answer.find("result") != nullptr) != (answer.find("error") != nullptr));
    if (const Json* const error = answer.find("error")) {
        const Json* const data = error->find("data");
        POLIS_ASSERT(data != nullptr && data->find("name") != nullptr);
    }
}

void run(ByteView input) {
    static node::rpc::testing::FakeNode fake;
    static node::rpc::testing::Desk desk(fake);
    const auto text = desk.ask(as_text(input));
    desk.loop.now += 1'000'000;  // whoever waits is told that it did not happen
    desk.waiters.tick();
    desk.loop.run();
    POLIS_ASSERT_OP(desk.waiters.count(), ==, 0);
    if (!text || text->empty()) {
        return;
    }
    const auto answer = node::rpc::parse_json(*text, {.values_max = SIZE_MAX});
    POLIS_ASSERT(answer.has_value());
    if (answer->kind != Json::Kind::kArray) {
        check_answer(*answer);
    }
    for (const Json& one : answer->items) {
        check_answer(one);
    }
}

}  // namespace
}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::run({data, size});
    return 0;
}
