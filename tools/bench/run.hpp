#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tools/bench/faults.hpp>
#include <tools/bench/result.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>

/// One load on one network of real nodes.
namespace polis::tools::bench {

using Say = std::function<void(std::string_view line)>;

struct NetworkOptions {
    std::size_t nodes = 4;
    std::string election = "dpos";
    std::string seed = "bench";
    std::size_t accounts = 1'000;  ///< with coins: senders of a load
    std::uint64_t block_interval_ms = 100;
    std::optional<std::uint16_t> base_port;  ///< nothing: free ones
    std::filesystem::path home;              ///< made, and removed again unless `keep`
    bool keep = false;
    std::string polisd;   ///< empty: beside this program
    std::string version;  ///< of this program
};

/// A devnet of its own that ends with this object.
class Network {
  public:
    /// @error why it cannot be made or started
    [[nodiscard]] static Fallible<Network> start(const NetworkOptions& options, const Say& say);

    Network(Network&& other) noexcept;
    Network& operator=(Network&&) = delete;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network();

    [[nodiscard]] devnet::Devnet& devnet() { return devnet_; }

  private:
    Network(devnet::Devnet devnet, bool keep) : devnet_(std::move(devnet)), keep_(keep) {}

    devnet::Devnet devnet_;
    bool keep_ = false;
    bool owns_ = true;
};

struct LoadPlan {
    std::string name;  ///< Run::name
    std::string workload = "transfer";
    std::uint64_t rate = 1'000;  ///< transactions a second
    bool rate_found = false;
    std::uint64_t seconds = 10;
    std::uint64_t senders = 1'000;
    std::uint64_t random_seed = 1;
    const FaultKind* fault = nullptr;  ///< nothing is done to the network
    /// Called right before the first transaction is due and once all is final, with the network at
    /// rest: for whoever measures something more. Empty: nobody does.
    std::function<void(const devnet::Devnet&)> before = {};
    std::function<void(const devnet::Devnet&)> after = {};
};

/// Funds senders, signs everything, measures the floor, loads, waits, reads the nodes.
/// @error one line with cause and cure; transactions that do not become final are none
[[nodiscard]] Fallible<Run> measure(Network& network, const LoadPlan& plan, const Say& say);

}  // namespace polis::tools::bench
