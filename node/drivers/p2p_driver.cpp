#include <node/drivers/p2p_driver.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <core/hex.hpp>
#include <node/drivers/p2p_impl.hpp>
#include <node/runtime/thread_name.hpp>

namespace polis::node {

namespace {

constexpr std::size_t kReadBufferBytes = std::size_t{256} << 10;
constexpr std::uint64_t kDialMs = 5'000;
constexpr std::uint64_t kAcceptPauseMs = 100;  ///< after running out of descriptors

asio::ip::address to_asio(const p2p::Endpoint& endpoint) {
    asio::ip::address_v6::bytes_type bytes{};
    std::ranges::copy(endpoint.address, bytes.begin());
    const asio::ip::address_v6 address(bytes);
    return address.is_v4_mapped()
               ? asio::ip::address(asio::ip::make_address_v4(asio::ip::v4_mapped, address))
               : asio::ip::address(address);
}

p2p::Endpoint from_asio(const tcp::endpoint& endpoint) {
    const auto address =
        endpoint.address().is_v4()
            ? asio::ip::make_address_v6(asio::ip::v4_mapped, endpoint.address().to_v4())
            : endpoint.address().to_v6();
    p2p::Endpoint out;
    std::ranges::copy(address.to_bytes(), out.address.begin());
    out.port = endpoint.port();
    return out;
}

/// A socket on its way, with the time that it has.
struct Dialling {
    explicit Dialling(asio::io_context& io) : socket(io), deadline(io) {}

    tcp::socket socket;
    asio::steady_timer deadline;
};

/// Waiting does not mend these.
bool needs_a_person(p2p::CloseReason reason) {
    return reason == p2p::CloseReason::kWrongChain || reason == p2p::CloseReason::kWrongGenesis ||
           reason == p2p::CloseReason::kWrongVersion || reason == p2p::CloseReason::kWrongNode;
}

std::string short_id(const p2p::NodeId& id) { return to_hex(id.view().first(4)); }

}  // namespace

template <class Work>
void P2pDriver::Impl::post(Work work) {
    asio::post(io_, [this, work = std::move(work)]() mutable {
        if (!stopping_) {
            work();
            settle();
        }
    });
}

// ---- start and end ------------------------------------------------------------------------------

P2pDriver::Impl::Impl(Setup setup)
    : setup_(std::move(setup)),
      static_seed_(crypto::Seed::generate()),
      faults_(setup_.faults_seed),
      read_buffer_(kReadBufferBytes) {}

P2pDriver::Impl::~Impl() { stop(); }

Result<void, std::string> P2pDriver::Impl::listen() {
    const tcp::endpoint wanted(to_asio(setup_.listen), setup_.listen.port);
    boost::system::error_code error;
    acceptor_.open(wanted.protocol(), error);
    if (!error) {
        acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        acceptor_.bind(wanted, error);
    }
    if (!error) {
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        return std::unexpected(fmt::format(
            "cannot listen on {} for nodes: {}; stop what uses the port or choose another "
            "p2p.listen",
            p2p::to_string(setup_.listen),
            error.message()));
    }
    local_ = from_asio(acceptor_.local_endpoint());
    setup_.hello.listen_port = setup_.advertise_port != 0 ? setup_.advertise_port : local_.port;
    return {};
}

void P2pDriver::Impl::start() {
    peers_ = std::make_unique<p2p::Peers>(std::move(setup_.peers), now());
    accept();
    post([this] { perform(peers_->tick(now())); });
    thread_ = std::thread([this] {
        name_this_thread("net");
        const auto work = asio::make_work_guard(io_);
        io_.run();
    });
}

void P2pDriver::Impl::stop() {
    if (!thread_.joinable()) {
        return;
    }
    asio::post(io_, [this] { close_all(); });
    thread_.join();
}

void P2pDriver::Impl::close_all() {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    accept_pause_.cancel();
    timer_.cancel();
    for (const auto& [id, connection] : std::exchange(connections_, {})) {
        connection->finish({}, "shutting down");
        connection->flush();  // what fits into the socket at once
        connection->abort({});
    }
    setup_.listener->save_book(peers_->save());
    io_.stop();
}

// ---- sockets ------------------------------------------------------------------------------------

void P2pDriver::Impl::accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
        if (error != asio::error::operation_aborted && !stopping_) {
            on_accept(error, std::move(socket));
        }
    });
}

