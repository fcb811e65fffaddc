#include <ml/data/cifar.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace polis::data {

namespace {

constexpr exact::Shape kImage{3, 32, 32};
constexpr std::uint32_t kClasses = 10;
constexpr std::size_t kRecordBytes = 1 + std::size_t{3} * 32 * 32;

}  // namespace

Result<Bytes, DataError> dataset_of_cifar(ByteView file) {
    if (file.empty() || file.size() % kRecordBytes != 0) {
        return fail(DataCode::kBadCifar, {});
    }
    auto builder = exact::DatasetBuilder::create(kImage, kClasses);
    if (!builder) {
        return fail(builder.error());
    }
    for (; !file.empty(); file = file.subspan(kRecordBytes)) {
        if (auto added = builder->add(file.subspan(1, kRecordBytes - 1), file[0]); !added) {
            return fail(added.error());
        }
    }
    auto out = builder->finish();
    if (!out) {
        return fail(out.error());
    }
    return *std::move(out);
}

}  // namespace polis::data
