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

void WriteBatch::put(Pieces key, Pieces value) {
    const std::size_t begin = bytes_.size();
    for (const ByteView piece : key) {
        append(bytes_, piece);
    }
    const std::size_t middle = bytes_.size();
    for (const ByteView piece : value) {
        append(bytes_, piece);
    }
    operations_.push_back(
        {.begin = begin,
         .key_bytes = static_cast<std::uint32_t>(middle - begin),
         .value_bytes = static_cast<std::uint32_t>(bytes_.size() - middle),
         .removes = false});
}

void WriteBatch::remove(ByteView key) {
    const std::size_t begin = bytes_.size();
    append(bytes_, key);
    operations_.push_back(
        {.begin = begin,
         .key_bytes = static_cast<std::uint32_t>(key.size()),
         .value_bytes = 0,
         .removes = true});
}

}  // namespace polis::ledger
