#include <tools/learning/audit.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <consensus/election.hpp>
#include <consensus/pole/round.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <ledger/modules/task_evaluation.hpp>
#include <ledger/modules/task_queries.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ledger/modules/tasks.hpp>
#include <ledger/payload.hpp>
#include <tools/learning/blobs.hpp>
#include <tools/learning/chain_records.hpp>
#include <tools/learning/round_history.hpp>

namespace polis::tools::learning {

namespace {

namespace pole = consensus::pole;
namespace tasks = ledger::tasks;
using consensus::BlockView;
using consensus::Fact;
using consensus::FactKind;
using pole::ScoreResult;
using tasks::RoundResult;

/// The election's records of one round, in memory.
class MemoryRecords final : public consensus::ElectionRecords {
  public:
    [[nodiscard]] std::optional<Bytes> get(ByteView key) override {
        const auto found = all_.find(to_bytes(key));
        return found == all_.end() ? std::nullopt : std::optional{found->second};
    }

    void put(ByteView key, ByteView value) override { all_[to_bytes(key)] = to_bytes(value); }

    void remove(ByteView key) override { all_.erase(to_bytes(key)); }

  private:
    std::map<Bytes, Bytes> all_;
};

std::string text_of(const ScoreResult& score) {
    switch (score.verdict) {
        case pole::Verdict::kScored:
            return fmt::format(
                "{}/{} with cross entropy {}", score.correct, score.count, score.cross_entropy);
        case pole::Verdict::kBadModel:
            return "a bad model";
        case pole::Verdict::kBadData:
            return "bad data";
    }
    return "unknown";
}

std::string text_of(const std::optional<ScoreResult>& score) {
    return score ? text_of(*score) : "none";
}

BlockView view_of(const ledger::Header& header) {
    return {
        .height = header.height,
        .term = header.term,
        .view = header.view,
        .proposer = header.proposer,
        .beacon = header.beacon,
        .time = header.time,
        .facts = {}};
}

/// Blobs by root, each fetched and hashed once.
class BlobCache {
  public:
    BlobCache(RpcClient& client, std::vector<std::string>& differences)
        : client_(client), differences_(differences) {}

    /// Null if it cannot be had, which is a difference of the round.
    const Bytes* get(const Hash& root, std::string_view what, std::uint64_t bytes_max) {
        const auto known = blobs_.find(root);
        if (known != blobs_.end()) {
            return known->second ? &*known->second : nullptr;
        }
        auto fetched = fetch_blob(client_, root, what, bytes_max);
        if (!fetched) {
            differences_.push_back(fetched.error().message);
            blobs_.emplace(root, std::nullopt);
            return nullptr;
        }
        return &*blobs_.emplace(root, *std::move(fetched)).first->second;
    }

    [[nodiscard]] std::size_t fetched() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(blobs_, [](const auto& one) { return one.second.has_value(); }));
    }

  private:
    RpcClient& client_;
    std::vector<std::string>& differences_;
    std::map<Hash, std::optional<Bytes>> blobs_;
};

/// Plays a round again, block by block, by the chain's rules and with scores of its own.
class Replay {
  public:
    Replay(RpcClient& client, const TaskRecord& task, const RoundResult& claimed, Audit& out)
        : task_(task), claimed_(claimed), out_(out), blobs_(client, out.differences) {}

    /// @return nothing if the round is not over with the last block. @pre not empty
    std::optional<RoundResult> run(std::span<const HistoryBlock> blocks) {
        for (const HistoryBlock& block : blocks) {
            for (const Fact& fact : block.facts) {
                if (fact.kind == FactKind::kBlobAvailable) {
                    attested_here_.insert(fact.subject);
                }
            }
        }
        pole::save_round_count(records_, claimed_.round - 1);
        static_cast<void>(pole::open_round(
            records_, task_.id, tasks::rules_of(task_.spec), view_of(blocks.front().header)));
        for (const HistoryBlock& block : blocks.subspan(1)) {
            const BlockView view = view_of(block.header);
            const pole::Moment now{.height = view.height, .time = view.time};
            for (const ledger::Transaction& txn : block.txns) {
                take(txn, now);
            }
            const std::vector<Fact> facts = own_facts(block);
            pole::take_facts(records_, facts, now);
            if (pole::advance(records_, view) == pole::Step::kSettle) {
                return tasks::result_of(pole::settle(records_, view), task_.spec, view);
            }
        }
        return std::nullopt;
    }

