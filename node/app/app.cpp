#include <node/app/app.hpp>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <node/app/app_impl.hpp>
#include <node/app/find_trainer.hpp>
#include <node/app/health.hpp>
#include <node/app/open_chain.hpp>
#include <node/app/open_log.hpp>
#include <node/app/p2p_setup.hpp>
#include <node/config/peer_address.hpp>
#include <node/home/home.hpp>
#include <node/validator/wire.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCryptoThreadsMax = 16;
constexpr std::size_t kCryptoJobsMax = 8'192;
constexpr std::size_t kFileJobsMax = 64;
/// Whatever clients try takes no thread from transactions and blocks.
constexpr std::size_t kTrialThreads = 2;
constexpr std::size_t kTrialJobsMax = 64;

/// A peer's transactions that may wait in this node; more of them are dropped, and reading goes on
/// for its votes.
constexpr std::size_t kPeerTxnBytesMax = std::size_t{4} << 20;

std::size_t crypto_threads(const NodeConfig::Runtime& config) {
    if (config.crypto_threads > 0) {
        return config.crypto_threads;
    }
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    return std::clamp<std::size_t>(cores - 1, 1, kCryptoThreadsMax);
}

Validator::Options validator_options(const NodeConfig& config) {
    Validator::Options out;
    out.timing.block_interval_ms = config.consensus.block_interval_ms;
    out.timing.view_timeout_ms = config.consensus.view_timeout_ms;
    out.timing.view_timeout_ms_max = config.consensus.view_timeout_ms_max;
    out.timing.resend_ms = config.consensus.resend_ms;
    out.empty_block_interval_ms = config.consensus.empty_block_interval_ms;
    out.clock_drift_ms_max = config.consensus.clock_drift_ms_max;
    out.block_txns_max = config.consensus.block_txns_max;
    out.snapshot_interval = config.sync.snapshot_interval;
    out.mempool.bytes_max = config.mempool.bytes_max;
    out.mempool.count_max = config.mempool.count_max;
    out.mempool.sender_count_max = config.mempool.sender_count_max;
    out.mempool.nonce_gap_max = config.mempool.nonce_gap_max;
    out.mempool.replacement_rise_percent = config.mempool.replacement_rise_percent;
    return out;
}

std::string with_port(const std::string& listen, std::uint16_t port) {
    p2p::Endpoint endpoint = *parse_listen_address(listen);
    endpoint.port = port;
    return p2p::to_string(endpoint);
}

ValidatorDriver::Lane lane_of(p2p::Channel channel) {
    switch (channel) {
        case p2p::Channel::kControl:
        case p2p::Channel::kConsensus:
            return ValidatorDriver::Lane::kConsensus;
        case p2p::Channel::kBlocks:
        case p2p::Channel::kBlobs:
            return ValidatorDriver::Lane::kBlocks;
        case p2p::Channel::kTxns:
            return ValidatorDriver::Lane::kTxns;
    }
    return ValidatorDriver::Lane::kBlocks;
}

/// A trainer on another machine gets the datasets from this node's store.
Result<TrainerHost::Options, std::string> trainer_elsewhere(
    const NodeConfig::Trainer& config, const HomeLayout& home, const ledger::BlobStore& blobs) {
    TrainerHost::Options out;
    out.listen = config.listen;
    if (!config.token_file.empty()) {
        POLIS_TRY(out.token, load_token(home.resolve(config.token_file)));
    }
    out.blobs.bytes = [&blobs](const Hash& root) -> std::optional<std::uint64_t> {
        const auto shape = blobs.shape(root);
        return shape ? std::optional(shape->bytes) : std::nullopt;
    };
    out.blobs.read = [&blobs](const Hash& root, std::uint64_t offset, std::size_t count)
        -> Result<Bytes, std::string> {
        auto bytes = blobs.read(root, offset, count);
        if (!bytes) {
            return std::unexpected(bytes.error().context);
        }
        return *std::move(bytes);
    };
    return out;
}

std::string why_no_trainer(ledger::ElectionKind election, bool validator) {
    if (election != ledger::ElectionKind::kPole) {
        return std::string(kNoTasks);
    }
    return validator ? "this node has no polis-trainer: build it with libtorch beside polisd, or "
                       "name it in trainer.program"
                     : "only validators train: this node attests and scores";
}

}  // namespace

// ---- opening ------------------------------------------------------------------------------------

