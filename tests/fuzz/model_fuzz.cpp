// Files of models as strangers may send them. What is admitted encodes to the same bytes, keeps its
// promises and gives the same logits with every kernel.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <core/check.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/safetensors.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis::exact {
namespace {

/// Larger models are decoded, but not evaluated.
constexpr std::uint64_t kWorkMax = 200'000;

std::vector<std::int32_t> evaluate(const AdmittedModel& model, Kernel kernel, ByteView sample) {
    Evaluator evaluator(model, kernel);
    const auto logits = evaluator.logits(sample);
    return {logits.begin(), logits.end()};
}

void run(ByteView file) {
    std::optional<AdmittedModel> model;
    {
        const fuzz::AllocGuard guard(file.size());
        if (auto decoded = decode_model(file)) {
            model.emplace(*std::move(decoded));
        }
    }
    if (!model) {
        return;
    }
    POLIS_ASSERT(equal(encode_model(model->model()), file));
    const ModelFacts& facts = model->facts();
    POLIS_ASSERT_OP(facts.classes, <=, kClassesMax);
    if (facts.multiply_adds > kWorkMax || facts.activation_bytes > kWorkMax) {
        return;
    }
    Bytes sample(model->model().input.elements());
    for (std::size_t i = 0; i < sample.size(); ++i) {
        sample[i] = file[file.size() - 1 - i % file.size()];
    }
    const std::vector<std::int32_t> logits = evaluate(*model, Kernel::kPortable, sample);
    if (has_kernel(Kernel::kAvx2)) {
        POLIS_ASSERT(std::ranges::equal(logits, evaluate(*model, Kernel::kAvx2, sample)));
    }
    const auto back = import_safetensors(export_safetensors(*model));
    POLIS_ASSERT(back && *back == model->model());
}

}  // namespace
}  // namespace polis::exact

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::exact::run({data, size});
    return 0;
}