    /// What members have attested to be there: the task's data, models that were revealed.
    void fetch_attested() {
        static_cast<void>(
            blobs_.get(task_.spec.training, "the training samples", exact::kDatasetBytesMax));
        static_cast<void>(
            blobs_.get(task_.spec.validation, "the validation samples", exact::kDatasetBytesMax));
        static_cast<void>(blobs_.get(
            task_.spec.test, "the test set", tasks::sealed_bytes(exact::kDatasetBytesMax)));
        for (const tasks::EntryResult& entry : claimed_.entries) {
            if (entry.model && entry.end != tasks::EntryEnd::kUnavailable) {
                static_cast<void>(model_of(entry.trainer, *entry.model));
            }
        }
    }

    [[nodiscard]] std::size_t blobs_fetched() const { return blobs_.fetched(); }

    /// What this program made of a trainer's model, last.
    [[nodiscard]] std::optional<ScoreResult> evaluated(const Address& trainer) const {
        const auto found = evaluated_.find(trainer);
        return found == evaluated_.end() ? std::nullopt : std::optional{found->second};
    }

  private:
    const Bytes* model_of(const Address& trainer, const Hash& root) {
        return blobs_.get(
            root, "the model of " + crypto::to_text(trainer), task_.spec.model_bytes_max);
    }

    void note(const std::string& text) { out_.differences.push_back(text); }

    void take(const ledger::Transaction& txn, const pole::Moment& now) {
        const Address sender = crypto::address_of(txn.body.sender);
        Result<void, pole::RoundError> done;
        std::string_view what;
        if (const auto* commit = std::get_if<ledger::CommitModel>(&txn.body.payload)) {
            what = "commitment";
            if (commit->task == task_.id) {
                done = pole::commit(records_, {task_.id, sender, commit->commitment}, now);
            }
        } else if (const auto* reveal = std::get_if<ledger::RevealModel>(&txn.body.payload)) {
            what = "reveal";
            if (reveal->task == task_.id) {
                done = pole::reveal(
                    records_,
                    {.task = task_.id,
                     .trainer = sender,
                     .model = reveal->model,
                     .salt = reveal->salt,
                     .available = attested_before(reveal->model)},
                    now);
            }
        } else if (const auto* key = std::get_if<ledger::RevealTestKey>(&txn.body.payload)) {
            what = "key";
            if (key->task == task_.id) {
                done = pole::reveal_key(records_, task_.id, key->key, now);
            }
        }
        if (!done) {
            note(fmt::format(
                "block {} took a {} of {} that the rules refuse",
                now.height.value,
                what,
                crypto::to_text(sender)));
        }
    }

    /// True if the chain knew the blob before this block. What was attested before the round is in
    /// none of its blocks: there the leaderboard is believed, and the blob is fetched all the same.
    [[nodiscard]] bool attested_before(const Hash& model) const {
        if (attested_here_.contains(model)) {
            return attested_.contains(model);
        }
        return std::ranges::any_of(claimed_.entries, [&](const tasks::EntryResult& entry) {
            return entry.model == model && entry.end != tasks::EntryEnd::kUnavailable;
        });
    }

    /// The block's facts about this round, scores replaced by those that are worked out here.
    std::vector<Fact> own_facts(const HistoryBlock& block) {
        std::vector<Fact> out;
        const auto round = pole::load_round(records_);
        const std::vector<pole::Entry> entries = pole::load_entries(records_);
        for (const Fact& fact : block.facts) {
            if (fact.kind == FactKind::kBlobAvailable) {
                attested_.insert(fact.subject);
                out.push_back(fact);
            }
            if (fact.kind != FactKind::kModelScore || !round) {
                continue;
            }
            for (const pole::Entry& entry : entries) {
                const auto wanted = wanted_of(*round, entry);
                if (wanted && wanted->subject == fact.subject) {
                    out.push_back(own_score(*wanted, fact));
                }
            }
        }
        return out;
    }

    [[nodiscard]] std::optional<tasks::ScoreWanted> wanted_of(
        const pole::Round& round, const pole::Entry& entry) const {
        return entry.model ? std::optional{tasks::score_wanted(round, task_.spec, entry)}
                           : std::nullopt;
    }

    Fact own_score(const tasks::ScoreWanted& wanted, const Fact& attested) {
        const std::string who = crypto::to_text(wanted.trainer);
        const Bytes* model = model_of(wanted.trainer, wanted.model);
        const Bytes* data =
            blobs_.get(wanted.data, "the samples", tasks::sealed_bytes(exact::kDatasetBytesMax));
        if (model == nullptr || data == nullptr) {
            return attested;  // the difference is noted; the round goes on as the chain says
        }
        Fact own = tasks::evaluate(wanted, *model, *data);
        const auto mine = codec::decode<ScoreResult>(own.result);
        ++out_.scores;
        if (mine) {
            evaluated_[wanted.trainer] = *mine;
        }
        if (own.result != attested.result) {
            const auto theirs = codec::decode<ScoreResult>(attested.result);
            note(fmt::format(
                "the members attested {} for {}, it is {}",
                theirs ? text_of(*theirs) : "no score",
                who,
                mine ? text_of(*mine) : "none"));
        }
        return own;
    }

