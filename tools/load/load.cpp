#include <tools/load/load.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/load/transfers.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kBatchMax = 100;  ///< calls in one request, as the nodes allow
constexpr std::uint64_t kValidBlocks = 1'000'000;
constexpr Amount kAccountFunds{10'000'000'000};  ///< 10 POLIS for fees and transfers
constexpr milliseconds kPoll{2};
constexpr milliseconds kRetryPause{10};
constexpr std::chrono::seconds kPatience{20};

std::uint64_t micros(Clock::duration duration) {
    const auto count = std::chrono::duration_cast<microseconds>(duration).count();
    return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

/// A transfer and when it is due, after the start.
struct Due {
    SignedTransfer transfer;
    microseconds at{};
};

using Queue = std::deque<Due>;

struct ChainFacts {
    TxnTerms terms;
    Height head;
};

Fallible<ChainFacts> chain_facts(RpcClient& node) {
    const auto info = node.call("node_info");
    const auto consensus = info ? node.call("consensus_info") : info;
    const auto head = consensus ? node.call("chain_head") : consensus;
    if (!head) {
        return std::unexpected(to_failure(head.error()));
    }
    const auto height = head->at("height").get<std::uint64_t>();
    const auto price = consensus->at("params").at("gasPriceMin").get<std::string>();
    return ChainFacts{
        .terms =
            {.chain_id = ChainId{info->at("chainId").get<std::uint64_t>()},
             .gas_price = GasPrice{std::stoull(price)},
             .valid_until = Height{height + kValidBlocks}},
        .head = Height{height}};
}

RpcCall send_call(const SignedTransfer& transfer) {
    return {.method = "tx_send", .params = Json{{"raw", to_hex_prefixed(transfer.encoded)}}};
}

/// True if the pool has it, or had it.
bool is_taken(const RpcClient::Answer& answer) {
    return answer || answer.error().name == "alreadyKnown" || answer.error().name == "staleNonce";
}

// ---- senders ------------------------------------------------------------------------------------

/// Sends what is due to one node until everything is taken or `stop` is set.
class Sender {
  public:
    Sender(const HttpAddress& node, Queue queue) : client_(node), queue_(std::move(queue)) {}

    void run(Clock::time_point start, const std::atomic<bool>& stop) {
        while (!queue_.empty() && !stop.load()) {
            std::this_thread::sleep_until(start + queue_.front().at);
            send_due(start);
        }
    }

    [[nodiscard]] std::uint64_t refusals() const { return refusals_; }

  private:
    void send_due(Clock::time_point start) {
        std::vector<RpcCall> calls;
        const Clock::time_point now = Clock::now();
        for (const Due& due : queue_) {
            if (calls.size() == kBatchMax || start + due.at > now) {
                break;
            }
            calls.push_back(send_call(due.transfer));
        }
        const auto answers = client_.batch(calls);
        if (answers) {
            keep_refused(*answers);
        } else {
            std::this_thread::sleep_for(kRetryPause);  // the node is down or busy: go on with it
        }
    }

    /// What was refused is sent again, in its order: an account's later transfers wait for it.
    void keep_refused(const std::vector<RpcClient::Answer>& answers) {
        std::vector<Due> refused;
        for (const RpcClient::Answer& answer : answers) {
            if (!is_taken(answer)) {
                refused.push_back(std::move(queue_.front()));
            }
            queue_.pop_front();
        }
        refusals_ += refused.size();
        queue_.insert(
            queue_.begin(),
            std::make_move_iterator(refused.begin()),
            std::make_move_iterator(refused.end()));
        if (!refused.empty()) {
            std::this_thread::sleep_for(kRetryPause);
        }
    }

    RpcClient client_;
    Queue queue_;
    std::uint64_t refusals_ = 0;
};

// ---- watching the chain -------------------------------------------------------------------------

/// Follows the chain from the first node and takes transfers off the list as they become final.
class Watcher {
  public:
    Watcher(const HttpAddress& node, std::map<Hash, microseconds> open, Height head)
        : client_(node), open_(std::move(open)), next_(head.value + 1) {}

    /// Until all are final, or none became so for kPatience after the load has ended.
    void run(Clock::time_point start, microseconds load, LoadResult& result) {
        Clock::time_point progress = start;
        while (!open_.empty() && Clock::now() < std::max(start + load, progress) + kPatience) {
            const auto block = client_.call("chain_getBlock", Json{{"block", next_}});
            if (!block || block->is_null()) {
                std::this_thread::sleep_for(kPoll);
                continue;
            }
            ++next_;
            ++result.blocks;
            const Clock::time_point now = Clock::now();
            if (count(*block, now - start, load, result) > 0) {
                result.pause_us_max = std::max(result.pause_us_max, micros(now - progress));
                progress = now;
            }
        }
        result.unfinished = open_.size();
    }

  private:
    std::uint64_t count(
        const Json& block, Clock::duration now, microseconds load, LoadResult& result) {
        std::uint64_t seen = 0;
        for (const Json& text : block.at("txns")) {
            const auto id = fixed_from_hex<Hash>(text.get<std::string>());
            const auto due = id ? open_.find(*id) : open_.end();
            if (due == open_.end()) {
                continue;
            }
            ++seen;
            result.in_time += now <= load ? 1U : 0U;
            result.latency_us.record(micros(now - due->second));
            open_.erase(due);
        }
        result.finalized += seen;
        return seen;
    }

    RpcClient client_;
    std::map<Hash, microseconds> open_;
    std::uint64_t next_;
};

// ---- the run ------------------------------------------------------------------------------------

/// Sends everything to the nodes and waits until it is final.
LoadResult drive(
    const LoadOptions& options, std::vector<Queue> queues, microseconds load, Height head) {
    LoadResult result;
    std::map<Hash, microseconds> open;
    for (const Queue& queue : queues) {
        result.offered += queue.size();
        for (const Due& due : queue) {
            open.emplace(due.transfer.id, due.at);
        }
    }
    std::vector<Sender> senders;
    for (std::size_t i = 0; i < queues.size(); ++i) {
        senders.emplace_back(options.nodes[i], std::move(queues[i]));
    }
    Watcher watcher(options.nodes.front(), std::move(open), head);
    std::atomic<bool> stop{false};
    const Clock::time_point start = Clock::now();
    std::vector<std::thread> threads;
    for (Sender& sender : senders) {
        threads.emplace_back([&sender, &stop, start] { sender.run(start, stop); });
    }
    watcher.run(start, load, result);
    stop = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const Sender& sender : senders) {
        result.refusals += sender.refusals();
    }
    return result;
}

/// Gives every load account coins from the devnet's first account, and waits for it.
Fallible<void> fund(
    const LoadOptions& options, const ChainFacts& chain, const LoadAccounts& accounts) {
    RpcClient node(options.nodes.front());
    const crypto::SigningKey payer = genesis::dev_account_key(options.seed, 0);
    const auto account = node.call(
        "account_nonce",
        Json{{"address", crypto::to_text(crypto::address_of(payer.public_key()))}});
    if (!account) {
        return std::unexpected(to_failure(account.error()));
    }
    auto nonce = account->at("pendingNonce").get<std::uint64_t>();
    Queue queue;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        queue.push_back(
            {.transfer = signed_transfer(
                 payer, Nonce{nonce++}, chain.terms, accounts.address(i), kAccountFunds)});
    }
    std::vector<Queue> queues;
    queues.push_back(std::move(queue));
    const LoadResult result = drive(options, std::move(queues), microseconds{0}, chain.head);
    if (result.unfinished > 0) {
        return std::unexpected(Failure(
            "the load's accounts were not funded: " + std::to_string(result.unfinished) +
            " transfers of the devnet's account 0 did not become final; look at polis devnet "
            "status"));
    }
    return {};
}

