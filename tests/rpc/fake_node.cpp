#include <tests/rpc/fake_node.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/merkle.hpp>
#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <ledger/execution.hpp>
#include <ledger/gas.hpp>
#include <ledger/mempool/account_source.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/store/memory_store.hpp>

namespace polis::node::rpc::testing {

namespace {

template <class T, class E>
T must(Result<T, E> result) {
    POLIS_ASSERT(result.has_value());
    return *std::move(result);
}

std::unique_ptr<ledger::Chain> devnet_chain() {
    const std::string toml = genesis::devnet_toml({});
    const auto built = must(genesis::build_from_text(toml, "devnet"));
    return must(ledger::Chain::create(std::make_unique<ledger::MemoryStore>(), built.state, {}));
}

}  // namespace

FakeNode::FakeNode()
    : chain_(devnet_chain()), reader_(chain_->store()), pool_({}, chain_->head().height) {
    node.version = "0.1.0";
    node.moniker = "fake \"node\"";
    node.id.data[0] = 3;
    node.chain_id = chain_->params().chain_id;
    node.genesis = chain_->genesis();
    node.params = chain_->params();
    node.p2p_listen = "127.0.0.1:26600";
    node.rpc_listen = "127.0.0.1:26601";
    node.admin_listen = "127.0.0.1:26602";
    node.dev = true;
    node.started = TimeMs{1'700'000'000'000};
    const auto terms = must(ledger::terms::load_terms(chain_->state()));
    view.machine.members = terms.members;
    view.machine.heard = {true, true, false, false};
    view.machine.phase = Phase::kVoting;
    view.machine.leader = terms.members.front().validator;
    view.peers = 1;
    node.validator = terms.members.front().validator;
}

Address FakeNode::account(std::size_t index) {
    const auto key = genesis::dev_account_key(genesis::kDevSeed, index);
    return crypto::address_of(key.public_key());
}

ledger::Transaction FakeNode::signed_txn(
    const crypto::SigningKey& key, ledger::Payload payload, std::uint64_t nonce) const {
    ledger::TxnBody body;
    body.chain_id = node.chain_id;
    body.sender = key.public_key();
    body.nonce = Nonce{nonce};
    body.gas_price = GasPrice{std::max<std::uint64_t>(1, node.params.gas_price_min.value)};
    body.valid_until = Height{1'000'000};
    body.payload = std::move(payload);
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit =
        Gas{ledger::intrinsic_gas(body.payload, bytes).value +
            ledger::execution_gas_max(body.payload).value};
    return ledger::sign(key, std::move(body));
}

Bytes FakeNode::transfer(
    std::size_t from, const Address& to, std::uint64_t amount, std::uint64_t nonce) const {
    const auto key = genesis::dev_account_key(genesis::kDevSeed, from);
    return codec::encode(signed_txn(key, ledger::Transfer{to, Amount{amount}}, nonce));
}

void FakeNode::mine(std::size_t count) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<ledger::CheckedTxn> txns;
        const ledger::BlockSpace space{
            .gas_max = node.params.block_gas_max,
            .bytes_max = 1'000'000,
            .count_max = 1'000,
            .height = Height{chain_->head().height.value + 1}};
        for (const ledger::TxnPtr& txn : pool_.select(space)) {
            txns.push_back(*txn);
        }
        apply(std::move(txns));
    }
}

void FakeNode::mine_with(std::vector<ledger::Transaction> txns) {
    const std::lock_guard lock(mutex_);
    std::vector<ledger::CheckedTxn> checked;
    for (const ledger::Transaction& txn : txns) {
        checked.push_back(must(ledger::check(txn, chain_->rules())));
    }
    apply(std::move(checked));
}

void FakeNode::apply(std::vector<ledger::CheckedTxn> txns) {
    std::vector<Hash> ids;
    for (const ledger::CheckedTxn& txn : txns) {
        ids.push_back(txn.id);
    }
    const ledger::BlockPlan plan{
        .chain_id = node.chain_id,
        .time = TimeMs{chain_->head().time.value + 10},
        .proposer = view.machine.members.front().validator};
    const auto block = ledger::make_block(chain_->head(), plan, std::move(txns));
    const auto applied = must(chain_->apply(block));
    ledger::StateAccounts accounts(chain_->state());
    const ledger::BlockSummary summary{
        .height = block.header.height, .included = ids, .touched = applied.touched};
    static_cast<void>(must(pool_.on_block(summary, accounts)));
    emit(BlockFinalized{chain_->head(), View{}, plan.proposer, ids, applied.events});
}

void FakeNode::emit(const NodeEvent& event) {
    const std::lock_guard lock(mutex_);
    if (listener_) {
        listener_(event);
    }
}

void FakeNode::listen(std::function<void(const NodeEvent&)> listener) {
    const std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
}

SnapshotPtr FakeNode::snapshot() const {
    const std::lock_guard lock(mutex_);
    auto out = std::make_shared<Snapshot>(view);
    out->machine.head = chain_->head();
    out->machine.mempool_count = pool_.count();
    out->machine.mempool_bytes = pool_.bytes();
    return out;
}

void FakeNode::submit(Bytes txn, Reply<Answer<TxnAnswer>> reply) {
    const std::lock_guard lock(mutex_);
    TxnAnswer out{ledger::txn_id(txn), {}};
    auto checked = ledger::check(txn, chain_->rules());
    if (checked && !ledger::signature_valid(checked->txn)) {
        checked = std::unexpected(ledger::TxnError::kBadSignature);
    }
    if (!checked) {
        out.outcome = TxnAnswer::Refused{checked.error()};
        answer(reply, std::move(out));
        return;
    }
    ledger::StateAccounts accounts(chain_->state());
    const auto verdict =
        must(pool_.add(std::make_shared<const ledger::CheckedTxn>(*std::move(checked)), accounts));
    if (verdict) {
        out.outcome = *verdict;
        emit(TxnPending{out.id});
    } else {
        out.outcome = TxnAnswer::Refused{verdict.error()};
    }
    answer(reply, std::move(out));
}

