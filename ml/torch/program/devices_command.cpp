#include <cstdio>

#include <ml/torch/network.hpp>
#include <ml/torch/program/arguments.hpp>
#include <ml/torch/program/commands.hpp>

namespace polis::trainer {

int devices_command(std::span<char* const> words) {
    if (const auto arguments = Arguments::parse(words, {}, {}); !arguments) {
        std::fprintf(stderr, "polis-trainer: %s\n", arguments.error().c_str());
        return kExitUsage;
    }
    for (const Device& device : devices()) {
        std::printf("%-8s %s", device.name.c_str(), device.description.c_str());
        if (device.memory_bytes > 0) {
            std::printf(", %llu MiB", static_cast<unsigned long long>(device.memory_bytes >> 20));
        }
        std::printf("\n");
    }
    return kExitDone;
}

}  // namespace polis::trainer
