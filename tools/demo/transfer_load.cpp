#include <tools/demo/transfer_load.hpp>

#include <chrono>
#include <utility>

#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Amount kAmount{1'000'000};  ///< a thousandth of a POLIS
constexpr std::chrono::milliseconds kPatience{2'000};

}  // namespace

TransferLoad::TransferLoad(Options options) : options_(std::move(options)) {
    for (std::size_t i = 0; i < options_.accounts; ++i) {
        const std::size_t next = (i + 1) % options_.accounts;
        senders_.push_back(
            {.key = genesis::dev_account_key(options_.seed, i),
             .to = crypto::address_of(genesis::dev_account_key(options_.seed, next).public_key()),
             .view = {}});
    }
    thread_ = std::thread([this] { run(); });
}

TransferLoad::~TransferLoad() { stop(); }

void TransferLoad::stop() {
    ended_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
}

void TransferLoad::run() {
    std::vector<RpcClient> clients;
    for (const HttpAddress& node : options_.nodes) {
        clients.emplace_back(node, RpcOptions{.token = {}, .timeout = kPatience});
    }
    const auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)) /
                       static_cast<std::int64_t>(options_.transfers_per_s);
    Clock::time_point next = Clock::now();
    for (std::size_t i = 0; !ended_; ++i) {
        send_one(senders_[i % senders_.size()], clients[i % clients.size()]);
        next += pause;
        std::this_thread::sleep_until(next);
    }
}

void TransferLoad::send_one(Sender& sender, RpcClient& client) {
    if (!sender.known) {
        const auto view = sender_view(client, crypto::address_of(sender.key.public_key()));
        if (!view) {
            ++refused_;
            return;
        }
        sender.view = *view;
        sender.known = true;
    }
    const auto txn =
        make_txn(sender.view, sender.key, ledger::Transfer{sender.to, kAmount}, SendOptions{});
    if (send_txn(client, txn)) {
        ++accepted_;
        ++sender.view.nonce.value;
    } else {
        ++refused_;
        sender.known = false;
    }
}

}  // namespace polis::tools
