#include <tools/vm/run_world.hpp>

#include <utility>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/contract_records.hpp>

namespace polis::tools::vmtool {

namespace {

namespace contracts = ledger::contracts;

/// Nobody else has a program, so there is nothing to keep.
constexpr std::size_t kCacheBytes = 0;

}  // namespace

ledger::StoreResult<std::optional<SmallBytes>> RunWorld::EmptyState::get(
    const ledger::StateKey& /*key*/) {
    return std::nullopt;
}

void RunWorld::Watcher::on_enter(const contracts::Message& /*message*/, std::uint64_t /*gas*/) {}

void RunWorld::Watcher::on_leave(
    contracts::Ending /*ending*/, std::uint64_t /*gas_left*/, ByteView /*output*/) {}

void RunWorld::Watcher::on_storage(const contracts::StorageTouch& touch) {
    touched.try_emplace(to_bytes(touch.key), touch.before);
}

vm::CallObserver* RunWorld::Watcher::observe(const vm::Module& /*module*/) { return nullptr; }

RunWorld::RunWorld(const WorldOptions& options)
    : journal_(empty_),
      params_{},
      programs_(kCacheBytes),
      options_(options),
      context_{
          .state = journal_,
          .params = params_,
          .height = options_.height,
          .sender = options_.caller,
          .events = events_,
          .programs = programs_,
          .time = options_.time,
          .nonce = {},
          .beacon = options_.beacon,
          .tracer = &watcher_},
      machine_(context_),
      message_{
          .caller = options_.caller,
          .contract = options_.self,
          .method = {},
          .input = options_.input,
          .value = options_.value},
      host_(machine_, message_) {
    for (const Amount amount : {options_.balance, options_.value}) {
        // The state is in memory, and whoever reads the options has checked their sum.
        const auto given = ledger::bank::credit(journal_, options_.self, amount);
        POLIS_ASSERT(given && *given == ledger::TxnStatus::kSuccess);
    }
    before_ = journal_.checkpoint();
}

contracts::Answer RunWorld::finish(const vm::Outcome& outcome) {
    auto answer = host_.answer(outcome);
    POLIS_ASSERT(answer.has_value());  // no store that could fail
    if (answer->ending != contracts::Ending::kDone) {
        journal_.rollback(before_);
        events_.clear();
    }
    return *std::move(answer);
}

std::vector<contracts::ContractEvent> RunWorld::events() const {
    std::vector<contracts::ContractEvent> out;
    for (const ledger::Event& event : events_) {
        if (auto decoded = codec::decode<contracts::ContractEvent>(event.data)) {
            out.push_back(*std::move(decoded));
        }
    }
    return out;
}

std::map<Bytes, TouchedRecord> RunWorld::storage() {
    std::map<Bytes, TouchedRecord> out;
    for (const auto& [key, before] : watcher_.touched) {
        const auto found = journal_.peek(contracts::storage_key(options_.self, key));
        POLIS_ASSERT(found.has_value());
        TouchedRecord touch{before, std::nullopt};
        if (const auto& value = **found) {
            touch.after = to_bytes(value->view());
        }
        out.emplace(key, std::move(touch));
    }
    return out;
}

}  // namespace polis::tools::vmtool
