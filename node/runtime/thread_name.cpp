#include <node/runtime/thread_name.hpp>

#include <pthread.h>

namespace polis::node {

namespace {

constexpr std::size_t kNameLettersMax = 15;

}  // namespace

void name_this_thread(const std::string& name) {
    ::pthread_setname_np(::pthread_self(), name.substr(0, kNameLettersMax).c_str());
}

}  // namespace polis::node
