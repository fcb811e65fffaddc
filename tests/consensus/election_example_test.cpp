// The election of docs/guides/elections.md: it works, and the guide shows exactly its source.
#include <tests/consensus/election_example.hpp>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/election.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::consensus {
namespace {

using testing::make_people;
using testing::MapRecords;

void propose(
    const Election& election, MapRecords& records, std::uint64_t height, const Member& proposer) {
    BlockView block;
    block.height = Height{height};
    block.proposer = proposer.validator;
    election.apply(block, records);
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(ElectionExample, the_longest_silent_goes_first) {
    const silence::Silence election;
    MapRecords records;
    const std::vector<Member> members = make_people(4).committee.members;
    EXPECT_EQ(
        election.rank(Term{1}, members, Hash{}, records).order,
        (std::vector<MemberIndex>{0, 1, 2, 3}))
        << "nobody has proposed: by stake";
    propose(election, records, 1, members[0]);
    propose(election, records, 2, members[2]);
    propose(election, records, 300, members[0]);
    EXPECT_EQ(
        election.rank(Term{2}, members, Hash{}, records).order,
        (std::vector<MemberIndex>{1, 3, 2, 0}));
    EXPECT_EQ(records.all().size(), 2U) << "one record a proposer";
}

TEST(ElectionExample, ranks_every_member_once_after_any_blocks) {
    const silence::Silence election;
    Random random(4, "silence");
    for (const std::size_t n : {1U, 2U, 7U, 200U}) {
        MapRecords records;
        const std::vector<Member> members = make_people(n).committee.members;
        for (std::uint64_t height = 1; height < 300; ++height) {
            propose(election, records, height, members[random.below(n)]);
        }
        EXPECT_TRUE(is_permutation(election.rank(Term{2}, members, Hash{}, records), n));
    }
}

TEST(ElectionExample, allows_every_fact) {
    const silence::Silence election;
    MapRecords records;
    EXPECT_EQ(election.check(std::vector<Fact>(3), records), std::nullopt);
}

TEST(ElectionGuide, shows_the_source_that_is_compiled_here) {
    const std::string guide = read_file("docs/guides/elections.md");
    for (const std::string path :
         {"tests/consensus/election_example.hpp", "tests/consensus/election_example.cpp"}) {
        const std::string expected = "```cpp\n// " + path + "\n" + read_file(path) + "```\n";
        EXPECT_NE(guide.find(expected), std::string::npos) << path << " differs from the guide";
    }
}

/// What the guide says about the registry is what the registry looks like.
TEST(ElectionGuide, names_the_line_of_the_registry) {
    const std::string guide = read_file("docs/guides/elections.md");
    const std::string registry = read_file("consensus/registry.cpp");
    const std::string elections = "    entry<dpos::Dpos>(),\n    entry<pole::Pole>(),\n";
    EXPECT_NE(guide.find(elections + "    entry<silence::Silence>(),\n"), guide.npos);
    EXPECT_NE(registry.find(elections), registry.npos);
}

}  // namespace
}  // namespace polis::consensus