Fallible<void> read_nonces(const LoadOptions& options, LoadAccounts& accounts) {
    RpcClient node(options.nodes.front());
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        const auto account =
            node.call("account_nonce", Json{{"address", crypto::to_text(accounts.address(i))}});
        if (!account) {
            return std::unexpected(to_failure(account.error()));
        }
        accounts.set_nonce(i, Nonce{account->at("pendingNonce").get<std::uint64_t>()});
    }
    return {};
}

/// Signs all transfers; each account speaks to one node, so that its nonces arrive in order.
std::vector<Queue> plan(
    const LoadOptions& options, const ChainFacts& chain, LoadAccounts& accounts) {
    Random random(options.random_seed, "load");
    const std::uint64_t count = options.rate * options.seconds;
    std::vector<SignedTransfer> transfers =
        accounts.next(chain.terms, static_cast<std::size_t>(count), random);
    std::vector<Queue> queues(options.nodes.size());
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        const std::size_t node = i % accounts.size() % queues.size();
        const microseconds at{static_cast<std::int64_t>(i * 1'000'000 / options.rate)};
        queues[node].push_back({.transfer = std::move(transfers[i]), .at = at});
    }
    return queues;
}

}  // namespace

Fallible<LoadResult> run_load(const LoadOptions& options) {
    RpcClient node(options.nodes.front());
    POLIS_TRY(ChainFacts chain, chain_facts(node));
    LoadAccounts accounts(options.seed, options.accounts);
    options.say("funding " + std::to_string(accounts.size()) + " accounts");
    POLIS_TRY_VOID(fund(options, chain, accounts));
    POLIS_TRY_VOID(read_nonces(options, accounts));
    options.say("signing " + std::to_string(options.rate * options.seconds) + " transfers");
    std::vector<Queue> queues = plan(options, chain, accounts);
    POLIS_TRY(chain, chain_facts(node));
    options.say("sending for " + std::to_string(options.seconds) + " s");
    const microseconds load{static_cast<std::int64_t>(options.seconds * 1'000'000)};
    return drive(options, std::move(queues), load, chain.head);
}

}  // namespace polis::tools
