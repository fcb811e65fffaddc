#include <tools/demo/leaders.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <consensus/pole/limits.hpp>
#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>

namespace polis::tools {

namespace {

constexpr std::uint64_t kBatch = 100;  ///< headers that one request asks for

struct Proposed {
    std::uint64_t term = 0;
    std::string proposer;
};

/// By height, from 1.
Fallible<std::vector<Proposed>> all_headers(RpcClient& client) {
    const auto head = client.call("chain_head");
    if (!head) {
        return std::unexpected(to_failure(head.error()));
    }
    const auto end = head->value("height", std::uint64_t{0});
    std::vector<Proposed> out;
    while (out.size() < end) {
        std::vector<RpcCall> calls;
        for (std::uint64_t i = out.size() + 1; i <= std::min(end, out.size() + kBatch); ++i) {
            calls.push_back({.method = "chain_getHeader", .params = {{"block", i}}});
        }
        const auto answers = client.batch(calls);
        if (!answers) {
            return std::unexpected(to_failure(answers.error()));
        }
        for (const auto& answer : *answers) {
            if (!answer) {
                return std::unexpected(to_failure(answer.error()));
            }
            out.push_back({answer->value("term", std::uint64_t{0}), answer->value("proposer", "")});
        }
    }
    return out;
}

/// The round whose ranking orders a term: the last one settled before it, for a few terms.
std::optional<std::size_t> ranking_of(
    std::uint64_t term, const std::vector<std::uint64_t>& settled_terms) {
    std::optional<std::size_t> out;
    for (std::size_t i = 0; i < settled_terms.size(); ++i) {
        if (term > settled_terms[i]) {
            out = i;
        }
    }
    const bool over = out && term > settled_terms[*out] + consensus::pole::kStandingTermsMax;
    return over ? std::nullopt : out;
}

}  // namespace

Fallible<std::vector<LeaderRow>> count_leaders(
    RpcClient& client, const devnet::Devnet& devnet, const std::vector<Height>& settled) {
    POLIS_TRY(const std::vector<Proposed> headers, all_headers(client));
    std::vector<std::uint64_t> settled_terms;
    for (const Height height : settled) {
        if (height.value == 0 || height.value > headers.size()) {
            return std::unexpected(
                Failure("a round was settled above the head; is this our node?"));
        }
        settled_terms.push_back(headers[height.value - 1].term);
    }
    std::map<std::string, std::size_t> row_of;
    std::vector<LeaderRow> out;
    for (const devnet::Node& node : devnet.nodes) {
        if (node.validator) {
            const auto key = genesis::dev_operator_key(devnet.manifest.seed, node.index);
            row_of[crypto::to_text(crypto::address_of(key.public_key()))] = out.size();
            out.push_back({node.index, 0, std::vector<std::uint64_t>(settled.size())});
        }
    }
    for (const Proposed& header : headers) {
        const auto row = row_of.find(header.proposer);
        if (row == row_of.end()) {
            continue;  // a validator that was added later
        }
        const auto ranking = ranking_of(header.term, settled_terms);
        ++(ranking ? out[row->second].ranked[*ranking] : out[row->second].in_turn);
    }
    return out;
}

}  // namespace polis::tools
