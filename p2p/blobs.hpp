#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <core/blob.hpp>
#include <core/bytes.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <p2p/blobs/messages.hpp>
#include <p2p/peers.hpp>

/// Blobs from many peers at once, each chunk proved before it is kept; and serving them. Machines
/// without sockets and files. Spec: docs/spec/blobs.md.
namespace polis::p2p {

// ---- effects ------------------------------------------------------------------------------------

/// Send on Channel::kBlobs.
struct SendBlob {
    ConnectionId connection = 0;
    Bytes bytes;
};

/// The blob's shape is proved: make room for it, and tell have() which chunks are here already.
struct BlobFound {
    Hash root;
    BlobShape shape;
};

/// A proved chunk. Store it; nothing of it is kept here. If that fails, forget() the blob and
/// want() it later: what is on disk by then is not fetched again.
struct StoreBlobChunk {
    Hash root;
    std::uint32_t index = 0;
    Bytes bytes;
};

/// Every chunk has been handed out.
struct BlobComplete {
    Hash root;
};

/// What no honest peer does.
enum class BlobFault : std::uint8_t {
    kBadMessage,  ///< bytes that are no blob message
    kBadShape,    ///< a shape that does not lead to the root
    kBadChunk,    ///< a chunk that does not lead to the root
    kUnasked,     ///< an answer to nothing
    kBadRequest,  ///< indexes that are none, not ascending, or beyond every blob
};

[[nodiscard]] std::string_view to_string(BlobFault fault);

/// For Peers::offended(); the machine asks this peer nothing more.
struct BlobBlame {
    ConnectionId connection = 0;
    BlobFault fault = BlobFault::kBadMessage;
};

using BlobEffect = std::variant<SendBlob, BlobFound, StoreBlobChunk, BlobComplete, BlobBlame>;
using BlobEffects = std::vector<BlobEffect>;

// ---- fetching -----------------------------------------------------------------------------------

class BlobFetch {
  public:
    struct Limits {
        std::size_t blobs_max = 16;          ///< fetched at once; others wait
        std::size_t wanted_max = 1'024;      ///< with those that wait
        std::size_t in_flight_max = 32;      ///< chunks, of all peers: 8 MiB on their way
        std::size_t in_flight_peer_max = 8;  ///< of one peer, once it has shown to be quick
        std::uint64_t chunk_ms = 10'000;     ///< after which a chunk is asked elsewhere
        std::uint64_t second_ms = 2'000;     ///< after which an idle peer may be asked as well
        std::uint64_t query_ms = 5'000;      ///< between questions who has a blob; doubles
        std::uint64_t query_ms_max = 60'000;
        std::uint64_t rest_ms = 1'000;  ///< of a peer that was slow or busy; doubles
        std::uint64_t rest_ms_max = 30'000;
    };

    explicit BlobFetch(const Limits& limits) : limits_(limits) {}

    /// False if too many are wanted already. A blob that is here already must not be wanted.
    [[nodiscard]] bool want(const Hash& root, TimeMs now);

    /// Nobody needs it any more; late answers to it are ignored.
    void forget(const Hash& root);

    /// The driver's answer to BlobFound: chunks that are on disk from an earlier attempt.
    /// @pre have.size() is the number of chunks
    [[nodiscard]] BlobEffects have(const Hash& root, const std::vector<bool>& have, TimeMs now);

    [[nodiscard]] BlobEffects peer_up(ConnectionId peer, TimeMs now);
    [[nodiscard]] BlobEffects peer_down(ConnectionId peer, TimeMs now);

    [[nodiscard]] BlobEffects on_have(ConnectionId peer, const BlobHave& answer, TimeMs now);
    [[nodiscard]] BlobEffects on_chunk(ConnectionId peer, BlobChunk answer, TimeMs now);
    [[nodiscard]] BlobEffects on_busy(ConnectionId peer, const BlobBusy& answer, TimeMs now);

    [[nodiscard]] BlobEffects tick(TimeMs now);
    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    struct Progress {
        std::optional<BlobShape> shape;  ///< nothing: nobody has been found who has it
        std::uint32_t chunks_done = 0;
        std::size_t sources = 0;  ///< peers that have it
    };

    [[nodiscard]] std::optional<Progress> progress(const Hash& root) const;
    [[nodiscard]] std::vector<Hash> wanted() const;
    [[nodiscard]] std::size_t in_flight() const;

