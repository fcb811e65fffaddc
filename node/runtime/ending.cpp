#include <node/runtime/ending.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <core/check.hpp>

namespace polis::node {

namespace {

sigset_t awaited() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

Ending::Ending() {
    std::signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error of one write
    const sigset_t set = awaited();
    POLIS_ASSERT(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
    requests_ = ::eventfd(0, EFD_CLOEXEC);
    POLIS_ASSERT(signals_ >= 0 && requests_ >= 0);
}

Ending::~Ending() {
    ::close(signals_);
    ::close(requests_);
}

void Ending::request(int exit_code, std::string why) {
    {
        const MutexLock lock(mutex_);
        if (std::exchange(requested_, true)) {
            return;
        }
        exit_code_ = exit_code;
        why_ = std::move(why);
    }
    const std::uint64_t one = 1;
    POLIS_ASSERT(::write(requests_, &one, sizeof(one)) == sizeof(one));
}

Ending::Sources Ending::look(int wait_ms) const {
    Sources out{
        pollfd{.fd = signals_, .events = POLLIN, .revents = 0},
        pollfd{.fd = requests_, .events = POLLIN, .revents = 0}};
    while (::poll(out.data(), out.size(), wait_ms) < 0 && errno == EINTR) {
    }
    return out;
}

bool Ending::due() const {
    return std::ranges::any_of(look(0), [](const pollfd& one) { return one.revents != 0; });
}

void Ending::wait() {
    const Sources sources = look(-1);
    if (sources[0].revents != 0) {
        signalfd_siginfo info{};
        POLIS_ASSERT(::read(signals_, &info, sizeof(info)) == sizeof(info));
        const MutexLock lock(mutex_);
        if (!std::exchange(requested_, true)) {
            why_ = info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
        }
    }
    const sigset_t set = awaited();
    POLIS_ASSERT(::pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0);
}

int Ending::exit_code() const {
    const MutexLock lock(mutex_);
    return exit_code_;
}

std::string Ending::why() const {
    const MutexLock lock(mutex_);
    return why_;
}

Result<void, std::string> exit_with_parent() {
    const pid_t parent = ::getppid();
    if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        return std::unexpected(
            "this system cannot end a process with its parent; leave out --exit-with-parent");
    }
    if (::getppid() != parent) {
        return std::unexpected("the parent has ended already; start the node again");
    }
    return {};
}

}  // namespace polis::node
