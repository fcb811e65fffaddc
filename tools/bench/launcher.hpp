#pragma once

#include <functional>

#include <tools/failure.hpp>

namespace polis::tools::bench {

/// Does `work` on a thread that lives as long as this process, and waits for it.
///
/// A node that shall end with this process ends, in truth, with the thread that started it: that is
/// how the kernel counts parents. So nodes that are started again in the middle of a load must not
/// be started by a thread of that load.
[[nodiscard]] Fallible<void> on_lasting_thread(const std::function<Fallible<void>()>& work);

}  // namespace polis::tools::bench
