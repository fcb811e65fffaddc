// What a connection costs beside the socket: both ends of it on one thread, so one end alone does
// about twice as much.
#include <cstddef>
#include <cstdint>

#include <benchmark/benchmark.h>

#include <core/check.hpp>
#include <p2p/session.hpp>
#include <tests/p2p/session/setups.hpp>

namespace polis::p2p {

namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kSocketBytes = std::size_t{256} << 10;

/// Two ends that talk to each other, with the default limits but no allowances.
struct Ends {
    Ends() : a(setup(Role::kInitiator, 1), kStart), b(setup(Role::kResponder, 2), kStart) {
        move(a, b);
        move(b, a);
        move(a, b);
        POLIS_ASSERT(a.established() && b.established());
    }

    static Session::Setup setup(Role role, std::uint8_t number) {
        Session::Setup out = setup_of(role, number);
        out.limits.allowances = {};
        return out;
    }

    /// @return number of messages that arrived
    static std::size_t move(Session& from, Session& to) {
        std::size_t messages = 0;
        while (from.has_output()) {
            messages += to.receive(from.take_output(kSocketBytes, kStart), kStart).size();
        }
        return messages;
    }

    Session a;
    Session b;
};

void handshake(benchmark::State& state) {
    for (auto _ : state) {
        const Ends ends;
        benchmark::DoNotOptimize(&ends);
    }
    state.SetItemsProcessed(state.iterations());
}

/// Messages of one size until 4 MiB are queued, then all of them at once.
void messages(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const std::size_t count = std::max<std::size_t>(1, (std::size_t{4} << 20) / size);
    Ends ends;
    for (auto _ : state) {
        for (std::size_t i = 0; i < count; ++i) {
            const bool queued = ends.a.send(Channel::kConsensus, Bytes(size));
            POLIS_ASSERT(queued);
        }
        POLIS_ASSERT_OP(Ends::move(ends.a, ends.b), ==, count);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(count * size));
}

/// A message that is written and read alone: what a quiet connection costs.
void one_message_at_a_time(benchmark::State& state) {
    Ends ends;
    for (auto _ : state) {
        const bool queued = ends.a.send(Channel::kConsensus, Bytes(200));
        POLIS_ASSERT(queued);
        POLIS_ASSERT_OP(Ends::move(ends.a, ends.b), ==, 1U);
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(handshake);
BENCHMARK(messages)->Arg(64)->Arg(256)->Arg(1'024)->Arg(16 << 10)->Arg(256 << 10)->Arg(16 << 20);
BENCHMARK(one_message_at_a_time);

}  // namespace
}  // namespace polis::p2p
