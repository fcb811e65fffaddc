#include <tools/polis/progress_line.hpp>

#include <cstdio>

#include <fmt/format.h>

namespace polis::tools {

void ProgressLine::update(Height height, Height head) {
    const Clock::time_point now = Clock::now();
    if (now - last_ < std::chrono::seconds{1}) {
        return;
    }
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    fmt::print(
        stderr,
        "{}: block {} of {}, {:.0f} blocks a second\n",
        command_,
        height.value,
        head.value,
        static_cast<double>(height.value) / seconds);
}

}  // namespace polis::tools
