#include <tools/lab/output.hpp>

#include <algorithm>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include <core/blob.hpp>
#include <core/bytes.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::lab {

namespace {

std::uint64_t ppm(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : part * 1'000'000 / whole;
}

std::vector<std::string> models_of(const PoleLab& lab) {
    std::vector<std::string> out;
    for (const AccuracyRow& row : lab.accuracy) {
        if (std::ranges::find(out, row.model) == out.end()) {
            out.push_back(row.model);
        }
    }
    return out;
}

Summary accuracy_of(const PoleLab& lab, const std::string& model, bool mapped) {
    std::vector<std::uint64_t> values;
    for (const AccuracyRow& row : lab.accuracy) {
        if (row.model == model && row.mapped == mapped) {
            values.push_back(ppm(row.test.correct, row.test.count));
        }
    }
    return summarise(std::move(values));
}

void add_thefts(const PoleLab& lab, ModelSummary& out) {
    std::vector<std::uint64_t> stolen;
    std::vector<std::uint64_t> moved;
    out.moved_alike = true;
    for (const TheftRow& row : lab.thefts) {
        if (row.model != out.model) {
            continue;
        }
        const Theft& theft = row.theft;
        stolen.push_back(ppm(theft.stolen_sum, theft.own.count * theft.thieves));
        out.luckiest_ppm = std::max(out.luckiest_ppm, ppm(theft.stolen_most, theft.own.count));
        if (theft.moved) {
            moved.push_back(ppm(theft.moved->correct, theft.moved->count));
            out.moved_alike = out.moved_alike && *theft.moved == theft.own;
        } else {
            out.why_not_moved = theft.why_not_moved;
        }
    }
    out.stolen_ppm = summarise(std::move(stolen));
    if (!moved.empty()) {
        out.moved_ppm = summarise(std::move(moved));
    }
    out.moved_alike = out.moved_alike && out.moved_ppm.has_value();
}

std::string percent(double value_ppm) { return fmt::format("{:.2f} %", value_ppm / 10'000); }

std::string copy_claim(const CopiedCommitment& copy) {
    const bool stopped = copy.taken && copy.owner_revealed &&
                         copy.at_reveal == consensus::pole::RoundError::kMismatch;
    return stopped ? "a copied commitment is taken, and its reveal refused: it binds the trainer"
                   : "a copied commitment was NOT refused at the reveal";
}

double ratio(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<ModelSummary> summaries(const PoleLab& lab) {
    std::vector<ModelSummary> out;
    for (const std::string& model : models_of(lab)) {
        ModelSummary one{
            .model = model,
            .plain_ppm = accuracy_of(lab, model, /*mapped=*/false),
            .mapped_ppm = accuracy_of(lab, model, /*mapped=*/true),
            .stolen_ppm = {},
            .luckiest_ppm = 0,
            .moved_ppm = {},
            .moved_alike = false,
            .why_not_moved = {}};
        add_thefts(lab, one);
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<Claim> claims(const PoleLab& lab) {
    std::string cost;
    std::string theft;
    std::string moved;
    for (const ModelSummary& model : summaries(lab)) {
        const auto add = [&](std::string& out, const std::string& text) {
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", model.model, text);
        };
        add(cost,
            fmt::format("{:+.2f} points", (model.mapped_ppm.mean - model.plain_ppm.mean) / 10'000));
        add(theft, percent(model.stolen_ppm.mean));
        add(moved, model.moved_ppm ? percent(model.moved_ppm->mean) : model.why_not_moved);
    }
    std::vector<Claim> out{
        {"the mapping layer costs little accuracy", cost},
        {"a model under another node's key is useless",
         fmt::format("{}; guessing is {}", theft, percent(static_cast<double>(chance_ppm(lab))))},
        {"(not considered) the thief moves the first layer's weights",
         moved + ": a mark of ownership, no cipher"},
        {"(not considered) the thief copies before models are public", copy_claim(lab.copy)}};
    if (lab.paces.size() == 3) {
        const Summary& rotating = lab.paces[0].interval_ms;
        const Summary& training = lab.paces[2].interval_ms;
        out.push_back(
            {"blocks come steadily (the paper: steadier than with proof of work)",
             fmt::format(
                 "median {} ms, p95 {} ms while training; rotation {} and {}: {:.2f} and {:.2f} "
                 "times",
                 training.median,
                 training.p95,
                 rotating.median,
                 rotating.p95,
                 ratio(training.median, rotating.median),
                 ratio(training.p95, rotating.p95))});
    }
    return out;
}

std::string accuracy_csv(const PoleLab& lab) {
    std::string out = "model,mapped,seed,correct,samples,cross_entropy_q16,float_correct\n";
    for (const AccuracyRow& row : lab.accuracy) {
        fmt::format_to(
            std::back_inserter(out),
            "\"{}\",{},{},{},{},{},{}\n",
            row.model,
            row.mapped ? 1 : 0,
            row.seed,
            row.test.correct,
            row.test.count,
            row.test.cross_entropy,
            row.floats);
    }
    return out;
}

std::string theft_csv(const PoleLab& lab) {
    std::string out =
        "model,seed,samples,own_correct,thieves,stolen_correct_sum,stolen_correct_most,"
        "moved_correct,moved_cross_entropy_q16\n";
    for (const TheftRow& row : lab.thefts) {
        const Theft& theft = row.theft;
        fmt::format_to(
            std::back_inserter(out),
            "\"{}\",{},{},{},{},{},{},{},{}\n",
            row.model,
            row.seed,
            theft.own.count,
            theft.own.correct,
            theft.thieves,
            theft.stolen_sum,
            theft.stolen_most,
            theft.moved ? std::to_string(theft.moved->correct) : "",
            theft.moved ? std::to_string(theft.moved->cross_entropy) : "");
    }
    return out;
}

std::string blocks_csv(const PoleLab& lab) {
    std::string out =
        "what,intervals,median_ms,p95_ms,most_ms,mean_ms,deviation_ms,views_given_up,"
        "trainers_mcores,machine_mcores\n";
    for (const BlockPace& pace : lab.paces) {
        const Summary& ms = pace.interval_ms;
        fmt::format_to(
            std::back_inserter(out),
            "\"{}\",{},{},{},{},{:.1f},{:.1f},{},{},{}\n",
            pace.what,
            ms.count,
            ms.median,
            ms.p95,
            ms.most,
            ms.mean,
            ms.deviation,
            pace.views,
            pace.trainers_mcores,
            pace.machine_mcores);
    }
    return out;
}

Hash run_hash(const PoleLabOptions& options, const PoleLab& lab) {
    std::string text = fmt::format("data {}\n", options.data);
    for (const Subject& subject : options.subjects) {
        text += fmt::format("{} epochs {}\n", trainer::to_text(subject.model), subject.epochs);
    }
    return blob_root(as_bytes(text + accuracy_csv(lab) + theft_csv(lab)));
}

Fallible<void> write_files(const std::filesystem::path& folder, const PoleLab& lab) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) {
        return std::unexpected(Failure(fmt::format(
            "cannot make {}: {}; choose another -o", folder.string(), failed.message())));
    }
    POLIS_TRY_VOID(devnet::write_file(folder / "accuracy.csv", accuracy_csv(lab)));
    POLIS_TRY_VOID(devnet::write_file(folder / "theft.csv", theft_csv(lab)));
    POLIS_TRY_VOID(devnet::write_file(folder / "blocks.csv", blocks_csv(lab)));
    return devnet::write_file(folder / "pole.svg", to_svg(lab));
}

}  // namespace polis::tools::lab
