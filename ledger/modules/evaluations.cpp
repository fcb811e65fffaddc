#include <ledger/modules/evaluations.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/contract_gas.hpp>
#include <ledger/modules/contract_machine.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger::evaluations {

namespace {

/// Second byte of the keys of kind kEvaluation.
constexpr std::array<std::uint8_t, 1> kQueueTag{0};
constexpr std::array<std::uint8_t, 1> kRequestTag{1};

/// All requests, in the order in which they were made.
struct Queue {
    std::uint64_t made = 0;  ///< ever
    std::vector<Hash> open;

    bool operator==(const Queue&) const = default;
    static constexpr auto kFields =
        codec::fields(&Queue::made, codec::bounded(&Queue::open, kEvaluationsOpenMax));
};

StateKey queue_key() { return StateKey(RecordKind::kEvaluation, {kQueueTag}); }

StateKey request_key(const Hash& id) {
    return StateKey(RecordKind::kEvaluation, {kRequestTag, id.view()});
}

StoreResult<Queue> load_queue(StateView& state) {
    POLIS_TRY(auto queue, load_record<Queue>(state, queue_key()));
    return queue ? *std::move(queue) : Queue{};
}

Hash request_id(const Address& contract, std::uint64_t number) {
    Bytes bytes = to_bytes(contract.view());
    codec::encode_to(bytes, number);
    return crypto::blake2b_256(crypto::kDomainEvaluation, bytes);
}

StoreError without_record() {
    return {StoreErrc::kCorrupt, "an evaluation stands in the queue and has no record"};
}

/// The request of an id that stands in the queue.
StoreResult<Request> load_queued(StateView& state, const Hash& id) {
    POLIS_TRY(auto found, load_request(state, id));
    if (!found) {
        return std::unexpected(without_record());
    }
    return *std::move(found);
}

StoreResult<void> note_answers(Journal& state, std::span<const consensus::Fact> facts) {
    for (const consensus::Fact& fact : facts) {
        if (fact.kind != consensus::FactKind::kEvaluation) {
            continue;
        }
        POLIS_TRY(auto known, load_request(state, fact.subject));
        if (known && !known->ready) {
            known->ready = true;
            known->answer = fact.result;
            POLIS_TRY_VOID(save_record(state, request_key(fact.subject), *known));
        }
    }
    return {};
}

/// The first request that can be brought to its contract.
StoreResult<std::optional<std::pair<Hash, Request>>> take_ready(Journal& state, Height height) {
    POLIS_TRY(Queue queue, load_queue(state));
    for (auto at = queue.open.begin(); at != queue.open.end(); ++at) {
        const Hash id = *at;
        POLIS_TRY(Request found, load_queued(state, id));
        const bool late = height.value - found.height.value >= kEvaluationBlocksMax;
        if (!found.ready && !late) {
            continue;
        }
        queue.open.erase(at);
        POLIS_TRY_VOID(save_record(state, queue_key(), queue));
        POLIS_TRY_VOID(state.remove(request_key(id)));
        return std::optional{std::pair{id, std::move(found)}};
    }
    return std::optional<std::pair<Hash, Request>>{};
}

/// The call has events of its own: what it may emit depends on nothing else in the block.
StoreResult<void> bring(TxnContext& block, const Hash& id, const Request& request) {
    std::vector<Event> events;
    TxnContext context{
        .state = block.state,
        .params = block.params,
        .height = block.height,
        .sender = kEvaluator,
        .events = events,
        .programs = block.programs,
        .time = block.time,
        .nonce = {},
        .beacon = block.beacon,
        .tracer = nullptr};
    const Call call{
        .contract = request.contract,
        .method = request.method,
        .input = codec::encode(Answer{.request = id, .result = request.answer}),
        .value = {},
        .gas = Gas{request.gas}};
    POLIS_TRY(const TxnStatus status, contracts::apply(context, call));
    block.events.insert(
        block.events.end(),
        std::make_move_iterator(events.begin()),
        std::make_move_iterator(events.end()));
    block.emit(
        std::string(kAnsweredEvent),
        Answered{
            .request = id,
            .contract = request.contract,
            .method = request.method,
            .status = static_cast<std::uint8_t>(status),
            .has_answer = request.answer.has_value()});
    return {};
}

tasks::ScoreWanted wanted_of(const Hash& id, const Request& request) {
    const auto& job = std::get<ScoreJob>(request.job);
    tasks::ScoreWanted out;
    out.kind = consensus::FactKind::kEvaluation;
    out.subject = id;
    out.trainer = request.contract;
    out.model = job.model;
    out.data = job.data;
    out.is_mapped = job.seed.has_value();
    out.seed = job.seed.value_or(Hash{});
    out.limits = {
        .input = job.input,
        .classes = job.classes,
        .model_bytes_max = job.model_bytes_max,
        .multiply_adds_max = job.multiply_adds_max};
    out.multiply_adds_all_max = job.multiply_adds_max;
    return out;
}

}  // namespace

