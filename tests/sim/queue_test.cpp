// The order of events: by time, then by decision; the same whatever was pushed in between.
#include <algorithm>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tools/sim/event_queue.hpp>

namespace polis::sim {
namespace {

TEST(EventQueue, orders_by_time_and_keeps_the_order_of_equal_times) {
    EventQueue<int> queue;
    queue.push(TimeMs{5}, 1);
    queue.push(TimeMs{3}, 2);
    queue.push(TimeMs{5}, 3);
    queue.push(TimeMs{3}, 4);
    std::vector<int> order;
    while (!queue.empty()) {
        order.push_back(queue.pop().event);
    }
    EXPECT_EQ(order, (std::vector{2, 4, 1, 3}));
}

TEST(EventQueue, agrees_with_a_stable_sort_while_it_grows_and_shrinks) {
    Random random(1, "queue");
    EventQueue<std::uint64_t> queue;
    std::vector<std::pair<TimeMs, std::uint64_t>> model;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
        if (!model.empty() && random.chance(2, 5)) {
            const auto first = std::ranges::min_element(model);
            EXPECT_EQ(queue.next_time(), first->first);
            EXPECT_EQ(queue.pop().event, first->second);
            model.erase(first);
        } else {
            const TimeMs time{random.below(50)};
            queue.push(time, i);
            model.emplace_back(time, i);
        }
        ASSERT_EQ(queue.size(), model.size());
    }
}

}  // namespace
}  // namespace polis::sim