void FakeNode::pending_txn(const Hash& id, Reply<Answer<std::optional<Bytes>>> reply) {
    const std::lock_guard lock(mutex_);
    const ledger::TxnPtr txn = pool_.get(id);
    answer(reply, txn ? std::optional(codec::encode(txn->txn)) : std::nullopt);
}

void FakeNode::next_nonce(const Address& sender, Reply<Answer<std::optional<Nonce>>> reply) {
    const std::lock_guard lock(mutex_);
    answer(reply, pool_.next_nonce(sender));
}

void FakeNode::mempool(std::size_t count_max, Reply<Answer<std::vector<MempoolRow>>> reply) {
    const std::lock_guard lock(mutex_);
    std::vector<MempoolRow> rows;
    for (const ledger::TxnPtr& txn : pool_.content()) {
        if (rows.size() < count_max) {
            const ledger::TxnBody& body = txn->txn.body;
            rows.push_back({txn->id, txn->sender, body.nonce, body.gas_price, txn->encoded_bytes});
        }
    }
    answer(reply, std::move(rows));
}

void FakeNode::attempt(Trial trial, Reply<Answer<ledger::StoreResult<TrialResult>>> reply) {
    const std::lock_guard lock(mutex_);
    vm::ProgramCache programs(0);
    answer(reply, run_trial(reader_, node.params, trial, programs));
}

void FakeNode::prove(
    const ledger::StateKey& key, Reply<Answer<ledger::StoreResult<ledger::StateProof>>> reply) {
    const std::lock_guard lock(mutex_);
    answer(reply, chain_->prove(key));
}

void FakeNode::peers(Reply<Answer<std::vector<p2p::PeerView>>> reply) { answer(reply, peer_list); }

void FakeNode::bans(Reply<Answer<std::vector<p2p::BanView>>> reply) { answer(reply, ban_list); }

void FakeNode::add_peer(const p2p::Dial& peer, Reply<Answer<bool>> reply) {
    added.push_back(peer);
    answer(reply, true);
}

void FakeNode::remove_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) {
    answer(reply, std::erase_if(peer_list, [&](const auto& peer) { return peer.id == id; }) > 0);
}

void FakeNode::ban_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) {
    ban_list.push_back({id, TimeMs{7}, "an operator's order"});
    answer(reply, true);
}

void FakeNode::unban_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) {
    answer(reply, std::erase_if(ban_list, [&](const auto& ban) { return ban.id == id; }) > 0);
}

void FakeNode::take_snapshot(Reply<Answer<ledger::StoreResult<Height>>> reply) {
    answer(reply, ledger::StoreResult<Height>(chain_->head().height));
}

void FakeNode::set_faults(
    const std::optional<p2p::NodeId>& peer,
    const p2p::LinkFaults& faults,
    Reply<Answer<bool>> reply) {
    fault_list.emplace_back(peer, faults);
    answer(reply, true);
}

void FakeNode::clear_faults(Reply<Answer<bool>> reply) {
    fault_list.clear();
    answer(reply, true);
}

void FakeNode::faults(
    Reply<Answer<std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>>>> reply) {
    answer(reply, fault_list);
}

void FakeNode::set_clock_offset(std::int64_t ms, Reply<Answer<bool>> reply) {
    clock_offset = ms;
    answer(reply, true);
}

Result<Hash, std::string> FakeNode::put_blob(ByteView bytes) {
    const std::lock_guard lock(mutex_);
    const Hash root = crypto::sha3_256(bytes);
    blobs[root] = to_bytes(bytes);
    return root;
}

std::unique_ptr<BlobUpload> FakeNode::upload_blob() {
    /// Gathers the portions.
    class Upload final : public BlobUpload {
      public:
        explicit Upload(FakeNode& node) : node_(node) {}

        Result<void, std::string> add(ByteView portion) override {
            const std::lock_guard lock(node_.mutex_);
            node_.upload_part_max = std::max(node_.upload_part_max, portion.size());
            append(bytes_, portion);
            return {};
        }

        Result<Hash, std::string> finish() override { return node_.put_blob(bytes_); }

      private:
        FakeNode& node_;
        Bytes bytes_;
    };

    return std::make_unique<Upload>(*this);
}

Result<void, std::string> FakeNode::keep_task_key(const Hash& task, const Hash& key) {
    const std::lock_guard lock(mutex_);
    task_keys[task] = key;
    return {};
}

TaskCurve FakeNode::curve(const Hash& task) const {
    TaskCurve out{.now = TimeMs{1'000}, .jobs = jobs};
    std::erase_if(out.jobs, [&](const TrainingJob& job) { return job.begin.task != task; });
    return out;
}

std::optional<std::uint64_t> FakeNode::blob_bytes(const Hash& root) const {
    const std::lock_guard lock(mutex_);
    const auto blob = blobs.find(root);
    return blob == blobs.end() ? std::nullopt : std::optional<std::uint64_t>(blob->second.size());
}

Result<Bytes, std::string> FakeNode::read_blob(
    const Hash& root, std::uint64_t offset, std::size_t count) const {
    const std::lock_guard lock(mutex_);
    return to_bytes(ByteView{blobs.at(root)}.subspan(offset, count));
}

}  // namespace polis::node::rpc::testing
