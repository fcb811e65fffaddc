#include <node/trainer/trainer_connection.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include <sys/socket.h>

#include <ml/protocol/frames.hpp>

namespace polis::node {

TrainerConnection::TrainerConnection(Visitor visitor, const Setup& setup, std::uint64_t now_ms)
    : visitor_(std::move(visitor)),
      blobs_(setup.blobs),
      link_(setup.token, setup.nonce, now_ms, setup.patience),
      outgoing_(link_.greeting()) {}

Result<std::vector<trainer::TrainerMessage>, std::string> TrainerConnection::receive(
    std::uint64_t now_ms) {
    Bytes portion(kReadBytes);
    const ssize_t count = ::recv(fd(), portion.data(), portion.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return std::vector<trainer::TrainerMessage>();
    }
    if (count <= 0) {
        hung_up_ = true;
        return std::vector<trainer::TrainerMessage>();
    }
    portion.resize(static_cast<std::size_t>(count));
    const bool greeted = hello().has_value();
    auto messages = link_.received(portion, now_ms);
    if (!messages) {
        return std::unexpected(std::string(to_string(messages.error())));
    }
    if (!greeted && hello()) {
        shelf_ = hello()->blobs;
    }
    return *std::move(messages);
}

void TrainerConnection::give(TrainerWork work) {
    if (blobs_ != nullptr) {
        want(work.job.data);
        if (work.job.validation) {
            want(*work.job.validation);
        }
    }
    work_ = std::move(work);
}

/// Keeps the same list as the trainer does: a new one behind, the oldest makes room.
void TrainerConnection::want(const trainer::BlobLocation& blob) {
    const auto* sent = std::get_if<trainer::SentBlob>(&blob);
    if (sent == nullptr || std::ranges::find(shelf_, sent->root) != shelf_.end()) {
        return;
    }
    if (shelf_.size() >= trainer::kShelfBlobsMax) {
        shelf_.erase(shelf_.begin());
    }
    shelf_.push_back(sent->root);
    queue_.push_back(sent->root);
}

bool TrainerConnection::cancel(std::uint64_t job) {
    if (work_ && work_->job.job == job) {
        work_.reset();  // its datasets are sent to their end: the next job has them
        return true;
    }
    if (link_.job() == job) {
        append(outgoing_, link_.cancel());
    }
    return false;
}

void TrainerConnection::refuse(std::string why) {
    append(
        outgoing_,
        trainer::frame_of(
            trainer::HostMessage{trainer::Refused{.text = trainer::fitting(std::move(why))}}));
    flush();
    ::shutdown(fd(), SHUT_WR);
}

Result<void, trainer::Failed> TrainerConnection::send(std::uint64_t now_ms) {
    auto filled = fill(now_ms);
    flush();
    return filled;
}

/// Puts the next portions, or the job behind the last one, into what waits to leave.
Result<void, trainer::Failed> TrainerConnection::fill(std::uint64_t now_ms) {
    while (!queue_.empty() && outgoing_.size() < kOutgoingMax) {
        if (auto done = append_portion(); !done) {
            const std::uint64_t job = work_ ? work_->job.job : 0;
            work_.reset();
            queue_.clear();
            // What was begun cannot be taken back: the trainer connects anew.
            hung_up_ = true;
            return std::unexpected(trainer::Failed{
                .job = job,
                .code = trainer::FailureCode::kBadData,
                .text = trainer::fitting(done.error())});
        }
    }
    if (!queue_.empty() || !work_ || !link_.ready()) {
        return {};
    }
    TrainerWork work = *std::exchange(work_, std::nullopt);
    const std::uint64_t waited_ms = now_ms - work.since_ms;
    if (work.job.window_ms != 0 && waited_ms >= work.job.window_ms) {
        return std::unexpected(trainer::Failed{
            .job = work.job.job,
            .code = trainer::FailureCode::kNothingLearned,
            .text = "the window was over before the trainer had the data"});
    }
    work.job.window_ms -=
        static_cast<std::uint32_t>(std::min<std::uint64_t>(waited_ms, work.job.window_ms));
    append(outgoing_, link_.train(work.job));
    return {};
}

Result<void, std::string> TrainerConnection::append_portion() {
    const Hash& root = queue_.front();
    const auto bytes_total = blobs_->bytes(root);
    if (!bytes_total) {
        return std::unexpected(std::string("a dataset of the job is not at this node any more"));
    }
    const std::uint64_t count = std::min<std::uint64_t>(*bytes_total - offset_, kPortionBytes);
    POLIS_TRY(Bytes bytes, blobs_->read(root, offset_, count));
    if (bytes.size() != count || count == 0) {
        return std::unexpected(std::string("a dataset of the job cannot be read"));
    }
    trainer::BlobPortion portion{
        .root = root, .bytes_total = *bytes_total, .offset = offset_, .bytes = std::move(bytes)};
    append(outgoing_, trainer::frame_of(trainer::HostMessage{std::move(portion)}));
    offset_ += count;
    if (offset_ == *bytes_total) {
        queue_.pop_front();
        offset_ = 0;
    }
    return {};
}

void TrainerConnection::flush() {
    std::size_t sent = 0;
    while (sent < outgoing_.size()) {
        const ssize_t count =
            ::send(fd(), outgoing_.data() + sent, outgoing_.size() - sent, MSG_NOSIGNAL);
        if (count < 0) {
            break;  // full, or gone, which the next read says
        }
        sent += static_cast<std::size_t>(count);
    }
    outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(sent));
}

}  // namespace polis::node
