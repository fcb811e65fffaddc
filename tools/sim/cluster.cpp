#include <tools/sim/cluster.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <core/check.hpp>
#include <ledger/chain.hpp>
#include <ledger/store/rows.hpp>
#include <tools/sim/describe.hpp>
#include <tools/sim/population.hpp>

namespace polis::sim {

namespace {

constexpr std::uint64_t kNoticeMsMax = 500;  // until a peer sees that a connection is dead
constexpr std::uint64_t kGreetMsMax = 200;   // to connect
constexpr std::uint64_t kCallsAhead = 40;    // a broken disk fails within so many calls

ledger::MemoryImage first_image(const genesis::Genesis& genesis) {
    auto store = std::make_unique<ledger::MemoryStore>();
    const ledger::MemoryStore* disk = store.get();
    const auto chain = ledger::Chain::create(std::move(store), genesis.state, {});
    POLIS_ASSERT(chain.has_value());
    return disk->image();
}

std::string why_not(const ledger::StoreError& error) {
    return fmt::format("{}: {}", to_string(error.code), error.context);
}

bool stops(const node::ValidatorOutputs& outputs) {
    return std::ranges::any_of(outputs, [](const node::ValidatorOutput& output) {
        return std::holds_alternative<node::StopNode>(output);
    });
}

}  // namespace

Cluster::Cluster(const Setup& setup)
    : scenario_(setup.scenario),
      checker_(setup.checker),
      workers_(setup.workers),
      judge_(setup.judge),
      trace_(setup.trace),
      cpu_clock_(setup.cpu_clock),
      network_(scenario_.run.seed, scenario_.nodes.size(), scenario_.network),
      random_(scenario_.run.seed, "cluster") {
    const ledger::MemoryImage image = first_image(setup.genesis);
    std::set<NodeId> liars;
    for (NodeId id = 0; id < scenario_.nodes.size(); ++id) {
        if (scenario_.traitor(scenario_.nodes[id].member) != nullptr) {
            liars.insert(id);
        }
    }
    for (const NodePlan& plan : scenario_.nodes) {
        Node node{
            .plan = plan,
            .clock = NodeClock(kRunStart, plan.skew_ms, plan.drift_ppm),
            .key = identity_of(plan.member).consensus_key.public_key()};
        if (const Traitor* traitor = scenario_.traitor(plan.member)) {
            node.adversary.emplace(Adversary::Setup{
                .seed = scenario_.run.seed,
                .self = static_cast<NodeId>(nodes_.size()),
                .nodes = scenario_.nodes.size(),
                .accomplices = liars,
                .traitor = *traitor,
                .key = identity_of(plan.member).consensus_key});
        }
        if (setup.own_checkers) {
            node.checker = std::make_unique<consensus::MemoChecker>();
        }
        node.image = image;
        nodes_.push_back(std::move(node));
    }
}

void Cluster::line(NodeId id, std::string_view what) {
    trace_.line(now_, fmt::format("n{}", id), what);
}

void Cluster::start() {
    for (NodeId id = 0; id < nodes_.size(); ++id) {
        open(id);
        connect(id);
    }
}

void Cluster::open(NodeId id) {
    Node& node = nodes_[id];
    ++node.incarnation;
    node.disk_breaks = false;
    auto store =
        std::make_unique<ledger::FaultStore>(random_.next(), std::exchange(node.image, {}));
    node.store = store.get();
    auto chain = ledger::Chain::open(std::move(store), {});
    if (!chain) {
        judge_.fault(
            Broken::kDurability,
            fmt::format("n{} cannot open its chain: {}", id, why_not(chain.error())));
        return;
    }
    if (!node.adversary) {
        judge_.reopened(id, **chain, node.announced);
    }
    node.head = (*chain)->head().height;
    node::Validator::Setup setup;
    setup.chain = *std::move(chain);
    setup.identity = identity_of(node.plan.member);
    setup.checker = node.checker ? node.checker.get() : &checker_;
    setup.workers = &workers_;
    setup.options.timing = scenario_.timing;
    auto validator = node::Validator::open(std::move(setup));
    if (!validator) {
        judge_.fault(
            Broken::kDurability,
            fmt::format("n{} cannot start: {}", id, why_not(validator.error())));
        return;
    }
    node.validator = *std::move(validator);
    line(id, fmt::format("starts at height {}", node.head.value));
    after_step(id, node.validator->start(node.clock.shown(now_)));
}

void Cluster::stop(NodeId id) {
    Node& node = nodes_[id];
    const auto loss = random_.chance(1, 2) ? ledger::BatchLoss::kDropsUnsynced
                                           : ledger::BatchLoss::kKeepsSomePrefix;
    node.image = node.store->surviving_image(loss, random_.next());
    node.head = node.validator->chain().head().height;
    node.store = nullptr;
    node.validator.reset();
    node.wake.reset();
    node.peers.clear();
    for (NodeId peer = 0; peer < nodes_.size(); ++peer) {
        if (nodes_[peer].peers.contains(id)) {
            const TimeMs notice{now_.value + random_.between(0, kNoticeMsMax)};
            events_.push(notice, Gone{peer, id, node.incarnation});
        }
    }
}

void Cluster::crash(NodeId id, std::uint64_t pause_ms) {
    if (!running(id)) {
        return;
    }
    line(id, "loses power");
    nodes_[id].store->crash();
    stop(id);
    events_.push(TimeMs{now_.value + pause_ms}, Restart{id, nodes_[id].incarnation});
}

void Cluster::break_disk(NodeId id, ledger::StoreFault fault, std::uint64_t pause_ms) {
    Node& node = nodes_[id];
    if (!running(id)) {
        return;
    }
    const std::uint64_t call = node.store->calls() + random_.between(1, kCallsAhead);
    node.store->inject({.call = call, .fault = fault});
    node.disk_breaks = true;
    node.pause_ms = pause_ms;
    line(id, fmt::format("its disk will fail ({})", static_cast<unsigned>(fault)));
}

void Cluster::keep_vote_record(NodeId id) {
    Node& node = nodes_[id];
    if (!running(id) || node.old_vote) {
        return;
    }
    if (auto row = node.store->get(ledger::rows::vote_key()); row && *row) {
        node.old_vote = {**std::move(row), node.validator->chain().head().height};
        line(id, "its vote record is copied");
    }
}

/// Only onto a longer chain: on the same height nobody could tell the copy from the original.
void Cluster::restore_vote_record(Node& node) {
    if (node.old_vote && node.old_vote->head < node.head) {
        node.image[ledger::rows::vote_key()] = std::move(node.old_vote->row);
        node.old_vote.reset();
        node.set_back = true;
    }
}

void Cluster::set_disk_back(NodeId id, std::uint64_t pause_ms) {
    Node& node = nodes_[id];
    if (!running(id)) {
        return;
    }
    if (!node.old_disk) {
        node.old_disk =
            node.store->surviving_image(ledger::BatchLoss::kDropsUnsynced, random_.next());
        return;
    }
    crash(id, pause_ms);
    line(id, "its disk is set back");
    node.image = *std::exchange(node.old_disk, std::nullopt);
}

void Cluster::prompt(NodeId id) {
    Node& node = nodes_[id];
    if (!running(id) || !node.adversary) {
        return;
    }
    const pbft::Replica& replica = node.validator->replica();
    for (const Mail& mail : node.adversary->act(replica.schedule(), replica.view())) {
        transmit(id, mail);
    }
}

void Cluster::cut(std::set<Link> links) {
    trace_.line(now_, "-", fmt::format("{} links are cut", links.size()));
    network_.cut(std::move(links));
}

void Cluster::heal() {
    trace_.line(now_, "-", "the faults end");
    healed_ = true;
    network_.heal();
    for (NodeId id = 0; id < nodes_.size(); ++id) {
        Node& node = nodes_[id];
        if (node.adversary) {
            node.adversary->heal();
        }
        if (running(id) && node.store->fired()) {
            crash(id, 0);  // it has failed, and the node has not noticed yet
        }
        if (!running(id)) {
            on(Restart{id, node.incarnation});
            continue;
        }
        node.store->inject({.call = UINT64_MAX});
        node.disk_breaks = false;
        if (!node.adversary) {
            judge_.reopened(id, node.validator->chain(), node.announced);
        }
    }
}

void Cluster::connect(NodeId id) {
    for (NodeId peer = 0; peer < nodes_.size(); ++peer) {
        if (peer != id && running(peer)) {
            const TimeMs greet{now_.value + random_.between(0, kGreetMsMax)};
            const Link link{id, peer};
            events_.push(greet, Meet{link, nodes_[id].incarnation, nodes_[peer].incarnation});
        }
    }
}

void Cluster::input(NodeId id, const node::ValidatorInput& input) {
    Node& node = nodes_[id];
    if (running(id)) {
        const std::uint64_t begin_ns = cpu_now();
        const node::ValidatorOutputs outputs = node.validator->step(input, node.clock.shown(now_));
        cpu_ns_ += cpu_now() - begin_ns;
        after_step(id, outputs);
    }
}

std::uint64_t Cluster::checks() const {
    std::uint64_t out = 0;
    for (const Node& node : nodes_) {
        out += node.checker ? node.checker->computed() : 0;
    }
    return out;
}

void Cluster::after_step(NodeId id, const node::ValidatorOutputs& outputs) {
    Node& node = nodes_[id];
    const bool stopped = stops(outputs);
    // Whoever loses power in the middle of a step may have come to do what the step said before.
    const bool silent = stopped && random_.chance(1, 2);
    for (const node::ValidatorOutput& output : outputs) {
        if (!silent) {
            perform(id, output);
        }
    }
    node.head = std::max(node.head, node.validator->chain().head().height);
    if (!node.adversary) {
        judge_.measured(id, node.validator->memory_bytes());
    }
    if (!stopped) {
        arm(id);
        return;
    }
    if (!node.disk_breaks) {
        judge_.fault(Broken::kStopped, fmt::format("n{} stops though its disk is sound", id));
    }
    line(id, "stops: its disk has failed");
    stop(id);
    events_.push(TimeMs{now_.value + node.pause_ms}, Restart{id, node.incarnation});
}

void Cluster::perform(NodeId id, const node::ValidatorOutput& output) {
    Node& node = nodes_[id];
    const bool judged = !node.adversary.has_value();
    if (const auto* one = std::get_if<node::SendTo>(&output)) {
        send(id, {one->peer, one->bytes});
    } else if (const auto* all = std::get_if<node::SendAll>(&output)) {
        send(id, {std::nullopt, all->bytes});
    } else if (const auto* final = std::get_if<node::Finalized>(&output)) {
        finalized(id, *final);
    } else if (const auto* penalty = std::get_if<node::Penalise>(&output)) {
        line(id, fmt::format("penalises n{}: {}", penalty->peer, penalty->reason));
        if (judged && correct(penalty->peer)) {
            judge_.penalised(id, penalty->peer, penalty->reason);
        }
    } else if (const auto* alarm = std::get_if<node::AlarmRaised>(&output)) {
        line(id, fmt::format("alarm: {}", to_string(alarm->alarm.kind)));
        if (judged) {
            judge_.alarmed(id, alarm->alarm, node.set_back);
        }
    } else if (const auto* accused = std::get_if<node::Accused>(&output)) {
        line(id, "accuses");
        if (judged) {
            judge_.accused(id, *accused);
        }
    }
}

void Cluster::finalized(NodeId id, const node::Finalized& output) {
    Node& node = nodes_[id];
    const Height height = output.head.height;
    line(id, fmt::format("finalizes {}", height.value));
    node.announced = std::max(node.announced, height);
    trace_.mix(output.head.block.view());
    trace_.mix(output.head.state_root.view());
    // Reading from a disk that is to fail would make it fail; another node or the restart tells.
    if (!node.adversary && (!node.disk_breaks || height <= judge_.referee().height())) {
        judge_.finalized(id, output, node.validator->chain());
    }
}

void Cluster::send(NodeId id, Mail mail) {
    Node& node = nodes_[id];
    if (!node.adversary) {
        transmit(id, mail);
        return;
    }
    for (const Mail& said : node.adversary->say(std::move(mail))) {
        transmit(id, said);
    }
}

void Cluster::transmit(NodeId id, const Mail& mail) {
    Node& node = nodes_[id];
    auto parcel = std::make_shared<Parcel>();
    parcel->bytes = mail.bytes;
    parcel->message = node::decode_wire(mail.bytes);
    parcel->text = describe(parcel->message);
    line(id, (mail.to ? fmt::format("to n{}: ", *mail.to) : "to all: ") + parcel->text);
    if (!node.adversary) {
        if (parcel->message) {
            judge_.said(id, node.key, *parcel->message);
        } else {
            judge_.fault(Broken::kEvidence, fmt::format("n{} sends what nobody can read", id));
        }
    }
    for (const NodeId peer : node.peers) {
        if (mail.to && *mail.to != peer) {
            continue;
        }
        if (parcel->message) {
            traffic_.add(purpose_of(*parcel->message), mail.bytes.size());
        }
        for (const TimeMs at : network_.send({id, peer}, now_)) {
            events_.push(at, Deliver{{id, peer}, nodes_[peer].incarnation, parcel});
        }
    }
}

void Cluster::arm(NodeId id) {
    Node& node = nodes_[id];
    const auto timer = node.validator->next_timer();
    if (!timer) {
        node.wake.reset();
        return;
    }
    const TimeMs at = node.clock.when(*timer, now_);
    if (node.wake != at) {
        node.wake = at;
        events_.push(at, Wake{id});
    }
}

void Cluster::step() {
    const auto entry = events_.pop();
    advance_to(entry.time);
    ++event_count_;
    std::visit([this](const auto& event) { on(event); }, entry.event);
}

void Cluster::on(const Deliver& event) {
    network_.arrived(event.link);
    const auto [from, to] = event.link;
    Node& node = nodes_[to];
    if (!running(to) || node.incarnation != event.incarnation || !node.peers.contains(from)) {
        return;
    }
    ++messages_;
    line(to, fmt::format("from n{}: {}", from, event.parcel->text));
    if (node.adversary) {
        for (const Mail& mail : node.adversary->hear(from, event.parcel->bytes)) {
            transmit(to, mail);
        }
    } else if (event.parcel->message) {
        judge_.heard(*event.parcel->message);
    }
    input(to, node::PeerBytes{from, event.parcel->bytes});
}

void Cluster::on(const Wake& event) {
    Node& node = nodes_[event.node];
    if (!running(event.node) || node.wake != now_) {
        return;  // armed anew for another time
    }
    node.wake.reset();
    line(event.node, "timer");
    input(event.node, node::Tick{});
}

void Cluster::on(const Restart& event) {
    Node& node = nodes_[event.node];
    if (running(event.node) || node.incarnation != event.incarnation) {
        return;  // it came back when the faults ended
    }
    ++restarts_;
    restore_vote_record(node);
    open(event.node);
    if (running(event.node)) {
        connect(event.node);
    }
}

void Cluster::leave(NodeId id, NodeId peer) {
    if (running(id) && nodes_[id].peers.erase(peer) > 0) {
        input(id, node::PeerLeft{peer});
    }
}

void Cluster::join(NodeId id, NodeId peer) {
    if (running(id) && nodes_[id].peers.insert(peer).second) {
        input(id, node::PeerJoined{peer});
    }
}

void Cluster::on(const Gone& event) {
    if (nodes_[event.peer].incarnation == event.incarnation) {
        leave(event.node, event.peer);
    }
}

void Cluster::on(const Meet& event) {
    const auto [first, second] = event.link;
    const auto current = [&] {
        return running(first) && running(second) && nodes_[first].incarnation == event.first &&
               nodes_[second].incarnation == event.second;
    };
    // A peer that came back fast is met before anybody noticed that it was gone.
    if (current()) {
        leave(second, first);
    }
    if (current()) {
        leave(first, second);
    }
    if (current()) {
        join(first, second);
    }
    if (current()) {
        join(second, first);
    }
}

}  // namespace polis::sim
