#include <tests/node/network.hpp>

#include <algorithm>
#include <stdexcept>

#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <genesis/devnet.hpp>
#include <node/validator/wire.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {

using ledger::testing::must;

genesis::Genesis dev_genesis(std::size_t validators, std::uint64_t term_blocks) {
    genesis::GenesisPreset preset = genesis::devnet_preset({.validators = validators});
    preset.params.term_blocks = term_blocks;
    auto built = genesis::build(preset, "a network of tests");
    if (!built) {
        throw std::runtime_error(genesis::describe(built.error()));
    }
    return *std::move(built);
}

Identity dev_identity(std::size_t validator) {
    const auto seed = genesis::kDevSeed;
    const crypto::SigningKey account = genesis::dev_operator_key(seed, validator);
    return {
        .consensus_key = genesis::dev_consensus_key(seed, validator),
        .vrf_key = genesis::dev_vrf_key(seed, validator),
        .address = crypto::address_of(account.public_key()),
        .account_key = genesis::dev_account_key(seed, 9)};
}

Network::Network(std::size_t validators, std::uint64_t term_blocks, Validator::Options options)
    : genesis_(dev_genesis(validators, term_blocks)), options_(options) {
    for (std::size_t i = 0; i < validators; ++i) {
        add(i);
    }
    for (std::size_t i = 0; i < validators; ++i) {
        join(static_cast<PeerId>(i));
    }
}

PeerId Network::add(std::optional<std::size_t> identity) {
    const auto id = static_cast<PeerId>(nodes_.size());
    nodes_.emplace_back().identity = identity;
    open(nodes_.back(), /*create=*/true);
    perform(id, nodes_.back().validator->start(now_));
    return id;
}

void Network::open(Node& node, bool create) {
    auto store = std::make_unique<ledger::FaultStore>(1, std::move(node.image));
    node.store = store.get();
    Validator::Setup setup;
    setup.chain = create ? must(ledger::Chain::create(std::move(store), genesis_.state, {}))
                         : must(ledger::Chain::open(std::move(store), {}));
    if (node.identity) {
        setup.identity = dev_identity(*node.identity);
    }
    setup.checker = &checker_;
    setup.workers = &workers_;
    setup.options = options_;
    node.validator = must(Validator::open(std::move(setup)));
    node.log = {};
}

void Network::stop(PeerId id) {
    Node& node = nodes_.at(id);
    for (const PeerId peer : std::exchange(node.peers, {})) {
        nodes_[peer].peers.erase(id);
        input(peer, PeerLeft{id});
    }
    node.image = node.store->surviving_image(ledger::BatchLoss::kDropsUnsynced, 1);
    node.store = nullptr;
    node.validator.reset();
}

void Network::restart(PeerId id) {
    if (running(id)) {
        stop(id);
    }
    Node& node = nodes_.at(id);
    open(node, /*create=*/false);
    perform(id, node.validator->start(now_));
    join(id);
}

void Network::join(PeerId id) {
    for (PeerId peer = 0; peer < nodes_.size(); ++peer) {
        if (peer != id && running(peer)) {
            connect(id, peer);
        }
    }
}

void Network::connect(PeerId left, PeerId right) {
    if (nodes_[left].peers.insert(right).second) {
        nodes_[right].peers.insert(left);
        input(left, PeerJoined{right});
        input(right, PeerJoined{left});
    }
}

void Network::disconnect(PeerId left, PeerId right) {
    if (nodes_[left].peers.erase(right) > 0) {
        nodes_[right].peers.erase(left);
        input(left, PeerLeft{right});
        input(right, PeerLeft{left});
    }
}

PeerId Network::add_stranger() {
    const auto id = static_cast<PeerId>(nodes_.size());
    nodes_.emplace_back();
    join(id);
    return id;
}

void Network::input(PeerId id, const ValidatorInput& input) {
    if (running(id)) {
        perform(id, nodes_[id].validator->step(input, now_));
    }
}

