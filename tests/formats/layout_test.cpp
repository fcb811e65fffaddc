// The tables of docs/formats against the code: offsets and sizes of every struct that has a layout,
// protocol limits, enumerations and domain tags. A field added to the code and not to the document,
// or the other way round, fails here.
#include <tests/formats/layout.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/committee.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/evidence.hpp>
#include <consensus/sync/limits.hpp>
#include <consensus/sync/messages.hpp>
#include <core/codec/borsh.hpp>
#include <core/codec/reader.hpp>
#include <core/merkle.hpp>
#include <ledger/account.hpp>
#include <ledger/block.hpp>
#include <ledger/contract_gas.hpp>
#include <ledger/gas.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/evidence.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/params.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/key.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/store/snapshot.hpp>
#include <ledger/validation.hpp>
#include <tests/formats/document.hpp>

namespace polis::formats {
namespace {

const std::vector<std::string> kFiles{
    "docs/formats/README.md",
    "docs/formats/block.md",
    "docs/formats/borsh.md",
    "docs/formats/keys.md",
    "docs/formats/receipt.md",
    "docs/formats/state.md",
    "docs/formats/store.md",
    "docs/formats/sync.md",
    "docs/formats/transaction.md"};

/// All documents, one after the other.
const std::string& documents() {
    static const std::string kDocuments = [] {
        std::string out;
        for (const std::string& path : kFiles) {
            out += read_document(path) + "\n";
        }
        return out;
    }();
    return kDocuments;
}

const std::map<std::string, std::vector<Place>>& layouts() {
    static const std::map<std::string, std::vector<Place>> kLayouts{
        {"HeadClaim", layout_of<sync::HeadClaim>()},
        {"BlockRequest", layout_of<sync::BlockRequest>()},
        {"SyncedBlock", layout_of<sync::SyncedBlock>()},
        {"BlockResponse", layout_of<sync::BlockResponse>()},
        {"BlockBusy", layout_of<sync::BlockBusy>()},
        {"BodyRequest", layout_of<sync::BodyRequest>()},
        {"BodySummary", layout_of<sync::BodySummary>()},
        {"BodyItem", layout_of<sync::BodyItem>()},
        {"BodyItems", layout_of<sync::BodyItems>()},
        {"SnapshotOffer", layout_of<sync::SnapshotOffer>()},
        {"SnapshotOffers", layout_of<sync::SnapshotOffers>()},
        {"ManifestRequest", layout_of<sync::ManifestRequest>()},
        {"ManifestResponse", layout_of<sync::ManifestResponse>()},
        {"LinksRequest", layout_of<sync::LinksRequest>()},
        {"TermLink", layout_of<sync::TermLink>()},
        {"LinksResponse", layout_of<sync::LinksResponse>()},
        {"AnchorRequest", layout_of<sync::AnchorRequest>()},
        {"Anchor", layout_of<sync::Anchor>()},
        {"AnchorResponse", layout_of<sync::AnchorResponse>()},
        {"ChunkRequest", layout_of<sync::ChunkRequest>()},
        {"ChunkResponse", layout_of<sync::ChunkResponse>()},
        {"Account", layout_of<ledger::Account>()},
        {"Block", layout_of<ledger::Block>()},
        {"Call", layout_of<ledger::Call>()},
        {"CancelTask", layout_of<ledger::CancelTask>()},
        {"CommitModel", layout_of<ledger::CommitModel>()},
        {"Contract", layout_of<ledger::contracts::Contract>()},
        {"ContractEvent", layout_of<ledger::contracts::ContractEvent>()},
        {"Delegate", layout_of<ledger::Delegate>()},
        {"Delegated", layout_of<ledger::staking::Delegated>()},
        {"Deploy", layout_of<ledger::Deploy>()},
        {"Deployed", layout_of<ledger::contracts::Deployed>()},
        {"Event", layout_of<ledger::Event>()},
        {"FactRecord", layout_of<ledger::facts::FactRecord>()},
        {"Head", layout_of<ledger::Head>()},
        {"Header", layout_of<ledger::Header>()},
        {"Member", layout_of<consensus::Member>()},
        {"MerkleProof", layout_of<merkle::Proof>()},
        {"Offence", layout_of<ledger::evidence::Offence>()},
        {"Params", layout_of<ledger::Params>()},
        {"Pool", layout_of<ledger::staking::Pool>()},
        {"Punished", layout_of<ledger::evidence::Punished>()},
        {"Receipt", layout_of<ledger::Receipt>()},
        {"RegisterValidator", layout_of<ledger::RegisterValidator>()},
        {"ReportEvidence", layout_of<ledger::ReportEvidence>()},
        {"RevealModel", layout_of<ledger::RevealModel>()},
        {"RevealTestKey", layout_of<ledger::RevealTestKey>()},
        {"SnapshotManifest", layout_of<ledger::SnapshotManifest>()},
        {"SnapshotRecord", layout_of<ledger::SnapshotRecord>()},
        {"StateProof", layout_of<ledger::StateProof>()},
        {"StateProofEnd", layout_of<ledger::StateProof::End>()},
        {"SubmitTask", layout_of<ledger::SubmitTask>()},
        {"TermRecord", layout_of<ledger::terms::TermRecord>()},
        {"Transfer", layout_of<ledger::Transfer>()},
        {"TxnBody", layout_of<ledger::TxnBody>()},
        {"TxnPlace", layout_of<ledger::rows::TxnPlace>()},
        {"Unbond", layout_of<ledger::Unbond>()},
        {"Unbonded", layout_of<ledger::staking::Unbonded>()},
        {"Validator", layout_of<ledger::staking::Validator>()},
        {"Withdraw", layout_of<ledger::Withdraw>()},
        {"Withdrawn", layout_of<ledger::staking::Withdrawn>()}};
    return kLayouts;
}

TEST(FormatsLayout, every_struct_has_one_table) {
    const std::vector<std::string> names = layout_names(documents());
    std::set<std::string> expected;
    for (const auto& [name, places] : layouts()) {
        expected.insert(name);
    }
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), expected);
    EXPECT_EQ(names.size(), expected.size());
}