  private:
    enum class ChunkState : std::uint8_t { kMissing, kAsked, kDone };

    struct Blob {
        std::optional<BlobShape> shape;
        bool ready = false;  ///< the driver has said what is here
        std::vector<ChunkState> chunks;
        std::uint32_t done = 0;
        std::uint32_t first_missing = 0;  ///< no chunk before it is missing
        std::uint64_t order = 0;          ///< of want(): the first ones are fetched first
        std::uint64_t query_pause_ms = 0;
        TimeMs query_at;
    };

    struct Ask {
        TimeMs at;
        bool expired = false;       ///< asked elsewhere; a late answer is still used
        std::uint32_t answers = 1;  ///< that may still come: one for each time it was asked
    };

    using ChunkName = std::pair<Hash, std::uint32_t>;

    enum class Known : std::uint8_t { kAsked, kHas, kHasNot };

    struct Peer {
        std::map<Hash, Known> blobs;
        std::map<ChunkName, Ask> asks;
        std::size_t window = 1;  ///< chunks that may be on their way from it
        std::uint64_t rest_pause_ms = 0;
        TimeMs rests_until;
        bool blamed = false;
    };

    /// The blobs that are fetched now, first wanted first.
    [[nodiscard]] std::vector<Hash> open() const;
    void query(const Hash& root, ConnectionId id, Peer& peer);
    void expire(TimeMs now);
    void ask_all(TimeMs now);
    void ask(ConnectionId id, Peer& peer, TimeMs now);
    [[nodiscard]] std::vector<std::uint32_t> choose(
        const Hash& root, Blob& blob, const Peer& peer, std::size_t count);
    void release(const ChunkName& name);
    void finish_if_done(const Hash& root, const Blob& blob);
    void blame(ConnectionId id, BlobFault fault);
    void rest(Peer& peer, TimeMs now);
    [[nodiscard]] static std::size_t waiting(const Peer& peer);
    [[nodiscard]] BlobEffects take();

    const Limits limits_;
    std::map<Hash, Blob> blobs_;
    std::map<std::uint64_t, Hash> queue_;  ///< by Blob::order
    std::map<ConnectionId, Peer> peers_;
    std::uint64_t next_order_ = 0;
    TimeMs now_;
    BlobEffects effects_;
};

// ---- serving ------------------------------------------------------------------------------------

/// Where a server finds blobs: the driver's face of ledger::BlobStore.
class BlobSource {
  public:
    virtual ~BlobSource() = default;

    /// The shape of a whole blob, nothing if it is not here.
    [[nodiscard]] virtual std::optional<BlobShape> shape(const Hash& root) const = 0;

    /// A chunk that leads to the root, with an empty `bytes` if it is not here. Sets bytes and
    /// siblings alone.
    [[nodiscard]] virtual BlobChunk chunk(const Hash& root, std::uint32_t index) const = 0;
};

/// Answers peers within a budget for each of them.
class BlobServe {
  public:
    struct Limits {
        std::uint64_t bytes_per_ms = std::uint64_t{16} * 1024;      ///< of one peer
        std::uint64_t bytes_max = std::uint64_t{32} * 1024 * 1024;  ///< saved up at most
        std::uint64_t request_bytes = 4'096;  ///< what a message costs beside its answer
    };

    explicit BlobServe(const Limits& limits) : limits_(limits) {}

    [[nodiscard]] BlobEffects on_query(
        ConnectionId peer, const BlobQuery& query, const BlobSource& source, TimeMs now);
    [[nodiscard]] BlobEffects on_request(
        ConnectionId peer, const BlobChunkRequest& request, const BlobSource& source, TimeMs now);

    void peer_down(ConnectionId peer) { buckets_.erase(peer); }

  private:
    struct Bucket {
        std::uint64_t bytes = 0;
        TimeMs filled;
    };

    [[nodiscard]] Bucket& bucket_of(ConnectionId peer, TimeMs now);
    [[nodiscard]] bool charge(Bucket& bucket, std::uint64_t bytes) const;

    const Limits limits_;
    std::map<ConnectionId, Bucket> buckets_;
};

/// A message of Channel::kBlobs, or the blame that its sender gets.
[[nodiscard]] Result<BlobMessage, BlobFault> decode_blob_message(ByteView bytes);

}  // namespace polis::p2p
