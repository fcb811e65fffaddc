// A trainer on another machine: who may become it, how it gets its data, and what happens when it
// is lost. The other side is a socket in the hands of the test.
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <core/blob.hpp>
#include <core/integer.hpp>
#include <ml/protocol/frames.hpp>
#include <node/trainer/trainer_host.hpp>
#include <tests/node/trainer/diary.hpp>

namespace polis::node {
namespace {

using namespace polis::trainer;
using testing::Diary;

constexpr std::string_view kToken = "a token of 24 characters";

/// The trainer's end of a connection; blocks. Nothing instead of a message: the host hung up.
class Client {
  public:
    explicit Client(const std::string& address) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in target{};
        target.sin_family = AF_INET;
        target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto port = parse_u64(address.substr(address.rfind(':') + 1));
        target.sin_port = htons(static_cast<std::uint16_t>(port.value_or(0)));
        EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&target), sizeof(target)), 0);
    }

    ~Client() { close(); }

    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void close() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        fd_ = -1;
    }

    std::optional<HostMessage> receive() {
        while (true) {
            auto message = reader_.next<HostMessage>();
            if (!message) {
                ADD_FAILURE() << to_string(message.error());
                return std::nullopt;
            }
            if (*message) {
                return **message;
            }
            Bytes portion(65'536);
            const ssize_t count = ::recv(fd_, portion.data(), portion.size(), 0);
            if (count <= 0) {
                return std::nullopt;
            }
            reader_.feed(ByteView{portion}.first(static_cast<std::size_t>(count)));
        }
    }

    template <class Message>
    Message expect() {
        const auto message = receive();
        const auto* found = message ? std::get_if<Message>(&*message) : nullptr;
        EXPECT_NE(found, nullptr) << (message ? message->index() : 99);
        return found != nullptr ? *found : Message{};
    }

    void send(const TrainerMessage& message) { send(frame_of(message)); }

    void send(const Bytes& bytes) const {
        (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    void greet(std::string_view token = kToken, std::vector<Hash> blobs = {}) {
        const auto challenge = expect<Challenge>();
        send(Hello{
            .proof = prove(as_bytes(token), challenge.nonce),
            .program = "remote",
            .blobs = std::move(blobs)});
    }

    /// Portions until another message comes. @return their roots in order, each once it is whole
    std::vector<Hash> take_blobs(std::optional<HostMessage>& next) {
        std::vector<Hash> out;
        std::map<Hash, Bytes> blobs;
        while ((next = receive())) {
            const auto* portion = std::get_if<BlobPortion>(&*next);
            if (portion == nullptr) {
                return out;
            }
            Bytes& blob = blobs[portion->root];
            EXPECT_EQ(portion->offset, blob.size());
            append(blob, portion->bytes);
            if (blob.size() == portion->bytes_total) {
                EXPECT_EQ(blob_root(blob), portion->root);
                out.push_back(portion->root);
            }
        }
        return out;
    }

  private:
    int fd_;
    FrameReader reader_;
};

class RemoteTrainerTest : public ::testing::Test {
  protected:
    RemoteTrainerTest() {
        for (std::uint8_t i = 0; i < 6; ++i) {
            const Bytes blob(700'000 + i, i);
            roots_.push_back(blob_root(blob));
            blobs_[roots_.back()] = blob;
        }
    }

    TrainerHost& start(std::string_view token = kToken, trainer::Patience patience = {}) {
        TrainerHost::Options options;
        options.listen = "127.0.0.1:0";
        options.token = token;
        options.pause_ms_min = 20;
        options.patience = patience;
        options.blobs.bytes = [this](const Hash& root) -> std::optional<std::uint64_t> {
            const auto found = blobs_.find(root);
            return found == blobs_.end() ? std::nullopt
                                         : std::optional<std::uint64_t>(found->second.size());
        };
        options.blobs.read = [this](const Hash& root, std::uint64_t offset, std::size_t count)
            -> Result<Bytes, std::string> {
            return to_bytes(ByteView{blobs_.at(root)}.subspan(offset, count));
        };
        host_.emplace(std::move(options), diary_.listener());
        (void)diary_.visit(1);  // it listens
        return *host_;
    }

    [[nodiscard]] std::string address() const { return host_->status().listening; }

    [[nodiscard]] Train job(std::uint64_t number, std::size_t data, std::size_t validation) const {
        Train out;
        out.job = number;
        out.data = SentBlob{roots_[data]};
        out.validation = SentBlob{roots_[validation]};
        return out;
    }

    std::vector<Hash> roots_;
    std::map<Hash, Bytes> blobs_;  // constant while the host lives
    Diary diary_;
    std::optional<TrainerHost> host_;
};

TEST_F(RemoteTrainerTest, proves_the_token_gets_its_data_and_works) {
    TrainerHost& host = start();
    EXPECT_EQ(host.status().state, TrainerHost::State::kWaiting);
    ASSERT_TRUE(host.submit(job(1, 0, 1)).has_value()) << "waits for a trainer";
    Client client(address());
    client.greet();
    std::optional<HostMessage> next;
    EXPECT_EQ(client.take_blobs(next), (std::vector<Hash>{roots_[0], roots_[1]}));
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(std::get<Train>(*next), job(1, 0, 1));
    client.send(Progress{.job = 1, .epoch = 4});
    client.send(Finished{.job = 1, .model = {1, 2}});
    EXPECT_EQ(diary_.progress().epoch, 4U);
    EXPECT_EQ(diary_.finished().model, (Bytes{1, 2}));
    EXPECT_EQ(host.status().hello->program, "remote");
    EXPECT_TRUE(host.status().from.starts_with("127.0.0.1:"));

    ASSERT_TRUE(host.submit(job(2, 0, 2)).has_value());
    EXPECT_EQ(client.take_blobs(next), std::vector<Hash>{roots_[2]}) << "the first is there";
    ASSERT_TRUE(host.submit(job(3, 0, 2)).error() == TrainerHost::SubmitError::kBusy);
    host.cancel(2);
    EXPECT_EQ(client.expect<Cancel>().job, 2U);
    client.send(Failed{.job = 2, .code = FailureCode::kCancelled});
    EXPECT_EQ(diary_.failed().job, 2U);
}

TEST_F(RemoteTrainerTest, a_wrong_token_or_version_is_told_why) {
    start();
    Client wrong(address());
    wrong.greet("another token of 24 chars");
    EXPECT_NE(wrong.expect<Refused>().text.find("the token is wrong"), std::string::npos);
    EXPECT_FALSE(wrong.receive().has_value()) << "and the host hangs up";
    EXPECT_NE(diary_.visit(2).find("the token is wrong"), std::string::npos);

    Client old(address());
    const auto challenge = old.expect<Challenge>();
    old.send(Hello{.version = 9, .proof = prove(as_bytes(kToken), challenge.nonce)});
    EXPECT_NE(old.expect<Refused>().text.find("another protocol version"), std::string::npos);

    Client web(address());
    (void)web.expect<Challenge>();
    web.send(to_bytes(as_bytes("GET / HTTP/1.1\r\n\r\n")));
    EXPECT_NE(web.expect<Refused>().text.find("is this a trainer"), std::string::npos);

    Client flood(address());
    (void)flood.expect<Challenge>();
    Bytes much(kHelloBytesMax + 1);
    much[2] = 0x10;  // the length of a legal frame of 1 MiB, which an unproved one may not send
    flood.send(much);
    EXPECT_NE(flood.expect<Refused>().text.find("longer than any legal"), std::string::npos);
    EXPECT_EQ(host_->status().deaths, 0U) << "none of them was the trainer";
    Client good(address());
    good.greet();
    EXPECT_NE(diary_.visit(6).find("attached"), std::string::npos);
}

TEST_F(RemoteTrainerTest, a_second_trainer_is_told_who_works_already) {
    start();
    Client first(address());
    first.greet();
    EXPECT_NE(diary_.visit(2).find("attached"), std::string::npos);
    Client second(address());
    second.greet();
    EXPECT_NE(second.expect<Refused>().text.find("one at a time"), std::string::npos);
    EXPECT_EQ(host_->status().deaths, 0U);
}

TEST_F(RemoteTrainerTest, strangers_keep_nobody_out) {
    start();
    std::vector<std::unique_ptr<Client>> strangers;
    for (int i = 0; i < 12; ++i) {
        strangers.push_back(std::make_unique<Client>(address()));
    }
    Client good(address());
    good.greet();
    EXPECT_NE(diary_.visit(2).find("attached"), std::string::npos);
}

TEST_F(RemoteTrainerTest, a_lost_trainer_fails_its_job_and_comes_back_with_its_data) {
    TrainerHost& host = start();
    {
        Client client(address());
        client.greet();
        ASSERT_TRUE(host.submit(job(1, 0, 1)).has_value());
        std::optional<HostMessage> next;
        (void)client.take_blobs(next);
    }
    EXPECT_NE(diary_.failed().text.find("the connection is lost"), std::string::npos);
    EXPECT_EQ(diary_.death().second, 0U) << "the next one may come at once";
    EXPECT_EQ(host.status().state, TrainerHost::State::kWaiting);
    ASSERT_TRUE(host.submit(job(2, 0, 1)).has_value());
    Client again(address());
    again.greet(kToken, {roots_[0], roots_[1]});
    EXPECT_EQ(again.expect<Train>().job, 2U) << "nothing is sent twice";
}

TEST_F(RemoteTrainerTest, keeps_the_same_list_of_data_as_the_trainer) {
    TrainerHost& host = start();
    Client client(address());
    client.greet(kToken, {roots_[0], roots_[1], roots_[2], roots_[3]});
    ASSERT_TRUE(host.submit(job(1, 1, 4)).has_value());
    std::optional<HostMessage> next;
    EXPECT_EQ(client.take_blobs(next), std::vector<Hash>{roots_[4]});
    client.send(Finished{.job = 1});
    (void)diary_.finished();
    ASSERT_TRUE(host.submit(job(2, 1, 0)).has_value()) << "the oldest made room and comes again";
    EXPECT_EQ(client.take_blobs(next), std::vector<Hash>{roots_[0]});
}

TEST_F(RemoteTrainerTest, silence_is_a_loss) {
    TrainerHost& host = start(kToken, {.hello_ms = 60'000, .silence_ms = 100});
    Client client(address());
    client.greet();
    EXPECT_NE(diary_.death().first.find("silent for too long"), std::string::npos);
    EXPECT_EQ(host.status().state, TrainerHost::State::kWaiting);
}

TEST_F(RemoteTrainerTest, data_that_is_gone_fails_the_job_with_a_cause) {
    TrainerHost& host = start();
    Client client(address());
    client.greet();
    Train lost = job(1, 0, 1);
    lost.data = SentBlob{Hash{{9}}};
    ASSERT_TRUE(host.submit(lost).has_value());
    EXPECT_EQ(diary_.failed().code, FailureCode::kBadData);
}

TEST_F(RemoteTrainerTest, the_window_runs_while_a_job_waits) {
    TrainerHost& host = start();
    Train work = job(1, 0, 1);
    work.window_ms = 1;
    ASSERT_TRUE(host.submit(work).has_value());
    const auto over = std::chrono::steady_clock::now() + std::chrono::milliseconds{2};
    while (std::chrono::steady_clock::now() < over) {  // the window is a real one
    }
    Client client(address());
    client.greet();
    const auto failed = diary_.failed();
    EXPECT_EQ(failed.code, FailureCode::kNothingLearned);
    EXPECT_NE(failed.text.find("before the trainer had the data"), std::string::npos);
    work.job = 2;
    work.window_ms = 3'600'000;
    ASSERT_TRUE(host.submit(work).has_value());
    std::optional<HostMessage> next;
    (void)client.take_blobs(next);
    ASSERT_TRUE(next.has_value());
    EXPECT_LE(std::get<Train>(*next).window_ms, 3'600'000U);
    EXPECT_GT(std::get<Train>(*next).window_ms, 3'000'000U);
}

TEST_F(RemoteTrainerTest, an_address_that_is_taken_is_reported) {
    start();
    Diary other;
    TrainerHost::Options options;
    options.listen = address();
    TrainerHost second(std::move(options), other.listener());
    EXPECT_NE(other.death().first.find("cannot listen on 127.0.0.1"), std::string::npos);
}

}  // namespace
}  // namespace polis::node
