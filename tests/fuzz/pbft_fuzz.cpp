// A live committee of four and everything that a network and one lying member can do to it:
// messages delivered in any order, lost, damaged, and rewritten with the liar's true signature;
// timers, crashes and restarts at any moment. The three honest members never decide different
// blocks, are never accused, hold bounded memory, and nothing crashes.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <core/check.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/support/pbft_cluster.hpp>

namespace polis::pbft {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)
using fuzz::Choices;

constexpr std::size_t kMembers = 4;
constexpr std::size_t kLiar = 3;
constexpr std::size_t kStepsMax = 400;
constexpr std::size_t kMemoryMax = std::size_t{256} * 1024;

/// One bit of the encoding inverted; nothing if that is no message any more.
std::optional<Message> damaged(const Message& message, Choices& choices) {
    Bytes bytes = codec::encode(message);
    const std::size_t at = (std::size_t{choices.byte()} * 256 + choices.byte()) % bytes.size();
    bytes[at] ^= static_cast<std::uint8_t>(1U << (choices.byte() % 8));
    const auto decoded = codec::decode<Message>(bytes);
    return decoded ? std::optional{*decoded} : std::nullopt;
}

Statement& statement_of(Message& message) {
    if (auto* proposal = std::get_if<Proposal>(&message)) {
        return proposal->vote.statement;
    }
    if (auto* ballot = std::get_if<Ballot>(&message)) {
        return ballot->vote.statement;
    }
    if (auto* change = std::get_if<ViewChangeMessage>(&message)) {
        return change->change.vote.statement;
    }
    return std::get<Decided>(message).certificate.statement;
}

Vote* vote_of(Message& message) {
    if (auto* proposal = std::get_if<Proposal>(&message)) {
        return &proposal->vote;
    }
    if (auto* ballot = std::get_if<Ballot>(&message)) {
        return &ballot->vote;
    }
    auto* change = std::get_if<ViewChangeMessage>(&message);
    return change != nullptr ? &change->change.vote : nullptr;
}

void edit_statement(Statement& said, Choices& choices) {
    switch (choices.byte() % 6) {
        case 0:
            said.view.value += choices.byte() % 4U;
            break;
        case 1:
            said.view.value = UINT64_MAX - choices.byte();
            break;
        case 2:
            said.height.value += choices.byte() % 3U;
            break;
        case 3:
            said.phase = static_cast<Phase>(choices.byte() % 4);
            break;
        case 4:
            said.digest.data[0] ^= choices.byte();
            break;
        case 5:
            break;  // said again as it is
    }
}

void edit_content(Message& message, Choices& choices) {
    if (auto* proposal = std::get_if<Proposal>(&message)) {
        auto& changes = proposal->justification.changes;
        const std::uint8_t choice = choices.byte() % 5;
        if (choice == 0 && !changes.empty()) {
            changes.pop_back();
        } else if (choice == 1 && !changes.empty()) {
            changes.push_back(changes.front());
        } else if (choice == 2) {
            proposal->justification.prepared.reset();
        } else if (choice == 3) {
            proposal->summary = test_block(proposal->vote.statement.height, View{}, choices.byte());
            proposal->vote.statement.digest = summary_hash(proposal->summary);
        } else {
            proposal->parent.reset();
        }
    } else if (auto* change = std::get_if<ViewChangeMessage>(&message)) {
        if (choices.byte() % 2 == 0) {
            change->change.prepared.reset();
            change->certificate.reset();
        } else if (change->change.prepared) {
            change->change.prepared->view.value += choices.byte() % 3U;
        }
        change->change.vote.statement.digest = prepared_hash(change->change.prepared);
    }
}

/// The message as the liar would say it: edited, and truly signed with its own key.
Message rewritten(Message message, Choices& choices) {
    edit_content(message, choices);
    edit_statement(statement_of(message), choices);
    if (Vote* vote = vote_of(message)) {
        vote->member = kLiar;
        vote->signature = member_key(kLiar).sign(signing_hash(vote->statement).view());
    }
    return message;
}

class Game {
  public:
    explicit Game(Choices choices)
        : choices_(choices), cluster_({.members = kMembers, .answers_builds = false}) {}

    void play() {
        cluster_.start_all();
        for (std::size_t step = 0; step < kStepsMax && !choices_.empty(); ++step) {
            act();
            check();
        }
    }

  private:
    void act() {
        const std::uint8_t choice = choices_.byte() % 12;
        const std::size_t node = choices_.byte() % kMembers;
        switch (choice) {
            case 0:
                cluster_.fire(node, Timer::kView);
                break;
            case 1:
                cluster_.fire(node, Timer::kResend);
                break;
            case 2:
                restart(node);
                break;
            case 3:
            case 4:
                build(node);
                break;
            case 5:
                tell(node, /*resigned=*/false);
                break;
            case 6:
            case 7:
                tell(node, /*resigned=*/true);
                break;
            case 8:
                if (!cluster_.in_flight().empty()) {
                    cluster_.in_flight().pop_front();
                }
                break;
            default:
                deliver(std::size_t{1} + choices_.byte() % 16);
                break;
        }
    }

    void deliver(std::size_t count) {
        for (std::size_t i = 0; i < count && cluster_.deliver_one(); ++i) {
        }
    }

    void build(std::size_t node) {
        cluster_.advance_clock(100);
        if (cluster_.node(node).build) {
            cluster_.answer_build(node, node == kLiar ? choices_.byte() : 0);
        }
    }

    void restart(std::size_t node) {
        if (node != kLiar) {
            cluster_.crash(node);
            cluster_.start(node);
        }
    }

    /// Hands a changed copy of a message in flight to an honest node.
    void tell(std::size_t node, bool resigned) {
        auto& flights = cluster_.in_flight();
        if (flights.empty() || node == kLiar) {
            return;
        }
        const Message original = flights[choices_.byte() % flights.size()].message;
        if (resigned) {
            (void)cluster_.receive(node, rewritten(original, choices_));
        } else if (const auto message = damaged(original, choices_)) {
            (void)cluster_.receive(node, *message);
        }
    }

    void check() {
        const PublicKey liar = member_key(kLiar).public_key();
        for (std::size_t i = 0; i < kMembers; ++i) {
            Node& node = cluster_.node(i);
            if (i == kLiar) {
                continue;
            }
            for (const Effects& effects : node.effects) {
                for (const Effect& effect : effects) {
                    const auto* accuse = std::get_if<Accuse>(&effect);
                    POLIS_ASSERT(accuse == nullptr || accuse->evidence.offender == liar);
                    const auto* alarm = std::get_if<Alarm>(&effect);
                    POLIS_ASSERT(alarm == nullptr || alarm->kind != AlarmKind::kTwoDecisions);
                }
            }
            POLIS_ASSERT_OP(node.replica->memory_bytes(), <, kMemoryMax);
            node.effects.clear();
            node.log.clear();
        }
        POLIS_ASSERT(cluster_.disagreement().empty());
    }

    Choices choices_;
    Cluster cluster_;
};

}  // namespace
}  // namespace polis::pbft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::pbft::Game(polis::fuzz::Choices({data, size})).play();
    return 0;
}
