// polis-trainer: trains networks with libtorch and turns them into integer models, for a node
// (serve) or for a person (train).
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string_view>

#include <unistd.h>

#include <ml/torch/network.hpp>
#include <ml/torch/program/arguments.hpp>
#include <ml/torch/program/commands.hpp>

namespace {

constexpr const char* kUsage =
    R"(usage: polis-trainer COMMAND [OPTIONS]

  train     train a model and write it
    --data NAME          digits[:COUNT], a folder (IDX, CIFAR-10), a .csv or dataset file
    --label COLUMN       label column of a .csv; --ignore A,B: columns that are no features
    --model KIND         logistic, mlp (default), cnn, lenet, resnet8
    --hidden A,B         widths of hidden layers of an mlp (default 64)
    --window SECONDS     stop then, with the best model so far (default: no limit)
    --target FRACTION    stop at this validation accuracy
    --out FILE           the integer model
    --safetensors FILE   the integer model for other tools; --float FILE: its float weights
    --seed N             root of all random numbers (default 1)
    --map HEX            seed of a mapping layer: 64 hexadecimal digits
    --device NAME        auto (default), cpu, cuda:N
    --epochs N  --batch N  --checkpoint FILE (go on from it, and write it)
    --validation FRACTION  --test FRACTION  of the samples, where the data has no such part
    --json               one JSON object a line
  serve     work for a node
    --socket PATH        a socket on which the node listens
    --connect HOST:PORT --token-file FILE   a node elsewhere
  devices   list what can be trained on
  version

Exit codes: 0 done, 1 failed, 2 usage, 3 target missed (the model is written), 4 out of memory,
128 + n ended by signal n.
)";

/// The pools of OpenBLAS and OpenMP would each start a thread a core and slow each other down a
/// hundredfold (mechanisms.md E). OpenBLAS reads its environment before main(), hence the new
/// start.
void start_with_one_thread(char** words) {
    if (std::getenv("OPENBLAS_NUM_THREADS") != nullptr) {
        return;
    }
    setenv("OPENBLAS_NUM_THREADS", "1", /*overwrite=*/1);
    setenv("OMP_NUM_THREADS", "1", /*overwrite=*/0);
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // one result a seed on a GPU
    execv("/proc/self/exe", words);  // returns only if that fails: slow, but right
}

int run(std::span<char* const> words) {
    namespace trainer = polis::trainer;
    const std::string_view command = words.size() > 1 ? words[1] : "";
    const std::span<char* const> rest = words.subspan(words.size() > 1 ? 2 : 1);
    if (command == "train") {
        return trainer::train_command(rest);
    }
    if (command == "serve") {
        return trainer::serve_command(rest);
    }
    if (command == "devices") {
        return trainer::devices_command(rest);
    }
    if (command == "version") {
        std::printf("polis-trainer %s, %s\n", POLIS_VERSION, trainer::torch_version().c_str());
        return trainer::kExitDone;
    }
    const bool help = command == "help" || command == "--help" || command == "-h";
    std::fputs(kUsage, help ? stdout : stderr);
    return help ? trainer::kExitDone : trainer::kExitUsage;
}

}  // namespace

int main(int count, char** words) {
    start_with_one_thread(words);
    try {
        polis::trainer::set_up_torch();
        return run(std::span<char* const>(words, static_cast<std::size_t>(count)));
    } catch (const std::bad_alloc&) {
        std::fputs("polis-trainer: out of memory; use less data or a smaller model\n", stderr);
        return polis::trainer::kExitOutOfMemory;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "polis-trainer: %s\n", error.what());
        return polis::trainer::kExitFailed;
    }
}
