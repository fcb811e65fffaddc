#include <tools/sim/result.hpp>

namespace polis::sim {

std::string_view to_string(Broken broken) {
    switch (broken) {
        case Broken::kAgreement:
            return "agreement";
        case Broken::kCertificate:
            return "certificate";
        case Broken::kState:
            return "state";
        case Broken::kDurability:
            return "durability";
        case Broken::kVoteOnce:
            return "vote once";
        case Broken::kNewView:
            return "new view";
        case Broken::kEvidence:
            return "evidence";
        case Broken::kAlarm:
            return "alarm";
        case Broken::kMemory:
            return "memory";
        case Broken::kStopped:
            return "stopped";
        case Broken::kLiveness:
            return "liveness";
        case Broken::kAccountability:
            return "accountability";
    }
    return "unknown";
}

}  // namespace polis::sim