    const TaskRecord& task_;
    const RoundResult& claimed_;
    Audit& out_;
    BlobCache blobs_;
    MemoryRecords records_;
    std::set<Hash> attested_here_;  ///< in any block of the round
    std::set<Hash> attested_;       ///< in those so far
    std::map<Address, ScoreResult> evaluated_;
};

template <class T>
void compare(std::vector<std::string>& out, std::string_view what, const T& chain, const T& own) {
    if (chain != own) {
        out.push_back(fmt::format("{} is {} on chain, {} worked out", what, chain, own));
    }
}

std::string text_of(const std::optional<Hash>& hash) {
    return hash ? to_hex_prefixed(hash->view()) : "none";
}

void compare_entry(AuditedEntry& out, const tasks::EntryResult& own) {
    const tasks::EntryResult& chain = out.chain;
    std::vector<std::string>& to = out.differences;
    compare(to, "trainer", crypto::to_text(chain.trainer), crypto::to_text(own.trainer));
    compare(to, "model", text_of(chain.model), text_of(own.model));
    compare(to, "end", std::string(tasks::to_string(chain.end)), std::string(to_string(own.end)));
    compare(to, "score", text_of(chain.score), text_of(own.score));
    compare(to, "paid", chain.paid.value, own.paid.value);
}

void compare_round(Audit& out, const RoundResult& chain, const RoundResult& own) {
    std::vector<std::string>& to = out.differences;
    compare(to, "settled", chain.settled.value, own.settled.value);
    compare(to, "settled at", chain.settled_at.value, own.settled_at.value);
    compare(to, "data", text_of(std::optional{chain.data}), text_of(std::optional{own.data}));
    compare(to, "test key", text_of(chain.test_key), text_of(own.test_key));
    compare(to, "owner failed", chain.owner_failed, own.owner_failed);
    compare(to, "number of entries", chain.entries.size(), own.entries.size());
    for (AuditedEntry& entry : out.entries) {
        if (entry.rank <= own.entries.size()) {
            entry.own = own.entries[entry.rank - 1];
            compare_entry(entry, *entry.own);
        }
    }
}

/// The node is not believed: a task that no chain takes would break what follows.
Fallible<void> check_spec(const TaskRecord& task) {
    ledger::TaskSpec spec = task.spec;
    spec.tag = Bytes{1};  // nobody tells it
    if (const auto wrong = ledger::spec_error(spec)) {
        return std::unexpected(Failure(fmt::format(
            "the node tells of a task that no chain takes: {}; ask another node with --rpc",
            ledger::to_string(*wrong))));
    }
    return {};
}

}  // namespace

bool Audit::agrees() const {
    return differences.empty() && std::ranges::all_of(entries, [](const AuditedEntry& entry) {
               return entry.differences.empty();
           });
}

Fallible<Audit> audit(RpcClient& client, const Hash& id) {
    POLIS_TRY(const TaskRecord task, get_task(client, id));
    POLIS_TRY(const RoundResult claimed, get_result(client, task));
    POLIS_TRY_VOID(check_spec(task));
    if (claimed.round == 0 || claimed.opened >= claimed.settled) {
        return std::unexpected(
            Failure("the node tells of a round without blocks; ask another node with --rpc"));
    }
    POLIS_TRY(const auto blocks, fetch_blocks(client, claimed.opened, claimed.settled));
    Audit out;
    out.task = id;
    out.name = task.spec.name;
    out.round = claimed.round;
    out.blocks = blocks.size();
    Replay replay(client, task, claimed, out);
    replay.fetch_attested();
    const auto own = replay.run(blocks);
    for (std::size_t i = 0; i < claimed.entries.size(); ++i) {
        AuditedEntry entry;
        entry.rank = i + 1;
        entry.chain = claimed.entries[i];
        entry.evaluated = replay.evaluated(entry.chain.trainer);
        out.entries.push_back(std::move(entry));
    }
    if (own) {
        compare_round(out, claimed, *own);
    } else {
        out.differences.push_back(
            fmt::format("by its blocks the round is not over at block {}", claimed.settled.value));
    }
    out.availabilities = replay.blobs_fetched();
    return out;
}

}  // namespace polis::tools::learning
