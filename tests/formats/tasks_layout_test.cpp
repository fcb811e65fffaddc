// The tables of docs/formats/tasks.md against the code.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/pole/limits.hpp>
#include <consensus/pole/records.hpp>
#include <core/bytes.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ledger/modules/tasks.hpp>
#include <ledger/task_spec.hpp>
#include <tests/formats/document.hpp>
#include <tests/formats/layout.hpp>

namespace polis::formats {
namespace {

namespace pole = consensus::pole;
namespace tasks = ledger::tasks;

const std::string& page() {
    static const std::string kPage = read_document("docs/formats/tasks.md");
    return kPage;
}

std::map<std::string, std::string> pairs_of(std::string_view marker) {
    std::map<std::string, std::string> out;
    for (const Row& row : table_rows(page(), marker)) {
        EXPECT_GE(row.size(), 2U) << marker;
        EXPECT_TRUE(out.emplace(row[0], row[1]).second) << marker << ": " << row[0] << " twice";
    }
    return out;
}

/// Number -> name, for every value of an enum.
template <class Enum>
std::map<std::string, std::string> values_of() {
    std::map<std::string, std::string> out;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(codec::kEnumLast<Enum>); ++i) {
        out[std::to_string(i)] = to_string(static_cast<Enum>(i));
    }
    return out;
}

TEST(FormatsTasks, every_struct_has_one_table_with_its_offsets_and_sizes) {
    const std::map<std::string, std::vector<Place>> layouts{
        {"Available", layout_of<tasks::Available>()},
        {"Commitment", layout_of<pole::Commitment>()},
        {"Committed", layout_of<tasks::Committed>()},
        {"Dropped", layout_of<tasks::Dropped>()},
        {"Entry", layout_of<pole::Entry>()},
        {"EntryResult", layout_of<tasks::EntryResult>()},
        {"KeyRevealed", layout_of<tasks::KeyRevealed>()},
        {"Opened", layout_of<tasks::Opened>()},
        {"Paid", layout_of<tasks::Paid>()},
        {"Revealed", layout_of<tasks::Revealed>()},
        {"Revealing", layout_of<tasks::Revealing>()},
        {"Round", layout_of<pole::Round>()},
        {"RoundResult", layout_of<tasks::RoundResult>()},
        {"Rules", layout_of<pole::Rules>()},
        {"ScoreResult", layout_of<pole::ScoreResult>()},
        {"ScoreSubject", layout_of<pole::ScoreSubject>()},
        {"Scored", layout_of<tasks::Scored>()},
        {"Scoring", layout_of<tasks::Scoring>()},
        {"Settled", layout_of<tasks::Settled>()},
        {"Standing", layout_of<pole::Standing>()},
        {"Submitted", layout_of<tasks::Submitted>()},
        {"Task", layout_of<tasks::Task>()},
        {"TaskSpec", layout_of<ledger::TaskSpec>()}};
    EXPECT_EQ(layout_names(page()).size(), layouts.size());
    for (const auto& [name, places] : layouts) {
        expect_layout(page(), name, places);
    }
}

TEST(FormatsTasks, limits) {
    const std::map<std::string, std::string> expected{
        {"kTaskNameBytesMax", std::to_string(ledger::kTaskNameBytesMax)},
        {"kTaskTagBytesMax", std::to_string(ledger::kTaskTagBytesMax)},
        {"kTaskArchitectureBytesMax", std::to_string(ledger::kTaskArchitectureBytesMax)},
        {"kTasksWaitingMax", std::to_string(ledger::kTasksWaitingMax)},
        {"kTasksClosedMax", std::to_string(ledger::kTasksClosedMax)},
        {"kTaskOpenBlocksMin", std::to_string(ledger::kTaskOpenBlocksMin)},
        {"kTaskWaitMsMax", std::to_string(ledger::kTaskWaitMsMax)},
        {"kTaskWindowMsMin", std::to_string(ledger::kTaskWindowMsMin)},
        {"kTaskWindowMsMax", std::to_string(ledger::kTaskWindowMsMax)},
        {"kEvaluationMultiplyAddsMax", std::to_string(ledger::kEvaluationMultiplyAddsMax)},
        {"kEntriesMax", std::to_string(pole::kEntriesMax)},
        {"kWindowBlocksMin", std::to_string(pole::kWindowBlocksMin)},
        {"kStandingTermsMax", std::to_string(pole::kStandingTermsMax)},
        {"kPpm", std::to_string(pole::kPpm)},
        {"kSealSegmentBytes", std::to_string(tasks::kSealSegmentBytes)}};
    EXPECT_EQ(pairs_of("tasks limits"), expected);
}

TEST(FormatsTasks, numbers_of_states_and_ends) {
    EXPECT_EQ(pairs_of("task states"), values_of<tasks::TaskState>());
    EXPECT_EQ(pairs_of("entry ends"), values_of<tasks::EntryEnd>());
}

TEST(FormatsTasks, hashes_are_those_of_the_page) {
    const auto hash = [](const crypto::Domain& domain, Bytes bytes) {
        return crypto::blake2b_256(domain, bytes);
    };
    Address owner;
    owner.data.fill(1);
    const Hash beacon = Hash::from_view(Bytes(32, 2));
    const Hash task = Hash::from_view(Bytes(32, 3));
    Bytes id = to_bytes(owner.view());
    append(id, as_bytes("tag"));
    EXPECT_EQ(tasks::task_id(owner, as_bytes("tag")), hash(crypto::kDomainTask, id));
    Bytes seed = to_bytes(beacon.view());
    append(seed, task.view());
    append(seed, owner.view());
    EXPECT_EQ(pole::seed_of(beacon, task, owner), hash(crypto::kDomainPoleSeed, seed));
    const pole::Commitment commitment{5, task, owner, beacon, task};
    Bytes preimage{5, 0, 0, 0, 0, 0, 0, 0};
    for (const ByteView part : {task.view(), owner.view(), beacon.view(), task.view()}) {
        append(preimage, part);
    }
    EXPECT_EQ(pole::commitment_hash(commitment), hash(crypto::kDomainPoleCommit, preimage));
}

TEST(FormatsTasks, a_sealed_set_begins_as_the_page_says) {
    const tasks::SealHeader header = tasks::seal_header(258);
    Bytes expected = to_bytes(as_bytes("POLISENC"));
    append(expected, Bytes{1, 2, 1, 0, 0, 0, 0, 0, 0});
    EXPECT_TRUE(equal(header, expected));
    EXPECT_EQ(tasks::sealed_bytes(262'145), 17U + 262'145U + 32U);
}

}  // namespace
}  // namespace polis::formats