void Network::send(PeerId from, PeerId to, const Bytes& bytes) {
    if (!filter_ || filter_(from, to, bytes)) {
        deliveries_.emplace(TimeMs{now_.value + kDelayMs}, Delivery{from, to, bytes});
    }
}

namespace {

/// Every message of every test travels in its own class.
void check_channel(p2p::Channel channel, const Bytes& bytes) {
    if (channel != channel_of(decode_wire(bytes).value())) {
        throw std::logic_error("a message in the wrong channel");
    }
}

}  // namespace

void Network::perform(PeerId from, ValidatorOutputs outputs) {
    Node& node = nodes_[from];
    Log& log = node.log;
    for (ValidatorOutput& output : outputs) {
        if (auto* one = std::get_if<SendTo>(&output)) {
            ++log.sent;
            check_channel(one->channel, one->bytes);
            if (node.peers.contains(one->peer)) {
                send(from, one->peer, one->bytes);
            }
        } else if (auto* all = std::get_if<SendAll>(&output)) {
            ++log.sent;
            check_channel(all->channel, all->bytes);
            for (const PeerId peer : node.peers) {
                send(from, peer, all->bytes);
            }
        } else if (auto* finalized = std::get_if<Finalized>(&output)) {
            log.finalized.push_back(std::move(*finalized));
        } else if (auto* penalty = std::get_if<Penalise>(&output)) {
            log.penalties.push_back(std::move(*penalty));
        } else if (auto* alarm = std::get_if<AlarmRaised>(&output)) {
            log.alarms.push_back(std::move(*alarm));
        } else if (auto* accused = std::get_if<Accused>(&output)) {
            log.accusations.push_back(std::move(*accused));
        } else if (auto* dispute = std::get_if<FactDisputed>(&output)) {
            log.disputes.push_back(std::move(*dispute));
        } else if (auto* verdict = std::get_if<TxnVerdict>(&output)) {
            log.verdicts.push_back(std::move(*verdict));
        } else if (auto* stop = std::get_if<StopNode>(&output)) {
            log.stopped = std::move(*stop);
        }
    }
}

/// To the next moment at which something happens, and all of that.
bool Network::step_clock(TimeMs limit) {
    std::optional<TimeMs> next;
    const auto earlier = [&next](std::optional<TimeMs> time) {
        if (time && (!next || *time < *next)) {
            next = time;
        }
    };
    if (!deliveries_.empty()) {
        earlier(deliveries_.begin()->first);
    }
    for (const Node& node : nodes_) {
        earlier(node.validator ? node.validator->next_timer() : std::nullopt);
    }
    if (!next || *next > limit) {
        return false;
    }
    now_ = std::max(now_, *next);
    while (!deliveries_.empty() && deliveries_.begin()->first <= now_) {
        Delivery delivery = std::move(deliveries_.begin()->second);
        deliveries_.erase(deliveries_.begin());
        if (!running(delivery.to)) {
            nodes_[delivery.to].mail.push_back(std::move(delivery.bytes));
        } else if (nodes_[delivery.to].peers.contains(delivery.from)) {
            input(delivery.to, PeerBytes{delivery.from, std::move(delivery.bytes)});
        }
    }
    for (PeerId id = 0; id < nodes_.size(); ++id) {
        const auto timer = running(id) ? nodes_[id].validator->next_timer() : std::nullopt;
        if (timer && *timer <= now_) {
            input(id, Tick{});
        }
    }
    return true;
}

void Network::run_for(std::uint64_t ms) {
    const TimeMs end{now_.value + ms};
    while (step_clock(end)) {
    }
    now_ = end;
}

bool Network::run_until(const std::function<bool()>& done, std::uint64_t ms_max) {
    const TimeMs end{now_.value + ms_max};
    while (!done()) {
        if (!step_clock(end)) {
            return false;
        }
    }
    return true;
}

bool Network::all_at(Height height) {
    return std::ranges::all_of(nodes_, [height](Node& node) {
        return !node.validator || node.validator->chain().head().height >= height;
    });
}

}  // namespace polis::node::testing
