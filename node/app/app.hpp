#pragma once

#include <memory>
#include <string>

#include <core/result.hpp>
#include <node/config/config.hpp>
#include <node/home/identity.hpp>
#include <node/runtime/ending.hpp>

/// The node: everything that a process needs, built from a home and a configuration.
namespace polis::node {

class App {
  public:
    struct Setup {
        HomeLayout home;
        NodeConfig config;
        std::string version;
        Ending* ending = nullptr;  ///< outlives the app
    };

    /// Where the node listens, as bound.
    struct Addresses {
        std::string p2p;
        std::string rpc;    ///< empty: nowhere
        std::string admin;  ///< empty: nowhere
    };

    /// Opens the chain (and creates it from genesis.toml at the first start) and binds the
    /// addresses. @error one line with cause and cure
    [[nodiscard]] static Result<std::unique_ptr<App>, std::string> open(Setup setup);

    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Starts the threads. @pre once. @error an address of the clients is taken: cause and cure
    [[nodiscard]] Result<void, std::string> start();

    /// Ends them in order: clients, peers, crypto, consensus, store. Idempotent.
    void stop();

    [[nodiscard]] const Addresses& addresses() const;
    [[nodiscard]] std::string node_id() const;

  private:
    class Impl;
    explicit App(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::node