Result<void, std::string> App::Impl::open() {
    std::error_code ignored;
    if (!fs::is_directory(setup_.home.home, ignored)) {
        return std::unexpected(fmt::format(
            "there is no directory {}; run: polisd init --home {} --genesis FILE",
            setup_.home.home.string(),
            setup_.home.home.string()));
    }
    POLIS_TRY(log_, open_log(setup_.home, setup_.config.log, net_clock_));
    POLIS_TRY(identity_, load_node_key(setup_.home));
    const std::size_t threads = crypto_threads(setup_.config.runtime);
    workers_ = std::make_unique<WorkerPool>(threads);
    crypto_ = std::make_unique<JobPool>("crypto", threads, kCryptoJobsMax);
    files_ = std::make_unique<JobPool>("files", 1, kFileJobsMax);
    trials_ = std::make_unique<JobPool>("trials", kTrialThreads, kTrialJobsMax);
    POLIS_TRY_VOID(open_validator());
    POLIS_TRY_VOID(open_blobs());
    POLIS_TRY_VOID(open_p2p());
    POLIS_TRY_VOID(open_learner());
    if (!setup_.config.admin.listen.empty()) {
        POLIS_TRY(token_, load_token(setup_.home.resolve(setup_.config.admin.token_file)));
    }
    make_backend();
    return {};
}

/// The memory of the configuration, and stages of what the store and the chain do.
OpenOptions App::Impl::measured_options() {
    OpenOptions out = open_options(setup_.config.store);
    out.chain.on_stage = [this](ledger::ApplyStage stage) {
        stages_.mark(stage, Clock::steady_us());
    };
    out.store.around_sync = [this](const std::function<void()>& sync) {
        const std::uint64_t begin_us = Clock::steady_us();
        sync();
        stage_times_.add(Stage::kSync, Clock::steady_us() - begin_us);
    };
    return out;
}

Result<void, std::string> App::Impl::open_validator() {
    POLIS_TRY(auto chain, open_chain(setup_.home, measured_options()));
    std::optional<Identity> identity;
    if (setup_.config.consensus.validator) {
        POLIS_TRY(identity, load_identity(setup_.home));
    }
    if (identity) {
        operator_ = identity->address;
    }
    params_ = chain->params();
    hello_ = make_hello(params_.chain_id, chain->genesis(), setup_.version);
    store_ = &chain->store();
    reader_ = std::make_unique<ledger::ChainReader>(*store_);
    gate_ = std::make_unique<TxnGate>(chain->rules(), *crypto_, *this, stage_times_);

    Validator::Setup setup;
    setup.chain = std::move(chain);
    setup.identity = std::move(identity);
    setup.checker = &checker_;
    setup.workers = workers_.get();
    setup.options = validator_options(setup_.config);
    setup.options.on_mark = [this](Mark mark, const Hash& block) {
        stages_.mark(mark, block, Clock::steady_us());
    };
    auto validator = Validator::open(std::move(setup));
    if (!validator) {
        return std::unexpected(
            "the chain's vote record cannot be used: " + validator.error().context +
            "; restore a copy of the home, or remove chain/ and sync again");
    }
    validator_ = std::make_unique<ValidatorDriver>(ValidatorDriver::Setup{
        .validator = *std::move(validator),
        .listener = this,
        .stages = &stages_,
        .clock = &chain_clock_,
        .log = log_.get()});
    return {};
}

Result<void, std::string> App::Impl::open_blobs() {
    auto store = ledger::BlobStore::open(
        {.folder = setup_.home.blobs_dir().string(),
         .quota_bytes = setup_.config.blobs.quota_bytes});
    if (!store) {
        return std::unexpected("the blobs cannot be used: " + store.error().context);
    }
    blob_store_ = *std::move(store);
    for (const auto& [root, cause] : blob_store_->damaged()) {
        log_->warn(
            "blobs",
            "a blob is damaged",
            {{"root", to_hex_prefixed(root.view())}, {"cause", cause}});
    }
    std::vector<Hash> keep;
    for (const std::string& root : setup_.config.blobs.keep) {
        keep.push_back(*fixed_from_hex<Hash>(root));
    }
    blobs_ = std::make_unique<BlobDriver>(BlobDriver::Setup{
        .store = blob_store_.get(),
        .files = files_.get(),
        .log = log_.get(),
        .keep = std::move(keep),
        .post = [this](auto work) { p2p_->perform_blobs(std::move(work)); }});
    return {};
}

Result<void, std::string> App::Impl::open_p2p() {
    POLIS_TRY(
        P2pDriver::Setup setup,
        p2p_setup(setup_.home, setup_.config.p2p, hello_, *identity_, *log_));
    setup.listener = this;
    setup.blobs = blobs_.get();
    setup.clock = &net_clock_;
    POLIS_TRY(p2p_, P2pDriver::open(std::move(setup)));
    addresses_.p2p = p2p::to_string(p2p_->local_endpoint());
    return {};
}

