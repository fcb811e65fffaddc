#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ml/protocol/host_link.hpp>
#include <node/trainer/child.hpp>
#include <node/trainer/doors.hpp>

namespace polis::node {

/// Where datasets come from that a trainer elsewhere needs. Called on the host's thread.
struct BlobSource {
    std::function<std::optional<std::uint64_t>(const Hash& root)> bytes;
    std::function<Result<Bytes, std::string>(
        const Hash& root, std::uint64_t offset, std::size_t count)>
        read;
};

/// A job, and when it was handed over: its window runs from then on.
struct TrainerWork {
    trainer::Train job;
    std::uint64_t since_ms = 0;  ///< steady clock
};

/// The host's side of one connection to a trainer: socket, handshake, datasets, a job. Never
/// blocks and holds a bounded part of a dataset in memory. One thread.
class TrainerConnection {
  public:
    struct Setup {
        ByteView token;  ///< empty for a child on a local socket
        trainer::HelloNonce nonce;
        trainer::Patience patience;
        const BlobSource* blobs = nullptr;  ///< outlives the connection; null: files are shared
    };

    TrainerConnection(Visitor visitor, const Setup& setup, std::uint64_t now_ms);

    [[nodiscard]] int fd() const { return visitor_.socket.get(); }

    [[nodiscard]] bool wants_to_write() const { return !outgoing_.empty(); }

    [[nodiscard]] const std::string& from() const { return visitor_.from; }

    /// The other side has closed; a child that ends says more by how it ends.
    [[nodiscard]] bool hung_up() const { return hung_up_; }

    /// Takes what came. @error for people: the connection cannot go on
    [[nodiscard]] Result<std::vector<trainer::TrainerMessage>, std::string> receive(
        std::uint64_t now_ms);

    /// Sends what there is room for. @error for people: the job in hand cannot be handed over and
    /// is given up. Job 0: it was cancelled before
    [[nodiscard]] Result<void, trainer::Failed> send(std::uint64_t now_ms);

    /// @error no hello, or silence for too long
    [[nodiscard]] Result<void, trainer::LinkError> tick(std::uint64_t now_ms) const {
        return link_.tick(now_ms);
    }

    /// Sends the datasets of the job that the trainer does not have, then the job. @pre ready()
    void give(TrainerWork work);

    /// Ends the job. @return true if the trainer has not heard of it: then there is no answer
    [[nodiscard]] bool cancel(std::uint64_t job);

    /// Tells the other side why this ends, as far as it still listens.
    void refuse(std::string why);

    /// Greeted, and without a job.
    [[nodiscard]] bool ready() const { return link_.ready() && !work_; }

    [[nodiscard]] const std::optional<trainer::Hello>& hello() const { return link_.hello(); }

    static constexpr std::size_t kReadBytes = std::size_t{256} << 10;
    static constexpr std::size_t kPortionBytes = std::size_t{256} << 10;
    static constexpr std::size_t kOutgoingMax = std::size_t{1} << 20;  ///< of datasets

  private:
    void want(const trainer::BlobLocation& blob);
    [[nodiscard]] Result<void, trainer::Failed> fill(std::uint64_t now_ms);
    [[nodiscard]] Result<void, std::string> append_portion();
    void flush();

    Visitor visitor_;
    const BlobSource* const blobs_;
    trainer::HostLink link_;
    Bytes outgoing_;
    std::optional<TrainerWork> work_;  ///< waits for its datasets
    std::deque<Hash> queue_;           ///< datasets to send, the first one is under way
    std::uint64_t offset_ = 0;         ///< in it
    std::vector<Hash> shelf_;          ///< what the trainer has, oldest first
    bool hung_up_ = false;
};

}  // namespace polis::node