Result<Job, std::string> decode_job(ByteView bytes) {
    auto job = codec::decode<Job>(bytes);
    if (!job) {
        return std::unexpected("no job: " + std::string(codec::to_string(job.error())));
    }
    const auto& score = std::get<ScoreJob>(*job);
    if (score.multiply_adds_max > kEvaluationMultiplyAddsMax) {
        return std::unexpected(
            "more than " + std::to_string(kEvaluationMultiplyAddsMax) + " multiply-adds");
    }
    return *std::move(job);
}

std::uint64_t price_of(const Job& job) {
    const auto& score = std::get<ScoreJob>(job);
    return kContractGas.evaluation + score.multiply_adds_max / kContractGas.multiply_adds;
}

StoreResult<std::optional<Hash>> request(
    Journal& state,
    const Address& contract,
    std::string_view method,
    std::uint64_t gas,
    const Job& job,
    Height height) {
    POLIS_TRY(Queue queue, load_queue(state));
    if (queue.open.size() >= kEvaluationsOpenMax) {
        return std::optional<Hash>{};
    }
    const Hash id = request_id(contract, queue.made++);
    queue.open.push_back(id);
    POLIS_TRY_VOID(save_record(state, queue_key(), queue));
    const Request record{
        .contract = contract,
        .method = std::string(method),
        .gas = gas,
        .job = job,
        .height = height,
        .ready = false,
        .answer = std::nullopt};
    POLIS_TRY_VOID(save_record(state, request_key(id), record));
    return std::optional{id};
}

StoreResult<std::optional<Request>> load_request(StateView& state, const Hash& id) {
    return load_record<Request>(state, request_key(id));
}

StoreResult<std::vector<Hash>> open_requests(StateView& state) {
    POLIS_TRY(Queue queue, load_queue(state));
    return std::move(queue.open);
}

StoreResult<std::vector<tasks::ScoreWanted>> wanted(StateView& state) {
    POLIS_TRY(const Queue queue, load_queue(state));
    std::vector<tasks::ScoreWanted> out;
    for (const Hash& id : queue.open) {
        POLIS_TRY(const Request found, load_queued(state, id));
        if (!found.ready) {
            out.push_back(wanted_of(id, found));
        }
    }
    return out;
}

StoreResult<void> end_block(TxnContext& context, std::span<const consensus::Fact> facts) {
    POLIS_TRY_VOID(note_answers(context.state, facts));
    for (std::size_t i = 0; i < kCallbacksPerBlockMax; ++i) {
        POLIS_TRY(const auto next, take_ready(context.state, context.height));
        if (!next) {
            break;
        }
        POLIS_TRY_VOID(bring(context, next->first, next->second));
    }
    return {};
}

}  // namespace polis::ledger::evaluations