void P2pDriver::Impl::on_accept(const boost::system::error_code& error, tcp::socket socket) {
    if (error) {
        setup_.log->warn("p2p", "cannot accept connections", {{"cause", error.message()}});
        accept_pause_.expires_after(std::chrono::milliseconds(kAcceptPauseMs));
        accept_pause_.async_wait([this](const boost::system::error_code& cancelled) {
            if (!cancelled) {
                accept();
            }
        });
        return;
    }
    boost::system::error_code gone;
    const tcp::endpoint remote = socket.remote_endpoint(gone);
    const p2p::ConnectionId id = next_id_++;
    if (!gone && peers_->accepted(id, from_asio(remote), now())) {
        counters_.accepts.fetch_add(1);
        open_connection(id, std::move(socket), p2p::Role::kResponder, std::nullopt);
    }
    settle();
    accept();
}

void P2pDriver::Impl::open_connection(
    p2p::ConnectionId id,
    tcp::socket socket,
    p2p::Role role,
    const std::optional<p2p::NodeId>& expected) {
    p2p::Session session(
        {.role = role,
         .identity = setup_.identity,
         .hello = setup_.hello,
         .expected = expected,
         .static_seed = crypto::Seed(static_seed_.view()),
         .ephemeral_seed = crypto::Seed::generate(),
         .limits = {}},
        now());
    const auto connection = std::make_shared<Connection>(
        id, std::move(socket), std::move(session), *this, *setup_.clock);
    connections_.emplace(id, connection);
    connection->start();
}

void P2pDriver::Impl::perform_one(const p2p::Dial& effect) {
    counters_.dials.fetch_add(1);
    const auto dialling = std::make_shared<Dialling>(io_);
    dialling->deadline.expires_after(std::chrono::milliseconds(kDialMs));
    dialling->deadline.async_wait([dialling](const boost::system::error_code& cancelled) {
        boost::system::error_code ignored;
        if (!cancelled) {
            dialling->socket.close(ignored);
        }
    });
    const tcp::endpoint target(to_asio(effect.endpoint), effect.endpoint.port);
    dialling->socket.async_connect(
        target, [this, dialling, effect](const boost::system::error_code& error) {
            dialling->deadline.cancel();
            if (stopping_) {
                return;
            }
            if (error || !dialling->socket.is_open()) {
                perform(peers_->dial_failed(effect.endpoint, now()));
            } else {
                const p2p::ConnectionId id = next_id_++;
                peers_->dialled(id, effect.endpoint, now());
                open_connection(
                    id, std::move(dialling->socket), p2p::Role::kInitiator, effect.expected);
            }
            settle();
        });
}

// ---- what sessions say --------------------------------------------------------------------------

void P2pDriver::Impl::on_events(Connection& connection, p2p::SessionEvents events) {
    for (p2p::SessionEvent& event : events) {
        if (connection.finishing()) {
            break;
        }
        std::visit([this, &connection](auto& one) { on(connection, one); }, event);
    }
    settle();
}

void P2pDriver::Impl::on(Connection& connection, const p2p::Established& event) {
    perform(peers_->established(connection.id(), event.remote, now()));
}

