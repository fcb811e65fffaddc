#include <node/app/p2p_setup.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include <core/integer.hpp>
#include <node/config/peer_address.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;

std::uint64_t random_number() {
    return from_big_endian<std::uint64_t>(crypto::Seed::generate().view().first(8));
}

Bytes read_book(const HomeLayout& home) {
    std::ifstream in(home.peers_book(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return to_bytes(as_bytes(text));
}

}  // namespace

p2p::Hello make_hello(ChainId chain, const Hash& genesis, const std::string& version) {
    p2p::Hello out;
    out.chain_id = chain;
    out.genesis = genesis;
    out.nonce = random_number();
    out.agent = "polisd/" + version;
    return out;
}

Result<P2pDriver::Setup, std::string> p2p_setup(
    const HomeLayout& home,
    const NodeConfig::P2p& config,
    const p2p::Hello& hello,
    const crypto::SigningKey& identity,
    Log& log) {
    P2pDriver::Setup out;
    out.listen = *parse_listen_address(config.listen);
    if (!config.advertise.empty()) {
        out.advertise_port = p2p::parse_endpoint(config.advertise)->port;
    }
    out.hello = hello;
    out.identity = &identity;
    out.peers.self = identity.public_key();
    out.peers.nonce = hello.nonce;
    for (const std::string& peer : config.boot) {
        POLIS_TRY(const PeerAddress address, parse_peer_address(peer));
        if (auto dials = resolve(address)) {
            out.peers.boot.insert(out.peers.boot.end(), dials->begin(), dials->end());
        } else {
            log.warn("p2p", "a boot node is left out", {{"cause", dials.error()}});
        }
    }
    out.peers.book = read_book(home);
    out.peers.random_seed = random_number();
    out.peers.limits.outbound_max = config.outbound_max;
    out.peers.limits.inbound_max = config.inbound_max;
    out.peers.limits.local_network = config.local_network;
    out.faults_seed = random_number();
    out.log = &log;
    return out;
}

bool write_book(const HomeLayout& home, ByteView book) {
    const fs::path fresh = home.peers_book().string() + ".new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    const std::string_view text = as_text(book);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!out.flush()) {
        return false;
    }
    std::error_code failed;
    fs::rename(fresh, home.peers_book(), failed);
    return !failed;
}

}  // namespace polis::node
