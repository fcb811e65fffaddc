// Safetensors files as strangers may send them. What is read and admitted is written in one way.
#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/check.hpp>
#include <ml/exact/safetensors.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis::exact {
namespace {

void run(ByteView file) {
    std::optional<Model> model;
    {
        const fuzz::AllocGuard guard(file.size());
        if (auto read = import_safetensors(file)) {
            model = *std::move(read);
        }
    }
    if (!model) {
        return;
    }
    const auto admitted = admit(*model);
    if (!admitted) {
        return;
    }
    const Bytes written = export_safetensors(*admitted);
    const auto back = import_safetensors(written);
    POLIS_ASSERT(back && *back == *model);
    POLIS_ASSERT(equal(export_safetensors(*admit(*back)), written));
}

}  // namespace
}  // namespace polis::exact

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::exact::run({data, size});
    return 0;
}
