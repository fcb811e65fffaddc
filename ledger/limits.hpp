#pragma once

#include <cstddef>
#include <cstdint>

#include <consensus/quorum.hpp>

/// Every protocol limit of the ledger. A value beyond one is refused with a named error.
namespace polis::ledger {

inline constexpr std::size_t kTxnBytesMax =
    std::size_t{320} * 1024;  ///< code of a contract, its input
inline constexpr std::size_t kBlockTxnsMax = 65'536;
inline constexpr std::size_t kBlockBytesMax = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t kEventNameBytesMax = 32;
inline constexpr std::size_t kEventDataBytesMax = 4'096;
inline constexpr std::size_t kReceiptEventsMax = 64;
inline constexpr std::size_t kStateKeyBytesMax = 63;
inline constexpr std::size_t kStateValueBytesMax = std::size_t{64} * 1024;
inline constexpr std::size_t kValidatorsMax = 1'024;  ///< candidates in the list
inline constexpr std::uint32_t kCommitteeMax = consensus::kCommitteeMax;
inline constexpr std::uint64_t kUnbondingErasMax = 1'024;  ///< that a slashing may have to visit
inline constexpr std::uint16_t kBasisPoints = 10'000;  ///< one whole, in hundredths of a percent

// Contracts: docs/spec/contracts.md; of their code: vm/limits.hpp.
inline constexpr std::size_t kContractInputBytesMax = std::size_t{32} * 1024;
inline constexpr std::size_t kContractOutputBytesMax = std::size_t{16} * 1024;  ///< or a message
inline constexpr std::size_t kContractEventNameBytesMax = 32;
inline constexpr std::size_t kContractEventDataBytesMax = 4'000;
inline constexpr std::size_t kStorageKeyBytesMax = 256;
inline constexpr std::size_t kStorageValueBytesMax = std::size_t{16} * 1024;
inline constexpr std::size_t kCodePieceBytes = std::size_t{32} * 1024;  ///< of code in one record
/// Programs that one transaction keeps at hand; what it calls beyond is loaded, and paid, again.
inline constexpr std::size_t kLoadedProgramsMax = 16;

inline constexpr std::size_t kEvaluationJobBytesMax = 256;
inline constexpr std::size_t kEvaluationsOpenMax = 64;        ///< requests that wait
inline constexpr std::uint64_t kEvaluationBlocksMax = 1'000;  ///< then one is given up
inline constexpr std::size_t kCallbacksPerBlockMax = 4;       ///< answers brought by one block
inline constexpr std::uint64_t kCallbackGasMax = 5'000'000;   ///< that one may set aside

// Learning tasks: docs/spec/pole.md.
inline constexpr std::size_t kTaskNameBytesMax = 64;
inline constexpr std::size_t kTaskTagBytesMax = 32;
inline constexpr std::size_t kTaskArchitectureBytesMax = 64;  ///< of the text of its suggestion
inline constexpr std::size_t kTasksWaitingMax = 64;           ///< that no round has opened for
inline constexpr std::uint64_t kTasksClosedMax = 256;  ///< settled tasks remembered; others as many
inline constexpr std::uint64_t kTaskOpenBlocksMin = 2;       ///< available so long before it opens
inline constexpr std::uint64_t kTaskWaitMsMax = 86'400'000;  ///< then a waiting task expires
inline constexpr std::uint64_t kTaskWindowMsMin = 100;
inline constexpr std::uint64_t kTaskWindowMsMax = 86'400'000;
/// Multiply-adds that one evaluation may need: samples times those of the model.
inline constexpr std::uint64_t kEvaluationMultiplyAddsMax = std::uint64_t{1} << 40;

}  // namespace polis::ledger
