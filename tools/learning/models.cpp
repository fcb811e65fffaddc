#include <tools/learning/models.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <consensus/pole/records.hpp>
#include <core/blob.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/secret.hpp>
#include <core/hex.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ml/data/source.hpp>
#include <ml/exact/fold.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/mapping.hpp>
#include <tools/learning/blobs.hpp>

namespace polis::tools::learning {

namespace {

namespace tasks = ledger::tasks;
using exact::Mapping;

constexpr std::string_view kNoteTask = "polis.task";
constexpr std::string_view kNoteRound = "polis.round";
constexpr std::string_view kNoteRank = "polis.rank";
constexpr std::string_view kNoteTrainer = "polis.trainer";
constexpr std::string_view kNoteRoot = "polis.root";
constexpr std::string_view kNoteBeacon = "polis.beacon";
constexpr std::string_view kNoteSeed = "polis.seed";
constexpr std::string_view kNoteData = "polis.data";
constexpr std::string_view kNoteScore = "polis.score";
constexpr std::string_view kNoteMap = "polis.input_map";
constexpr std::string_view kFolded = "folded";

std::unexpected<Failure> failed(const std::string& where, std::string_view why) {
    return std::unexpected(Failure(fmt::format("{}: {}", where, why)));
}

std::string note(const exact::SafetensorsNotes& notes, std::string_view name) {
    const auto found = notes.find(name);
    return found == notes.end() ? "" : found->second;
}

Mapping::Kind kind_of(MapUse use) {
    return use == MapUse::kPatches ? Mapping::Kind::kPatches : Mapping::Kind::kFlat;
}

/// What the notes say of the map must be what the file holds.
Fallible<void> read_map(ModelFile& out, const exact::SafetensorsFile& file, std::string_view path) {
    const std::string use = note(out.notes, kNoteMap);
    if (use.empty() || use == kFolded) {
        if (file.input_map) {
            return failed(
                std::string(path),
                "it holds an input map that its notes do not explain; pull it again");
        }
        return {};
    }
    const auto seed = fixed_from_hex<Hash>(note(out.notes, kNoteSeed));
    const MapUse known = use == to_string(MapUse::kFlat) ? MapUse::kFlat : MapUse::kPatches;
    if (!seed || use != to_string(known)) {
        return failed(
            std::string(path), "its notes name no usable seed and kind of map; pull it again");
    }
    out.map = known;
    out.seed = *seed;
    const Mapping map = Mapping::derive(*seed, out.model.model().input, kind_of(known));
    if (file.input_map && *file.input_map != exact::InputMap{map.sources(), map.inversions()}) {
        return failed(std::string(path), "its input map is not the one of its seed; pull it again");
    }
    return {};
}

Fallible<ModelFile> read_chain_model(const std::string& path, const Bytes& bytes) {
    auto model = exact::decode_model(bytes);
    if (!model) {
        return failed(path, exact::to_string(model.error()));
    }
    return ModelFile{
        .model = *std::move(model),
        .notes = {},
        .map = MapUse::kNone,
        .seed = {},
        .format = "polis",
        .bytes = bytes.size()};
}

exact::SafetensorsNotes notes_of(const Pulled& pulled, std::string_view map) {
    const ModelRecord& record = pulled.record;
    const auto hex = [](const Hash& hash) { return to_hex_prefixed(hash.view()); };
    exact::SafetensorsNotes out;
    out.emplace(kNoteTask, hex(record.task));
    out.emplace(kNoteRound, std::to_string(record.round));
    out.emplace(kNoteRank, std::to_string(record.rank));
    out.emplace(kNoteTrainer, crypto::to_text(record.trainer));
    out.emplace(kNoteRoot, hex(record.root));
    out.emplace(kNoteBeacon, hex(record.beacon));
    out.emplace(kNoteSeed, hex(record.seed));
    out.emplace(kNoteData, hex(record.data));
    out.emplace(kNoteMap, map);
    if (const auto& score = pulled.entry.score) {
        out.emplace(
            kNoteScore,
            fmt::format("{} {} {}", score->correct, score->count, score->cross_entropy));
    }
    return out;
}

}  // namespace

std::string_view to_string(MapUse use) {
    switch (use) {
        case MapUse::kNone:
            return "none";
        case MapUse::kFlat:
            return "flat";
        case MapUse::kPatches:
            return "patches";
    }
    return "unknown";
}

Fallible<ModelFile> read_model(const std::string& path) {
    const auto bytes = data::read_file(path);
    if (!bytes) {
        return std::unexpected(Failure(bytes.error().text()));
    }
    constexpr std::size_t kMagic = exact::kModelMagic.size();
    if (bytes->size() >= kMagic && equal(ByteView{*bytes}.first(kMagic), exact::kModelMagic)) {
        return read_chain_model(path, *bytes);
    }
    auto file = exact::read_safetensors(*bytes);
    if (!file) {
        return failed(path, exact::to_string(file.error()));
    }
    auto model = exact::admit(std::move(file->model));
    if (!model) {
        return failed(path, exact::to_string(model.error()));
    }
    ModelFile out{
        .model = *std::move(model),
        .notes = std::move(file->notes),
        .map = MapUse::kNone,
        .seed = {},
        .format = "safetensors",
        .bytes = bytes->size()};
    POLIS_TRY_VOID(read_map(out, *file, path));
    return out;
}

Fallible<Pulled> pull(RpcClient& client, const Hash& task, std::uint64_t rank) {
    POLIS_TRY(const TaskRecord known, get_task(client, task));
    POLIS_TRY(const tasks::RoundResult result, get_result(client, known));
    POLIS_TRY(ModelRecord record, get_model(client, task, rank));
    if (rank > result.entries.size() || result.entries[rank - 1].trainer != record.trainer) {
        return std::unexpected(Failure("the node's answers contradict each other; try again"));
    }
    if (consensus::pole::seed_of(record.beacon, record.task, record.trainer) != record.seed) {
        return std::unexpected(
            Failure("the node names a seed that does not follow from beacon, task and trainer; ask "
                    "another node with --rpc"));
    }
    POLIS_TRY(
        const Bytes blob, fetch_blob(client, record.root, "the model", exact::kModelBytesMax));
    auto model = exact::decode_model(blob);
    if (!model) {
        return std::unexpected(Failure(fmt::format(
            "what was revealed in place {} is no model: {}; choose another --rank",
            rank,
            exact::to_string(model.error()))));
    }
    if (!model->accepts(record.input)) {
        return std::unexpected(Failure(
            "what was revealed there takes samples of another shape than the task's; choose "
            "another --rank"));
    }
    return Pulled{std::move(record), *std::move(model), result.entries[rank - 1]};
}

Exported export_pulled(const Pulled& pulled, bool fold) {
    const MapUse use = Mapping::kind_for(pulled.model.facts()) == Mapping::Kind::kPatches
                           ? MapUse::kPatches
                           : MapUse::kFlat;
    const Mapping map = Mapping::derive(pulled.record.seed, pulled.record.input, kind_of(use));
    Exported out;
    if (fold) {
        const auto folded = exact::fold(pulled.model, map);
        if (folded) {
            out.file = exact::export_safetensors(*folded, notes_of(pulled, kFolded));
            out.folded = true;
            return out;
        }
        out.why_not = exact::to_string(folded.error());
    }
    out.map = use;
    out.file = exact::export_safetensors(pulled.model, notes_of(pulled, to_string(use)), &map);
    return out;
}

Fallible<Evaluated> evaluate(const ModelFile& file, const exact::DatasetView& data) {
    exact::Evaluator evaluator(file.model);
    std::optional<Mapping> map;
    if (file.map != MapUse::kNone) {
        map = Mapping::derive(file.seed, data.shape(), kind_of(file.map));
    }
    Evaluated out;
    out.classes.resize(data.classes());
    for (std::uint32_t i = 0; i < data.count(); ++i) {
        const auto one =
            exact::score(evaluator, map ? &*map : nullptr, data, {.begin = i, .end = i + 1});
        if (!one) {
            const exact::Shape& shape = data.shape();
            const exact::Shape& input = file.model.model().input;
            return std::unexpected(Failure(fmt::format(
                "{} (samples {}x{}x{} in {} classes, model {}x{}x{} and {})",
                exact::to_string(one.error()),
                shape.channels,
                shape.height,
                shape.width,
                data.classes(),
                input.channels,
                input.height,
                input.width,
                file.model.facts().classes)));
        }
        out.score += *one;
        ClassScore& mine = out.classes[data.label(i)];
        mine.correct += one->correct;
        ++mine.count;
    }
    return out;
}

Fallible<Bytes> deciding_samples(RpcClient& client, const tasks::RoundResult& result) {
    const std::uint64_t bytes_max = tasks::sealed_bytes(exact::kDatasetBytesMax);
    POLIS_TRY(Bytes blob, fetch_blob(client, result.data, "the task's samples", bytes_max));
    if (!result.test_key) {
        return blob;  // the validation blob decided: it is public
    }
    auto opened = tasks::unseal(crypto::Secret32(result.test_key->view()), blob);
    if (!opened) {
        return std::unexpected(Failure(fmt::format(
            "the test set does not open with the revealed key: {}",
            tasks::to_string(opened.error()))));
    }
    return *std::move(opened);
}

Fallible<std::optional<tasks::EntryResult>> entry_of(
    const ModelFile& file, const tasks::RoundResult& result) {
    const std::string task = note(file.notes, kNoteTask);
    if (task.empty()) {
        return std::optional<tasks::EntryResult>();
    }
    if (task != to_hex_prefixed(result.task.view())) {
        return std::unexpected(Failure(fmt::format(
            "the file was pulled from another task, {}; name that one, or use --data", task)));
    }
    const auto found = std::ranges::find_if(result.entries, [&](const tasks::EntryResult& entry) {
        return crypto::to_text(entry.trainer) == note(file.notes, kNoteTrainer) && entry.model &&
               to_hex_prefixed(entry.model->view()) == note(file.notes, kNoteRoot);
    });
    if (found == result.entries.end()) {
        return std::unexpected(
            Failure("the task's round has no such model of such a trainer; pull the model again"));
    }
    return std::optional{*found};
}

}  // namespace polis::tools::learning
