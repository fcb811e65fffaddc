#pragma once

#include <string>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <node/config/config.hpp>
#include <node/drivers/p2p_driver.hpp>
#include <node/home/identity.hpp>
#include <p2p/session.hpp>

/// What the peer-to-peer driver needs to know of a home and its configuration.
namespace polis::node {

/// What this node says of itself to others; with a new nonce, by which it knows itself.
[[nodiscard]] p2p::Hello make_hello(ChainId chain, const Hash& genesis, const std::string& version);

/// All but the listener, the blobs and the clock. Names of boot nodes are looked up, which may take
/// seconds; one without an address is left out with a warning.
/// @param identity, log outlive the driver. @error a boot address, with cause and cure
[[nodiscard]] Result<P2pDriver::Setup, std::string> p2p_setup(
    const HomeLayout& home,
    const NodeConfig::P2p& config,
    const p2p::Hello& hello,
    const crypto::SigningKey& identity,
    Log& log);

/// Replaces the address book of the home; the old one stays whole until the new one is.
[[nodiscard]] bool write_book(const HomeLayout& home, ByteView book);

}  // namespace polis::node
