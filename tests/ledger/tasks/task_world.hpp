#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <consensus/pole/records.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/modules/task_queries.hpp>
#include <ledger/modules/tasks.hpp>
#include <tests/support/ledger_world.hpp>

/// A chain with learning tasks, module by module: blocks without agreement.
namespace polis::ledger::testing {

/// A hash filled with one byte.
Hash filled(std::uint8_t byte);

/// A task that keeps every rule. Blob roots are the numbers 1 to 3, the key is number 9.
TaskSpec example_spec(std::string_view tag = "a");

class TaskWorld {
  public:
    static constexpr std::uint64_t kBlockMs = 100;
    static constexpr std::size_t kOwner = 20;           ///< the actor that owns the tasks
    static constexpr std::uint64_t kCoins = 1'000'000;  ///< everybody's balance in the beginning

    /// Actors 0 to `trainers` - 1 are validators.
    explicit TaskWorld(std::size_t trainers = 3);

    TxnStatus submit(const TaskSpec& spec, std::size_t owner = kOwner);
    TxnStatus commit(std::size_t who, const Hash& commitment);
    /// To a model of the trainer's own, model_of(who).
    TxnStatus commit(std::size_t who);
    TxnStatus reveal(std::size_t who, const Hash& model);

    TxnStatus reveal(std::size_t who) { return reveal(who, model_of(who)); }

    TxnStatus reveal_key(const Hash& key = filled(9), std::size_t owner = kOwner);
    TxnStatus cancel(const Hash& id, std::size_t owner = kOwner);

    static Hash model_of(std::size_t who) { return filled(static_cast<std::uint8_t>(100 + who)); }

    /// What a trainer commits to in the open round.
    [[nodiscard]] Hash commitment(std::size_t who, const Hash& model);

    /// Puts a fact into this block, as a proposer does. @return false if the election refuses it
    bool add_fact(const consensus::Fact& fact);
    bool attest(const Hash& root);
    /// All blobs that the chain waits for.
    void attest_all();
    /// The scores that the chain waits for: as many correct of 100 as `correct` says by trainer.
    void score_all(const std::vector<std::uint64_t>& correct);

    /// Ends this block and begins the next one.
    void end_block();
    void end_blocks(std::size_t count);
    /// Until something of this name happens. @return false after many blocks without it
    bool wait_for(std::string_view event);

    /// Submits the example task and waits for its round.
    Hash open_round();
    /// Commits and reveals all trainers below `count`, and the key; waits for scoring.
    void run_to_scoring(std::size_t count, bool with_key = true);

    [[nodiscard]] tasks::Task task(const Hash& id);
    [[nodiscard]] std::optional<tasks::OpenRound> open();
    [[nodiscard]] std::uint64_t balance(std::size_t who);
    [[nodiscard]] tasks::RoundResult result(std::uint64_t round);

    /// Decodes the only event of that name in the last block that ended, or of this block's
    /// transactions.
    template <class Data>
    [[nodiscard]] Data event(std::string_view name) const {
        for (const std::vector<Event>* list : {&world.events, &block_events}) {
            for (auto item = list->rbegin(); item != list->rend(); ++item) {
                if (item->name == name) {
                    return codec::decode<Data>(item->data).value();
                }
            }
        }
        ADD_FAILURE() << "no event " << name;
        return {};
    }

    /// Coins add up, and no closed task holds any.
    void check();

    ModuleWorld world;
    std::vector<Event> block_events;  ///< of the last block's end

  private:
    std::vector<consensus::Fact> facts_;
};

}  // namespace polis::ledger::testing