/// Everybody keeps, attests and scores, also for contracts; who has an account and a trainer takes
/// part in rounds, where the chain has any.
Result<void, std::string> App::Impl::open_learner() {
    const NodeConfig::Trainer& config = setup_.config.trainer;
    Learner::Setup setup;
    setup.validator = validator_.get();
    setup.blobs = blob_store_.get();
    setup.blob_driver = blobs_.get();
    setup.gate = gate_.get();
    setup.clock = &chain_clock_;
    setup.log = log_.get();
    setup.params = params_;
    setup.folder = setup_.home.learning_dir();
    POLIS_TRY(std::optional<Identity> identity, load_identity(setup_.home));
    if (identity) {
        setup.account = std::move(identity->account_key);
    }
    POLIS_TRY(const std::optional<fs::path> program, find_trainer(config.program));
    const bool elsewhere = !config.listen.empty();
    const bool plays = params_.election == ledger::ElectionKind::kPole && setup.account &&
                       operator_ && (program || elsewhere);
    setup.measured = [this](const rpc::TaskMetric& metric) {
        if (backend_) {
            backend_->emit(metric);
        }
    };
    if (!plays) {
        setup.no_trainer =
            why_no_trainer(params_.election, setup.account.has_value() && operator_.has_value());
    } else {
        POLIS_TRY(auto model, parse_architecture(config.architecture));
        setup.player = RoundPlayer::Options{.model = std::move(model), .device = config.device};
        if (elsewhere) {
            POLIS_TRY(setup.trainer, trainer_elsewhere(config, setup_.home, *blob_store_));
        } else {
            setup.trainer.command = {program->string()};
        }
        setup.trainer.socket = (setup.folder / "trainer.sock").string();
    }
    std::string where = "none: this node attests and scores only";
    if (plays) {
        where = elsewhere ? "elsewhere, at " + config.listen : program->string();
    }
    POLIS_TRY(learner_, Learner::open(std::move(setup)));
    log_->info("learning", "ready", {{"trainer", where}, {"architecture", config.architecture}});
    return {};
}

void App::Impl::make_backend() {
    NodeBackend::Parts parts;
    parts.info.version = setup_.version;
    parts.info.moniker = setup_.config.node.moniker;
    parts.info.id = id();
    parts.info.chain_id = params_.chain_id;
    parts.info.genesis = hello_.genesis;
    parts.info.params = params_;
    parts.info.mempool = validator_options(setup_.config).mempool;
    parts.info.validator = operator_;
    parts.info.p2p_listen = addresses_.p2p;
    parts.info.rpc_listen = setup_.config.rpc.listen;
    parts.info.admin_listen = setup_.config.admin.listen;
    parts.info.dev = setup_.config.admin.dev;
    parts.info.started = net_clock_.now();
    parts.config = &setup_.config;
    parts.chain = reader_.get();
    parts.store = store_;
    parts.validator = validator_.get();
    parts.p2p = p2p_.get();
    parts.gate = gate_.get();
    parts.crypto = crypto_.get();
    parts.stages = &stage_times_;
    parts.trials = trials_.get();
    parts.blobs = blob_store_.get();
    parts.learner = learner_.get();
    parts.clock = &chain_clock_;
    parts.ending = setup_.ending;
    backend_ = std::make_unique<NodeBackend>(std::move(parts));
}

// ---- start and end ------------------------------------------------------------------------------

Result<void, std::string> App::Impl::start() {
    say_hello();
    validator_->start();
    p2p_->start();
    if (learner_) {
        learner_->start();
    }
    return start_rpc();
}

/// Clients come last: whatever they ask for is there.
Result<void, std::string> App::Impl::start_rpc() {
    const NodeConfig& config = setup_.config;
    if (config.rpc.listen.empty()) {
        return {};
    }
    rpc::Server::Setup setup;
    setup.backend = backend_.get();
    setup.listen = config.rpc.listen;
    if (!config.admin.listen.empty()) {
        setup.admin = rpc::Server::Admin{.listen = config.admin.listen, .token = token_};
    }
    setup.limits.batch_max = config.rpc.batch_max;
    setup.limits.body_bytes_max = config.rpc.body_bytes_max;
    setup.limits.response_bytes_max = config.rpc.response_bytes_max;
    setup.limits.call_gas_max = config.rpc.call_gas_max;
    setup.hosts = config.rpc.hosts;
    if (config.admin.dev) {
        setup.dev_seed = config.admin.dev_seed;
    }
    server_ = std::make_unique<rpc::Server>(std::move(setup));
    POLIS_TRY(const rpc::Server::BoundPorts bound, server_->start());
    addresses_.rpc = with_port(config.rpc.listen, bound.rpc);
    if (bound.admin != 0) {
        addresses_.admin = with_port(config.admin.listen, bound.admin);
    }
    log_->info("rpc", "listening", {{"rpc", addresses_.rpc}, {"admin", addresses_.admin}});
    return {};
}

