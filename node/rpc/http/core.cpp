#include <node/rpc/http/core.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>

#include <core/codec/borsh.hpp>
#include <ledger/modules/contracts.hpp>
#include <node/rpc/describe_contracts.hpp>
#include <node/rpc/http/connection.hpp>
#include <node/rpc/http/websocket.hpp>
#include <node/runtime/thread_name.hpp>

namespace polis::node::rpc {

namespace {

/// How exact deadlines are.
constexpr std::chrono::milliseconds kTick{100};

std::string hash_text(const Hash& id) {
    JsonWriter out;
    out.begin_object().bytes("id", id.view()).end_object();
    return out.take();
}

std::string step_text(const ConsensusStep& step) {
    JsonWriter out;
    out.begin_object().number("height", step.height.value).number("view", step.view.value);
    out.text("phase", to_string(step.phase)).end_object();
    return out.take();
}

std::string metric_text(const TaskMetric& metric) {
    JsonWriter out;
    out.begin_object().bytes("task", metric.task.view()).number("round", metric.round);
    out.number("job", metric.job).name("point");
    write_point(out, metric.point);
    out.end_object();
    return out.take();
}

std::string task_event_text(Height height, const ledger::Event& event) {
    JsonWriter out;
    out.begin_object().number("height", height.value).text("name", event.name).name("data");
    write_event_data(out, event);
    out.end_object();
    return out.take();
}

/// An event of a receipt, as the topics send it.
struct LogText {
    std::string log;
    std::optional<std::string> contract_event;
};

void begin_log(JsonWriter& out, Height height, const Hash& txn, std::size_t index) {
    out.begin_object().number("height", height.value).bytes("txn", txn.view());
    out.number("index", index);
}

LogText log_text(Height height, const Hash& txn, std::size_t index, const ledger::Event& event) {
    JsonWriter log;
    begin_log(log, height, txn, index);
    log.text("name", event.name).name("data");
    write_event_data(log, event);
    log.end_object();
    LogText out{.log = log.take(), .contract_event = std::nullopt};
    if (event.name == ledger::contracts::kContractEvent) {
        if (const auto data = codec::decode<ledger::contracts::ContractEvent>(event.data)) {
            JsonWriter text;
            begin_log(text, height, txn, index);
            write_contract_data(text, *data);
            text.end_object();
            out.contract_event = text.take();
        }
    }
    return out;
}

/// The events of a block's receipts.
Result<std::vector<LogText>, RpcError> logs_of(const ledger::ChainReader& chain, Height height) {
    std::vector<LogText> out;
    POLIS_TRY(const auto receipts, ask(chain.receipts(height)));
    std::optional<ledger::Block> block;
    for (std::size_t i = 0; receipts && i < receipts->size(); ++i) {
        for (const ledger::Event& event : (*receipts)[i].events) {
            if (!block) {
                POLIS_TRY(block, ask(chain.block(height)));
            }
            if (!block || i >= block->txns.size()) {
                return out;
            }
            const Hash txn = ledger::txn_id(codec::encode(block->txns[i]));
            out.push_back(log_text(height, txn, i, event));
        }
    }
    return out;
}

}  // namespace

AsioLoop::AsioLoop(std::size_t workers, std::size_t works_max)
    : works_max_(works_max), workers_(workers) {}

void AsioLoop::post(std::function<void()> task) {
    if (closed_) {
        return;
    }
    bool sleeping = false;
    {
        const std::lock_guard lock(tasks_mutex_);
        sleeping = tasks_.empty();
        tasks_.push_back(std::move(task));
    }
    if (sleeping) {
        boost::asio::post(context_, [this] { run_tasks(); });
    }
}

/// To wake the loop costs more than most tasks: those that come meanwhile are taken along.
void AsioLoop::run_tasks() {
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock(tasks_mutex_);
        tasks.swap(tasks_);
    }
    for (const std::function<void()>& task : tasks) {
        task();
    }
}

