#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <node/drivers/in_flight.hpp>
#include <node/log/log.hpp>
#include <node/runtime/clock.hpp>
#include <node/validator/validator.hpp>
#include <p2p/endpoint.hpp>
#include <p2p/faults.hpp>
#include <p2p/peers.hpp>
#include <p2p/session.hpp>

/// The `net` thread: sockets and timers around Session, Peers and FaultyLinks. It moves bytes and
/// performs what these machines want; no decision of the protocol is taken here.
namespace polis::node {

/// What the net thread tells the rest of the node. Called on that thread: must return at once.
class P2pListener {
  public:
    virtual ~P2pListener() = default;

    virtual void peer_up(PeerId peer, const p2p::NodeId& id) = 0;
    virtual void peer_down(PeerId peer) = 0;

    /// A message for the validator: kConsensus, kBlocks or kTxns. False: there is no room for it.
    /// @param held goes when the message has been worked off
    [[nodiscard]] virtual bool message(
        PeerId peer, p2p::Channel channel, Bytes bytes, InFlight held) = 0;

    /// The address book changed: write it to disk soon.
    virtual void save_book(Bytes book) = 0;
};

/// A machine that lives on the net thread and speaks on one channel, such as the blob transfer.
class NetMachine {
  public:
    struct Send {
        PeerId peer = 0;
        Bytes bytes;
    };

    struct Offended {
        PeerId peer = 0;
        std::string reason;
    };

    using Effects = std::vector<std::variant<Send, Offended>>;

    virtual ~NetMachine() = default;

    [[nodiscard]] virtual Effects peer_up(PeerId peer, TimeMs now) = 0;
    [[nodiscard]] virtual Effects peer_down(PeerId peer, TimeMs now) = 0;
    [[nodiscard]] virtual Effects receive(PeerId peer, ByteView bytes, TimeMs now) = 0;
    [[nodiscard]] virtual Effects tick(TimeMs now) = 0;
    [[nodiscard]] virtual std::optional<TimeMs> next_timer() const = 0;
};

/// What other threads order.
using NetOrder = std::variant<SendTo, SendAll, Penalise>;

/// Counted since the start; read by metrics.
struct P2pCounters {
    std::array<std::atomic<std::uint64_t>, p2p::kChannels> received_bytes{};
    std::array<std::atomic<std::uint64_t>, p2p::kChannels> sent_bytes{};
    std::array<std::atomic<std::uint64_t>, p2p::kChannels> received_messages{};
    std::array<std::atomic<std::uint64_t>, p2p::kChannels> sent_messages{};
    std::atomic<std::uint64_t> dropped_messages{0};  ///< transactions and blobs without room
    std::atomic<std::uint64_t> penalties{0};
    std::atomic<std::uint64_t> dials{0};
    std::atomic<std::uint64_t> accepts{0};
    std::atomic<std::uint64_t> closes{0};
    std::atomic<std::size_t> peers{0};
    std::atomic<std::uint64_t> round_trip_ms{0};  ///< mean over the peers
};

class P2pDriver {
  public:
    struct Setup {
        p2p::Endpoint listen;
        p2p::Hello hello;                              ///< the port is filled in when it is known
        std::uint16_t advertise_port = 0;              ///< 0: the one that is bound
        const crypto::SigningKey* identity = nullptr;  ///< outlives the driver
        p2p::Peers::Setup peers;
        std::uint64_t faults_seed = 0;
        P2pListener* listener = nullptr;  ///< outlives the driver's thread
        NetMachine* blobs = nullptr;      ///< may be null; used on the net thread only
        Clock* clock = nullptr;
        Log* log = nullptr;
    };

    /// Binds the address. @error one line with cause and cure
    [[nodiscard]] static Result<std::unique_ptr<P2pDriver>, std::string> open(Setup setup);

    ~P2pDriver();
    P2pDriver(const P2pDriver&) = delete;
    P2pDriver& operator=(const P2pDriver&) = delete;

    /// Starts the thread. @pre once
    void start();

    /// Closes everything and joins the thread; the address book is handed out once more.
    /// Idempotent.
    void stop();

    [[nodiscard]] p2p::Endpoint local_endpoint() const;
    [[nodiscard]] const P2pCounters& counters() const;

    // From any thread; performed on the net thread in their order.
    void perform(std::vector<NetOrder> orders);
    void penalise(PeerId peer, p2p::Offence offence, std::string reason);

    /// What the net machine wants after another thread spoke to it.
    void perform_blobs(std::function<NetMachine::Effects(TimeMs)> work);

    /// Runs `work` on the net thread and performs the effects that it returns.
    using PeersWork = std::function<p2p::PeersEffects(p2p::Peers&, TimeMs)>;
    void with_peers(PeersWork work);
    void with_faults(std::function<void(p2p::FaultyLinks&)> work);

    class Impl;

  private:
    explicit P2pDriver(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::node
