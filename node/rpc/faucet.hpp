#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include <core/types.hpp>
#include <node/rpc/registry.hpp>
#include <node/rpc/services.hpp>

namespace polis::node::rpc {

/// Gives coins of the devnet's accounts away. One transfer at a time, so that no two of this node
/// take the same nonce; several nodes begin at different accounts. One thread: the loop's.
class Faucet {
  public:
    /// @pre backend and loop outlive this
    Faucet(Backend& backend, Loop& loop, std::string dev_seed);

    /// Answers {id} when the pool has the transfer.
    void give(const Address& to, Amount amount, Respond respond);

    /// Accounts of a devnet that are looked at.
    static constexpr std::size_t kAccounts = 10;

  private:
    static constexpr std::size_t kTries = 2 * kAccounts;
    static constexpr std::size_t kWaitingMax = 1'000;
    static constexpr std::uint64_t kValidBlocks = 1'000;

    struct Wish {
        Address to;
        Amount amount;
        Respond respond;
        std::size_t tries = 0;
    };

    void start();
    void send(Nonce nonce);
    void on_answer(const Answer<TxnAnswer>& answer);
    void finish(const Outcome& outcome);

    Backend& backend_;
    Loop& loop_;
    const std::string dev_seed_;
    std::deque<Wish> wishes_;  ///< the first is under way
    std::size_t account_ = 0;
};

}  // namespace polis::node::rpc