TEST(FormatsLayout, offsets_and_sizes_are_those_of_the_code) {
    for (const auto& [name, places] : layouts()) {
        expect_layout(documents(), name, places);
    }
}

std::map<std::string, std::string> pairs_of(std::string_view marker) {
    std::map<std::string, std::string> out;
    for (const Row& row : table_rows(documents(), marker)) {
        EXPECT_GE(row.size(), 2U) << marker;
        EXPECT_TRUE(out.emplace(row[0], row[1]).second) << marker << ": " << row[0] << " twice";
    }
    return out;
}

TEST(FormatsTables, limits) {
    const std::map<std::string, std::string> expected{
        {"kTxnBytesMax", std::to_string(ledger::kTxnBytesMax)},
        {"kBlockTxnsMax", std::to_string(ledger::kBlockTxnsMax)},
        {"kBlockBytesMax", std::to_string(ledger::kBlockBytesMax)},
        {"kEventNameBytesMax", std::to_string(ledger::kEventNameBytesMax)},
        {"kEventDataBytesMax", std::to_string(ledger::kEventDataBytesMax)},
        {"kReceiptEventsMax", std::to_string(ledger::kReceiptEventsMax)},
        {"kStateKeyBytesMax", std::to_string(ledger::kStateKeyBytesMax)},
        {"kStateValueBytesMax", std::to_string(ledger::kStateValueBytesMax)},
        {"kContractInputBytesMax", std::to_string(ledger::kContractInputBytesMax)},
        {"kContractOutputBytesMax", std::to_string(ledger::kContractOutputBytesMax)},
        {"kContractEventNameBytesMax", std::to_string(ledger::kContractEventNameBytesMax)},
        {"kContractEventDataBytesMax", std::to_string(ledger::kContractEventDataBytesMax)},
        {"kStorageKeyBytesMax", std::to_string(ledger::kStorageKeyBytesMax)},
        {"kStorageValueBytesMax", std::to_string(ledger::kStorageValueBytesMax)},
        {"kCodePieceBytes", std::to_string(ledger::kCodePieceBytes)},
        {"kLoadedProgramsMax", std::to_string(ledger::kLoadedProgramsMax)},
        {"kValidatorsMax", std::to_string(ledger::kValidatorsMax)},
        {"kCommitteeMax", std::to_string(ledger::kCommitteeMax)},
        {"kElectionKeyBytesMax", std::to_string(ledger::kElectionKeyBytesMax)},
        {"kElectionValueBytesMax", std::to_string(ledger::kElectionValueBytesMax)},
        {"kUnbondingErasMax", std::to_string(ledger::kUnbondingErasMax)},
        {"kSnapshotChunkBytes", std::to_string(ledger::kSnapshotChunkBytes)},
        {"kSnapshotChunksMax", std::to_string(ledger::kSnapshotChunksMax)},
        {"kBasisPoints", std::to_string(ledger::kBasisPoints)},
        {"StateProof::kSiblingsMax", std::to_string(ledger::StateProof::kSiblingsMax)},
        {"merkle::Proof::kSiblingsMax", std::to_string(merkle::Proof::kSiblingsMax)}};
    EXPECT_EQ(pairs_of("limits"), expected);
}

