#include <ledger/call_log.hpp>

#include <core/check.hpp>

namespace polis::ledger::contracts {

namespace {

/// What is paid before the first function begins.
constexpr std::string_view kBeginning = "(load and instantiate)";

}  // namespace

void CallLog::on_enter(const Message& message, std::uint64_t gas) {
    Frame frame;
    frame.contract = message.contract;
    frame.gas_max = gas;
    frame.gas_seen = gas;
    if (calls_.size() < kRowsMax) {
        frame.row = calls_.size();
        calls_.push_back(
            {.depth = message.depth,
             .caller = message.caller,
             .contract = message.contract,
             .method = std::string(message.method),
             .value = message.value,
             .gas_max = gas});
    } else {
        ++dropped_;
    }
    frames_.push_back(std::move(frame));
}

void CallLog::on_leave(Ending ending, std::uint64_t gas_left, ByteView output) {
    POLIS_ASSERT(!frames_.empty());
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    charge(frame, gas_left);
    const std::uint64_t used = frame.gas_max - gas_left;
    if (frame.row) {
        CallRow& row = calls_[*frame.row];
        row.gas_used = used;
        row.ending = ending;
        row.output_bytes = output.size();
    }
    if (!frames_.empty()) {
        frames_.back().gas_seen -= used;  // the caller lends it; its own rows leave it out
    }
}

void CallLog::on_storage(const StorageTouch& touch) {
    POLIS_ASSERT(!frames_.empty());
    if (storage_.size() == kRowsMax) {
        ++dropped_;
        return;
    }
    storage_.push_back(
        {.contract = frames_.back().contract,
         .key = to_bytes(touch.key),
         .touch = touch.kind,
         .before = touch.before,
         .after = touch.after});
}

vm::CallObserver* CallLog::observe(const vm::Module& module) {
    POLIS_ASSERT(!frames_.empty());
    frames_.back().module = &module;
    return this;
}

void CallLog::on_call(std::uint32_t function, std::uint64_t gas_left) {
    Frame& frame = frames_.back();
    charge(frame, gas_left);
    const auto row = function_row(frame, frame.module->function_name(function));
    if (row) {
        ++functions_[*row].calls;
    }
    frame.open.push_back(row);
}

void CallLog::on_return(std::uint32_t /*function*/, std::uint64_t gas_left) {
    Frame& frame = frames_.back();
    charge(frame, gas_left);
    POLIS_ASSERT(!frame.open.empty());
    frame.open.pop_back();
}

/// What was used since the last look is the gas of the function that runs.
void CallLog::charge(Frame& frame, std::uint64_t gas_left) {
    const std::uint64_t used = frame.gas_seen - gas_left;
    frame.gas_seen = gas_left;
    if (used == 0) {
        return;
    }
    const auto row =
        frame.open.empty() ? function_row(frame, std::string(kBeginning)) : frame.open.back();
    if (row) {
        functions_[*row].gas += used;
    }
}

std::optional<std::size_t> CallLog::function_row(const Frame& frame, std::string name) {
    const auto [place, is_new] =
        by_name_.try_emplace({frame.contract, std::move(name)}, functions_.size());
    if (!is_new) {
        return place->second;
    }
    if (functions_.size() == kRowsMax) {
        by_name_.erase(place);
        ++dropped_;
        return std::nullopt;
    }
    functions_.push_back({.contract = frame.contract, .name = place->first.second});
    return place->second;
}

}  // namespace polis::ledger::contracts
