#include <tools/sim/trace.hpp>

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace polis::sim {

namespace {

constexpr crypto::Domain kDomainTrace{"polis.sim.trace"};  // no chain ever holds such a hash

}  // namespace

Trace::Trace(TimeMs start, TraceSink sink)
    : start_(start), sink_(std::move(sink)), hasher_(kDomainTrace) {}

void Trace::line(TimeMs now, std::string_view who, std::string_view what) {
    ++lines_;
    const std::uint64_t passed_ms = now.value - start_.value;
    buffer_.clear();
    fmt::format_to(
        std::back_inserter(buffer_),
        "{:>5}.{:03} {:<4} {}",
        passed_ms / 1'000,
        passed_ms % 1'000,
        who,
        what);
    if (sink_) {
        sink_(buffer_);
    }
    buffer_ += '\n';
    hasher_.update(as_bytes(buffer_));
}

}  // namespace polis::sim
