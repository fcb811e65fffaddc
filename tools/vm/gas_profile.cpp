#include <tools/vm/gas_profile.hpp>

#include <algorithm>
#include <iterator>
#include <tuple>

namespace polis::tools::vmtool {

FunctionGas& GasProfile::row(std::uint32_t function) {
    if (function >= rows_.size()) {
        rows_.resize(std::size_t{function} + 1);
    }
    return rows_[function];
}

void GasProfile::on_call(std::uint32_t function, std::uint64_t gas_left) {
    open_.push_back({function, gas_left, 0});
}

void GasProfile::on_return(std::uint32_t /*function*/, std::uint64_t gas_left) {
    if (open_.empty()) {
        return;
    }
    const Open call = open_.back();
    open_.pop_back();
    const std::uint64_t used = call.gas - std::min(call.gas, gas_left);
    FunctionGas& found = row(call.function);
    found.function = call.function;
    found.calls += 1;
    found.total += used;
    found.own += used - std::min(used, call.called);
    if (!open_.empty()) {
        open_.back().called += used;
    }
}

std::vector<FunctionGas> GasProfile::finish(std::uint64_t gas_left) {
    while (!open_.empty()) {
        on_return(open_.back().function, gas_left);
    }
    std::vector<FunctionGas> out;
    std::ranges::copy_if(
        rows_, std::back_inserter(out), [](const FunctionGas& each) { return each.calls > 0; });
    std::ranges::sort(out, [](const FunctionGas& left, const FunctionGas& right) {
        return std::tie(right.own, left.function) < std::tie(left.own, right.function);
    });
    return out;
}

}  // namespace polis::tools::vmtool
