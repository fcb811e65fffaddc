#pragma once

#include <cstdint>
#include <string_view>

namespace polis::sync {

/// The driver's name for somebody who can be asked; opaque here.
using PeerId = std::uint32_t;

/// What no honest peer does. Being slow, silent or without a block is not among it.
enum class Fault : std::uint8_t {
    kWrongRange,        ///< blocks that do not begin where asked, or more than asked: [Y7]
    kWrongCertificate,  ///< a certificate that is not of the block beside it: [Y8]
    kInvalidBlock,      ///< the driver refused the block: [Y9]
    kBrokenClaims,      ///< again and again without the blocks that it claims to have: [Y11]
    kWrongSummary,      ///< a summary that is not of the block asked for: [Y22]
    kWrongItem,         ///< an item that is not the one named by the summary: [Y23]
    kBadManifest,       ///< a manifest that is not the one offered, or malformed: [Y35]
    kBadLink,           ///< a term link that does not verify: [Y31]
    kBadAnchor,         ///< a header that does not certify what was offered: [Y33]
    kBadChunk,          ///< a chunk that the manifest does not name: [Y35]
    kFalseSnapshot,     ///< offered a snapshot whose records lead to another state: [Y34], [Y36]
};

std::string_view to_string(Fault fault);

/// `peer` did what no honest peer does; this machine asks it nothing more until it joins anew.
struct Blame {
    PeerId peer = 0;
    Fault fault = Fault::kWrongRange;

    bool operator==(const Blame&) const = default;
};

}  // namespace polis::sync
