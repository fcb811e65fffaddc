#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <consensus/memo_checker.hpp>
#include <core/worker_pool.hpp>
#include <ledger/chain.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/store/blob_store.hpp>
#include <node/app/app.hpp>
#include <node/app/backend.hpp>
#include <node/drivers/blob_driver.hpp>
#include <node/drivers/p2p_driver.hpp>
#include <node/drivers/txn_gate.hpp>
#include <node/drivers/validator_driver.hpp>
#include <node/home/home.hpp>
#include <node/learning/learner.hpp>
#include <node/log/log.hpp>
#include <node/metrics/stage_timer.hpp>
#include <node/metrics/stages.hpp>
#include <node/rpc/server.hpp>
#include <node/runtime/clock.hpp>
#include <node/runtime/job_pool.hpp>

namespace polis::node {

/// The parts of a node and the wires between them. Members stand in the order in which they are
/// made; stop() ends them in the other direction.
class App::Impl final : public P2pListener, public ValidatorListener, public TxnGate::Sink {
  public:
    explicit Impl(Setup setup) : setup_(std::move(setup)) {}

    ~Impl() override { stop(); }

    [[nodiscard]] Result<void, std::string> open();
    [[nodiscard]] Result<void, std::string> start();
    void stop();

    [[nodiscard]] const Addresses& addresses() const { return addresses_; }

    [[nodiscard]] const p2p::NodeId& id() const { return identity_->public_key(); }

    // P2pListener, on the net thread
    void peer_up(PeerId peer, const p2p::NodeId& id) override;
    void peer_down(PeerId peer) override;
    [[nodiscard]] bool message(
        PeerId peer, p2p::Channel channel, Bytes bytes, InFlight held) override;
    void save_book(Bytes book) override;

    // ValidatorListener, on the consensus thread
    void send(std::vector<NetOrder> orders) override;
    void event(const rpc::NodeEvent& event) override;
    void verdict(const TxnVerdict& verdict) override;
    void store_failed(const ledger::StoreError& error) override;
    [[nodiscard]] std::size_t peer_count() const override;

    // TxnGate::Sink, on crypto threads
    [[nodiscard]] bool verified(
        TxnsVerified txns, std::size_t bytes, InFlight held, std::uint64_t at_us) override;
    void misbehaved(PeerId peer, std::string reason) override;

  private:
    [[nodiscard]] OpenOptions measured_options();
    [[nodiscard]] Result<void, std::string> open_validator();
    [[nodiscard]] Result<void, std::string> open_blobs();
    [[nodiscard]] Result<void, std::string> open_p2p();
    [[nodiscard]] Result<void, std::string> open_learner();
    void make_backend();
    [[nodiscard]] Result<void, std::string> start_rpc();
    void say_hello();

    const Setup setup_;
    Addresses addresses_;
    Clock net_clock_;    ///< of sockets: never shifted
    Clock chain_clock_;  ///< of the machines: development networks may shift it
    StageTimes stage_times_;
    StageTimer stages_{stage_times_};  ///< used on the consensus thread only
    std::unique_ptr<Log> log_;
    std::optional<crypto::SigningKey> identity_;
    std::optional<Address> operator_;
    p2p::Hello hello_;

    consensus::MemoChecker checker_;       ///< used on the consensus thread only
    std::unique_ptr<WorkerPool> workers_;  ///< of the consensus thread, for whole blocks
    std::unique_ptr<JobPool> crypto_;      ///< transactions on their way in
    std::unique_ptr<JobPool> trials_;      ///< of transactions, for clients
    std::unique_ptr<JobPool> files_;       ///< small files: one thread
    std::unique_ptr<ledger::ChainReader> reader_;
    ledger::KeyValueStore* store_ = nullptr;  ///< owned by the validator's chain
    ledger::Params params_;
    std::unique_ptr<TxnGate> gate_;
    std::unique_ptr<ValidatorDriver> validator_;
    std::unique_ptr<ledger::BlobStore> blob_store_;
    std::unique_ptr<BlobDriver> blobs_;
    std::unique_ptr<P2pDriver> p2p_;
    std::unique_ptr<Learner> learner_;
    std::unique_ptr<NodeBackend> backend_;
    std::unique_ptr<rpc::Server> server_;
    std::string token_;  ///< of the operator
    bool stopped_ = false;
};

}  // namespace polis::node
