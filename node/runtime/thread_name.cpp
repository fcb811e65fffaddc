#include <node/runtime/thread_name.hpp>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace polis::node {

namespace {

constexpr std::size_t kNameLettersMax = 15;
constexpr int kBehindNice = 5;  ///< before trainers, which are at Child::kNice

}  // namespace

void name_this_thread(const std::string& name) {
    ::pthread_setname_np(::pthread_self(), name.substr(0, kNameLettersMax).c_str());
}

void put_this_thread_behind() {
    // On Linux this is the priority of one thread. Without it the work is merely less polite.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kBehindNice);
}

}  // namespace polis::node
