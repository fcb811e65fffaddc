#include <tools/learning/chain_records.hpp>

#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>

namespace polis::tools::learning {

namespace {

namespace tasks = ledger::tasks;
using consensus::pole::ScoreResult;

/// Reads members of an answer; the first one that is not as it should be is remembered.
class Reader {
  public:
    explicit Reader(const Json& object) : object_(object) {}

    template <class Fixed>
    Fixed fixed(const char* key) {
        const auto value = fixed_from_hex<Fixed>(text(key));
        return value ? *value : wrong<Fixed>(key);
    }

    std::optional<Hash> hash_or_null(const char* key) {
        return member(key).is_null() ? std::nullopt : std::optional{fixed<Hash>(key)};
    }

    Address address(const char* key) {
        const auto value = crypto::parse_address(text(key));
        return value ? *value : wrong<Address>(key);
    }

    template <class Number = std::uint64_t>
    Number number(const char* key) {
        const Json& value = member(key);
        if (!value.is_number_unsigned() ||
            value.get<std::uint64_t>() > std::numeric_limits<Number>::max()) {
            return wrong<Number>(key);
        }
        return value.get<Number>();
    }

    /// A number as decimal text.
    std::uint64_t decimal(const char* key) {
        const auto value = parse_u64(text(key));
        return value ? *value : wrong<std::uint64_t>(key);
    }

    bool flag(const char* key) {
        const Json& value = member(key);
        return value.is_boolean() ? value.get<bool>() : wrong<bool>(key);
    }

    std::string text(const char* key) {
        const Json& value = member(key);
        return value.is_string() ? value.get<std::string>() : wrong<std::string>(key);
    }

    exact::Shape shape(const char* key) {
        constexpr std::size_t kSides = 3;
        const Json& value = member(key);
        std::vector<std::uint32_t> sides;
        for (const Json& side : value.is_array() ? value : Json::array()) {
            sides.push_back(side.is_number_unsigned() ? side.get<std::uint32_t>() : 0);
        }
        return sides.size() == kSides ? exact::Shape{sides[0], sides[1], sides[2]}
                                      : wrong<exact::Shape>(key);
    }

    const Json& member(const char* key) {
        static const Json kNull;
        const auto found = object_.is_object() ? object_.find(key) : object_.end();
        return object_.is_object() && found != object_.end() ? *found : kNull;
    }

    /// The value, unless something was wrong.
    template <class T>
    Fallible<T> finish(T value) {
        if (wrong_) {
            return std::unexpected(Failure(fmt::format(
                "the node's answer has no usable '{}'; is it of another version?", *wrong_)));
        }
        return value;
    }

    template <class T>
    T wrong(const char* key) {
        if (!wrong_) {
            wrong_ = key;
        }
        return T{};
    }

