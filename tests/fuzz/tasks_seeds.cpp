#include <tests/fuzz/tasks_seeds.hpp>

#include <cstdint>
#include <initializer_list>
#include <utility>

#include <consensus/pole/records.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/secret.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ledger/payload.hpp>
#include <ledger/transaction.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/model.hpp>
#include <tests/formats/example.hpp>

namespace polis::fuzz {

namespace {

namespace pole = consensus::pole;
using Files = std::map<std::string, Bytes>;

Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) {
        append(out, part);
    }
    return out;
}

Hash filled(std::uint8_t byte) { return Hash::from_view(Bytes(Hash::kSize, byte)); }

ledger::TaskSpec some_spec() {
    ledger::TaskSpec out;
    out.name = "digits";
    out.tag = {1, 2, 3};
    out.input = {.channels = 1, .height = 28, .width = 28};
    out.classes = 10;
    out.model_bytes_max = 1'000;
    out.multiply_adds_max = 1'000;
    out.target_ppm = 900'000;
    out.reward = out.bond = out.trainer_bond = Amount{5};
    out.training_ms = out.reveal_ms = out.scoring_ms = 60'000;
    return out;
}

void add_transactions(Files& files) {
    const crypto::SigningKey key = formats::key_of(1);
    const std::map<std::string, ledger::Payload> payloads{
        {"submit_task", ledger::SubmitTask{some_spec()}},
        {"commit_model", ledger::CommitModel{filled(1), filled(2)}},
        {"reveal_model", ledger::RevealModel{filled(1), filled(2), filled(3)}},
        {"reveal_test_key", ledger::RevealTestKey{filled(1), filled(2)}},
        {"cancel_task", ledger::CancelTask{filled(1)}}};
    for (const auto& [name, payload] : payloads) {
        ledger::TxnBody body;
        body.chain_id = formats::make_example().params.chain_id;
        body.gas_limit = Gas{50'000};
        body.gas_price = GasPrice{1};
        body.valid_until = Height{100};
        body.payload = payload;
        files["transaction/seed_" + name] = codec::encode(ledger::sign(key, body));
    }
}

void add_records(Files& files) {
    ledger::tasks::Task task;
    task.spec = some_spec();
    ledger::tasks::RoundResult result;
    result.entries.push_back(
        {.trainer = {}, .model = filled(1), .end = {}, .score = pole::bad_model(), .paid = {}});
    pole::Round round;
    round.test_key = filled(9);
    pole::Entry entry;
    entry.model = filled(1);
    const pole::Standing standing{.round = 1, .settled = {}, .order = {Address{}}};
    const auto add = [&files](const std::string& name, std::uint8_t choice, Bytes bytes) {
        files["records/seed_" + name] = joined({{21, choice}, std::move(bytes)});
    };
    add("task", 0, codec::encode(task));
    add("round_result", 1, codec::encode(result));
    add("round", 2, codec::encode(round));
    add("entry", 3, codec::encode(entry));
    add("standing", 4, codec::encode(standing));
    add("score_result", 5, codec::encode(pole::bad_data()));
}

/// Four pixels, two classes: what the target asks about.
void add_sealed(Files& files) {
    constexpr exact::Shape kShape{.channels = 1, .height = 2, .width = 2};
    auto builder = exact::DatasetBuilder::create(kShape, 2).value();
    for (std::uint8_t i = 0; i < 8; ++i) {
        const Bytes sample{i, 3, static_cast<std::uint8_t>(255 - i), 4};
        (void)builder.add(sample, i % 2U);
    }
    const Bytes data = builder.finish().value();
    exact::Dense dense;
    dense.outputs = 2;
    dense.weights = {1, 2, 3, 4, 5, 6, 7, 8};
    dense.bias = {0, 1};
    dense.requantise.multiplier.assign(2, exact::kMultiplierMin);
    dense.requantise.shift.assign(2, 30);
    exact::Model model;
    model.input = kShape;
    model.layers.push_back({.source = 0, .operation = dense});
    const Bytes file = exact::encode_model(model);
    const Bytes sealed = ledger::tasks::seal(crypto::Secret32(Bytes(32, 7)), data);
    // The target cuts at rest * byte / 256: the smallest byte that gives the whole model.
    const auto cut = [&file](const Bytes& rest) {
        const std::size_t whole = file.size() + rest.size();
        std::uint8_t byte = 0;
        while (whole * byte / 256 < file.size() && byte < 255) {
            ++byte;
        }
        return byte;
    };
    files["sealed/seed_open"] = joined({{0, cut(data)}, file, data});
    files["sealed/seed_sealed"] = joined({{1, cut(sealed)}, file, sealed});
    files["sealed/seed_data_only"] = joined({{1, 0}, sealed});
    files["sealed/seed_empty"] = {1, 128};
}

}  // namespace

Files tasks_seeds() {
    Files files;
    add_transactions(files);
    add_records(files);
    add_sealed(files);
    return files;
}

}  // namespace polis::fuzz
