// Sealed test sets and evaluation questions from strangers: nothing crashes, nothing is set aside
// for a size that is not there, every pair of blobs has a result that the election admits.
#include <cstddef>
#include <cstdint>

#include <consensus/pole/records.hpp>
#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/modules/task_evaluation.hpp>
#include <ledger/modules/task_sealing.hpp>

namespace polis::ledger::tasks {
namespace {

constexpr std::uint8_t kKeyByte = 7;

ScoreWanted question(bool sealed) {
    ScoreWanted out;
    out.limits = {
        .input = {.channels = 1, .height = 2, .width = 2},
        .classes = 2,
        .model_bytes_max = 4'096,
        .multiply_adds_max = 4'096};
    if (sealed) {
        out.key = Hash::from_view(Bytes(Hash::kSize, kKeyByte));
    }
    return out;
}

/// The first byte chooses; the second says where the model ends and the data begin.
void run(ByteView input) {
    if (input.size() < 2) {
        return;
    }
    const bool sealed = input[0] % 2 == 1;
    const ByteView rest = input.subspan(2);
    const std::size_t cut = rest.size() * input[1] / 256;
    const ByteView model = rest.first(cut);
    const ByteView data = rest.subspan(cut);
    const auto fact = evaluate(question(sealed), model, data);
    const auto result = codec::decode<consensus::pole::ScoreResult>(fact.result);
    POLIS_ASSERT(result.has_value() && is_possible(*result));
    POLIS_ASSERT(equal(evaluate(question(sealed), model, data).result, fact.result));
    const crypto::Secret32 key(Bytes(crypto::Secret32::kSize, kKeyByte));
    if (const auto opened = unseal(key, data)) {
        POLIS_ASSERT(equal(seal(key, *opened), data));
    } else {
        POLIS_ASSERT(!to_string(opened.error()).empty());
    }
    if (!rest.empty()) {
        const auto back = unseal(key, seal(key, rest));
        POLIS_ASSERT(back.has_value() && equal(*back, rest));
    }
}

}  // namespace
}  // namespace polis::ledger::tasks

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::ledger::tasks::run({data, size});
    return 0;
}
