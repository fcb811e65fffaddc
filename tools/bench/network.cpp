#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <tools/bench/run.hpp>
#include <tools/devnet/lifecycle.hpp>

namespace polis::tools::bench {

namespace {

void remove_home(const devnet::Devnet& devnet) {
    std::error_code failed;
    std::filesystem::remove_all(devnet.home, failed);  // what is left stands in a temporary folder
}

}  // namespace

Fallible<Network> Network::start(const NetworkOptions& options, const Say& say) {
    std::error_code failed;
    if (std::filesystem::exists(options.home, failed)) {
        return std::unexpected(Failure(fmt::format(
            "{} exists already; a benchmark makes a network of its own: remove it or name another "
            "--home",
            options.home.string())));
    }
    devnet::UpOptions up;
    up.home = options.home;
    up.flags.nodes = options.nodes;
    up.flags.election = options.election;
    up.flags.seed = options.seed;
    up.flags.accounts = options.accounts;
    up.flags.block_interval_ms = options.block_interval_ms;
    up.flags.base_port = options.base_port;
    up.polisd = options.polisd;
    up.version = options.version;
    up.wait.finalized = 2;  // all nodes know each other
    up.detached = options.keep;
    auto devnet = devnet::up(up, say);
    if (!devnet) {
        return std::unexpected(devnet.error());
    }
    return Network(*std::move(devnet), options.keep);
}

Network::Network(Network&& other) noexcept
    : devnet_(std::move(other.devnet_)),
      keep_(other.keep_),
      owns_(std::exchange(other.owns_, false)) {}

Network::~Network() {
    if (!owns_) {
        return;
    }
    if (!keep_) {
        static_cast<void>(devnet::down(devnet_, {}, [](std::string_view /*line*/) {}));
        remove_home(devnet_);
    }
}

}  // namespace polis::tools::bench
