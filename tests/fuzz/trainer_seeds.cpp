#include <tests/fuzz/trainer_seeds.hpp>

#include <string_view>

#include <ml/protocol/frames.hpp>

namespace polis::fuzz {

namespace {

using namespace trainer;

Bytes behind(Bytes head, ByteView rest) {
    append(head, rest);
    return head;
}

void add_messages(std::map<std::string, Bytes>& out) {
    const auto add_host = [&](const std::string& name, const HostMessage& message) {
        out["trainer_messages/seed_" + name] = behind({0}, codec::encode(message));
    };
    const auto add_trainer = [&](const std::string& name, const TrainerMessage& message) {
        out["trainer_messages/seed_" + name] = behind({1}, codec::encode(message));
    };
    add_host("challenge", Challenge{.nonce = HelloNonce{{1}}});
    add_host(
        "train",
        Train{
            .job = 1,
            .data = LocalFile{.path = "/data"},
            .validation = SentBlob{.root = Hash{{2}}},
            .mapping_seed = Hash{{3}},
            .model = {.kind = "mlp", .hidden = {64}},
            .window_ms = 60'000,
            .target_ppm = 970'000,
            .device = "auto"});
    add_host("portion", BlobPortion{.bytes_total = 3, .bytes = {1, 2, 3}});
    add_host("refused", Refused{.text = "no"});
    add_trainer(
        "hello",
        Hello{
            .program = "1",
            .torch = "2",
            .devices = {{.name = "cpu", .description = "one", .memory_bytes = 1}},
            .kinds = {"mlp", "cnn"},
            .blobs = {Hash{{2}}}});
    const TrainerMessage progress = Progress{.job = 1, .epoch = 2};
    const TrainerMessage finished = Finished{.job = 1, .model = {1, 2}};
    add_trainer("progress", progress);
    add_trainer("finished", finished);
    add_trainer("failed", Failed{.job = 1, .text = "no"});
    Bytes talk{2};
    for (const TrainerMessage& message : {progress, TrainerMessage{Heartbeat{}}, finished}) {
        const Bytes frame = frame_of(message);
        talk = behind(behind(talk, Bytes{5, static_cast<std::uint8_t>(frame.size())}), frame);
    }
    out["trainer_messages/seed_talk"] = talk;
}

void add_files(std::map<std::string, Bytes>& out) {
    const Bytes labels{0, 0, 8, 1, 0, 0, 0, 2, 1, 0};
    const Bytes images{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 200};
    const auto labels_bytes = static_cast<std::uint8_t>(labels.size());
    out["data_files/seed_idx"] = behind(behind({1, labels_bytes}, images), labels);
    out["data_files/seed_csv"] = behind({2}, as_bytes("a,b,class\n1,2.5,x\n-3,\"4\",y\n"));
    // An empty gzip stream of a stored block.
    out["data_files/seed_gzip"] = {0, 0x1f, 0x8b, 8,    0, 0, 0, 0, 0, 0, 3, 1,
                                   0, 0,    0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0};
    Bytes record(1 + 3073);
    record[0] = 3;
    record[1] = 9;
    out["data_files/seed_cifar"] = record;
}

}  // namespace

std::map<std::string, Bytes> trainer_seeds() {
    std::map<std::string, Bytes> out;
    add_messages(out);
    add_files(out);
    return out;
}

}  // namespace polis::fuzz
