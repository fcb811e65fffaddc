#include <tools/load/drive.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include <core/hash_map.hpp>
#include <core/hex.hpp>
#include <tools/client/rpc_client.hpp>

namespace polis::tools {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kBatchMax = 100;  ///< calls in one request, as the nodes allow
constexpr milliseconds kRetryPause{10};
/// What becomes due within so much time goes in one request: a client of a busy chain does not
/// make a request of each transaction. Counts as latency.
constexpr std::uint64_t kTickUs = 10'000;
/// Heights that a node can gain between two answers; more is no chain of a load.
constexpr std::uint64_t kHeightsAtOnceMax = 1'000'000;
constexpr milliseconds kWaitSlice{500};  ///< of a call that waits for the next block
constexpr milliseconds kWaitGrace{2'000};
constexpr milliseconds kSettlePause{50};
/// A node that ends may have told nobody of what it took in so shortly before.
constexpr std::uint64_t kLostUs = 2'000'000;

std::uint64_t micros_since(Clock::time_point start) {
    const auto count = std::chrono::duration_cast<microseconds>(Clock::now() - start).count();
    return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

/// The end of the tick in which it is due.
std::uint64_t tick_of(std::uint64_t at_us) { return (at_us / kTickUs + 1) * kTickUs; }

// ---- senders ------------------------------------------------------------------------------------

/// A transaction that still has to be taken in, by its place in the load.
struct Open {
    std::size_t index = 0;
    std::uint64_t at_us = 0;
    std::string raw;
};

/// True if the pool has it, or had it.
bool is_taken(const RpcClient::Answer& answer) {
    return answer || answer.error().name == "alreadyKnown" || answer.error().name == "staleNonce";
}

/// Sends what is due to one node until everything is taken or `stop` is set. When the node is gone
/// it goes on with the next one, as any client would, and begins with what that one may not have.
class Sender {
  public:
    /// @param unsent counts down with every transaction that is taken in, over all senders
    Sender(
        const std::vector<HttpAddress>& nodes,
        std::size_t first,
        std::vector<std::uint64_t>& accepted_us,
        std::atomic<std::size_t>& unsent)
        : nodes_(nodes), at_(first), accepted_us_(accepted_us), unsent_(unsent) {
        client_.emplace(nodes_[at_]);
    }

    void add(Open open) { queue_.push_back(std::move(open)); }

    void run(Clock::time_point start, const std::atomic<bool>& stop) {
        while (!queue_.empty() && !stop.load()) {
            std::this_thread::sleep_until(start + microseconds(tick_of(queue_.front().at_us)));
            send_due(start);
        }
    }

    [[nodiscard]] std::uint64_t refusals() const { return refusals_; }

  private:
    void send_due(Clock::time_point start) {
        std::vector<RpcCall> calls;
        const std::uint64_t now = micros_since(start);
        for (const Open& open : queue_) {
            if (calls.size() == kBatchMax || open.at_us > now) {
                break;
            }
            calls.push_back({"tx_send", Json{{"raw", open.raw}}});
        }
        const auto answers = client_->batch(calls);
        if (answers) {
            take(*answers, micros_since(start));
        } else if (is_gone(answers.error().kind)) {
            leave_node(micros_since(start));
        } else {
            std::this_thread::sleep_for(kRetryPause);  // the node is busy: go on with it
        }
    }

    static bool is_gone(ClientErrorKind kind) {
        return kind == ClientErrorKind::kCannotConnect || kind == ClientErrorKind::kLost;
    }

    void leave_node(std::uint64_t now) {
        forget_before(now);
        queue_.insert(
            queue_.begin(),
            std::make_move_iterator(recent_.begin()),
            std::make_move_iterator(recent_.end()));
        recent_.clear();
        at_ = (at_ + 1) % nodes_.size();
        client_.emplace(nodes_[at_]);
        std::this_thread::sleep_for(kRetryPause);  // perhaps all are gone
    }

    /// What was taken in long ago has been gossiped.
    void forget_before(std::uint64_t now) {
        while (!recent_.empty() && accepted_us_[recent_.front().index] + kLostUs < now) {
            recent_.pop_front();
        }
    }

    /// What was refused is sent again, in its order: an account's later transactions wait for it.
    void take(const std::vector<RpcClient::Answer>& answers, std::uint64_t now) {
        std::vector<Open> refused;
        for (const RpcClient::Answer& answer : answers) {
            if (is_taken(answer)) {
                std::uint64_t& accepted = accepted_us_[queue_.front().index];
                if (accepted == kNever) {  // it may have been taken in by a node that is gone
                    accepted = now;
                    unsent_.fetch_sub(1);
                }
                recent_.push_back(std::move(queue_.front()));
            } else {
                refused.push_back(std::move(queue_.front()));
            }
            queue_.pop_front();
        }
        forget_before(now);
        refusals_ += refused.size();
        queue_.insert(
            queue_.begin(),
            std::make_move_iterator(refused.begin()),
            std::make_move_iterator(refused.end()));
        if (!refused.empty()) {
            std::this_thread::sleep_for(kRetryPause);
        }
    }

    const std::vector<HttpAddress>& nodes_;
    std::size_t at_ = 0;
    std::optional<RpcClient> client_;
    std::vector<std::uint64_t>& accepted_us_;  ///< each index is written by one sender only
    std::atomic<std::size_t>& unsent_;
    std::deque<Open> queue_;
    std::deque<Open> recent_;  ///< taken in at most kLostUs ago, in that order
    std::uint64_t refusals_ = 0;
};

// ---- watchers -----------------------------------------------------------------------------------

/// Notes when one node has which height.
class Watcher {
  public:
    Watcher(const HttpAddress& node, Height first) : client_(node), next_(first.value) {}

    void run(Clock::time_point start, const std::atomic<bool>& stop) {
        while (!stop.load()) {
            const auto answer = client_.call(
                "chain_wait",
                Json{{"height", next_}, {"timeoutMs", kWaitSlice.count()}},
                kWaitSlice + kWaitGrace);
            const std::uint64_t height = answer ? number_in(*answer, "height") : 0;
            if (height >= next_ && height - next_ < kHeightsAtOnceMax) {
                note(height, micros_since(start));
            } else if (answer || answer.error().name != "timeout") {
                std::this_thread::sleep_for(kRetryPause);  // the node is down, or does not know how
            }
        }
    }

    [[nodiscard]] std::uint64_t newest() const { return newest_.load(); }

    [[nodiscard]] std::map<Height, std::uint64_t> take() { return std::move(arrivals_); }

  private:
    void note(std::uint64_t height, std::uint64_t at_us) {
        for (; next_ <= height; ++next_) {
            arrivals_.emplace(Height{next_}, at_us);
        }
        newest_.store(height);
    }

    RpcClient client_;
    std::uint64_t next_;
    std::map<Height, std::uint64_t> arrivals_;
    std::atomic<std::uint64_t> newest_{0};
};

// ---- what became of them ------------------------------------------------------------------------

using Indices = HashMap<std::size_t>;

/// Reads blocks from the nodes, from any that answers, and strikes off what they hold.
class Book {
  public:
    Book(const std::vector<HttpAddress>& nodes, Indices open, Height first, Driven& out)
        : open_(std::move(open)), next_(first), out_(out) {
        for (const HttpAddress& node : nodes) {
            clients_.emplace_back(node);
        }
    }

    [[nodiscard]] bool all_found() const { return open_.empty(); }

    /// Up to the height, if a node has it. @return whether a transaction of the load was found
    bool read_to(Height height) {
        bool found = false;
        for (RpcClient& client : clients_) {
            while (next_ <= height) {
                const auto block = client.call("chain_getBlock", Json{{"block", next_.value}});
                const auto receipts =
                    client.call("chain_getReceipts", Json{{"block", next_.value}});
                const auto proof =
                    client.call("chain_getCertificate", Json{{"block", next_.value}});
                const bool whole = block && block->is_object() && block->contains("txns") &&
                                   (*block)["txns"].is_array() && receipts &&
                                   receipts->is_array() && proof;
                if (!whole) {
                    break;  // another node may have it
                }
                found = take(*block, *receipts, *proof) || found;
                next_.value += 1;
            }
        }
        return found;
    }

  private:
    bool take(const Json& block, const Json& receipts, const Json& certificate) {
        SeenBlock seen{.height = next_, .view = number_in(certificate, "view"), .txns = {}};
        const Json& txns = block["txns"];
        for (std::size_t i = 0; i < txns.size(); ++i) {
            const auto id = txns[i].is_string()
                                ? fixed_from_hex<Hash>(txns[i].get_ref<const std::string&>())
                                : std::nullopt;
            const std::size_t* const found = id ? open_.find(*id) : nullptr;
            if (found == nullptr) {
                continue;
            }
            const bool success = i < receipts.size() && text_in(receipts[i], "status") == "success";
            (success ? out_.succeeded : out_.failed)[*found] = true;
            seen.txns.push_back(*found);
            open_.erase(*id);
        }
        const bool any = !seen.txns.empty();
        out_.blocks.push_back(std::move(seen));
        return any;
    }

    std::vector<RpcClient> clients_;
    Indices open_;
    Height next_;
    Driven& out_;
};

/// Transactions that wait in the mempools of all nodes that answer.
std::uint64_t waiting(std::vector<RpcClient>& clients) {
    std::uint64_t out = 0;
    for (RpcClient& client : clients) {
        const auto status = client.call("mempool_status");
        if (status) {
            out += number_in(*status, "count");
        }
    }
    return out;
}

Fallible<Height> head_of(const std::vector<HttpAddress>& nodes) {
    RpcClient client(nodes.front());
    const auto head = client.call("chain_head");
    if (!head) {
        return std::unexpected(to_failure(head.error()));
    }
    const auto height = find_number(*head, "height");
    if (!height) {
        return std::unexpected(odd_answer(client, "chain_head"));
    }
    return Height{*height};
}

/// Everything of one run that threads share.
class Drive {
  public:
    Drive(const DriveOptions& options, Height head) : options_(options), first_{head.value + 1} {
        for (const HttpAddress& node : options.nodes) {
            watchers_.emplace_back(node, first_);
        }
    }

    Driven run(std::vector<DueTxn> load) {
        Driven out;
        out.accepted_us.assign(load.size(), kNever);
        out.succeeded.assign(load.size(), false);
        out.failed.assign(load.size(), false);
        Indices open = prepare(std::move(load), out);
        const Clock::time_point start = Clock::now();
        begin(start);
        settle(start);
        out.end_us = micros_since(start);
        if (options_.at_end) {
            options_.at_end();
        }
        Book book(options_.nodes, std::move(open), first_, out);
        look_for_the_rest(book);
        end(out);
        return out;
    }

  private:
    Indices prepare(std::vector<DueTxn> load, Driven& out) {
        for (std::size_t i = 0; i < options_.nodes.size(); ++i) {
            senders_.emplace_back(options_.nodes, i, out.accepted_us, unsent_);
        }
        unsent_ = load.size();
        Indices open;
        for (std::size_t i = 0; i < load.size(); ++i) {
            open.insert(load[i].txn.id, i);
            senders_[load[i].node].add(
                {.index = i, .at_us = load[i].at_us, .raw = to_hex_prefixed(load[i].txn.encoded)});
        }
        return open;
    }

    void begin(Clock::time_point start) {
        if (options_.at_start) {
            options_.at_start();
        }
        for (Watcher& watcher : watchers_) {
            threads_.emplace_back([&watcher, start, this] { watcher.run(start, stop_); });
        }
        for (Sender& sender : senders_) {
            threads_.emplace_back([&sender, start, this] { sender.run(start, stop_); });
        }
    }

    /// Until nothing is sent or waits any more, or nothing moves.
    void settle(Clock::time_point start) {
        std::this_thread::sleep_until(start + microseconds(options_.load_us));
        std::vector<RpcClient> clients(options_.nodes.begin(), options_.nodes.end());
        Clock::time_point moved = Clock::now();
        std::uint64_t before = kNever;
        while (Clock::now() < moved + options_.patience) {
            const std::uint64_t now = waiting(clients) + unsent_.load();
            if (now == 0) {
                return;
            }
            if (now < before) {
                moved = Clock::now();
            }
            before = now;
            std::this_thread::sleep_for(kSettlePause);
        }
    }

    /// Empty mempools say that all is in a block, but perhaps not in a final one at every node.
    void look_for_the_rest(Book& book) {
        Clock::time_point moved = Clock::now();
        while (Clock::now() < moved + options_.patience) {
            if (book.read_to(newest())) {
                moved = Clock::now();
            }
            if (book.all_found()) {
                return;
            }
            std::this_thread::sleep_for(kSettlePause);
        }
    }

    [[nodiscard]] Height newest() const {
        std::uint64_t out = 0;
        for (const Watcher& watcher : watchers_) {
            out = std::max(out, watcher.newest());
        }
        return Height{out};
    }

    void end(Driven& out) {
        stop_ = true;
        for (std::thread& thread : threads_) {
            thread.join();
        }
        for (const Sender& sender : senders_) {
            out.refusals += sender.refusals();
        }
        for (Watcher& watcher : watchers_) {
            out.arrivals.push_back(watcher.take());
        }
    }

    const DriveOptions& options_;
    const Height first_;
    std::deque<Watcher> watchers_;
    std::deque<Sender> senders_;
    std::vector<std::thread> threads_;
    std::atomic<bool> stop_{false};
    std::atomic<std::size_t> unsent_{0};
};

}  // namespace

std::uint64_t Driven::had_by(std::size_t rank, Height height) const {
    std::vector<std::uint64_t> times;
    for (const auto& node : arrivals) {
        if (const auto found = node.find(height); found != node.end()) {
            times.push_back(found->second);
        }
    }
    if (rank == 0 || times.size() < rank) {
        return kNever;
    }
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(rank - 1));
    return times[rank - 1];
}

Fallible<Driven> drive(const DriveOptions& options, std::vector<DueTxn> load) {
    POLIS_TRY(const Height head, head_of(options.nodes));
    return Drive(options, head).run(std::move(load));
}

}  // namespace polis::tools
