// A trainer for tests of the node's side: fake_trainer BEHAVIOUR serve --socket PATH.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ml/protocol/frames.hpp>

namespace {

using namespace polis;
using namespace polis::trainer;

int connect_to(const char* path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        std::exit(3);
    }
    return fd;
}

void send(int fd, ByteView bytes) {
    if (write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        std::exit(4);
    }
}

void send(int fd, const TrainerMessage& message) { send(fd, frame_of(message)); }

/// Blocks until the host says something or hangs up, which ends the process.
HostMessage receive(int fd, FrameReader& reader) {
    while (true) {
        auto message = reader.next<HostMessage>();
        if (!message) {
            std::exit(5);
        }
        if (*message) {
            return **message;
        }
        Bytes portion(4096);
        const ssize_t count = read(fd, portion.data(), portion.size());
        if (count <= 0) {
            std::exit(0);
        }
        reader.feed(ByteView{portion}.first(static_cast<std::size_t>(count)));
    }
}

/// One message of the host, answered. Jobs end at once but for those of 10,000 epochs.
void answer(int fd, const HostMessage& message, std::string_view behaviour) {
    if (const auto* challenge = std::get_if<Challenge>(&message)) {
        send(fd, Hello{.proof = prove({}, challenge->nonce), .program = "fake"});
    } else if (const auto* job = std::get_if<Train>(&message)) {
        if (behaviour == "crash") {
            std::fputs("first line\nout of luck\n", stderr);
            std::abort();
        }
        if (behaviour == "exit") {
            std::exit(42);
        }
        if (behaviour == "liar") {
            send(fd, Finished{.job = job->job + 1});
        }
        send(fd, Progress{.job = job->job, .epoch = 1});
        if (job->epochs < kEpochsMax) {
            send(fd, Finished{.job = job->job, .model = {1, 2, 3}});
        }
    } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
        send(fd, Failed{.job = cancel->job, .code = FailureCode::kCancelled});
    }
}

}  // namespace

int main(int count, char** words) {
    if (count != 5) {
        return 2;
    }
    const std::string_view behaviour = words[1];
    if (behaviour == "absent") {
        pause();  // never connects; the host ends it
    }
    const int fd = connect_to(words[4]);
    FrameReader reader;
    if (behaviour == "silent") {
        pause();
    }
    if (behaviour == "garbage") {
        send(fd, as_bytes("GET / HTTP/1.1\r\n\r\n"));
    }
    while (true) {
        answer(fd, receive(fd, reader), behaviour);
    }
}
