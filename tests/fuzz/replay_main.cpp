// Drives a fuzz target without libFuzzer, so that GCC builds exercise it too: every file of the
// corpus, then a fixed number of inputs mutated from them. The same arguments give the same inputs.
// A target that dies leaves its input in hexadecimal on stderr.
// usage: TARGET CORPUS_FOLDER [INPUTS [SEED]]
#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <core/bytes.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Sanitizers die by SIGABRT, so that the input is printed for them too.
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }

namespace {

using polis::Bytes;
using polis::Random;

constexpr std::uint64_t kMutationsMax = 4;
constexpr std::uint64_t kGrowthMax = 16;
constexpr std::uint64_t kRandomBytesMax = 256;

/// What the target is looking at: printed when it dies.
Bytes g_current;

extern "C" void print_current(int signal) {
    std::fprintf(stderr, "fuzz input: %s\n", polis::to_hex(g_current).c_str());
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void run(Bytes input) {
    input.shrink_to_fit();  // so that AddressSanitizer sees a read beyond the end
    g_current = std::move(input);
    LLVMFuzzerTestOneInput(g_current.data(), g_current.size());
}

std::vector<Bytes> read_corpus(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            paths.push_back(entry.path());
        }
    }
    std::ranges::sort(paths);
    std::vector<Bytes> out;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return out;
}

Bytes random_bytes(Random& random, std::uint64_t count_max) {
    Bytes out(static_cast<std::size_t>(random.between(0, count_max)));
    random.fill(out);
    return out;
}

/// Changes one thing: a bit, a byte, a small integer, the length, or a stretch of another input.
void mutate(Random& random, Bytes& input, const Bytes& other) {
    const auto at = [&random](const Bytes& bytes) {
        return static_cast<std::ptrdiff_t>(random.between(0, bytes.size()));
    };
    const std::ptrdiff_t first = at(input);
    const bool inside = static_cast<std::size_t>(first) < input.size();
    switch (random.below(6)) {
        case 0:
            if (inside) {
                input[static_cast<std::size_t>(first)] ^=
                    static_cast<std::uint8_t>(1U << random.below(8));
            }
            break;
        case 1:
            if (inside) {
                constexpr std::array<std::uint8_t, 6> kEdges{0, 1, 2, 0x7f, 0x80, 0xff};
                input[static_cast<std::size_t>(first)] = random.pick(kEdges);
            }
            break;
        case 2:
            if (inside) {
                input[static_cast<std::size_t>(first)] =
                    static_cast<std::uint8_t>(random.below(256));
            }
            break;
        case 3:
            input.resize(static_cast<std::size_t>(first));
            break;
        case 4: {
            const Bytes more = random_bytes(random, kGrowthMax);
            input.insert(input.begin() + first, more.begin(), more.end());
            break;
        }
        default: {
            input.insert(input.begin() + first, other.begin() + at(other), other.end());
            break;
        }
    }
}

Bytes next_input(Random& random, const std::vector<Bytes>& corpus) {
    if (corpus.empty() || random.chance(1, 16)) {
        return random_bytes(random, kRandomBytesMax);
    }
    Bytes input = random.pick(corpus);
    const std::uint64_t mutations = random.between(1, kMutationsMax);
    for (std::uint64_t i = 0; i < mutations; ++i) {
        mutate(random, input, random.pick(corpus));
    }
    return input;
}

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || !std::filesystem::is_directory(argv[1])) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER [INPUTS [SEED]]\n", argv[0]);
        return 2;
    }
    const std::uint64_t inputs = argc > 2 ? number(argv[2]) : 0;
    const std::uint64_t seed = argc > 3 ? number(argv[3]) : 1;
    const std::vector<Bytes> corpus = read_corpus(argv[1]);
    if (corpus.empty()) {
        std::fprintf(stderr, "%s: no file in %s\n", argv[0], argv[1]);
        return 1;
    }
    std::signal(SIGABRT, print_current);
    std::signal(SIGSEGV, print_current);
    for (const Bytes& input : corpus) {
        run(input);
    }
    Random random(seed, "fuzz_replay");
    for (std::uint64_t i = 0; i < inputs; ++i) {
        run(next_input(random, corpus));
    }
    std::printf(
        "%zu corpus files and %zu mutated inputs: ok\n", corpus.size(), std::size_t{inputs});
    return 0;
}
