#include <tests/support/contract_world.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace polis::tests {

Address ContractWorld::deploy(
    const Address& from, std::string_view name, const Bytes& input, CallOptions options) {
    const Ended ended = try_deploy(from, name, input, options);
    EXPECT_TRUE(ended.is_done()) << "deploying " << name << ": " << ended.message;
    return ended.contract;
}

Ended ContractWorld::call(
    const Address& from,
    const Address& contract,
    std::string_view method,
    const Bytes& input,
    CallOptions options) {
    Ended ended = try_call(from, contract, method, input, options);
    EXPECT_TRUE(ended.is_done()) << method << ": " << ended.message;
    return ended;
}

std::string ContractWorld::reverts(
    const Address& from,
    const Address& contract,
    std::string_view method,
    const Bytes& input,
    CallOptions options) {
    const Ended ended = try_call(from, contract, method, input, options);
    EXPECT_EQ(ended.how, Ended::How::kReverted) << method << ": " << ended.message;
    EXPECT_TRUE(ended.events.empty()) << "what reverted leaves no events";
    return ended.message;
}

bool have_wasm_contracts() { return *POLIS_CONTRACTS_DIR != '\0'; }

Bytes wasm_contract(std::string_view name) {
    const auto path = std::filesystem::path(POLIS_CONTRACTS_DIR) / (std::string(name) + ".wasm");
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

void ContractTest::SetUp() {
    if (GetParam() == ContractBackend::kNative) {
        world_ = make_native_world();
        return;
    }
    if (!have_wasm_contracts()) {
        GTEST_SKIP() << "no contracts in wasm: the build found no clang++-19 or wasm-ld-19; "
                        "apt-get install clang-19 lld-19 and build again";
    }
    world_ = make_vm_world();
}

std::string backend_name(const testing::TestParamInfo<ContractBackend>& info) {
    return info.param == ContractBackend::kNative ? "native" : "vm";
}

}  // namespace polis::tests
