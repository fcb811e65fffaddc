#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_records.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/model.hpp>
#include <ml/exact/safetensors.hpp>
#include <ml/exact/scoring.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>
#include <tools/learning/chain_records.hpp>

/// Models that a chain has chosen, in the hands of a person. Guide: docs/guides/models.md.
namespace polis::tools::learning {

/// What a file says of its map: `polis.input_map`.
enum class MapUse : std::uint8_t {
    kNone,     ///< samples as they are: folded into the first layer, or never trained behind one
    kFlat,     ///< exact::Mapping::Kind::kFlat
    kPatches,  ///< exact::Mapping::Kind::kPatches
};

[[nodiscard]] std::string_view to_string(MapUse use);

/// A model as a file holds it.
struct ModelFile {
    exact::AdmittedModel model;
    exact::SafetensorsNotes notes;
    MapUse map = MapUse::kNone;
    Hash seed;           ///< of the map, if there is one
    std::string format;  ///< "safetensors" or "polis"
    std::size_t bytes = 0;
};

/// Reads safetensors, or the bytes that the chain keeps. @error cause and cure, naming the file
[[nodiscard]] Fallible<ModelFile> read_model(const std::string& path);

/// A model with what the chain says about it.
struct Pulled {
    ModelRecord record;
    exact::AdmittedModel model;
    ledger::tasks::EntryResult entry;
};

/// Fetches the model of a place on the leaderboard, and checks root and seed.
[[nodiscard]] Fallible<Pulled> pull(RpcClient& client, const Hash& task, std::uint64_t rank);

/// How a pulled model is written.
struct Exported {
    Bytes file;
    MapUse map = MapUse::kNone;
    bool folded = false;
    std::string why_not;  ///< folded, if it is not
};

/// As safetensors, with origin and score. With `fold` the map goes into the first layer wherever
/// that is exact; otherwise it goes along as seed and tensors.
[[nodiscard]] Exported export_pulled(const Pulled& pulled, bool fold);

struct ClassScore {
    std::uint64_t correct = 0;
    std::uint64_t count = 0;
};

struct Evaluated {
    exact::Score score;
    std::vector<ClassScore> classes;
};

/// Evaluates in integers, behind the file's map. @error the data do not fit the model
[[nodiscard]] Fallible<Evaluated> evaluate(const ModelFile& file, const exact::DatasetView& data);

/// Fetches the samples that decided a settled round, opened with the revealed key.
[[nodiscard]] Fallible<Bytes> deciding_samples(
    RpcClient& client, const ledger::tasks::RoundResult& result);

/// The result of the model that the file was pulled as; nothing if the file says nothing of it.
/// @error the file is of another task, or the chain has no such model
[[nodiscard]] Fallible<std::optional<ledger::tasks::EntryResult>> entry_of(
    const ModelFile& file, const ledger::tasks::RoundResult& result);

}  // namespace polis::tools::learning
