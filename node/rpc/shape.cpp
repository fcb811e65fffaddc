#include <node/rpc/shape.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <core/check.hpp>

namespace polis::node::rpc {

namespace {

constexpr std::array kShapes = {
    NamedShape{
        "Head",
        "{height: number, hash: hash, timeMs: number, stateRoot: hash, receiptsRoot: hash, "
        "gasUsed: decimal, txns: number, proposer: address, view: number, term: number}"},
    NamedShape{
        "Header",
        "{height: number, hash: hash, version: number, chainId: number, view: number, "
        "term: number, timeMs: number, parent: hash, parentCertificate: hash, txnRoot: hash, "
        "factsRoot: hash, beacon: hash, beaconProof: hex, parentStateRoot: hash, "
        "parentReceiptsRoot: hash, parentGasUsed: decimal, committee: hash, "
        "nextCommittee: hash, proposer: address, raw: hex}"},
    NamedShape{"Event", "{name: text, data: json}"},
    NamedShape{
        "Receipt",
        "{txn?: hash, status: text, success: flag, gasUsed: decimal, fee: decimal, "
        "events: [Event], output: hex}"},
    NamedShape{
        "Txn",
        "{id: hash, sender: address, nonce: number, payload: Payload, gasLimit: decimal, "
        "gasPrice: decimal, validUntil: number, signature: hex, raw: hex, "
        "place?: {height: number, index: number}, receipt?: Receipt}"},
    NamedShape{
        "Payload",
        "{type: 'transfer'|'registerValidator'|'delegate'|'unbond'|'withdraw'|'unjail'|"
        "'reportEvidence'|'submitTask'|'commitModel'|'revealModel'|'revealTestKey'|'cancelTask'|"
        "'deploy'|'call', "
        "to?: address, amount?: decimal|null, validator?: address, "
        "era?: number, consensusKey?: hex, vrfKey?: hex, commissionBps?: number, "
        "possession?: hex, offender?: hex, kind?: 'equivocation'|'amnesia', height?: number, "
        "task?: hash, name?: text, tag?: hex, reward?: decimal, bond?: decimal, commitment?: hash, "
        "model?: hash, salt?: hash, key?: hash, code?: hash, codeBytes?: number, "
        "contract?: address, method?: text, input?: hex, value?: decimal, gas?: decimal}"},
    NamedShape{
        "Trace",
        "{calls: [{depth: number, caller: address, contract: address, method: text, "
        "value: decimal, gasLimit: decimal, gasUsed: decimal, end: text, outputBytes: number}], "
        "functions: [{contract: address, name: text, calls: number, gas: decimal}], "
        "storage: [{contract: address, key: hex, kind: 'read'|'write'|'remove', "
        "before: number|null, after: number|null}], dropped: number}"},
    NamedShape{"Fact", "{kind: text, subject: hash, result: hex, term: number, signers: [number]}"},
    NamedShape{
        "TxnStatus",
        "{id: hash, status: 'unknown'|'pending'|'finalized', height?: number, index?: number, "
        "receipt?: Receipt}"},
    NamedShape{
        "Pending",
        "{txns: [{id: hash, sender: address, nonce: number, gasPrice: decimal, "
        "bytes: number}], total: number}"},
    NamedShape{"Member", "{address: address, consensusKey: hex, vrfKey: hex, power: decimal}"},
    NamedShape{
        "Task",
        "{id: hash, owner: address, name: text, state: text, round: number, submitted: number, "
        "submittedMs: number, available: flag, escrow: decimal, reward: decimal, bond: decimal, "
        "trainerBond: decimal, architecture: text, runnerUpBps: number, targetPpm: number, "
        "input: [number], "
        "classes: number, modelBytesMax: number, multiplyAddsMax: decimal, trainingMs: number, "
        "revealMs: number, scoringMs: number, training: hash, test: hash, testKeyHash: hash, "
        "validation: hash}"},
    NamedShape{"Score", "{correct: number, count: number, crossEntropy: decimal, valid: flag}"},
    NamedShape{
        "Round",
        "{number: number, task: hash, name: text, phase: 'training'|'revealing'|'scoring', "
        "opened: number, untilMs: number, beacon: hash, data: hash, testKey: hash|null, "
        "entries: [{trainer: address, model: hash|null, available: flag, score: Score|null}]}"},
    NamedShape{
        "RoundResult",
        "{round: number, task: hash, opened: number, settled: number, settledMs: number, "
        "data: hash, testKey: hash|null, ownerFailed: flag, entries: [{trainer: address, "
        "end: text, model: hash|null, score: Score|null, paid: decimal, "
        "copyOf: address|null}]}"},
    NamedShape{
        "Model",
        "{task: hash, name: text, round: number, rank: number, trainer: address, end: text, "
        "root: hash, bytes: number|null, score: Score|null, seed: hash, beacon: hash, "
        "data: hash, key: hash|null, input: [number], classes: number, settled: number}"},
    NamedShape{
        "Dataset",
        "{task: hash, name: text, part: 'training'|'validation'|'test', root: hash, "
        "sealed: flag, key: hash|null, bytes: number|null, samples: number|null, "
        "input: [number], classes: number}"},
    NamedShape{
        "TrainingPoint",
        "{elapsedMs: number, epoch: number, samples: number, lossMicro: number, "
        "accuracyPpm: number, samplesPerS: number}"},
    NamedShape{
        "TrainingJob",
        "{job: number, task: hash, round: number, model: text, device: text, beganMs: number, "
        "windowMs: number, end: 'running'|'model'|'cancelled'|'failed', cause: text, "
        "blob: hash|null, validation: Score|null, last: TrainingPoint|null, "
        "points?: [TrainingPoint]}"},
    NamedShape{
        "Faults",
        "{peer: hex|null, latencyMs: number, jitterMs: number, lossPpm: number, "
        "bytesPerS: number, cut: flag}"},
};

class Reader {
  public:
    Reader(JsonWriter& out, std::string_view shape) : out_(out), shape_(shape) {}

