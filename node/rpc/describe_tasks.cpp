#include <node/rpc/describe_tasks.hpp>

#include <algorithm>
#include <array>

#include <core/codec/borsh.hpp>
#include <ledger/modules/tasks.hpp>

namespace polis::node::rpc {

namespace {

namespace pole = consensus::pole;
namespace tasks = ledger::tasks;

/// What most events begin with.
void write_place(JsonWriter& out, const auto& event) {
    out.number("round", event.round).bytes("task", event.task.view());
}

void write_data(JsonWriter& out, const tasks::Submitted& event) {
    out.bytes("task", event.task.view()).address("owner", event.owner);
    out.decimal("reward", event.reward.value).decimal("bond", event.bond.value);
}

void write_data(JsonWriter& out, const tasks::Dropped& event) {
    out.bytes("task", event.task.view()).address("owner", event.owner);
    out.decimal("refunded", event.refunded.value);
}

void write_data(JsonWriter& out, const tasks::Available& event) {
    out.bytes("task", event.task.view());
}

void write_data(JsonWriter& out, const tasks::Opened& event) {
    write_place(out, event);
    out.bytes("beacon", event.beacon.view()).number("untilMs", event.until.value);
}

void write_data(JsonWriter& out, const tasks::Committed& event) {
    write_place(out, event);
    out.address("trainer", event.trainer);
}

void write_data(JsonWriter& out, const tasks::Revealing& event) {
    write_place(out, event);
    out.number("untilMs", event.until.value);
}

void write_data(JsonWriter& out, const tasks::Revealed& event) {
    write_place(out, event);
    out.address("trainer", event.trainer).bytes("model", event.model.view());
}

void write_data(JsonWriter& out, const tasks::KeyRevealed& event) { write_place(out, event); }

void write_data(JsonWriter& out, const tasks::Scoring& event) {
    write_place(out, event);
    out.bytes("data", event.data.view()).number("untilMs", event.until.value);
}

void write_data(JsonWriter& out, const tasks::Scored& event) {
    write_place(out, event);
    out.address("trainer", event.trainer);
    write_score(out, "score", event.result);
}

void write_data(JsonWriter& out, const tasks::Paid& event) {
    write_place(out, event);
    out.address("trainer", event.trainer).decimal("amount", event.amount.value);
}

void write_data(JsonWriter& out, const tasks::Settled& event) {
    write_place(out, event);
    if (event.winner) {
        out.address("winner", *event.winner);
    } else {
        out.null("winner");
    }
    out.flag("ownerFailed", event.owner_failed).decimal("returned", event.returned.value);
}

template <class Data>
bool write_as(JsonWriter& out, ByteView bytes) {
    const auto data = codec::decode<Data>(bytes);
    if (!data) {
        return false;
    }
    out.begin_object();
    write_data(out, *data);
    out.end_object();
    return true;
}

struct Known {
    std::string_view name;
    bool (*write)(JsonWriter& out, ByteView bytes);
};

constexpr std::array kKnown{
    Known{"tasks.submitted", write_as<tasks::Submitted>},
    Known{"tasks.available", write_as<tasks::Available>},
    Known{"tasks.displaced", write_as<tasks::Dropped>},
    Known{"tasks.cancelled", write_as<tasks::Dropped>},
    Known{"tasks.expired", write_as<tasks::Dropped>},
    Known{"tasks.opened", write_as<tasks::Opened>},
    Known{"tasks.committed", write_as<tasks::Committed>},
    Known{"tasks.revealing", write_as<tasks::Revealing>},
    Known{"tasks.revealed", write_as<tasks::Revealed>},
    Known{"tasks.key_revealed", write_as<tasks::KeyRevealed>},
    Known{"tasks.scoring", write_as<tasks::Scoring>},
    Known{"tasks.scored", write_as<tasks::Scored>},
    Known{"tasks.paid", write_as<tasks::Paid>},
    Known{"tasks.slashed", write_as<tasks::Paid>},
    Known{"tasks.settled", write_as<tasks::Settled>}};

}  // namespace

std::string_view phase_name(pole::Phase phase) {
    switch (phase) {
        case pole::Phase::kTraining:
            return "training";
        case pole::Phase::kRevealing:
            return "revealing";
        case pole::Phase::kScoring:
            return "scoring";
    }
    return "unknown";
}

void write_score(
    JsonWriter& out, std::string_view name, const std::optional<pole::ScoreResult>& score) {
    if (!score) {
        out.null(name);
        return;
    }
    out.begin_object(name).number("correct", score->correct).number("count", score->count);
    out.decimal("crossEntropy", score->cross_entropy);
    out.flag("valid", score->verdict == pole::Verdict::kScored).end_object();
}

void write_optional(JsonWriter& out, std::string_view name, const std::optional<Hash>& hash) {
    if (hash) {
        out.bytes(name, hash->view());
    } else {
        out.null(name);
    }
}

bool write_task_event(JsonWriter& out, const ledger::Event& event) {
    const auto* const known = std::ranges::find(kKnown, event.name, &Known::name);
    return known != kKnown.end() && known->write(out, event.data);
}

}  // namespace polis::node::rpc
