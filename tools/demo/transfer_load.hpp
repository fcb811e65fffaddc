#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <core/crypto/ed25519.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/client/sender.hpp>

namespace polis::tools {

/// Sends signed transfers between the public accounts of a devnet, at a steady pace, from a thread
/// of its own, until it ends.
class TransferLoad {
  public:
    struct Options {
        std::string seed;  ///< of the devnet
        std::size_t accounts = 0;
        std::vector<HttpAddress> nodes;     ///< each transfer goes to the next one
        std::uint64_t transfers_per_s = 0;  ///< @pre not 0
    };

    explicit TransferLoad(Options options);
    TransferLoad(const TransferLoad&) = delete;
    TransferLoad& operator=(const TransferLoad&) = delete;
    ~TransferLoad();

    /// Taken in by a node so far.
    [[nodiscard]] std::uint64_t accepted() const { return accepted_; }

    /// Refused so far: the node was busy, or the account had too many waiting. They are sent again.
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

    /// Sends no more.
    void stop();

  private:
    struct Sender {
        crypto::SigningKey key;
        Address to;
        SenderView view;
        bool known = false;  ///< the view is that of the chain
    };

    void run();
    void send_one(Sender& sender, RpcClient& client);

    const Options options_;
    std::vector<Sender> senders_;
    std::atomic<bool> ended_ = false;
    std::atomic<std::uint64_t> accepted_ = 0;
    std::atomic<std::uint64_t> refused_ = 0;
    std::thread thread_;
};

}  // namespace polis::tools