void App::Impl::say_hello() {
    const rpc::SnapshotPtr snapshot = validator_->snapshot();
    log_->info(
        "node",
        "starting",
        {{"version", setup_.version},
         {"chain", params_.chain_id.value},
         {"id", to_hex(id().view())},
         {"height", snapshot->machine.head.height.value},
         {"validator", operator_ ? "yes" : "no"},
         {"p2p", addresses_.p2p}});
    if (const auto trouble = clock_trouble(*snapshot, setup_.config.consensus)) {
        log_->warn("node", "clock is off", {{"cause", *trouble}});
    }
}

void App::Impl::stop() {
    if (stopped_ || !log_) {
        return;
    }
    stopped_ = true;
    if (server_) {
        server_->stop();
    }
    if (learner_) {
        learner_->stop();
    }
    if (p2p_) {
        p2p_->stop();
    }
    if (trials_) {
        trials_->stop();
    }
    if (crypto_) {
        crypto_->stop();
    }
    if (validator_) {
        validator_->stop();
    }
    if (gate_) {
        gate_->close();
    }
    if (files_) {
        files_->finish();
    }
    log_->info("node", "stopped", {{"why", setup_.ending->why()}});
}

// ---- the net thread -----------------------------------------------------------------------------

void App::Impl::peer_up(PeerId peer, const p2p::NodeId& /*id*/) {
    (void)validator_->push(ValidatorDriver::Lane::kPeers, PeerJoined{peer}, 0, {});
}

void App::Impl::peer_down(PeerId peer) {
    (void)validator_->push(ValidatorDriver::Lane::kPeers, PeerLeft{peer}, 0, {});
}

bool App::Impl::message(PeerId peer, p2p::Channel channel, Bytes bytes, InFlight held) {
    if (channel_of_bytes(bytes) != channel) {
        p2p_->penalise(peer, p2p::Offence::kBrokeProtocol, "a message on the wrong channel");
        return true;
    }
    const std::size_t size = bytes.size();
    if (is_txn_batch(bytes)) {
        return held.flow_bytes() <= kPeerTxnBytesMax &&
               gate_->take_batch(peer, std::move(bytes), std::move(held));
    }
    return validator_->push(
        lane_of(channel), PeerBytes{peer, std::move(bytes)}, size, std::move(held));
}

void App::Impl::save_book(Bytes book) {
    const bool taken = files_->submit([this, book = std::move(book)] {
        if (!write_book(setup_.home, book)) {
            log_->warn(
                "p2p",
                "cannot write the address book",
                {{"file", setup_.home.peers_book().string()}});
        }
    });
    if (!taken) {
        log_->warn("p2p", "no time to write the address book");
    }
}

// ---- the consensus thread -----------------------------------------------------------------------

void App::Impl::send(std::vector<NetOrder> orders) { p2p_->perform(std::move(orders)); }

void App::Impl::event(const rpc::NodeEvent& event) {
    if (learner_ && std::holds_alternative<rpc::BlockFinalized>(event)) {
        learner_->on_block();
    }
    if (backend_) {
        backend_->emit(event);
    }
}

void App::Impl::verdict(const TxnVerdict& verdict) { gate_->answer(verdict); }

void App::Impl::store_failed(const ledger::StoreError& error) {
    log_->error(
        "store", "the store failed: nothing is signed any more", {{"cause", error.context}});
    setup_.ending->request(Ending::kExitFailed, "the store failed: " + error.context);
}

std::size_t App::Impl::peer_count() const { return p2p_ ? p2p_->counters().peers.load() : 0; }

// ---- crypto threads -----------------------------------------------------------------------------

bool App::Impl::verified(TxnsVerified txns, std::size_t bytes, InFlight held, std::uint64_t at_us) {
    return validator_->push(
        ValidatorDriver::Lane::kTxns, std::move(txns), bytes, std::move(held), at_us);
}

void App::Impl::misbehaved(PeerId peer, std::string reason) {
    p2p_->penalise(peer, p2p::Offence::kInvalidData, std::move(reason));
}

// ---- the public face ----------------------------------------------------------------------------

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

App::~App() = default;

Result<std::unique_ptr<App>, std::string> App::open(Setup setup) {
    auto impl = std::make_unique<Impl>(std::move(setup));
    POLIS_TRY_VOID(impl->open());
    return std::unique_ptr<App>(new App(std::move(impl)));
}

Result<void, std::string> App::start() { return impl_->start(); }

void App::stop() { impl_->stop(); }

const App::Addresses& App::addresses() const { return impl_->addresses(); }

std::string App::node_id() const { return to_hex(impl_->id().view()); }

}  // namespace polis::node