void P2pDriver::Impl::on(Connection& connection, p2p::Message& event) {
    const std::size_t bytes = event.bytes.size();
    counters_.received_bytes[static_cast<std::size_t>(event.channel)].fetch_add(bytes);
    counters_.received_messages[static_cast<std::size_t>(event.channel)].fetch_add(1);
    switch (event.channel) {
        case p2p::Channel::kControl:
            perform(peers_->control(connection.id(), event.bytes, now()));
            return;
        case p2p::Channel::kBlobs:
            if (connection.up && setup_.blobs != nullptr) {
                perform(setup_.blobs->receive(connection.id(), event.bytes, now()));
            }
            return;
        case p2p::Channel::kConsensus:
        case p2p::Channel::kBlocks:
        case p2p::Channel::kTxns:
            break;
    }
    if (!connection.up) {
        return;
    }
    const bool taken = setup_.listener->message(
        connection.id(), event.channel, std::move(event.bytes), connection.hold(bytes));
    if (taken) {
        return;
    }
    if (event.channel == p2p::Channel::kTxns) {
        counters_.dropped_messages.fetch_add(1);
        return;
    }
    connection.finish({p2p::CloseReason::kFlooding, false}, "this node cannot keep up");
}

void P2pDriver::Impl::on(Connection& connection, const p2p::Closed& event) {
    setup_.log->write(
        needs_a_person(event.reason) ? LogLevel::kWarn : LogLevel::kDebug,
        "p2p",
        "session ended",
        {{"connection", connection.id()},
         {"reason", p2p::to_string(event.reason)},
         {"note", event.note},
         {"by", event.by_peer ? "peer" : "us"},
         {"because", p2p::explain(event.reason)}});
    // What a peer says of us is no fault of the peer's.
    const bool accused = event.by_peer && event.reason == p2p::CloseReason::kFlooding;
    connection.finish(
        {accused ? std::nullopt : std::optional{event.reason}, event.misbehaved}, event.note);
}

void P2pDriver::Impl::on_closed(Connection& connection) {
    if (stopping_) {
        return;
    }
    counters_.closes.fetch_add(1);
    const p2p::ConnectionId id = connection.id();
    const Connection::End end = connection.end();
    faults_.connection_closed(id);
    perform(peers_->closed(id, end.reason, end.misbehaved, now()));
    connections_.erase(id);
    settle();
}

// ---- what Peers wants ---------------------------------------------------------------------------

void P2pDriver::Impl::perform(p2p::PeersEffects effects) {
    for (p2p::PeersEffect& effect : effects) {
        std::visit([this](auto& one) { perform_one(one); }, effect);
    }
}

void P2pDriver::Impl::perform_one(const p2p::Disconnect& effect) {
    if (Connection* const connection = find(effect.connection)) {
        connection->finish({}, effect.reason);
    }
}

void P2pDriver::Impl::perform_one(p2p::SendControl& effect) {
    if (Connection* const connection = find(effect.connection)) {
        send(*connection, p2p::Channel::kControl, std::move(effect.bytes));
    }
}

void P2pDriver::Impl::perform_one(const p2p::PeerUp& effect) {
    Connection* const connection = find(effect.connection);
    if (connection == nullptr) {
        return;
    }
    connection->up = true;
    counters_.peers.fetch_add(1);
    setup_.log->info(
        "p2p",
        "peer is up",
        {{"peer", short_id(effect.id)},
         {"address", p2p::to_string(effect.endpoint)},
         {"direction", effect.direction == p2p::Direction::kInbound ? "inbound" : "outbound"}});
    setup_.listener->peer_up(effect.connection, effect.id);
    if (setup_.blobs != nullptr) {
        perform(setup_.blobs->peer_up(effect.connection, now()));
    }
}

void P2pDriver::Impl::perform_one(const p2p::PeerDown& effect) {
    if (Connection* const connection = find(effect.connection)) {
        connection->up = false;
        setup_.log->info(
            "p2p", "peer is gone", {{"peer", short_id(connection->session().remote().id)}});
    }
    counters_.peers.fetch_sub(1);
    setup_.listener->peer_down(effect.connection);
    if (setup_.blobs != nullptr) {
        perform(setup_.blobs->peer_down(effect.connection, now()));
    }
}

