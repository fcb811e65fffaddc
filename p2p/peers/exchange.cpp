#include <algorithm>
#include <variant>

#include <p2p/peers/machine.hpp>
#include <p2p/peers/time.hpp>

namespace polis::p2p {

void Peers::Impl::control(ConnectionId connection, ByteView bytes, TimeMs now) {
    const auto found = connections_.find(connection);
    if (found == connections_.end() || found->second.state != State::kUp) {
        return;
    }
    const auto message = codec::decode<PeersMessage>(bytes);
    if (!message) {
        punish(found->second.id, Offence::kBrokeProtocol, "a control message that is none", now);
        return;
    }
    if (std::holds_alternative<PeersQuestion>(*message)) {
        on_question(connection, now);
    } else {
        on_answer(connection, std::get<PeersAnswer>(*message), now);
    }
}

/// Whoever dialled us chose us, so what it tells may be meant for us: on the open internet only
/// peers that we chose are asked.
bool Peers::Impl::asks(const Connection& connection) const {
    return connection.state == State::kUp &&
           (limits_.local_network || connection.direction == Direction::kOutbound);
}

void Peers::Impl::ask_where_due(TimeMs now) {
    for (auto& [id, connection] : connections_) {
        if (!asks(connection)) {
            continue;
        }
        if (connection.asked && ms_between(*connection.asked, now) >= rhythm_.answer_ms) {
            connection.asked.reset();
            connection.unanswered = std::min(connection.unanswered + 1, kUnansweredMax);
        }
        if (connection.asked || connection.ask_at > now) {
            continue;
        }
        connection.asked = now;
        connection.ask_at = later(now, rhythm_.exchange_ms);
        effects_.emplace_back(SendControl{id, codec::encode(PeersMessage{PeersQuestion{}})});
    }
}

void Peers::Impl::on_question(ConnectionId id, TimeMs now) {
    Connection& connection = connections_.at(id);
    const std::uint64_t gained =
        ms_between(connection.questions_filled, now) / rhythm_.question_refill_ms;
    if (gained > 0) {
        const std::uint64_t room = kQuestionsMax - connection.questions;
        connection.questions += static_cast<std::uint32_t>(std::min(gained, room));
        connection.questions_filled =
            later(connection.questions_filled, gained * rhythm_.question_refill_ms);
    }
    if (connection.questions == 0) {
        punish(connection.id, Offence::kFlooding, "asks for addresses too often", now);
        return;
    }
    --connection.questions;
    effects_.emplace_back(SendControl{id, codec::encode(PeersMessage{answer_for(id)})});
}

/// Only addresses that this node speaks to or has spoken to: hearsay goes no further, so an
/// invented address dies with whoever was told.
PeersAnswer Peers::Impl::answer_for(ConnectionId asker) {
    const Connection& to = connections_.at(asker);
    std::set<Endpoint> live;
    for (const auto& [id, connection] : connections_) {
        if (connection.state == State::kUp && connection.listen) {
            live.insert(*connection.listen);
        }
    }
    for (const auto& [endpoint, entry] : book_.entries()) {
        if (entry.table == Table::kTried && entry.failures == 0) {
            live.insert(endpoint);
        }
    }
    std::erase_if(live, [&](const Endpoint& endpoint) {
        return endpoint == to.listen || own_.contains(endpoint) ||
               !is_acceptable(endpoint, limits_.local_network);
    });
    if (live.size() > kAnswerEndpointsMax) {
        std::vector<Endpoint> sample(live.begin(), live.end());
        random_.shuffle(sample);
        sample.resize(kAnswerEndpointsMax);
        live = std::set<Endpoint>(sample.begin(), sample.end());
    }
    return {.endpoints = std::move(live)};
}

void Peers::Impl::on_answer(ConnectionId id, const PeersAnswer& answer, TimeMs now) {
    Connection& connection = connections_.at(id);
    if (!connection.asked) {
        if (connection.unanswered == 0) {
            punish(connection.id, Offence::kFlooding, "answers what nobody asked", now);
            return;
        }
        --connection.unanswered;
        return;
    }
    connection.asked.reset();
    const Book::Source source{.id = connection.id, .endpoint = connection.endpoint};
    bool learned = false;
    for (const Endpoint& endpoint : answer.endpoints) {
        if (!own_.contains(endpoint)) {
            learned = book_.add(endpoint, source) || learned;
        }
    }
    if (learned) {
        changed();
        fill_places(now);
    }
}

}  // namespace polis::p2p
