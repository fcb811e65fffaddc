#include <ledger/modules/task_sealing.hpp>

#include <algorithm>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/chacha20_poly1305.hpp>
#include <ml/exact/limits.hpp>

namespace polis::ledger::tasks {

namespace {

constexpr std::size_t kSizeOffset = 9;

/// The index as a number of 12 bytes, little-endian: no two segments share one.
crypto::AeadNonce nonce_of(std::uint64_t index) {
    crypto::AeadNonce out{};
    for (std::size_t i = 0; i < sizeof(index); ++i) {
        out[i] = static_cast<std::uint8_t>(index >> (8 * i));
    }
    return out;
}

/// Bytes inside segment `index`.
std::size_t segment_bytes(std::uint64_t plain_bytes, std::uint64_t index) {
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(kSealSegmentBytes, plain_bytes - index * kSealSegmentBytes));
}

}  // namespace

std::string_view to_string(SealError error) {
    switch (error) {
        case SealError::kBadMagic:
            return "not a sealed test set: seal the dataset first";
        case SealError::kBadVersion:
            return "sealed in an unknown version";
        case SealError::kBadSize:
            return "the sealed set is empty or over the limit of datasets";
        case SealError::kTruncated:
            return "bytes are missing: fetch the blob again";
        case SealError::kTrailingBytes:
            return "bytes are left over after the last segment";
        case SealError::kNotAuthentic:
            return "the key does not open it, or it was changed";
    }
    return "unknown";
}

SealHeader seal_header(std::uint64_t plain_bytes) {
    POLIS_ASSERT(plain_bytes >= 1 && plain_bytes <= exact::kDatasetBytesMax);
    SealHeader out{};
    std::ranges::copy(kSealMagic, out.begin());
    out[kSealMagic.size()] = kSealVersion;
    std::ranges::copy(codec::encode(plain_bytes), out.begin() + kSizeOffset);
    return out;
}

std::uint64_t seal_segments(std::uint64_t plain_bytes) {
    return (plain_bytes + kSealSegmentBytes - 1) / kSealSegmentBytes;
}

std::uint64_t sealed_bytes(std::uint64_t plain_bytes) {
    return kSealHeaderBytes + plain_bytes + seal_segments(plain_bytes) * crypto::kAeadTagBytes;
}

Result<std::uint64_t, SealError> read_seal_header(ByteView sealed) {
    if (sealed.size() < kSealHeaderBytes) {
        return std::unexpected(SealError::kTruncated);
    }
    if (!equal(sealed.first(kSealMagic.size()), kSealMagic)) {
        return std::unexpected(SealError::kBadMagic);
    }
    if (sealed[kSealMagic.size()] != kSealVersion) {
        return std::unexpected(SealError::kBadVersion);
    }
    const auto bytes =
        codec::decode<std::uint64_t>(sealed.subspan(kSizeOffset, sizeof(std::uint64_t)));
    if (*bytes == 0 || *bytes > exact::kDatasetBytesMax) {
        return std::unexpected(SealError::kBadSize);
    }
    return *bytes;
}

void seal_segment(
    std::span<std::uint8_t> out,
    const crypto::Secret32& key,
    const SealHeader& header,
    std::uint64_t index,
    ByteView plain) {
    crypto::aead_seal(out, key, nonce_of(index), header, plain);
}

bool open_segment(
    std::span<std::uint8_t> out,
    const crypto::Secret32& key,
    const SealHeader& header,
    std::uint64_t index,
    ByteView sealed) {
    return crypto::aead_open(out, key, nonce_of(index), header, sealed);
}

Bytes seal(const crypto::Secret32& key, ByteView plain) {
    const SealHeader header = seal_header(plain.size());
    Bytes out(sealed_bytes(plain.size()));
    std::ranges::copy(header, out.begin());
    std::span<std::uint8_t> rest = std::span{out}.subspan(kSealHeaderBytes);
    for (std::uint64_t i = 0; i < seal_segments(plain.size()); ++i) {
        const std::size_t size = segment_bytes(plain.size(), i);
        const std::size_t sealed = size + crypto::kAeadTagBytes;
        seal_segment(
            rest.first(sealed), key, header, i, plain.subspan(i * kSealSegmentBytes, size));
        rest = rest.subspan(sealed);
    }
    return out;
}

Result<Bytes, SealError> unseal(const crypto::Secret32& key, ByteView sealed) {
    POLIS_TRY(const std::uint64_t plain_bytes, read_seal_header(sealed));
    if (sealed.size() != sealed_bytes(plain_bytes)) {
        return std::unexpected(
            sealed.size() < sealed_bytes(plain_bytes) ? SealError::kTruncated
                                                      : SealError::kTrailingBytes);
    }
    const SealHeader header = seal_header(plain_bytes);
    ByteView rest = sealed.subspan(kSealHeaderBytes);
    Bytes out(plain_bytes);
    for (std::uint64_t i = 0; i < seal_segments(plain_bytes); ++i) {
        const std::size_t size = segment_bytes(plain_bytes, i);
        const std::size_t bytes = size + crypto::kAeadTagBytes;
        const auto target = std::span{out}.subspan(i * kSealSegmentBytes, size);
        if (!open_segment(target, key, header, i, rest.first(bytes))) {
            return std::unexpected(SealError::kNotAuthentic);
        }
        rest = rest.subspan(bytes);
    }
    return out;
}

}  // namespace polis::ledger::tasks
