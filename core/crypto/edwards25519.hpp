#pragma once

#include <core/bytes.hpp>

/// What bytes say about points and scalars of edwards25519, before any curve arithmetic.
///
/// Signatures and VRF proofs must be accepted or refused alike by every node, whatever version of
/// libsodium it runs: releases differ in which unusual encodings they let pass (1.0.18 has a build
/// option for it, CVE-2025-69277 changed a subgroup check). These checks fix the answer here.
namespace polis::crypto::edwards25519 {

/// True if the 32 bytes can be the one encoding of a point (RFC 8032, section 5.1.3): y < p, and no
/// sign bit with x = 0. Whether y is on the curve is not checked. @pre bytes.size() == 32
[[nodiscard]] bool is_canonical_encoding(ByteView bytes);

/// True for the encodings of the eight points whose order divides 8.
/// @pre is_canonical_encoding(bytes)
[[nodiscard]] bool is_small_order(ByteView bytes);

/// True for a little-endian number below the group order L. @pre bytes.size() == 32
[[nodiscard]] bool is_reduced_scalar(ByteView bytes);

}  // namespace polis::crypto::edwards25519
