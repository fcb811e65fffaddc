#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ml/protocol/messages.hpp>

namespace polis::trainer {

/// Datasets that the host has sent. The oldest makes room.
class BlobShelf {
  public:
    /// @return false for a portion that does not continue its blob, or a blob that is not its
    /// root's
    [[nodiscard]] bool add(const BlobPortion& portion);

    /// The blobs, oldest first, as the host counts them. @pre drop_incomplete()
    [[nodiscard]] std::vector<Hash> roots() const;

    /// What a lost connection left in the middle.
    void drop_incomplete();

    /// A complete blob, or null.
    [[nodiscard]] std::shared_ptr<const Bytes> find(const Hash& root) const;

  private:
    struct Blob {
        Hash root;
        std::shared_ptr<Bytes> bytes;
        std::uint64_t bytes_total = 0;
        bool complete = false;
    };

    std::vector<Blob> blobs_;
};

/// Trains on a thread of its own, so that the connection stays alive. Used by one thread; what the
/// training thread says waits in take() and wakes `wake_fd`, an eventfd.
class Worker {
  public:
    explicit Worker(int wake_fd) : wake_fd_(wake_fd) {}

    ~Worker() { stop(); }

    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// @pre !busy()
    void start(Train job, const BlobShelf& shelf);

    /// The job ends soon, with Failed.
    void cancel() { cancelled_ = true; }

    /// Cancels and waits. Its last messages can still be taken.
    void stop();

    [[nodiscard]] std::optional<std::uint64_t> job() const { return job_; }

    /// What was said since the last call. The last message of a job frees the worker.
    [[nodiscard]] std::vector<TrainerMessage> take();

  private:
    struct Input {
        std::shared_ptr<const Bytes> train;
        std::shared_ptr<const Bytes> validation;  ///< may be null
    };

    void run(const Train& job, Input input);
    [[nodiscard]] TrainerMessage work(const Train& job, Input& input);
    void say(TrainerMessage message);

    const int wake_fd_;
    std::optional<std::uint64_t> job_;
    std::thread thread_;
    std::atomic<bool> cancelled_ = false;
    std::mutex mutex_;
    std::vector<TrainerMessage> said_;  ///< under mutex_
};

}  // namespace polis::trainer
