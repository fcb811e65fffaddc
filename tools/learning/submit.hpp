#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/task_spec.hpp>
#include <tools/client/http_client.hpp>
#include <tools/failure.hpp>
#include <tools/learning/task_file.hpp>

/// From a task file to what the chain takes: blobs, a sealed test set, a specification.
namespace polis::tools::learning {

struct Prepared {
    Bytes training;  ///< datasets
    Bytes validation;
    Bytes sealed_test;
    Hash key;  ///< of the test set: secret until the round asks for it
    std::uint32_t training_samples = 0;
    std::uint32_t test_samples = 0;
    ledger::TaskSpec spec;  ///< complete but for the blob roots
};

/// Reads the data and divides them; a source with a test set of its own keeps it.
/// @param tag the owner's name for the task. @error cause and cure
[[nodiscard]] Fallible<Prepared> prepare(const TaskFile& file, const std::string& tag);

/// What a command that takes time says meanwhile.
using Say = std::function<void(std::string_view line)>;

/// Stores a blob at a node; a large one says how far it is. @return its root
[[nodiscard]] Fallible<Hash> upload(const HttpAddress& node, const Bytes& blob, const Say& say);

}  // namespace polis::tools::learning