bool AsioLoop::work(std::function<void()> task) {
    if (closed_ || works_.fetch_add(1) >= works_max_) {
        --works_;
        return false;
    }
    boost::asio::post(workers_, [this, task = std::move(task)] {
        name_this_thread("rpc-work");  // the pool offers no earlier moment; it costs no 1 us
        task();
        --works_;
    });
    return true;
}

std::uint64_t AsioLoop::now_ms() const {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

void AsioLoop::close() {
    closed_ = true;
    context_.stop();
    workers_.join();
}

Core::Core(Server::Setup given)
    : setup(std::move(given)),
      heads(setup.backend->info().params.term_blocks),
      events(setup.limits, setup.backend->info().started.value),
      loop(setup.workers, setup.limits.works_max),
      waiters(*setup.backend, loop, setup.limits),
      faucet(*setup.backend, loop, setup.dev_seed),
      services{
          *setup.backend,
          loop,
          registry,
          setup.limits,
          heads,
          events,
          waiters,
          faucet,
          setup.dev_seed},
      dispatcher(services),
      timer_(loop.context()) {}

void Core::start() {
    listen_to_node();
    tick();
}

void Core::listen_to_node() {
    setup.backend->listen([this](const NodeEvent& event) {
        // The most frequent event by far, and nearly always nobody wants it.
        const bool pending = std::holds_alternative<TxnPending>(event);
        if (pending && !events.watched(Topic::kPendingTxs) && !waiters.wait_for_txns()) {
            unheard_pending_ = true;
            return;
        }
        const std::lock_guard lock(arrived_mutex_);
        if (arrived_.size() >= setup.limits.events_waiting_max) {
            events_lost_ = true;
            return;
        }
        arrived_.push_back(event);
        if (arrived_.size() == 1) {
            loop.post([this] { take_events(); });
        }
    });
}

/// A few at a time: clients come in between, however fast the node speaks.
void Core::take_events() {
    constexpr std::size_t kSlice = 256;
    std::vector<NodeEvent> events_now;
    {
        const std::lock_guard lock(arrived_mutex_);
        const auto end =
            arrived_.begin() + static_cast<std::ptrdiff_t>(std::min(kSlice, arrived_.size()));
        events_now.assign(std::make_move_iterator(arrived_.begin()), std::make_move_iterator(end));
        arrived_.erase(arrived_.begin(), end);
        if (!arrived_.empty()) {
            loop.post([this] { take_events(); });
        }
    }
    for (const NodeEvent& event : events_now) {
        on_event(event);
    }
}

void Core::tick() {
    timer_.expires_after(kTick);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        const std::uint64_t now = loop.now_ms();
        while (!due_.empty() &&
               due_.begin()->first <= now / static_cast<std::uint64_t>(kTick.count())) {
            const auto batch = std::move(due_.begin()->second);
            due_.erase(due_.begin());
            for (const std::weak_ptr<Connection>& entry : batch) {
                if (const auto connection = entry.lock()) {
                    connection->check(now);
                }
            }
        }
        const std::vector<WebSocketSession*> sessions(websockets_.begin(), websockets_.end());
        for (WebSocketSession* session : sessions) {
            session->check(now);
        }
        waiters.tick();
        if (events_lost_.exchange(false)) {
            events_lost();
        }
        tick();
    });
}

void Core::admit(boost::asio::ip::tcp::socket socket, const Door& door) {
    ++accepted;
    if (connections.size() >= setup.limits.connections_max) {
        ++refused;
        if (idle.empty()) {
            return;  // the socket closes here
        }
        idle.front()->close();
    }
    connections.push_back(std::make_shared<Connection>(*this, door, std::move(socket)));
    connection_count = connections.size();
    connections.back()->start(std::prev(connections.end()));
}

void Core::schedule(const std::shared_ptr<Connection>& connection, std::uint64_t due) {
    due_[due / static_cast<std::uint64_t>(kTick.count()) + 1].push_back(connection);
}

