// Files of datasets as strangers may send them. What opens can be read to its end, and is what a
// builder writes of the same samples.
#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/check.hpp>
#include <ml/exact/dataset.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis::exact {
namespace {

void run(ByteView file) {
    std::optional<DatasetView> view;
    {
        const fuzz::AllocGuard guard(file.size());
        if (auto opened = DatasetView::open(file)) {
            view = *opened;
        }
    }
    if (!view) {
        return;
    }
    auto builder = DatasetBuilder::create(view->shape(), view->classes());
    POLIS_ASSERT(builder.has_value());
    for (std::uint32_t i = 0; i < view->count(); ++i) {
        POLIS_ASSERT(builder->add(view->sample(i), view->label(i)));
    }
    POLIS_ASSERT(equal(*builder->finish(), file));
}

}  // namespace
}  // namespace polis::exact

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::exact::run({data, size});
    return 0;
}