void P2pDriver::Impl::perform_one(const p2p::BookChanged& /*effect*/) {
    setup_.listener->save_book(peers_->save());
}

void P2pDriver::Impl::perform(NetMachine::Effects effects) {
    for (auto& effect : effects) {
        if (auto* const message = std::get_if<NetMachine::Send>(&effect)) {
            if (Connection* const connection = find(message->peer)) {
                send(*connection, p2p::Channel::kBlobs, std::move(message->bytes));
            }
        } else {
            const auto& offence = std::get<NetMachine::Offended>(effect);
            penalise(offence.peer, p2p::Offence::kInvalidData, offence.reason);
        }
    }
}

void P2pDriver::Impl::penalise(PeerId peer, p2p::Offence offence, const std::string& reason) {
    counters_.penalties.fetch_add(1);
    setup_.log->warn("p2p", "a peer misbehaved", {{"connection", peer}, {"reason", reason}});
    perform(peers_->offended(peer, offence, reason, now()));
}

// ---- what other threads want --------------------------------------------------------------------

void P2pDriver::Impl::order(std::vector<NetOrder> orders) {
    for (NetOrder& order : orders) {
        std::visit([this](auto& one) { perform_order(one); }, order);
    }
}

void P2pDriver::Impl::perform_order(SendTo& order) {
    if (Connection* const connection = find(order.peer); connection != nullptr && connection->up) {
        send(*connection, order.channel, std::move(order.bytes));
    }
}

void P2pDriver::Impl::perform_order(SendAll& order) {
    for (const auto& [id, connection] : connections_) {
        if (connection->up) {
            send(*connection, order.channel, order.bytes);
        }
    }
}

void P2pDriver::Impl::perform_order(const Penalise& order) {
    penalise(order.peer, p2p::Offence::kInvalidData, order.reason);
}

void P2pDriver::Impl::send(Connection& connection, p2p::Channel channel, Bytes bytes) {
    if (connection.finishing()) {
        return;
    }
    if (faults_.active()) {
        faults_.submit(
            connection.id(), connection.session().remote().id, channel, std::move(bytes), now());
        return;
    }
    send_now(connection, channel, std::move(bytes));
}

void P2pDriver::Impl::send_now(Connection& connection, p2p::Channel channel, Bytes bytes) {
    counters_.sent_bytes[static_cast<std::size_t>(channel)].fetch_add(bytes.size());
    counters_.sent_messages[static_cast<std::size_t>(channel)].fetch_add(1);
    if (connection.send(channel, std::move(bytes))) {
        return;
    }
    if (channel == p2p::Channel::kTxns || channel == p2p::Channel::kBlobs) {
        counters_.dropped_messages.fetch_add(1);  // it will ask, or others tell it
        return;
    }
    connection.finish({p2p::CloseReason::kTooSlow, false}, "reads too slowly");
}

void P2pDriver::Impl::release_faults() {
    for (p2p::FaultyLinks::Released& released : faults_.release(now())) {
        Connection* const connection = find(released.connection);
        if (connection != nullptr && !connection->finishing()) {
            send_now(*connection, released.channel, std::move(released.message));
        }
    }
}

// ---- time ---------------------------------------------------------------------------------------

/// After whatever happened: gives sockets what waits and arms the timer.
void P2pDriver::Impl::settle() {
    if (stopping_ || std::exchange(settling_, true)) {
        return;
    }
    if (faults_.active()) {
        release_faults();
    }
    // A flush may close a connection, which then leaves the map.
    std::vector<ConnectionPtr> waiting;
    for (const auto& [id, connection] : connections_) {
        if (connection->wants_flush()) {
            waiting.push_back(connection);
        }
    }
    for (const ConnectionPtr& connection : waiting) {
        connection->flush();
    }
    settling_ = false;
    arm();
}