void Core::remove(Connection& connection) {
    connections.erase(connection.place());
    connection_count = connections.size();
}

void Core::add(WebSocketSession& session) {
    websockets_.insert(&session);
    websocket_count = websockets_.size();
}

void Core::remove(WebSocketSession& session) {
    websockets_.erase(&session);
    websocket_count = websockets_.size();
}

void Core::close_all() {
    while (!connections.empty()) {
        connections.front()->close();
    }
    const std::vector<WebSocketSession*> sessions(websockets_.begin(), websockets_.end());
    for (WebSocketSession* session : sessions) {
        session->close();
    }
}

bool Core::charge(std::size_t before, std::size_t now) {
    buffered_bytes_ += now;
    buffered_bytes_ -= before;
    return now <= before || buffered_bytes_ <= setup.limits.buffered_bytes_max;
}

void Core::on_event(const NodeEvent& event) {
    if (const auto* const block = std::get_if<BlockFinalized>(&event)) {
        on_block(*block);
    } else if (const auto* const txn = std::get_if<TxnPending>(&event)) {
        on_pending(txn->id);
    } else if (const auto* const metric = std::get_if<TaskMetric>(&event)) {
        events.push(Topic::kTaskMetrics, metric_text(*metric));
    } else {
        events.push(Topic::kConsensusSteps, step_text(std::get<ConsensusStep>(event)));
    }
    wake_subscribers();
}

/// What nobody heard leaves a gap in the log, for those who come back and ask.
void Core::on_pending(const Hash& id) {
    if (unheard_pending_.exchange(false)) {
        events.skip(Topic::kPendingTxs);
    }
    if (events.watched(Topic::kPendingTxs)) {
        events.push(Topic::kPendingTxs, hash_text(id));
    } else {
        events.skip(Topic::kPendingTxs);
    }
    waiters.on_pending(id);
}

void Core::on_block(const BlockFinalized& block) {
    heads.put(block);
    JsonWriter text;
    write_head(text, block, setup.backend->info().params.term_blocks);
    events.push(Topic::kHeads, text.text());
    events.push(Topic::kFinalized, text.take());
    for (const ledger::Event& event : block.events) {
        events.push(Topic::kTaskEvents, task_event_text(block.head.height, event));
    }
    waiters.on_block(block);
    const bool watched = events.watched(Topic::kLogs) || events.watched(Topic::kContractEvents);
    if (!watched || logs_.size() >= setup.limits.works_max) {
        skip_logs();
        return;
    }
    logs_.push_back(block.head.height);
    if (logs_.size() == 1) {
        read_logs();
    }
}

void Core::skip_logs() {
    events.skip(Topic::kLogs);
    events.skip(Topic::kContractEvents);
}

void Core::read_logs() {
    const Height height = logs_.front();
    const bool taken = loop.work([this, height] {
        loop.post([this, logs = logs_of(setup.backend->chain(), height)] {
            if (!logs) {
                skip_logs();
            } else {
                for (const LogText& log : *logs) {
                    events.push(Topic::kLogs, log.log);
                    if (log.contract_event) {
                        events.push(Topic::kContractEvents, *log.contract_event);
                    }
                }
            }
            wake_subscribers();
            logs_.pop_front();
            if (!logs_.empty()) {
                read_logs();
            }
        });
    });
    if (!taken) {
        skip_logs();
        logs_.clear();
    }
}

/// Many events, one walk over the sessions.
void Core::wake_subscribers() {
    if (websockets_.empty() || std::exchange(waking_, true)) {
        return;
    }
    loop.post([this] {
        waking_ = false;
        const std::vector<WebSocketSession*> sessions(websockets_.begin(), websockets_.end());
        for (WebSocketSession* session : sessions) {
            session->pump();
        }
    });
}

void Core::events_lost() {
    for (std::size_t i = 0; i < kTopics; ++i) {
        events.skip(static_cast<Topic>(i));
    }
    waiters.look_again();
    wake_subscribers();
}

}  // namespace polis::node::rpc
