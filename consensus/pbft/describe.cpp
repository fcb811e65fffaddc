#include <consensus/pbft/describe.hpp>

#include <core/hex.hpp>

namespace polis::pbft {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string place(const Statement& said) {
    return number(said.height.value) + "/" + number(said.view.value);
}

std::string from(MemberIndex member) { return " by " + number(member); }

std::string line(const Proposal& message) {
    const Statement& said = message.vote.statement;
    std::string out =
        "proposal " + place(said) + " " + short_name(said.digest) + from(message.vote.member);
    if (!message.justification.changes.empty()) {
        out += " shows " + number(message.justification.changes.size()) + " view changes";
    }
    if (message.justification.prepared) {
        out += " and prepared " + place(message.justification.prepared->statement);
    }
    return out;
}

std::string line(const Ballot& message) {
    const Statement& said = message.vote.statement;
    return std::string(to_string(said.phase)) + " " + place(said) + " " + short_name(said.digest) +
           from(message.vote.member);
}

std::string line(const ViewChangeMessage& message) {
    const Vote& vote = message.change.vote;
    std::string out = "view change " + place(vote.statement) + from(vote.member);
    if (const auto& prepared = message.change.prepared) {
        out +=
            " prepared view " + number(prepared->view.value) + " " + short_name(prepared->digest);
    }
    return out;
}

std::string line(const Decided& message) {
    const Statement& said = message.certificate.statement;
    return "decided " + place(said) + " " + short_name(said.digest);
}

std::string name_of(Timer timer) { return timer == Timer::kView ? "view" : "resend"; }

std::string line(const Start& /*input*/) { return "start"; }

std::string line(const Received& input) { return "received " + describe(input.message.message()); }

std::string line(const TimerFired& input) { return "timer " + name_of(input.timer); }

std::string line(const Built& input) {
    return "built " + number(input.height.value) + "/" + number(input.view.value) + " " +
           short_name(input.digest);
}

std::string line(const Obtained& input) {
    return "obtained " + number(input.height.value) + " " + short_name(input.digest) +
           (input.verdict == Verdict::kValid ? " valid" : " invalid");
}

std::string line(const Applied& input) {
    return "applied " + short_name(input.digest) + ", next height " +
           number(input.schedule.height.value);
}

std::string line(const Synced& input) {
    return "synced " + place(input.certificate.statement) + " " +
           short_name(input.certificate.statement.digest);
}

std::string line(const Diverged& input) { return "diverged at " + number(input.height.value); }

std::string line(const Broadcast& effect) { return "send " + describe(effect.message); }

std::string line(const Persist& effect) {
    std::string out =
        "persist " + number(effect.record.height.value) + "/" + number(effect.record.view.value);
    if (effect.store) {
        out += " with block " + short_name(*effect.store);
    }
    for (const Message& message : effect.then_broadcast) {
        out += "; then send " + describe(message);
    }
    return out;
}

std::string line(const SetTimer& effect) {
    return "set timer " + name_of(effect.timer) + " to " + number(effect.at.value);
}

std::string line(const CancelTimer& effect) { return "cancel timer " + name_of(effect.timer); }

std::string line(const Build& effect) {
    return "build " + number(effect.height.value) + "/" + number(effect.view.value) +
           " not before " + number(effect.not_before.value);
}

std::string line(const BuildAhead& effect) {
    return "build ahead " + number(effect.height.value) + " on " + short_name(effect.parent);
}

std::string line(const Obtain& effect) {
    std::string out = "obtain " + number(effect.height.value) + " " + short_name(effect.digest) +
                      (effect.fresh ? " fresh" : "") + " from";
    for (const MemberIndex source : effect.sources) {
        out += " " + number(source);
    }
    return out;
}

std::string line(const Finalize& effect) {
    const Certificate& certificate = effect.certificate;
    return "finalize " + place(certificate.statement) + " " +
           short_name(certificate.statement.digest) + " signed by " +
           number(certificate.signatures.size());
}

std::string line(const Accuse& effect) {
    return "accuse " + to_hex(effect.evidence.offender.view().first(4)) + " of " +
           (std::holds_alternative<Equivocation>(effect.evidence.proof) ? "equivocation"
                                                                        : "amnesia") +
           " at " + number(height_of(effect.evidence).value);
}

std::string line(const Behind& effect) { return "behind " + number(effect.height.value); }

std::string line(const Alarm& effect) {
    return "alarm at " + number(effect.height.value) + ": " + std::string(to_string(effect.kind));
}

}  // namespace

std::string short_name(const Hash& digest) { return to_hex(digest.view().first(4)); }

std::string describe(const Message& message) {
    return std::visit([](const auto& item) { return line(item); }, message);
}

std::string describe(const Input& input) {
    return std::visit([](const auto& item) { return line(item); }, input);
}

std::string describe(const Effect& effect) {
    return std::visit([](const auto& item) { return line(item); }, effect);
}

}  // namespace polis::pbft