void P2pDriver::Impl::arm() {
    const std::optional<TimeMs> due = next_timer();
    if (due == armed_) {
        return;
    }
    armed_ = due;
    if (!due) {
        timer_.cancel();
        return;
    }
    const std::uint64_t at = due->value;
    const std::uint64_t current = now().value;
    timer_.expires_after(std::chrono::milliseconds(at > current ? at - current : 0));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled && !stopping_) {
            armed_.reset();
            on_timer();
        }
    });
}

void P2pDriver::Impl::on_timer() {
    const TimeMs time = now();
    if (const auto due = peers_->next_timer(); due && *due <= time) {
        perform(peers_->tick(time));
        count_round_trips();
    }
    if (setup_.blobs != nullptr) {
        if (const auto due = setup_.blobs->next_timer(); due && *due <= time) {
            perform(setup_.blobs->tick(time));
        }
    }
    std::vector<ConnectionPtr> all;
    all.reserve(connections_.size());
    for (const auto& [id, connection] : connections_) {
        all.push_back(connection);
    }
    for (const ConnectionPtr& connection : all) {
        connection->tick(time);
    }
    settle();
}

std::optional<TimeMs> P2pDriver::Impl::next_timer() const {
    std::optional<TimeMs> next = peers_->next_timer();
    const auto consider = [&next](std::optional<TimeMs> time) {
        if (time && (!next || *time < *next)) {
            next = time;
        }
    };
    consider(faults_.next_release());
    if (setup_.blobs != nullptr) {
        consider(setup_.blobs->next_timer());
    }
    for (const auto& [id, connection] : connections_) {
        consider(connection->next_timer());
    }
    return next;
}

void P2pDriver::Impl::count_round_trips() {
    std::uint64_t sum = 0;
    std::uint64_t count = 0;
    for (const auto& [id, connection] : connections_) {
        if (const auto ms = connection->session().round_trip_ms()) {
            sum += *ms;
            ++count;
        }
    }
    counters_.round_trip_ms.store(count == 0 ? 0 : sum / count);
}

Connection* P2pDriver::Impl::find(p2p::ConnectionId id) {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
}

// ---- the public face ----------------------------------------------------------------------------

P2pDriver::P2pDriver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

P2pDriver::~P2pDriver() = default;

Result<std::unique_ptr<P2pDriver>, std::string> P2pDriver::open(Setup setup) {
    auto impl = std::make_unique<Impl>(std::move(setup));
    POLIS_TRY_VOID(impl->listen());
    return std::unique_ptr<P2pDriver>(new P2pDriver(std::move(impl)));
}

void P2pDriver::start() { impl_->start(); }

void P2pDriver::stop() { impl_->stop(); }

p2p::Endpoint P2pDriver::local_endpoint() const { return impl_->local(); }

const P2pCounters& P2pDriver::counters() const { return impl_->counters(); }

void P2pDriver::perform(std::vector<NetOrder> orders) {
    impl_->post([impl = impl_.get(), orders = std::move(orders)]() mutable {
        impl->order(std::move(orders));
    });
}

void P2pDriver::penalise(PeerId peer, p2p::Offence offence, std::string reason) {
    impl_->post([impl = impl_.get(), peer, offence, reason = std::move(reason)] {
        impl->penalise(peer, offence, reason);
    });
}

void P2pDriver::perform_blobs(std::function<NetMachine::Effects(TimeMs)> work) {
    impl_->post([impl = impl_.get(), work = std::move(work)] { impl->perform(work(impl->now())); });
}

void P2pDriver::with_peers(PeersWork work) {
    impl_->post([impl = impl_.get(), work = std::move(work)] {
        impl->perform(work(impl->peers(), impl->now()));
    });
}

void P2pDriver::with_faults(std::function<void(p2p::FaultyLinks&)> work) {
    impl_->post([impl = impl_.get(), work = std::move(work)] { work(impl->faults()); });
}

}  // namespace polis::node
