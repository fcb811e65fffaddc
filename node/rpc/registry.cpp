#include <node/rpc/registry.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include <core/check.hpp>
#include <genesis/suggest.hpp>
#include <node/rpc/methods/methods.hpp>

namespace polis::node::rpc {

Registry::Registry(std::vector<Method> methods) : methods_(std::move(methods)) {
    for (const Method& method : methods_) {
        by_name_.push_back(&method);
        names_.push_back(method.name);
    }
    std::ranges::sort(by_name_, {}, &Method::name);
    const auto twice = std::ranges::adjacent_find(by_name_, {}, &Method::name);
    POLIS_ASSERT(twice == by_name_.end());
}

const Method* Registry::find(std::string_view name) const {
    const auto found = std::ranges::lower_bound(by_name_, name, {}, &Method::name);
    return found != by_name_.end() && (*found)->name == name ? *found : nullptr;
}

std::optional<std::string_view> Registry::suggest(std::string_view name) const {
    constexpr std::size_t kNameBytesMax = 64;  // a longer one was meant as no method
    return name.size() <= kNameBytesMax ? genesis::suggest(name, names_) : std::nullopt;
}

Registry all_methods() {
    std::vector<Method> out;
    for (auto list :
         {discovery_methods,
          node_methods,
          chain_methods,
          tx_methods,
          account_methods,
          task_methods,
          model_methods,
          dataset_methods,
          trainer_methods,
          contract_methods,
          mempool_methods,
          consensus_methods,
          blob_methods,
          sub_methods,
          admin_methods,
          dev_methods}) {
        std::ranges::move(list(), std::back_inserter(out));
    }
    return Registry(std::move(out));
}

}  // namespace polis::node::rpc
