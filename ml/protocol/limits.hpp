#pragma once

#include <cstddef>
#include <cstdint>

#include <ml/exact/limits.hpp>

/// Every limit of the trainer protocol. Spec: docs/spec/trainer.md; bytes: docs/formats/trainer.md.
namespace polis::trainer {

inline constexpr std::uint16_t kProtocolVersion = 1;

/// Of a message without its length: a model, and room for what goes with it.
inline constexpr std::size_t kFrameBytesMax = exact::kModelBytesMax + (std::size_t{64} << 10);
inline constexpr std::size_t kTextBytesMax = 1024;  ///< causes, versions, names of devices
inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr std::size_t kDevicesMax = 64;
inline constexpr std::size_t kKindBytesMax = 32;  ///< name of an architecture
inline constexpr std::size_t kHiddenLayersMax = 16;
inline constexpr std::size_t kPortionBytesMax = std::size_t{1} << 20;  ///< of a dataset on its way
inline constexpr std::size_t kShelfBlobsMax = 4;  ///< datasets that a trainer keeps
inline constexpr std::size_t kHelloBytesMax = std::size_t{128} << 10;  ///< before it proved itself
inline constexpr std::size_t kTokenBytesMin = 16;
inline constexpr std::size_t kTokenBytesMax = 1024;
inline constexpr std::uint32_t kWindowMsMax = 24 * 3600 * 1000;
inline constexpr std::uint32_t kEpochsMax = 10'000;
inline constexpr std::uint32_t kBatchMax = 8192;

inline constexpr std::uint64_t kHeartbeatMs = 1'000;    ///< a trainer says something this often
inline constexpr std::uint64_t kSilenceMsMax = 10'000;  ///< after which the host gives it up
inline constexpr std::uint64_t kHelloMsMax = 60'000;    ///< a first start reads all of libtorch

}  // namespace polis::trainer