  private:
    const Json& object_;
    std::optional<std::string> wrong_;
};

std::optional<tasks::EntryEnd> parse_end(std::string_view text) {
    const auto last = static_cast<std::uint8_t>(codec::kEnumLast<tasks::EntryEnd>);
    for (std::uint8_t i = 0; i <= last; ++i) {
        if (tasks::to_string(static_cast<tasks::EntryEnd>(i)) == text) {
            return static_cast<tasks::EntryEnd>(i);
        }
    }
    return std::nullopt;
}

Fallible<ScoreResult> parse_score(const Json& json, tasks::EntryEnd end) {
    Reader reader(json);
    ScoreResult out;
    out.correct = reader.number("correct");
    out.count = reader.number("count");
    out.cross_entropy = reader.decimal("crossEntropy");
    if (!reader.flag("valid")) {
        out.verdict = end == tasks::EntryEnd::kBadData ? consensus::pole::Verdict::kBadData
                                                       : consensus::pole::Verdict::kBadModel;
    }
    return reader.finish(out);
}

Fallible<tasks::EntryResult> parse_entry(const Json& json) {
    Reader reader(json);
    tasks::EntryResult out;
    out.trainer = reader.address("trainer");
    out.model = reader.hash_or_null("model");
    out.paid = Amount{reader.decimal("paid")};
    const auto end = parse_end(reader.text("end"));
    out.end = end ? *end : reader.wrong<tasks::EntryEnd>("end");
    if (!reader.member("score").is_null()) {
        POLIS_TRY(out.score, parse_score(reader.member("score"), out.end));
    }
    return reader.finish(std::move(out));
}

Fallible<TaskRecord> parse_task(const Json& json) {
    Reader reader(json);
    TaskRecord out;
    out.id = reader.fixed<Hash>("id");
    out.state = reader.text("state");
    out.round = reader.number("round");
    ledger::TaskSpec& spec = out.spec;
    spec.name = reader.text("name");
    spec.training = reader.fixed<Hash>("training");
    spec.test = reader.fixed<Hash>("test");
    spec.test_key_hash = reader.fixed<Hash>("testKeyHash");
    spec.validation = reader.fixed<Hash>("validation");
    spec.input = reader.shape("input");
    spec.classes = reader.number<std::uint32_t>("classes");
    spec.model_bytes_max = reader.number<std::uint32_t>("modelBytesMax");
    spec.multiply_adds_max = reader.decimal("multiplyAddsMax");
    spec.target_ppm = reader.number<std::uint32_t>("targetPpm");
    spec.reward = Amount{reader.decimal("reward")};
    spec.bond = Amount{reader.decimal("bond")};
    spec.trainer_bond = Amount{reader.decimal("trainerBond")};
    spec.training_ms = reader.number("trainingMs");
    spec.reveal_ms = reader.number("revealMs");
    spec.scoring_ms = reader.number("scoringMs");
    spec.architecture = reader.text("architecture");
    spec.runner_up_bps = reader.number<std::uint16_t>("runnerUpBps");
    return reader.finish(std::move(out));
}

/// Why something of a settled round is not there.
Failure not_settled(const TaskRecord& task) {
    return Failure(fmt::format(
        "the task is {}, and its models and test set are public once its round is settled; look "
        "with: polis task show {}",
        task.state,
        to_hex_prefixed(task.id.view())));
}

}  // namespace

Fallible<Json> ask_node(RpcClient& client, std::string_view method, Json params) {
    auto answer = client.call(method, std::move(params));
    if (!answer) {
        return std::unexpected(to_failure(answer.error()));
    }
    return *std::move(answer);
}

Fallible<TaskRecord> get_task(RpcClient& client, const Hash& id) {
    const std::string name = to_hex_prefixed(id.view());
    POLIS_TRY(const Json json, ask_node(client, "task_get", {{"task", name}}));
    if (json.is_null()) {
        return std::unexpected(Failure(fmt::format(
            "the node at {} knows no task {}; list them with: polis task list",
            client.address().text(),
            name)));
    }
    return parse_task(json);
}

Fallible<tasks::RoundResult> get_result(RpcClient& client, const TaskRecord& task) {
    POLIS_TRY(
        const Json json,
        ask_node(client, "task_leaderboard", {{"task", to_hex_prefixed(task.id.view())}}));
    if (json.is_null()) {
        return std::unexpected(not_settled(task));
    }
    Reader reader(json);
    tasks::RoundResult out;
    out.round = reader.number("round");
    out.task = reader.fixed<Hash>("task");
    out.opened = Height{reader.number("opened")};
    out.settled = Height{reader.number("settled")};
    out.settled_at = TimeMs{reader.number("settledMs")};
    out.data = reader.fixed<Hash>("data");
    out.test_key = reader.hash_or_null("testKey");
    out.owner_failed = reader.flag("ownerFailed");
    for (const Json& entry : reader.member("entries")) {
        POLIS_TRY(auto parsed, parse_entry(entry));
        out.entries.push_back(std::move(parsed));
    }
    return reader.finish(std::move(out));
}

Fallible<ModelRecord> get_model(RpcClient& client, const Hash& task, std::uint64_t rank) {
    POLIS_TRY(
        const Json json,
        ask_node(client, "model_get", {{"task", to_hex_prefixed(task.view())}, {"rank", rank}}));
    if (json.is_null()) {
        POLIS_TRY(const TaskRecord known, get_task(client, task));
        POLIS_TRY(const tasks::RoundResult result, get_result(client, known));
        return std::unexpected(Failure(fmt::format(
            "place {} of {} on the leaderboard has no model; choose another --rank: polis task "
            "leaderboard {}",
            rank,
            result.entries.size(),
            to_hex_prefixed(task.view()))));
    }
    Reader reader(json);
    ModelRecord out;
    out.task = reader.fixed<Hash>("task");
    out.round = reader.number("round");
    out.rank = reader.number("rank");
    out.trainer = reader.address("trainer");
    out.root = reader.fixed<Hash>("root");
    out.present = !reader.member("bytes").is_null();
    out.seed = reader.fixed<Hash>("seed");
    out.beacon = reader.fixed<Hash>("beacon");
    out.data = reader.fixed<Hash>("data");
    out.input = reader.shape("input");
    return reader.finish(std::move(out));
}

Fallible<std::vector<Hash>> settled_tasks(RpcClient& client) {
    std::vector<Hash> out;
    Json cursor;
    do {
        Json params = Json::object();
        if (cursor.is_string()) {
            params["cursor"] = cursor;
        }
        POLIS_TRY(const Json page, ask_node(client, "task_list", std::move(params)));
        Reader reader(page);
        for (const Json& task : reader.member("tasks")) {
            Reader one(task);
            const Hash id = one.fixed<Hash>("id");
            if (one.text("state") == tasks::to_string(tasks::TaskState::kSettled)) {
                out.push_back(id);
            }
        }
        cursor = reader.member("cursor");
    } while (cursor.is_string());
    return out;
}

}  // namespace polis::tools::learning
