#include <p2p/session/introduction.hpp>

#include <algorithm>
#include <utility>

#include <core/crypto/domains.hpp>

namespace polis::p2p {

namespace {

Hash signed_hash(const IdentityStatement& statement) {
    return crypto::blake2b_256(crypto::kDomainP2pIdentity, codec::encode(statement));
}

}  // namespace

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

Introduction introduce(const crypto::SigningKey& identity, const IdentityStatement& statement) {
    return {
        .hello = statement.hello,
        .identity = identity.public_key(),
        .proof = identity.sign(signed_hash(statement).view())};
}

template <class T>
Result<T, Refusal> read_introduction(ByteView payload, std::uint16_t own_version) {
    codec::Reader reader(payload);
    const auto version = reader.integer<std::uint16_t>();
    if (reader.ok() && version != own_version) {
        return std::unexpected(Refusal{CloseReason::kWrongVersion, "another protocol version"});
    }
    Result<T, codec::DecodeError> out = codec::decode<T>(payload);
    if (!out) {
        return std::unexpected(
            Refusal{CloseReason::kBadHandshake, "an introduction that cannot be read", false});
    }
    return *std::move(out);
}

template Result<Introduction, Refusal> read_introduction<Introduction>(
    ByteView payload, std::uint16_t own_version);
template Result<Answer, Refusal> read_introduction<Answer>(
    ByteView payload, std::uint16_t own_version);

Result<Remote, Refusal> check_introduction(
    const Introduction& introduction,
    const IdentityStatement& statement,
    const Expectation& expectation) {
    const Hello& hello = introduction.hello;
    const auto refuse = [](CloseReason reason, std::string_view note, bool authentic) {
        return std::unexpected(Refusal{reason, note, authentic});
    };
    if (!is_printable(hello.agent)) {
        return refuse(CloseReason::kBadHandshake, "an agent that is not printable", false);
    }
    if (!crypto::verify(introduction.identity, signed_hash(statement).view(), introduction.proof)) {
        return refuse(CloseReason::kBadHandshake, "a bad signature of the identity", false);
    }
    if (introduction.identity == expectation.own_identity || hello.nonce == expectation.own.nonce) {
        return refuse(CloseReason::kSelf, "our own identity or nonce", true);
    }
    if (hello.chain_id != expectation.own.chain_id) {
        return refuse(CloseReason::kWrongChain, "another chain id", true);
    }
    if (hello.genesis != expectation.own.genesis) {
        return refuse(CloseReason::kWrongGenesis, "another genesis", true);
    }
    if (expectation.identity && introduction.identity != *expectation.identity) {
        return refuse(CloseReason::kWrongNode, "not the identity that was dialled", true);
    }
    return Remote{.id = introduction.identity, .hello = hello};
}

}  // namespace polis::p2p
