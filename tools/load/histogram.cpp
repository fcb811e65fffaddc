#include <tools/load/histogram.hpp>

#include <algorithm>
#include <bit>

#include <core/check.hpp>

namespace polis::tools {

namespace {

// A value from 2^k on falls into one of 64 equal parts of [2^k, 2^(k+1)).
constexpr unsigned kPartBits = 6;
constexpr std::uint64_t kExactMax = std::uint64_t{1} << (kPartBits + 1);

std::size_t bucket_of(std::uint64_t value) {
    if (value < kExactMax) {
        return static_cast<std::size_t>(value);
    }
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kPartBits - 1;
    return (std::size_t{shift} << kPartBits) + static_cast<std::size_t>(value >> shift);
}

/// The largest value of a bucket.
std::uint64_t top_of(std::size_t bucket) {
    if (bucket < kExactMax) {
        return bucket;
    }
    const std::size_t shift = (bucket >> kPartBits) - 1;
    const std::uint64_t part = bucket - (shift << kPartBits);
    return ((part + 1) << shift) - 1;
}

}  // namespace

void Histogram::record(std::uint64_t value, std::uint64_t times) {
    const std::size_t bucket = bucket_of(value);
    if (bucket >= buckets_.size()) {
        buckets_.resize(bucket + 1);
    }
    buckets_[bucket] += times;
    count_ += times;
    sum_ += value * times;
    max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) {
    buckets_.resize(std::max(buckets_.size(), other.buckets_.size()));
    for (std::size_t i = 0; i < other.buckets_.size(); ++i) {
        buckets_[i] += other.buckets_[i];
    }
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::percentile(std::uint32_t per_mille) const {
    POLIS_ASSERT_OP(per_mille, <=, 1'000);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        below += buckets_[i];
        if (buckets_[i] > 0 && below * 1'000 >= count_ * per_mille) {
            return std::min(top_of(i), max_);
        }
    }
    return max_;
}

}  // namespace polis::tools