TEST(FormatsTables, versions) {
    const std::map<std::string, std::string> expected{
        {"kTxnVersion", std::to_string(ledger::kTxnVersion)},
        {"kHeaderVersion", std::to_string(ledger::kHeaderVersion)},
        {"kSchemaVersion", std::to_string(ledger::rows::kSchemaVersion)}};
    EXPECT_EQ(pairs_of("versions"), expected);
}

TEST(FormatsTables, statuses) {
    std::map<std::string, std::string> expected;
    const auto last = static_cast<std::uint8_t>(codec::kEnumLast<ledger::TxnStatus>);
    for (std::uint8_t i = 0; i <= last; ++i) {
        expected[std::to_string(i)] = ledger::to_string(static_cast<ledger::TxnStatus>(i));
    }
    EXPECT_EQ(pairs_of("statuses"), expected);
}

TEST(FormatsTables, decode_errors) {
    using codec::DecodeError;
    std::map<std::string, std::string> expected;
    for (const auto& [name, error] : std::map<std::string, DecodeError>{
             {"kTruncated", DecodeError::kTruncated},
             {"kTrailingBytes", DecodeError::kTrailingBytes},
             {"kCountOverLimit", DecodeError::kCountOverLimit},
             {"kBadBool", DecodeError::kBadBool},
             {"kBadTag", DecodeError::kBadTag},
             {"kBadUtf8", DecodeError::kBadUtf8},
             {"kUnsorted", DecodeError::kUnsorted}}) {
        expected[name] = codec::to_string(error);
    }
    EXPECT_EQ(pairs_of("decode errors"), expected);
}

TEST(FormatsTables, record_kinds) {
    const std::map<std::string, std::string> expected{
        {"0", "kParams"},
        {"1", "kSupply"},
        {"2", "kAccount"},
        {"3", "kValidator"},
        {"4", "kValidatorList"},
        {"5", "kConsensusKey"},
        {"6", "kDelegation"},
        {"7", "kUnbondingPool"},
        {"8", "kUnbonding"},
        {"9", "kTerms"},
        {"10", "kElection"},
        {"11", "kFact"},
        {"12", "kOffence"},
        {"13", "kTask"},
        {"14", "kTaskIndex"},
        {"15", "kContract"},
        {"16", "kCode"},
        {"17", "kStorage"}};
    EXPECT_EQ(pairs_of("record kinds"), expected);
    EXPECT_EQ(static_cast<int>(ledger::RecordKind::kStorage), 17);
}

TEST(FormatsTables, sync_limits) {
    const std::map<std::string, std::string> expected{
        {"kSyncBlockBytesMax", std::to_string(sync::kSyncBlockBytesMax)},
        {"kAnswerBlocksMax", std::to_string(sync::kAnswerBlocksMax)},
        {"kAnswerBytes", std::to_string(sync::kAnswerBytes)},
        {"kBodyItemsMax", std::to_string(sync::kBodyItemsMax)},
        {"kBodyItemBytesMax", std::to_string(sync::kBodyItemBytesMax)},
        {"kOffersMax", std::to_string(sync::kOffersMax)},
        {"kManifestBytesMax", std::to_string(sync::kManifestBytesMax)},
        {"kManifestChunksMax", std::to_string(sync::kManifestChunksMax)},
        {"kChunkBytesMax", std::to_string(sync::kChunkBytesMax)},
        {"kLinksMax", std::to_string(sync::kLinksMax)}};
    EXPECT_EQ(pairs_of("sync limits"), expected);
}

TEST(FormatsTables, payload_tags) {
    std::map<std::string, std::string> expected;
    const std::vector<std::string> names{
        "Transfer",
        "RegisterValidator",
        "Delegate",
        "Unbond",
        "Withdraw",
        "Unjail",
        "ReportEvidence",
        "SubmitTask",
        "CommitModel",
        "RevealModel",
        "RevealTestKey",
        "CancelTask",
        "Deploy",
        "Call"};
    static_assert(std::variant_size_v<ledger::Payload> == 14);
    for (std::size_t i = 0; i < names.size(); ++i) {
        expected[std::to_string(i)] = names[i];
    }
    EXPECT_EQ(pairs_of("payloads"), expected);
}

