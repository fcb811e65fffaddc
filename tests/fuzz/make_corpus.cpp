// Writes the seed inputs of the fuzz targets from real values, or compares them with the committed
// ones: a change of a format that leaves the corpus behind would otherwise go unnoticed.
// usage: fuzz_corpus [--check] CORPUS_FOLDER
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <consensus/committee.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/evidence.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/bech32m.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/hex.hpp>
#include <core/merkle.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/store/snapshot.hpp>
#include <tests/formats/example.hpp>
#include <tests/fuzz/consensus_seeds.hpp>
#include <tests/fuzz/contract_seeds.hpp>
#include <tests/fuzz/exact_seeds.hpp>
#include <tests/fuzz/node_seeds.hpp>
#include <tests/fuzz/peers_seeds.hpp>
#include <tests/fuzz/session_seeds.hpp>
#include <tests/fuzz/tasks_seeds.hpp>
#include <tests/fuzz/trainer_seeds.hpp>
#include <tests/fuzz/vm_seeds.hpp>

namespace polis {
namespace {

using formats::Example;
using formats::make_example;
using Files = std::map<std::string, Bytes>;  ///< TARGET/NAME -> content

Bytes joined(std::initializer_list<ByteView> parts) {
    Bytes out;
    for (const ByteView part : parts) {
        append(out, part);
    }
    return out;
}

/// The byte that a target reads first, then the rest.
Bytes picked(std::uint8_t choice, ByteView rest) {
    return joined({std::array<std::uint8_t, 1>{choice}, rest});
}

/// Two facts in order; nobody checks who signed them before a vote.
std::vector<consensus::CertifiedFact> some_facts() {
    consensus::CertifiedFact first{.term = Term{3}, .fact = {}, .signers = {1}, .signatures = {}};
    first.signatures.resize(1);
    consensus::CertifiedFact second = first;
    second.fact.kind = consensus::FactKind::kEvaluation;
    second.fact.result = {1, 2};
    return {first, second};
}

/// (module (memory 1 1) (func (export "run")))
const Bytes kSmallestContract{0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04,
                              0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x05, 0x04,
                              0x01, 0x01, 0x01, 0x01, 0x07, 0x07, 0x01, 0x03, 0x72, 0x75,
                              0x6e, 0x00, 0x00, 0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b};

void add_transactions(Files& files, const Example& example) {
    const crypto::SigningKey key = formats::key_of(1);
    const ledger::RegisterValidator validator{
        .consensus_key = formats::key_of(6).public_key(),
        .vrf_key = formats::vrf_key_of(6),
        .commission_bps = 500,
        .possession = formats::key_of(6).sign(
            ledger::staking::possession_message(example.params.chain_id, example.alice))};
    pbft::Equivocation equivocation;
    equivocation.first.chain = example.params.chain_id;
    equivocation.second = equivocation.first;
    equivocation.second.digest.data[0] = 1;
    pbft::Amnesia amnesia;
    amnesia.commit.chain = amnesia.change.chain = example.params.chain_id;
    amnesia.commit.phase = pbft::Phase::kCommit;
    amnesia.change.phase = pbft::Phase::kViewChange;
    amnesia.change.view = View{1};
    amnesia.change.digest = pbft::prepared_hash(std::nullopt);
    const std::map<std::string, ledger::Payload> payloads{
        {"transfer", ledger::Transfer{example.carol, Amount{5}}},
        {"register", validator},
        {"delegate", ledger::Delegate{example.bob, Amount{2'000'000'000}}},
        {"unbond_all", ledger::Unbond{example.bob, std::nullopt}},
        {"unbond", ledger::Unbond{example.bob, Amount{7}}},
        {"withdraw", ledger::Withdraw{example.bob, 3}},
        {"unjail", ledger::Unjail{}},
        {"report_two", ledger::ReportEvidence{{validator.consensus_key, equivocation}}},
        {"report_denial", ledger::ReportEvidence{{validator.consensus_key, amnesia}}},
        {"deploy", ledger::Deploy{kSmallestContract, {1}, Amount{3}, Gas{900}}},
        {"call", ledger::Call{example.carol, "run", {1, 2}, Amount{3}, Gas{900}}}};
    std::vector<ledger::Transaction> all;
    for (const auto& [name, payload] : payloads) {
        ledger::TxnBody body;
        body.chain_id = example.params.chain_id;
        body.nonce = Nonce{all.size()};
        body.gas_limit = Gas{5'000};
        body.gas_price = GasPrice{1};
        body.valid_until = Height{100};
        body.payload = payload;
        all.push_back(ledger::sign(key, body));
        files["transaction/seed_" + name] = codec::encode(all.back());
        files["records/seed_payload_" + name] = picked(9, codec::encode(payload));
    }
    files["block/seed_example"] = example.encoded;
    const ledger::Block mixed{.header = example.block.header, .txns = all, .facts = {}};
    files["block/seed_every_payload"] = codec::encode(mixed);
    files["block/seed_empty"] =
        codec::encode(ledger::Block{.header = example.block.header, .txns = {}, .facts = {}});
    files["block/seed_facts"] = codec::encode(
        ledger::Block{.header = example.block.header, .txns = {}, .facts = some_facts()});
}

void add_receipts(Files& files, const Example& example) {
    const ledger::Receipt receipt{
        .status = ledger::TxnStatus::kSuccess,
        .gas_used = Gas{2'000},
        .fee = Amount{4'000},
        .events =
            {{"staking.unbonded",
              codec::encode(ledger::staking::Unbonded{example.bob, 4, Amount{9}})}},
        .output = {1, 2, 3}};
    files["receipt/seed_one"] = codec::encode(example.outcome.receipts.front());
    files["receipt/seed_event"] = codec::encode(receipt);
    files["receipt/seed_list"] = codec::encode(example.outcome.receipts);
}

void add_records(Files& files, const Example& example) {
    const ledger::staking::Validator validator{
        .consensus_key = formats::key_of(4).public_key(),
        .vrf_key = formats::vrf_key_of(4),
        .commission_bps = 100,
        .pool = {.tokens = Amount{90}, .shares = 100},
        .jailed = true,
        .jailed_until = Height{7}};
    const consensus::Member member{
        example.bob, validator.consensus_key, validator.vrf_key, Amount{9}};
    files["records/seed_head"] = picked(0, codec::encode(example.parent));
    const ledger::terms::TermRecord term{
        .term = Term{1},
        .members = {member},
        .ranking = {.order = {0}, .rotates = true},
        .next = {member, member},
        .previous = {}};
    files["records/seed_term"] = picked(16, codec::encode(term));
    files["records/seed_fact"] =
        picked(17, codec::encode(ledger::facts::FactRecord{{7}, Height{3}}));
    files["records/seed_offence"] =
        picked(18, codec::encode(ledger::evidence::Offence{Height{3}, Amount{4}}));
    files["records/seed_params"] = picked(1, codec::encode(example.params));
    files["records/seed_account"] = picked(2, codec::encode(ledger::Account{Amount{8}, Nonce{2}}));
    files["records/seed_validator"] = picked(3, codec::encode(validator));
    files["records/seed_members"] = picked(4, codec::encode(std::vector{member, member}));
    files["records/seed_list"] = picked(5, codec::encode(std::vector{example.alice, example.bob}));
    files["records/seed_unbonded"] =
        picked(6, codec::encode(ledger::staking::Unbonded{example.bob, 1, Amount{2}}));
    const std::vector<ledger::SnapshotRecord> chunk{{{2, 1}, {5, 6, 7}}, {{3, 1}, {}}};
    const ledger::SnapshotManifest manifest{
        .height = Height{42},
        .block = example.block.hash,
        .state_root = example.parent.state_root,
        .records = 2,
        .chunks = {ledger::chunk_hash(codec::encode(chunk))}};
    files["records/seed_manifest"] = picked(12, codec::encode(manifest));
    files["records/seed_chunk"] = picked(13, codec::encode(chunk));
    files["records/seed_header"] = picked(8, codec::encode(example.block.header));
    files["records/seed_pool"] =
        picked(15, joined({codec::encode(validator.pool), codec::encode(Amount{41})}));
}

void add_rows(Files& files, const Example& example) {
    const auto row = [](ByteView key, ByteView value) {
        return picked(static_cast<std::uint8_t>(key.size()), joined({key, value}));
    };
    const ledger::StateChange& record = example.state.front();
    ledger::WriteBatch batch;
    ledger::rows::put_state(batch, record.key.path(), record.key.bytes(), *record.value);
    batch.visit([&](ByteView key, std::optional<ByteView> value) {
        files["rows/seed_state"] = row(key, *value);
    });
    const Bytes head_key = ledger::rows::head_key();
    const Bytes head = codec::encode(example.parent);
    files["rows/seed_head"] = row(head_key, joined({head, ledger::rows::seal_of(head_key, head)}));
    const ledger::rows::TxnPlace place{Height{42}, 1};
    files["rows/seed_place"] =
        row(ledger::rows::account_txn_key(example.alice, place), codec::encode(place));
}

void add_proofs(Files& files) {
    std::vector<Hash> leaves;
    leaves.reserve(5);
    for (std::uint8_t i = 0; i < 5; ++i) {
        leaves.push_back(merkle::leaf_hash(std::array<std::uint8_t, 1>{i}));
    }
    const Bytes proof = codec::encode(merkle::prove(leaves, 2));
    files["merkle_proof/seed_encoded"] = picked(0, picked(4, proof));
    files["merkle_proof/seed_edits"] = Bytes{1, 6, 3, 6, 2, 0, 7, 1, 1, 3, 2, 2};
    const ledger::StateProof state_proof{
        .siblings = {leaves[0], leaves[1]},
        .leaf = ledger::StateProof::End{.path = leaves[2], .value = {1, 2, 3}}};
    files["state_proof/seed_encoded"] = picked(0, picked(3, codec::encode(state_proof)));
    files["state_proof/seed_absent"] = picked(0, picked(50, codec::encode(ledger::StateProof{})));
    files["state_proof/seed_edits"] = Bytes{1, 3, 3, 0, 5, 7, 6, 2, 1, 1, 3, 4, 0, 9, 8, 5, 5, 5};
    files["state_proof/seed_edits_absent"] = Bytes{1, 60, 60, 0, 4, 1, 2};
}

void add_crypto(Files& files) {
    const crypto::SigningKey key = formats::key_of(1);
    const Bytes message = to_bytes(as_bytes("message"));
    files["ed25519/seed_encoded"] =
        picked(0, joined({key.public_key().view(), key.sign(message).view(), message}));
    files["ed25519/seed_order_added"] = Bytes{1, 1, 3, 'a', 'b', 'c'};
    files["ed25519/seed_edits"] = Bytes{1, 0, 1, 'a', 70, 4, 2, 1};
    const crypto::VrfKey vrf(crypto::Seed(std::array<std::uint8_t, 32>{5}));
    files["vrf/seed_encoded"] =
        picked(0, joined({vrf.public_key().view(), vrf.prove(message).view(), message}));
    files["vrf/seed_edits"] = Bytes{1, 2, 'a', 'b', 79, 1};
    files["vrf/seed_untouched"] = Bytes{1, 2, 'a', 'b'};
}

void add_texts(Files& files, const Example& example) {
    const auto add = [&files](const std::string& name, std::string_view text) {
        files[name] = to_bytes(as_bytes(text));
    };
    add("address/seed_address", crypto::to_text(example.alice));
    add("address/seed_other_prefix", crypto::bech32m::encode("test", {1, 2, 3}));
    add("address/seed_typing", "01234567890123456789\x03q\x04p");
    add("hex/seed_hash", to_hex_prefixed(example.block.hash.view()));
    add("hex/seed_upper", "DEADbeef");
    add("hex/seed_odd", "0x123");
    add("number/seed_max64", "18446744073709551615");
    add("number/seed_max128", "340282366920938463463374607431768211455");
    add("number/seed_over128", "340282366920938463463374607431768211456");
    add("number/seed_zero", "0");
    add("number/seed_leading", "007");
    add("utf8/seed_lengths", "a\xc3\xbc\xe2\x9c\x93\xf0\x9d\x94\xb9");
    add("utf8/seed_surrogate", "\xed\xa0\x80");
    add("utf8/seed_overlong", "\xc0\x80\xe0\x80\x80");
    add("utf8/seed_too_large", "\xf4\x90\x80\x80");
}

/// Blocks as staking_fuzz reads them: step, proposer, number of transactions; for each its sender,
/// payload and what that needs.
void add_scripts(Files& files) {
    files["staking/seed_delegate_and_unbond"] =
        Bytes{0, 0, 3, 0, 1, 1, 1, 1,  2, 0, 8, 99,  // two register, the third delegates
              1, 0, 1, 1, 2, 0, 4, 50,               //
              3, 1, 1, 1, 3, 0,                      // unbonds all
              3, 1, 0, 3, 1, 0, 3, 1,  0,            // waits
              3, 1, 1, 1, 5, 0, 3};                  // withdraws
    files["staking/seed_shared_era"] =
        Bytes{0, 0, 3, 0, 1, 1, 2, 0, 8, 99, 2, 2, 0, 8, 40,  // one registers, two delegate to it
              2, 0, 2, 1, 3, 0, 2, 3, 0,                      // both unbond all in one era
              3, 0, 0, 3, 0, 0,                               // wait
              3, 0, 2, 1, 5, 0, 3, 2, 5, 0,  3,               // withdraw
              0, 0, 2, 1, 5, 0, 3, 2, 5, 0,  3};
    files["staking/seed_slash"] = Bytes{0,    0, 2, 0,   1, 1, 2, 0, 10, 70,  //
                                        1,    0, 1, 0,   2, 0, 3, 9,          //
                                        1,    0, 1, 1,   4, 0, 2, 7,          //
                                        0xf1, 0, 2, 128,                      // half of everything
                                        3,    0, 1, 1,   3, 0,                //
                                        3,    0, 1, 0,   6};                  // unjail
}

/// Requests to a node, and heads of HTTP.
void add_requests(Files& files) {
    const auto text = [&files](const std::string& name, std::string_view content) {
        files[name] = to_bytes(as_bytes(content));
    };
    text("json/seed_values", R"([null,true,false,-0,12.5e-3,"a\u00e9\ud83d\ude00\n",{"k":[{}]}])");
    text("json/seed_object", R"({"a":1,"b":{"c":[1,2,"x"]},"d":""})");
    const auto call = [&text](std::string_view method, std::string_view params) {
        text(
            "rpc_request/seed_" + std::string(method),
            R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" +
                std::string(params) + '}');
    };
    const std::string hash = "\"0x" + std::string(64, '1') + '"';
    call("chain_getBlock", "[0,true]");
    call("chain_getLogs", R"({"from":0,"to":5,"limit":10,"cursor":"1-0"})");
    call("chain_getProof", R"({"key":"0x00"})");
    call("tx_wait", "[" + hash + R"(,"pending",10])");
    call("tx_simulate", R"(["0x0000"])");
    call("blob_put", R"(["0x0102"])");
    call("dev_faultSet", R"({"latencyMs":5,"cut":true})");
    call("dev_mine", "[2,100]");
    call("admin_addPeer", R"(["127.0.0.1:26600"])");
    text(
        "rpc_request/seed_batch",
        R"([{"jsonrpc":"2.0","id":"a","method":"node_info"},{"jsonrpc":"2.0","method":"x"},1])");
    const auto head = [&files](std::string_view name, std::uint8_t choice, std::string_view rest) {
        files["http_target/seed_" + std::string(name)] = picked(choice, as_bytes(rest));
    };
    head("path", 0, "/v1/blobs/0x" + std::string(64, 'a'));
    head("host", 1, "[::1]:26601");
    head("range", 2, "bytes=1-100");
    head("last", 202, "bytes=-5");
    head("token", 3, "Bearer abc");
    head("tag", 4, "W/\"x\", *");
}

Files make_files() {
    const Example example = make_example();
    Files files;
    add_transactions(files, example);
    add_receipts(files, example);
    add_records(files, example);
    add_rows(files, example);
    add_proofs(files);
    add_crypto(files);
    add_scripts(files);
    add_texts(files, example);
    add_requests(files);
    for (const auto& [name, content] : fuzz::consensus_seeds()) {
        files["consensus/" + name] = content;
    }
    files.merge(fuzz::exact_seeds());
    files.merge(fuzz::node_seeds());
    files.merge(fuzz::peers_seeds());
    files.merge(fuzz::session_seeds());
    files.merge(fuzz::contract_seeds());
    files.merge(fuzz::tasks_seeds());
    files.merge(fuzz::trainer_seeds());
    files.merge(fuzz::vm_seeds());
    return files;
}

Bytes read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& path, ByteView content) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << as_text(content);
}

/// @return number of committed seeds that differ from the generated ones
int check_files(const std::filesystem::path& folder) {
    int differing = 0;
    for (const auto& [name, content] : make_files()) {
        if (read_file(folder / name) != content) {
            std::fprintf(stderr, "%s differs; run fuzz_corpus on the folder\n", name.c_str());
            ++differing;
        }
    }
    return differing;
}

}  // namespace
}  // namespace polis

int main(int argc, char** argv) {
    const bool check = argc == 3 && std::string_view(argv[1]) == "--check";
    const bool named = argc == 2 && argv[1][0] != '-';  // no folder called --help
    if (!named && !check) {
        std::fprintf(stderr, "usage: %s [--check] CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    const std::filesystem::path folder(argv[argc - 1]);
    if (check) {
        return polis::check_files(folder) == 0 ? 0 : 1;
    }
    for (const auto& [name, content] : polis::make_files()) {
        polis::write_file(folder / name, content);
    }
    return 0;
}
