#include <vm/naive_scan.hpp>

#include <core/check.hpp>

namespace polis::vm::naive {

namespace {

constexpr std::uint8_t kBlock = 0x02;
constexpr std::uint8_t kLoop = 0x03;
constexpr std::uint8_t kIf = 0x04;
constexpr std::uint8_t kElse = 0x05;
constexpr std::uint8_t kEnd = 0x0b;
constexpr std::uint8_t kBranchTable = 0x0e;
constexpr std::uint8_t kReturn = 0x0f;

bool is_between(std::uint8_t opcode, std::uint8_t first, std::uint8_t last) {
    return opcode >= first && opcode <= last;
}

/// Behind which a run ends.
bool ends_run(std::uint8_t opcode) {
    return opcode == 0x00 || opcode == kIf || opcode == kElse || is_between(opcode, 0x0c, kReturn);
}

std::uint64_t cost_of(std::uint8_t opcode, const GasSchedule& gas) {
    switch (opcode) {
        case 0x00:  // unreachable
        case 0x01:  // nop
        case kBlock:
        case kLoop:
        case kEnd:
            return 0;
        case kIf:
        case kElse:
        case 0x0c:  // br
        case 0x0d:  // br_if
        case kReturn:
            return gas.branch;
        case kBranchTable:
            return gas.branch_table;
        case 0x10:
            return gas.call;
        case 0x11:
            return gas.call_indirect;
        case 0x23:
        case 0x24:
            return gas.global;
        case 0x6c:  // i32.mul
        case 0x7e:  // i64.mul
            return gas.multiply;
        default:
            break;
    }
    if (is_between(opcode, 0x28, 0x3e)) {
        return gas.memory;
    }
    const bool divides = is_between(opcode, 0x6d, 0x70) || is_between(opcode, 0x7f, 0x82);
    return divides ? gas.divide : gas.plain;
}

void skip_immediates(std::uint8_t opcode, CodeReader& reader) {
    if (is_between(opcode, 0x28, 0x3e)) {  // loads and stores: alignment and offset
        reader.unsigned_32();
        reader.unsigned_32();
    } else if (is_between(opcode, 0x20, 0x24) || opcode == 0x0c || opcode == 0x0d) {
        reader.unsigned_32();
    } else if (is_between(opcode, kBlock, kIf) || opcode == 0x3f || opcode == 0x40) {
        reader.skip(1);
    } else if (opcode == kBranchTable) {
        for (std::uint64_t left = std::uint64_t{reader.unsigned_32()} + 1; left > 0; --left) {
            reader.unsigned_32();
        }
    } else if (opcode == 0x10) {
        reader.unsigned_32();
    } else if (opcode == 0x11) {
        reader.unsigned_32();
        reader.skip(1);
    } else if (opcode == 0x41 || opcode == 0x42) {
        reader.signed_64();
    } else if (opcode == 0x43 || opcode == 0x44) {
        reader.skip(opcode == 0x43 ? 4 : 8);
    }
}

}  // namespace

std::uint32_t CodeReader::unsigned_32() {
    std::uint64_t out = 0;
    for (unsigned shift = 0;; shift += 7) {
        const std::uint8_t part = byte();
        out |= std::uint64_t{part & 0x7fU} << shift;
        if ((part & 0x80) == 0) {
            return static_cast<std::uint32_t>(out);
        }
    }
}

std::uint64_t CodeReader::signed_64() {
    std::uint64_t out = 0;
    unsigned shift = 0;
    while (true) {
        const std::uint8_t part = byte();
        out |= std::uint64_t{part & 0x7fU} << shift;
        shift += 7;
        if ((part & 0x80) == 0) {
            const bool negative = (part & 0x40) != 0;
            return negative && shift < 64 ? out | (~std::uint64_t{0} << shift) : out;
        }
    }
}

BodyMap::BodyMap(ByteView code, const GasSchedule& gas) : code_(code), places_(code.size() + 1) {
    find_blocks();
    add_up(gas);
}

void BodyMap::find_blocks() {
    CodeReader reader(code_, 0);
    std::vector<std::size_t> open;
    while (reader.at() < code_.size()) {
        const std::size_t at = reader.at();
        starts_.push_back(static_cast<std::uint32_t>(at));
        const std::uint8_t opcode = reader.byte();
        skip_immediates(opcode, reader);
        const auto behind = static_cast<std::uint32_t>(reader.at());
        if (is_between(opcode, kBlock, kIf)) {
            open.push_back(at);
        } else if (opcode == kElse) {
            places_[open.back()].behind_else = behind;
        } else if (opcode == kEnd && !open.empty()) {
            places_[open.back()].behind_end = behind;
            open.pop_back();
        }
    }
    POLIS_ASSERT(open.empty());
}

void BodyMap::add_up(const GasSchedule& gas) {
    std::uint64_t run = 0;
    for (std::size_t i = starts_.size(); i > 0; --i) {
        const std::size_t at = starts_[i - 1];
        const std::uint8_t opcode = code_[at];
        run = (ends_run(opcode) ? 0 : run) + cost_of(opcode, gas);
        places_[at].run = run;
    }
}

}  // namespace polis::vm::naive
