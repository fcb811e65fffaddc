#include <tests/tools/chain_fixture.hpp>

#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>

#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <tools/ledger_demo/workload.hpp>

namespace polis::tools::testing {

using ledger::Chain;
using ledger::MemoryStore;

ledger::MemoryImage chain_image(std::uint64_t height) {
    const auto genesis = genesis::build_from_text(genesis::devnet_toml({}), "devnet");
    auto chain =
        Chain::create(std::make_unique<MemoryStore>(), genesis.value().state, Chain::Options{});
    const Workload workload({.seed = 1, .transfers = 5, .devnet = {}});
    WorkerPool workers(1);
    for (std::uint64_t i = 0; i < height; ++i) {
        const auto written = workload.write_block(*chain.value(), workers);
        EXPECT_TRUE(written.has_value()) << (written ? "" : written.error());
    }
    return image_of(*chain.value());
}

std::unique_ptr<Chain> open_image(const ledger::MemoryImage& image) {
    auto chain = Chain::open(std::make_unique<MemoryStore>(image), Chain::Options{});
    EXPECT_TRUE(chain.has_value()) << (chain ? "" : chain.error().context);
    return chain ? *std::move(chain) : nullptr;
}

ledger::MemoryImage image_of(const Chain& chain) {
    return dynamic_cast<const MemoryStore&>(chain.store()).image();
}

}  // namespace polis::tools::testing