TEST(FormatsTables, gas) {
    const auto gas = [](const ledger::Payload& payload) {
        return std::to_string(ledger::intrinsic_gas(payload, 0).value);
    };
    const std::map<std::string, std::string> expected{
        {"Transfer", gas(ledger::Transfer{})},
        {"RegisterValidator", gas(ledger::RegisterValidator{})},
        {"Delegate", gas(ledger::Delegate{})},
        {"Unbond", gas(ledger::Unbond{})},
        {"Withdraw", gas(ledger::Withdraw{})},
        {"Unjail", gas(ledger::Unjail{})},
        {"ReportEvidence", gas(ledger::ReportEvidence{})},
        {"SubmitTask", gas(ledger::SubmitTask{})},
        {"CommitModel", gas(ledger::CommitModel{})},
        {"RevealModel", gas(ledger::RevealModel{})},
        {"RevealTestKey", gas(ledger::RevealTestKey{})},
        {"CancelTask", gas(ledger::CancelTask{})},
        {"Deploy", gas(ledger::Deploy{})},
        {"Call", gas(ledger::Call{})}};
    EXPECT_EQ(pairs_of("gas"), expected);
}

TEST(FormatsTables, contract_gas) {
    const ledger::ContractGas& gas = ledger::kContractGas;
    const std::map<std::string, std::uint64_t> costs{
        {"storage_read", gas.storage_read},
        {"storage_read_byte", gas.storage_read_byte},
        {"storage_write", gas.storage_write},
        {"storage_write_byte", gas.storage_write_byte},
        {"account_read", gas.account_read},
        {"transfer", gas.transfer},
        {"call", gas.call},
        {"load", gas.load},
        {"load_byte", gas.load_byte},
        {"emit", gas.emit},
        {"event_byte", gas.event_byte},
        {"output_byte", gas.output_byte},
        {"sha3", gas.sha3},
        {"sha3_byte_8", gas.sha3_byte_8},
        {"blake2b", gas.blake2b},
        {"blake2b_byte_8", gas.blake2b_byte_8},
        {"ed25519", gas.ed25519},
        {"ed25519_byte_8", gas.ed25519_byte_8},
        {"mul_div", gas.mul_div}};
    static_assert(sizeof(gas) == 19 * sizeof(std::uint64_t), "a cost without a row");
    std::map<std::string, std::string> expected;
    for (const auto& [name, cost] : costs) {
        expected[name] = std::to_string(cost);
    }
    std::map<std::string, std::string> documented;
    for (const Row& row : table_rows(read_document("docs/spec/contracts.md"), "contract gas")) {
        documented.emplace(row.at(0), row.at(1));
    }
    EXPECT_EQ(documented, expected);
}

TEST(FormatsTables, store_keys) {
    std::vector<std::pair<std::string, std::string>> expected;
    for (const Bytes& key :
         {ledger::rows::account_txn_key({}, {}),
          ledger::rows::block_key({}),
          ledger::rows::certificate_key({}),
          ledger::rows::height_key({}),
          ledger::rows::term_link_key({}),
          ledger::rows::schema_key(),
          ledger::rows::genesis_key(),
          ledger::rows::head_key(),
          ledger::rows::base_key(),
          ledger::rows::vote_key(),
          ledger::rows::pending_key({}, {}),
          ledger::rows::receipts_key({}),
          ledger::rows::state_key({}),
          ledger::rows::txn_key({}),
          ledger::rows::snapshot_manifest_key({}),
          ledger::rows::snapshot_chunk_key({}, 0)}) {
        expected.emplace_back(
            std::string(1, static_cast<char>(key.front())), std::to_string(key.size()));
    }
    std::vector<std::pair<std::string, std::string>> documented;
    for (const Row& row : table_rows(documents(), "tables")) {
        ASSERT_GE(row.size(), 3U);
        documented.emplace_back(row[0], row[2]);
    }
    EXPECT_EQ(documented, expected);
}

/// The names in core/crypto/domains.hpp, read as text: a new tag must be documented.
TEST(FormatsTables, domain_tags) {
    const std::string source = read_document("core/crypto/domains.hpp");
    constexpr std::string_view kOpening = "{\"";
    std::set<std::string> expected;
    for (std::size_t at = source.find(kOpening); at != std::string::npos;
         at = source.find(kOpening, at + 1)) {
        const std::size_t begin = at + kOpening.size();
        expected.insert(source.substr(begin, source.find('"', begin) - begin));
    }
    std::set<std::string> documented;
    for (const auto& [name, meaning] : pairs_of("domains")) {
        documented.insert(name);
        EXPECT_FALSE(meaning.empty()) << name;
    }
    EXPECT_EQ(documented, expected);
}

}  // namespace
}  // namespace polis::formats
