#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <core/types.hpp>
#include <ledger/store/blob_store.hpp>
#include <node/drivers/p2p_driver.hpp>
#include <node/log/log.hpp>
#include <node/runtime/job_pool.hpp>
#include <p2p/blobs.hpp>

namespace polis::node {

/// Blobs on the net thread: fetches what the operator and the chain want to keep, and serves what
/// is here. Files are written on another thread, because a synced write would hold up votes; what
/// peers ask for is read here, from a cache as a rule.
class BlobDriver final : public NetMachine, private p2p::BlobSource {
  public:
    /// Runs work on the net thread and performs what it returns; any thread.
    using Post = std::function<void(std::function<Effects(TimeMs)>)>;

    struct Setup {
        ledger::BlobStore* store = nullptr;  ///< outlives the driver, as do the others
        JobPool* files = nullptr;
        Log* log = nullptr;
        std::vector<Hash> keep;  ///< fetched if they are not here, and pinned
        Post post;
    };

    explicit BlobDriver(Setup setup);

    /// From now on these blobs are fetched and pinned, beside the operator's; what was asked for
    /// before and is not named any more may be collected. Any thread.
    void keep(std::set<Hash> roots);

    // NetMachine
    [[nodiscard]] Effects peer_up(PeerId peer, TimeMs now) override;
    [[nodiscard]] Effects peer_down(PeerId peer, TimeMs now) override;
    [[nodiscard]] Effects receive(PeerId peer, ByteView bytes, TimeMs now) override;
    [[nodiscard]] Effects tick(TimeMs now) override;
    [[nodiscard]] std::optional<TimeMs> next_timer() const override;

  private:
    // p2p::BlobSource
    [[nodiscard]] std::optional<BlobShape> shape(const Hash& root) const override;
    [[nodiscard]] p2p::BlobChunk chunk(const Hash& root, std::uint32_t index) const override;

    [[nodiscard]] Effects perform(p2p::BlobEffects effects, TimeMs now);
    void perform_one(p2p::SendBlob& effect, Effects& out, TimeMs now);
    void perform_one(const p2p::BlobFound& effect, Effects& out, TimeMs now);
    void perform_one(p2p::StoreBlobChunk& effect, Effects& out, TimeMs now);
    void perform_one(const p2p::BlobComplete& effect, Effects& out, TimeMs now);
    void perform_one(const p2p::BlobBlame& effect, Effects& out, TimeMs now);

    void keep_now(std::set<Hash> roots, TimeMs now);
    void want(const Hash& root, TimeMs now);
    void give_up(const Hash& root);
    void arrived(const Hash& root);

    void make_room(const p2p::BlobFound& found);
    void write(const p2p::StoreBlobChunk& chunk);
    [[nodiscard]] Effects on(PeerId peer, const p2p::BlobMessage& message, TimeMs now);
    [[nodiscard]] Effects retry(const Hash& root, const std::string& cause, TimeMs now);

    Setup setup_;
    p2p::BlobFetch fetch_;
    p2p::BlobServe serve_;
    std::set<Hash> kept_;    ///< fetched or here
    std::set<Hash> pinned_;  ///< of them, by this driver
    std::map<Hash, TimeMs>
        again_at_;  ///< blobs that are wanted later, as they could not be written
};

}  // namespace polis::node
