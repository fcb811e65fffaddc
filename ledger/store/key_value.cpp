#include <ledger/store/key_value.hpp>

namespace polis::ledger {

std::string_view to_string(StoreErrc code) {
    switch (code) {
        case StoreErrc::kNotFound:
            return "not found";
        case StoreErrc::kLocked:
            return "locked";
        case StoreErrc::kCorrupt:
            return "corrupt";
        case StoreErrc::kNoSpace:
            return "no space";
        case StoreErrc::kIo:
            return "input/output error";
        case StoreErrc::kHalted:
            return "halted";
        case StoreErrc::kWrongSchema:
            return "wrong schema";
        case StoreErrc::kWrongChain:
            return "wrong chain";
    }
    return "unknown";
}

}  // namespace polis::ledger
