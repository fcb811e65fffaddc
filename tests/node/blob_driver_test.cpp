// The driver of blobs: what the chain wants is fetched, kept and given up again. Two drivers with
// real stores in folders; messages are carried by hand, files are written on a thread as in a node.
#include <node/drivers/blob_driver.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <core/blob.hpp>
#include <core/random.hpp>
#include <node/runtime/clock.hpp>
#include <tests/support/ledger_world.hpp>
#include <tests/support/temp_dir.hpp>

namespace polis::node {
namespace {

using ledger::testing::must;

using Work = std::function<NetMachine::Effects(TimeMs)>;

/// What other threads want of the net thread, which is the test.
class Posts {
  public:
    void push(Work work) {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(work));
    }

    /// The first one. @pre not empty
    Work pop() {
        const std::lock_guard lock(mutex_);
        Work out = std::move(queue_.front());
        queue_.pop_front();
        return out;
    }

    [[nodiscard]] bool empty() const {
        const std::lock_guard lock(mutex_);
        return queue_.empty();
    }

  private:
    mutable std::mutex mutex_;
    std::deque<Work> queue_;
};

/// A node's blobs, and its only peer.
class Side {
  public:
    explicit Side(std::vector<Hash> keep = {})
        : log_(*Log::open({.level = LogLevel::kError, .file = {}, .clock = &clock_})),
          store_(must(ledger::BlobStore::open({.folder = dir_.path().string()}))),
          driver_(
              {.store = store_.get(),
               .files = &files_,
               .log = log_.get(),
               .keep = std::move(keep),
               .post = [this](auto work) { posts_.push(std::move(work)); }}) {}

    ~Side() { files_.stop(); }

    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;

    void connect(Side& other) {
        peer_ = &other;
        perform(driver_.peer_up(kPeer, now_));
    }

    /// Lets a minute pass at most. @return done()
    bool run_until(const std::function<bool()>& done) {
        for (int step = 0; step < 6'000 && !done(); ++step) {
            now_.value += 10;
            perform(driver_.tick(now_));
            peer_->answer();
            answer();
            settle();
        }
        return done();
    }

    /// What was posted until now, and the files before it.
    void settle() {
        std::latch written(1);
        ASSERT_TRUE(files_.submit([&] { written.count_down(); }));
        written.wait();
        while (!posts_.empty()) {
            perform(posts_.pop()(now_));
        }
    }

    BlobDriver& driver() { return driver_; }

    ledger::BlobStore& store() { return *store_; }

    std::vector<std::string> offences;

  private:
    static constexpr PeerId kPeer = 1;

    void perform(NetMachine::Effects effects) {
        for (auto& effect : effects) {
            if (auto* const send = std::get_if<NetMachine::Send>(&effect)) {
                peer_->inbox_.push_back(std::move(send->bytes));
            } else {
                offences.push_back(std::get<NetMachine::Offended>(effect).reason);
            }
        }
    }

    void answer() {
        while (!inbox_.empty()) {
            const Bytes message = std::move(inbox_.front());
            inbox_.pop_front();
            perform(driver_.receive(kPeer, message, now_));
        }
        while (!posts_.empty()) {
            perform(posts_.pop()(now_));
        }
    }

    polis::testing::TempDir dir_;
    Clock clock_;
    TimeMs now_{1'000'000};
    Posts posts_;
    JobPool files_{"files", 1, 1'000};
    std::unique_ptr<Log> log_;
    std::unique_ptr<ledger::BlobStore> store_;
    BlobDriver driver_;
    Side* peer_ = nullptr;
    std::deque<Bytes> inbox_;
};

/// Three chunks, the last one short.
Bytes some_blob() {
    Bytes out(2 * kBlobChunkBytes + 77);
    Random random(5);
    for (std::uint8_t& byte : out) {
        byte = static_cast<std::uint8_t>(random.below(256));
    }
    return out;
}

void connect(Side& left, Side& right) {
    left.connect(right);
    right.connect(left);
}

TEST(BlobDriver, fetches_what_is_to_be_kept_and_pins_it) {
    Side server;
    const Hash root = must(server.store().put(some_blob()));
    Side node;
    connect(node, server);
    node.driver().keep({root});
    ASSERT_TRUE(node.run_until([&] { return node.store().shape(root).has_value(); }));
    EXPECT_EQ(must(node.store().read(root, 0, 3 * kBlobChunkBytes)), some_blob());
    EXPECT_EQ(must(node.store().collect(0)), 0U) << "it is pinned";
    EXPECT_TRUE(node.offences.empty() && server.offences.empty());
}

TEST(BlobDriver, what_is_not_wanted_any_more_may_be_collected) {
    Side server;
    Side node;
    connect(node, server);
    const Hash root = must(node.store().put(some_blob()));
    node.driver().keep({root});
    node.settle();
    EXPECT_EQ(must(node.store().collect(0)), 0U);
    node.driver().keep({root});  // a second time pins nothing more
    node.settle();
    node.driver().keep({});
    node.settle();
    EXPECT_EQ(must(node.store().collect(0)), 1U);
}

TEST(BlobDriver, the_operators_blobs_stay_whatever_the_chain_wants) {
    Side server;
    const Hash root = must(server.store().put(some_blob()));
    Side node({root});
    connect(node, server);
    ASSERT_TRUE(node.run_until([&] { return node.store().shape(root).has_value(); }));
    node.driver().keep({Hash{{9}}});
    node.settle();
    node.driver().keep({});
    node.settle();
    EXPECT_EQ(must(node.store().collect(0)), 0U);
}

TEST(BlobDriver, a_blob_that_comes_another_way_is_pinned) {
    Side server;
    Side node;
    connect(node, server);
    const Hash root = must(server.store().put(some_blob()));
    ASSERT_EQ(must(server.store().collect(0)), 1U);  // nobody has it
    node.driver().keep({root});
    node.settle();
    ASSERT_EQ(must(node.store().put(some_blob())), root);
    node.driver().keep({root});
    node.settle();
    EXPECT_EQ(must(node.store().collect(0)), 0U);
}

TEST(BlobDriver, bytes_that_are_no_message_are_an_offence) {
    Side server;
    Side node;
    connect(node, server);
    const auto effects = node.driver().receive(1, Bytes{0xff, 0xff}, TimeMs{1});
    ASSERT_EQ(effects.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<NetMachine::Offended>(effects[0]));
}

}  // namespace
}  // namespace polis::node
