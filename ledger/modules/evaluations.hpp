#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/task_evaluation.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>
#include <ml/exact/shape.hpp>
#include <vm/limits.hpp>

/// Jobs that contracts give to the validators: too long for a block, and the same integers on every
/// machine. A request becomes a record; members of the committee work it out beside agreement and
/// attest the answer as a fact; the contract gets it as a call in a later block.
/// Spec [C21] to [C27] of contracts.md.
namespace polis::ledger::evaluations {

/// How well does a model do on samples? The answer: consensus::pole::ScoreResult.
struct ScoreJob {
    Hash model;  ///< blob root
    Hash data;   ///< blob root, a dataset that is open to all
    exact::Shape input;
    std::uint32_t classes = 0;
    std::uint32_t model_bytes_max = 0;
    std::uint64_t multiply_adds_max = 0;  ///< of all samples together; part of the price
    std::optional<Hash> seed;             ///< of the input map that the model was trained behind

    bool operator==(const ScoreJob&) const = default;
    static constexpr auto kFields = codec::fields(
        &ScoreJob::model,
        &ScoreJob::data,
        &ScoreJob::input,
        &ScoreJob::classes,
        &ScoreJob::model_bytes_max,
        &ScoreJob::multiply_adds_max,
        &ScoreJob::seed);
};

/// The position is the tag on the wire: append only.
using Job = std::variant<ScoreJob>;

/// A request that has no answer yet, or whose answer waits for its call.
struct Request {
    Address contract;
    std::string method;     ///< that gets the answer
    std::uint64_t gas = 0;  ///< paid for that call
    Job job;
    Height height;  ///< of the block that made it
    bool ready = false;
    std::optional<Bytes> answer;  ///< nothing though ready: nobody attested one in time

    bool operator==(const Request&) const = default;
    static constexpr auto kFields = codec::fields(
        &Request::contract,
        codec::bounded(&Request::method, vm::kNameBytesMax),
        &Request::gas,
        &Request::job,
        &Request::height,
        &Request::ready,
        codec::bounded(&Request::answer, consensus::kFactResultBytesMax));
};

/// The input of the call that brings an answer.
struct Answer {
    Hash request;
    std::optional<Bytes> result;  ///< as Request::answer

    bool operator==(const Answer&) const = default;
    static constexpr auto kFields = codec::fields(
        &Answer::request, codec::bounded(&Answer::result, consensus::kFactResultBytesMax));
};

/// The caller of the calls that bring answers: twenty zeros, an address that nobody has a key of.
inline constexpr Address kEvaluator{};

/// Of an event beside the transactions: how the call that brought an answer ended.
inline constexpr std::string_view kAnsweredEvent = "contract.answered";

struct Answered {
    Hash request;
    Address contract;
    std::string method;
    std::uint8_t status = 0;  ///< TxnStatus of the call
    bool has_answer = false;

    bool operator==(const Answered&) const = default;
    static constexpr auto kFields = codec::fields(
        &Answered::request,
        &Answered::contract,
        codec::bounded(&Answered::method, vm::kNameBytesMax),
        &Answered::status,
        &Answered::has_answer);
};

/// The job that these bytes are, in canonical Borsh. @error why they are none, for a person
[[nodiscard]] Result<Job, std::string> decode_job(ByteView bytes);

/// What a request costs beside the gas that it sets aside for its call.
[[nodiscard]] std::uint64_t price_of(const Job& job);

/// Puts a request into the state.
/// @return its id; nothing if kEvaluationsOpenMax wait already
[[nodiscard]] StoreResult<std::optional<Hash>> request(
    Journal& state,
    const Address& contract,
    std::string_view method,
    std::uint64_t gas,
    const Job& job,
    Height height);

/// @return nothing if it is answered, or never was
[[nodiscard]] StoreResult<std::optional<Request>> load_request(StateView& state, const Hash& id);

/// Ids of all requests, in the order in which they were made.
[[nodiscard]] StoreResult<std::vector<Hash>> open_requests(StateView& state);

/// Requests that members should work out, as a task's models.
[[nodiscard]] StoreResult<std::vector<tasks::ScoreWanted>> wanted(StateView& state);

/// After a block's facts: notes answers, gives up what waited too long, and brings up to
/// kCallbacksPerBlockMax answers to their contracts. A call that fails changes nothing and is not
/// repeated. @param context of the block: no sender, and events that belong to no transaction
[[nodiscard]] StoreResult<void> end_block(
    TxnContext& context, std::span<const consensus::Fact> facts);

}  // namespace polis::ledger::evaluations
