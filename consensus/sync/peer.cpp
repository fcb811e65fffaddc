#include <consensus/sync/peer.hpp>

namespace polis::sync {

std::string_view to_string(Fault fault) {
    switch (fault) {
        case Fault::kWrongRange:
            return "blocks that were not asked for";
        case Fault::kWrongCertificate:
            return "a certificate of another block";
        case Fault::kInvalidBlock:
            return "an invalid block";
        case Fault::kBrokenClaims:
            return "claims blocks that it does not have";
        case Fault::kWrongSummary:
            return "a summary of another block";
        case Fault::kWrongItem:
            return "a transaction that was not asked for";
        case Fault::kBadManifest:
            return "a manifest that was not offered";
        case Fault::kBadLink:
            return "a committee that does not follow from genesis";
        case Fault::kBadAnchor:
            return "a header that does not certify the snapshot";
        case Fault::kBadChunk:
            return "a chunk that is not in the manifest";
        case Fault::kFalseSnapshot:
            return "a snapshot of another state";
    }
    return "unknown";
}

}  // namespace polis::sync
