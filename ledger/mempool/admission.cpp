#include <ledger/mempool/admission.hpp>

namespace polis::ledger {

std::string_view to_string(MempoolError error) {
    switch (error) {
        case MempoolError::kAlreadyKnown:
            return "transaction is already in the pool";
        case MempoolError::kTooLarge:
            return "transaction over the pool's size limit";
        case MempoolError::kExpired:
            return "valid-until height is past";
        case MempoolError::kPoolFull:
            return "pool is full and the gas price too low to evict anything";
        case MempoolError::kUnknownAccount:
            return "sender's account does not exist";
        case MempoolError::kStaleNonce:
            return "nonce is already used";
        case MempoolError::kNonceTooFar:
            return "nonce is too far ahead";
        case MempoolError::kReplacementTooCheap:
            return "gas price too low to replace the pooled transaction of this nonce";
        case MempoolError::kSenderFull:
            return "sender has too many transactions in the pool";
        case MempoolError::kInsufficientBalance:
            return "balance does not cover the sender's pooled transactions";
    }
    return "unknown mempool error";
}

std::string_view to_string(RemovalReason reason) {
    switch (reason) {
        case RemovalReason::kIncluded:
            return "included in a block";
        case RemovalReason::kStaleNonce:
            return "nonce used by another transaction";
        case RemovalReason::kExpired:
            return "valid-until height is past";
        case RemovalReason::kUnaffordable:
            return "balance no longer covers it";
    }
    return "unknown removal reason";
}

}  // namespace polis::ledger
