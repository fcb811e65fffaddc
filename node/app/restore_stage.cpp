#include <node/app/restore_stage.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <consensus/memo_checker.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <node/app/open_chain.hpp>
#include <node/app/open_log.hpp>
#include <node/app/p2p_setup.hpp>
#include <node/bootstrap/bootstrap.hpp>
#include <node/drivers/p2p_driver.hpp>
#include <node/home/home.hpp>
#include <node/log/log.hpp>
#include <node/runtime/channel.hpp>
#include <node/runtime/clock.hpp>
#include <node/runtime/mutex.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;
using ledger::StoreErrc;
using ledger::StoreError;

/// How often the loop looks whether the process shall end, and says how far it is.
constexpr std::uint64_t kLookMs = 200;
constexpr std::uint64_t kSayMs = 5'000;

constexpr std::array<LaneLimits, 2> kLanes{
    LaneLimits{.count_max = 4'096, .bytes_max = 0},                       // peers
    LaneLimits{.count_max = 4'096, .bytes_max = std::size_t{64} << 20}};  // messages

struct Joined {
    PeerId peer = 0;
};

struct Left {
    PeerId peer = 0;
};

struct Message {
    PeerId peer = 0;
    Bytes bytes;
    InFlight held;
};

using Event = std::variant<Joined, Left, Message>;

/// What the net thread tells the thread of the stage.
class Mailbox final : public P2pListener {
  public:
    void peer_up(PeerId peer, const p2p::NodeId& /*id*/) override {
        (void)queue_.push(0, Joined{peer}, 0);
    }

    void peer_down(PeerId peer) override { (void)queue_.push(0, Left{peer}, 0); }

    /// Votes and transactions are for nodes that have a chain.
    bool message(PeerId peer, p2p::Channel channel, Bytes bytes, InFlight held) override {
        if (channel != p2p::Channel::kBlocks) {
            return true;
        }
        const std::size_t size = bytes.size();
        return queue_.push(1, Message{peer, std::move(bytes), std::move(held)}, size);
    }

    void save_book(Bytes book) override {
        const MutexLock lock(mutex_);
        book_ = std::move(book);
    }

    [[nodiscard]] std::optional<Event> next(std::uint64_t wait_ms) { return queue_.pop(wait_ms); }

    [[nodiscard]] Bytes book() const {
        const MutexLock lock(mutex_);
        return book_;
    }

  private:
    Channel<Event, kLanes.size()> queue_{kLanes};
    mutable Mutex mutex_;
    Bytes book_ POLIS_GUARDED_BY(mutex_);
};

// ---- places on the disk -------------------------------------------------------------------------

fs::path scratch_dir(const HomeLayout& home) { return home.home / "restore"; }

/// The chain while it is made. It gets its name when it is whole.
fs::path unfinished_dir(const HomeLayout& home) { return home.home / "chain.unfinished"; }

std::string explain(const StoreError& error) {
    return "the snapshot cannot be kept: " + error.context +
           "; remove restore/ from the home, or start with sync.start = \"blocks\"";
}

// ---- the loop -----------------------------------------------------------------------------------

class Stage {
  public:
    Stage(const App::Setup& setup, Bootstrap& machine, P2pDriver& p2p, Mailbox& mail, Clock& clock)
        : setup_(setup), machine_(machine), p2p_(p2p), mail_(mail), clock_(clock) {}

    enum class End : std::uint8_t { kRestored, kNobodyServes, kEnding };

    [[nodiscard]] ledger::StoreResult<End> run(Log& log) {
        useful_at_ = clock_.now();
        while (!setup_.ending->due()) {
            POLIS_TRY_VOID(step());
            say_progress(log);
            if (machine_.ready()) {
                POLIS_TRY(const bool restored, restore(log));
                if (restored) {
                    return End::kRestored;
                }
            }
            if (passed_since(useful_at_) > setup_.config.sync.snapshot_wait_ms) {
                return End::kNobodyServes;
            }
        }
        return End::kEnding;
    }

  private:
    [[nodiscard]] std::uint64_t passed_since(TimeMs then) {
        const TimeMs now = clock_.now();
        return now > then ? now.value - then.value : 0;
    }

    [[nodiscard]] std::uint64_t wait_ms() {
        const std::optional<TimeMs> timer = machine_.next_timer();
        if (!timer) {
            return kLookMs;
        }
        const TimeMs now = clock_.now();
        return *timer <= now ? 0 : std::min(kLookMs, timer->value - now.value);
    }

    [[nodiscard]] ledger::StoreResult<void> step() {
        std::optional<Event> event = mail_.next(wait_ms());
        const TimeMs now = clock_.now();
        POLIS_TRY(ValidatorOutputs outputs, event ? take(*event, now) : machine_.tick(now));
        perform(std::move(outputs));
        if (machine_.pieces() != pieces_) {
            pieces_ = machine_.pieces();
            useful_at_ = now;
        }
        return {};
    }

    [[nodiscard]] Bootstrap::Outputs take(Event& event, TimeMs now) {
        if (const auto* const joined = std::get_if<Joined>(&event)) {
            return machine_.peer_joined(joined->peer, now);
        }
        if (const auto* const left = std::get_if<Left>(&event)) {
            return machine_.peer_left(left->peer, now);
        }
        const Message& message = std::get<Message>(event);
        return machine_.receive(message.peer, message.bytes, now);
    }

    void perform(ValidatorOutputs outputs) {
        std::vector<NetOrder> orders;
        for (ValidatorOutput& output : outputs) {
            if (auto* const send = std::get_if<SendTo>(&output)) {
                orders.emplace_back(std::move(*send));
            } else if (auto* const penalty = std::get_if<Penalise>(&output)) {
                orders.emplace_back(std::move(*penalty));
            }
        }
        if (!orders.empty()) {
            p2p_.perform(std::move(orders));
        }
    }

    /// @return false if the records were false, so that another snapshot is looked for
    [[nodiscard]] ledger::StoreResult<bool> restore(Log& log) {
        const fs::path place = unfinished_dir(setup_.home);
        const std::uint64_t height = machine_.height()->value;
        std::error_code failed;
        fs::remove_all(place, failed);
        const OpenOptions options = open_options(setup_.config.store);
        POLIS_TRY(auto store, ledger::open_leveldb(place, options.store));
        const auto chain = machine_.restore(std::move(store), options.chain);
        if (chain) {
            log.info("restore", "the state is restored", {{"height", height}});
            return true;
        }
        if (chain.error().code != StoreErrc::kCorrupt) {
            return std::unexpected(chain.error());
        }
        log.warn("restore", "a snapshot is false", {{"cause", chain.error().context}});
        POLIS_TRY(ValidatorOutputs outputs, machine_.refuse(clock_.now()));
        perform(std::move(outputs));
        return false;
    }

    void say_progress(Log& log) {
        if (passed_since(said_at_) < kSayMs) {
            return;
        }
        said_at_ = clock_.now();
        if (const auto height = machine_.height()) {
            log.info(
                "restore",
                "fetching a snapshot",
                {{"height", height->value}, {"chunks_missing", machine_.chunks_missing()}});
        } else {
            log.info(
                "restore",
                "looking for a snapshot",
                {{"peers", p2p_.counters().peers.load()}, {"pieces", machine_.pieces()}});
        }
    }

    const App::Setup& setup_;
    Bootstrap& machine_;
    P2pDriver& p2p_;
    Mailbox& mail_;
    Clock& clock_;
    TimeMs useful_at_;
    TimeMs said_at_;
    std::uint64_t pieces_ = 0;
};

/// Gives the chain its name; what was fetched is of no use any more.
Result<void, std::string> keep_chain(const HomeLayout& home) {
    std::error_code failed;
    fs::rename(unfinished_dir(home), chain_dir(home.home), failed);
    if (failed) {
        return std::unexpected(fmt::format(
            "cannot make {}: check space and permissions, then start again",
            chain_dir(home.home).string()));
    }
    fs::remove_all(scratch_dir(home), failed);
    return {};
}

}  // namespace

bool begins_with_snapshot(const App::Setup& setup) {
    std::error_code ignored;
    return setup.config.sync.start == "snapshot" && fs::is_directory(setup.home.home, ignored) &&
           !fs::exists(chain_dir(setup.home.home), ignored);
}

Result<void, std::string> restore_from_peers(const App::Setup& setup) {
    Clock clock;
    POLIS_TRY(const auto log, open_log(setup.home, setup.config.log, clock));
    POLIS_TRY(const genesis::Genesis genesis, read_genesis(setup.home));
    POLIS_TRY(const crypto::SigningKey identity, load_node_key(setup.home));
    auto scratch = ledger::open_leveldb(scratch_dir(setup.home));
    if (!scratch) {
        return std::unexpected(explain(scratch.error()));
    }
    consensus::MemoChecker checker;
    auto machine =
        Bootstrap::open({.genesis = &genesis, .checker = &checker, .scratch = scratch->get()});
    if (!machine) {
        return std::unexpected(explain(machine.error()));
    }
    Mailbox mail;
    POLIS_TRY(
        P2pDriver::Setup p2p_options,
        p2p_setup(
            setup.home,
            setup.config.p2p,
            make_hello(genesis.state.params.chain_id, genesis.hash, setup.version),
            identity,
            *log));
    p2p_options.listener = &mail;
    p2p_options.clock = &clock;
    POLIS_TRY(const auto p2p, P2pDriver::open(std::move(p2p_options)));
    log->info(
        "restore", "looking for a snapshot", {{"p2p", p2p::to_string(p2p->local_endpoint())}});
    p2p->start();
    const auto end = Stage(setup, **machine, *p2p, mail, clock).run(*log);
    p2p->stop();
    (void)write_book(setup.home, mail.book());
    if (!end) {
        return std::unexpected(explain(end.error()));
    }
    scratch->reset();
    switch (*end) {
        case Stage::End::kRestored:
            return keep_chain(setup.home);
        case Stage::End::kNobodyServes:
            log->warn("restore", "no peer serves a snapshot: beginning at the genesis");
            return {};
        case Stage::End::kEnding:
            return {};
    }
    return {};
}

}  // namespace polis::node