    void run() {
        type();
        space();
        POLIS_ASSERT(at_ == shape_.size());
    }

  private:
    [[nodiscard]] char peek() const { return at_ < shape_.size() ? shape_[at_] : '\0'; }

    void space() {
        while (peek() == ' ') {
            ++at_;
        }
    }

    void expect(char c) {
        space();
        POLIS_ASSERT(peek() == c);
        ++at_;
    }

    bool take(char c) {
        space();
        if (peek() != c) {
            return false;
        }
        ++at_;
        return true;
    }

    std::string_view word() {
        space();
        const std::size_t begin = at_;
        while ((peek() >= 'a' && peek() <= 'z') || (peek() >= 'A' && peek() <= 'Z') ||
               (peek() >= '0' && peek() <= '9')) {
            ++at_;
        }
        POLIS_ASSERT(at_ > begin);
        return shape_.substr(begin, at_ - begin);
    }

    std::string_view quoted() {
        expect('\'');
        const std::size_t end = shape_.find('\'', at_);
        POLIS_ASSERT(end != std::string_view::npos);
        const std::string_view text = shape_.substr(at_, end - at_);
        at_ = end + 1;
        return text;
    }

    void type() {
        space();
        if (peek() == '\'') {
            choices();
            return;
        }
        const std::size_t begin = at_;
        JsonWriter first;
        Reader(first, shape_, begin).single(at_);
        if (!take('|')) {
            out_.raw(first.text());
            return;
        }
        out_.begin_object().begin_array("oneOf").raw(first.text());
        do {
            single(at_);
        } while (take('|'));
        out_.end_array().end_object();
    }

    Reader(JsonWriter& out, std::string_view shape, std::size_t at)
        : out_(out), shape_(shape), at_(at) {}

    void choices() {
        out_.begin_object().text("type", "string").begin_array("enum");
        do {
            out_.text(quoted());
        } while (take('|'));
        out_.end_array().end_object();
    }

    /// One alternative; `end` becomes the place behind it.
    void single(std::size_t& end) {
        space();
        if (peek() == '{') {
            object();
        } else if (peek() == '[') {
            expect('[');
            out_.begin_object().text("type", "array").name("items");
            type();
            out_.end_object();
            expect(']');
        } else {
            named(word());
        }
        end = at_;
    }

    void object() {
        expect('{');
        std::vector<std::string_view> required;
        out_.begin_object().text("type", "object").begin_object("properties");
        if (!take('}')) {
            do {
                const std::string_view name = word();
                if (!take('?')) {
                    required.push_back(name);
                }
                expect(':');
                out_.name(name);
                type();
            } while (take(','));
            expect('}');
        }
        out_.end_object().begin_array("required");
        for (const std::string_view name : required) {
            out_.text(name);
        }
        out_.end_array().flag("additionalProperties", false).end_object();
    }

    void pattern(std::string_view text) {
        out_.begin_object().text("type", "string").text("pattern", text).end_object();
    }

    void named(std::string_view name) {
        if (name.front() >= 'A' && name.front() <= 'Z') {
            out_.begin_object();
            out_.text("$ref", "#/components/schemas/" + std::string(name)).end_object();
        } else if (name == "number") {
            out_.begin_object().text("type", "integer").number("minimum", 0).end_object();
        } else if (name == "hash") {
            pattern("^0x[0-9a-f]{64}$");
        } else if (name == "hex") {
            pattern("^0x([0-9a-f]{2})*$");
        } else if (name == "address") {
            pattern("^polis1[0-9a-z]+$");
        } else if (name == "decimal") {
            pattern("^(0|[1-9][0-9]*)$");
        } else if (name == "true") {
            out_.begin_object().text("type", "boolean").begin_array("enum").raw("true");
            out_.end_array().end_object();
        } else if (name == "json") {
            out_.begin_object().end_object();
        } else {
            constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes = {
                {{"text", "string"}, {"flag", "boolean"}, {"signed", "integer"}, {"null", "null"}}};
            for (const auto& [word, json_type] : kTypes) {
                if (name == word) {
                    out_.begin_object().text("type", json_type).end_object();
                    return;
                }
            }
            POLIS_ASSERT(name == "a word of shape.hpp");
        }
    }

    JsonWriter& out_;
    const std::string_view shape_;
    std::size_t at_ = 0;
};

}  // namespace

void write_shape(JsonWriter& out, std::string_view shape) { Reader(out, shape).run(); }

std::span<const NamedShape> named_shapes() { return kShapes; }

}  // namespace polis::node::rpc
