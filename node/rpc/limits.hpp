#pragma once

#include <cstddef>
#include <cstdint>

namespace polis::node::rpc {

/// What one client, and all of them together, may ask for. docs/spec/rpc.md lists them.
struct Limits {
    // One request.
    std::size_t body_bytes_max = std::size_t{1} << 20;
    std::size_t response_bytes_max = std::size_t{25} << 20;
    std::size_t batch_max = 100;
    std::size_t depth_max = 64;
    std::size_t header_bytes_max = std::size_t{16} << 10;
    std::size_t blob_bytes_max = std::size_t{2} << 30;  ///< PUT /v1/blobs, never in memory at once

    // One connection. A write may take `write_ms` and a second more for each 256 KiB.
    std::uint64_t header_ms = 10'000;  ///< from the first byte of a request to the end of its head
    std::uint64_t body_ms = 30'000;    ///< from there to the end of its body
    std::uint64_t upload_ms = 300'000;
    std::uint64_t idle_ms = 60'000;  ///< between requests
    std::uint64_t write_ms = 30'000;
    std::uint64_t call_ms = 180'000;  ///< longest answer
    std::size_t calls_max = 64;       ///< open calls of a WebSocket
    std::size_t subscriptions_max = 16;
    std::size_t queue_bytes_max = std::size_t{1} << 20;  ///< events that wait in a WebSocket

    // All of them.
    std::size_t connections_max = 12'000;
    std::size_t websockets_max = 1'000;
    std::size_t buffered_bytes_max = std::size_t{256} << 20;  ///< bodies and answers in memory
    std::size_t uploads_max = 4;
    std::uint64_t call_gas_max = 100'000'000;  ///< of one contract_call
    std::size_t works_max = 512;               ///< calls that wait for the worker threads
    std::size_t waiters_max = 10'000;
    std::size_t events_kept = 4'096;          ///< of a topic, for those who come back
    std::size_t event_bytes_max = 8 << 20;    ///< of a topic
    std::size_t events_waiting_max = 65'536;  ///< from the node, not yet taken in
};

// Of single methods.
inline constexpr std::size_t kBlobPutBytesMax = std::size_t{512} << 10;  ///< blob_put
inline constexpr std::uint64_t kBlobReadMax = std::uint64_t{512} << 10;  ///< blob_get
inline constexpr std::uint64_t kRowsMax = 1'000;          ///< of any list that a call asks for
inline constexpr std::uint64_t kLogRangeMax = 10'000;     ///< blocks of one chain_getLogs
inline constexpr std::size_t kLogScanBlocks = 256;        ///< looked at before a cursor is given
inline constexpr std::size_t kLogScanReceipts = 100'000;  ///< the same
inline constexpr std::size_t kEvidenceScanBlocks = 256;
inline constexpr std::uint64_t kWaitMsMax = 120'000;
inline constexpr std::uint64_t kMineBlocksMax = 1'000;

}  // namespace polis::node::rpc
