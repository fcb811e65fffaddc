// Files that people bring as datasets: gzip, IDX, CSV, CIFAR-10. The first byte picks. Whatever
// becomes a dataset is one that opens.
#include <cstddef>
#include <cstdint>

#include <core/check.hpp>
#include <ml/data/cifar.hpp>
#include <ml/data/csv.hpp>
#include <ml/data/gzip.hpp>
#include <ml/data/idx.hpp>
#include <tests/fuzz/choices.hpp>

namespace polis::data {
namespace {

constexpr std::size_t kUnpackedMax = std::size_t{1} << 20;

void check(const Bytes& file) { POLIS_ASSERT(exact::DatasetView::open(file).has_value()); }

/// Images, then labels of which the next byte says how many bytes they take from the end.
void try_idx(fuzz::Choices choices) {
    const std::size_t behind = choices.byte();
    const ByteView all = choices.rest();
    const std::size_t labels_bytes = behind < all.size() ? behind : all.size();
    const auto images = parse_idx(all.first(all.size() - labels_bytes));
    const auto labels = parse_idx(all.last(labels_bytes));
    std::uint32_t white = 0;
    if (images && labels) {
        if (const auto file = dataset_of_idx(*images, *labels, white)) {
            check(*file);
        }
    }
}

void run(fuzz::Choices choices) {
    switch (choices.byte() % 4) {
        case 0:
            if (const auto file = gunzip(choices.rest(), kUnpackedMax)) {
                POLIS_ASSERT_OP(file->size(), <=, kUnpackedMax);
            }
            return;
        case 1:
            try_idx(choices);
            return;
        case 2:
            if (const auto table = dataset_of_csv(as_text(choices.rest()), {})) {
                check(table->file);
            }
            return;
        default:
            if (const auto file = dataset_of_cifar(choices.rest())) {
                check(*file);
            }
    }
}

}  // namespace
}  // namespace polis::data

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::data::run(polis::fuzz::Choices({data, size}));
    return 0;
}
