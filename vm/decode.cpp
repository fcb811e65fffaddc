#include <vm/decode.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <vm/host.hpp>
#include <vm/opcodes.hpp>
#include <vm/reader.hpp>

namespace polis::vm {

namespace {

/// Custom sections that are remembered; further ones are checked and skipped.
constexpr std::size_t kCustomSectionsMax = 32;
constexpr std::uint32_t kPagesMax = 65'536;  ///< of the standard: 4 GiB
constexpr std::uint8_t kFunctionForm = 0x60;
constexpr std::uint8_t kFunctionReference = 0x70;

enum Section : std::uint8_t {
    kCustom = 0,
    kType = 1,
    kImport = 2,
    kFunction = 3,
    kTable = 4,
    kMemory = 5,
    kGlobal = 6,
    kExport = 7,
    kStart = 8,
    kElement = 9,
    kCode = 10,
    kData = 11,
};

class Decoder {
  public:
    Decoder(ByteView wasm, const Rules& rules) : rules_(rules), in_(wasm) {
        out_.bytes = to_bytes(wasm);
    }

    VmResult<Module> run() {
        if (in_.remaining() > rules_.code_bytes) {
            fail(
                RejectionCode::kCodeTooLarge,
                fmt::format("{} bytes, at most {}", in_.remaining(), rules_.code_bytes));
        }
        header();
        while (in_.ok() && !in_.at_end()) {
            section();
        }
        if (in_.ok()) {
            finish();
        }
        if (!in_.ok()) {
            return std::unexpected(in_.failure());
        }
        return std::move(out_);
    }

  private:
    void fail(RejectionCode code, std::string detail = {}) { in_.fail(code, std::move(detail)); }

    [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(in_.offset()); }

    void header() {
        constexpr std::array<std::uint8_t, 4> kMagic{0x00, 0x61, 0x73, 0x6d};
        constexpr std::array<std::uint8_t, 4> kVersion{1, 0, 0, 0};
        const ByteView magic = in_.take(kMagic.size());
        if (in_.ok() && !equal(magic, kMagic)) {
            in_.fail_at(0, RejectionCode::kBadMagic);
        }
        const ByteView version = in_.take(kVersion.size());
        if (in_.ok() && !equal(version, kVersion)) {
            in_.fail_at(kMagic.size(), RejectionCode::kBadVersion);
        }
    }

    void section() {
        const std::size_t where = in_.offset();
        const std::uint8_t id = in_.byte();
        const std::uint32_t size = in_.u32();
        const std::size_t outer = in_.enter(size);
        if (id == kCustom) {
            custom();
        } else if (id > kData) {
            const bool newer = id == 12 || id == 13;  // bulk memory, exceptions
            in_.fail_at(
                where,
                newer ? RejectionCode::kNewerFeature : RejectionCode::kBadSection,
                fmt::format("section {}", id));
        } else if (id <= last_section_) {
            in_.fail_at(
                where, RejectionCode::kBadSection, fmt::format("section {} comes late", id));
        } else {
            last_section_ = id;
            contents(id);
        }
        in_.leave(outer, RejectionCode::kBadSection);
    }

    void contents(std::uint8_t id) {
        switch (id) {
            case kType:
                return each(rules_.types, RejectionCode::kTooManyTypes, &Decoder::type);
            case kImport:
                return each(rules_.imports, RejectionCode::kTooManyImports, &Decoder::import);
            case kFunction:
                return each(rules_.functions, RejectionCode::kTooManyFunctions, &Decoder::function);
            case kTable:
                return each(UINT32_MAX, RejectionCode::kTooManyTables, &Decoder::table);
            case kMemory:
                return each(UINT32_MAX, RejectionCode::kTooManyMemories, &Decoder::memory);
            case kGlobal:
                return each(rules_.globals, RejectionCode::kTooManyGlobals, &Decoder::global);
            case kExport:
                return each(rules_.exports, RejectionCode::kTooManyExports, &Decoder::exported);
            case kStart:
                return start();
            case kElement:
                return each(rules_.segments, RejectionCode::kTooManySegments, &Decoder::element);
            case kCode:
                return each(rules_.functions, RejectionCode::kTooManyFunctions, &Decoder::body);
            case kData:
                return each(rules_.segments, RejectionCode::kTooManySegments, &Decoder::data);
            default:
                break;
        }
    }

    void each(std::uint32_t max, RejectionCode too_many, void (Decoder::*item)()) {
        const std::uint32_t count = in_.count(max, too_many);
        for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
            (this->*item)();
        }
    }

    void custom() {
        const std::string_view name = in_.name(UINT32_MAX);
        const std::uint32_t begin = here();
        const ByteView bytes = in_.take(in_.remaining());
        if (in_.ok() && out_.customs.size() < kCustomSectionsMax) {
            out_.customs.push_back(
                {.name = std::string(name),
                 .begin = begin,
                 .size = static_cast<std::uint32_t>(bytes.size())});
        }
    }

    ValueType value_type() {
        const std::size_t where = in_.offset();
        const std::uint8_t byte = in_.byte();
        switch (byte) {
            case 0x7f:
                return ValueType::kI32;
            case 0x7e:
                return ValueType::kI64;
            case 0x7d:
                return float_type(where, ValueType::kF32);
            case 0x7c:
                return float_type(where, ValueType::kF64);
            case 0x7b:
            case 0x70:
            case 0x6f:
                in_.fail_at(where, RejectionCode::kNewerFeature, "a vector or a reference");
                break;
            default:
                in_.fail_at(where, RejectionCode::kBadType, fmt::format("byte {:#04x}", byte));
        }
        return ValueType::kI32;
    }

    ValueType float_type(std::size_t where, ValueType type) {
        if (!rules_.is_specification()) {
            in_.fail_at(where, RejectionCode::kFloat, std::string(to_string(type)));
        }
        return type;
    }

    void type() {
        const std::size_t where = in_.offset();
        if (in_.byte() != kFunctionForm) {
            in_.fail_at(where, RejectionCode::kBadType, "no function type");
        }
        FuncType out;
        const std::uint32_t params =
            in_.count(rules_.parameters, RejectionCode::kTooManyParameters);
        for (std::uint32_t i = 0; i < params && in_.ok(); ++i) {
            out.params.push_back(value_type());
        }
        const std::uint32_t results = in_.count(1, RejectionCode::kNewerFeature);
        if (results == 1) {
            out.result = value_type();
        }
        out_.types.push_back(std::move(out));
    }

    std::uint32_t type_index() {
        const std::size_t where = in_.offset();
        const std::uint32_t index = in_.u32();
        check_index(where, index, out_.types.size(), "type");
        return index;
    }

    void check_index(
        std::size_t where, std::uint32_t index, std::size_t count, std::string_view what) {
        if (in_.ok() && index >= count) {
            in_.fail_at(
                where,
                RejectionCode::kUnknownIndex,
                fmt::format("{} {}, there are {}", what, index, count));
        }
    }

    Limits limits(std::uint32_t max_allowed) {
        const std::size_t where = in_.offset();
        const std::uint8_t flag = in_.byte();
        if (flag > 1) {
            in_.fail_at(where, RejectionCode::kBadFlag, "limits");
        }
        Limits out;
        out.min = in_.u32();
        if (flag == 1) {
            out.max = in_.u32();
        }
        if (in_.ok() && (out.min > max_allowed || out.max.value_or(0) > max_allowed ||
                         out.min > out.max.value_or(UINT32_MAX))) {
            in_.fail_at(where, RejectionCode::kBadLimits);
        }
        return out;
    }

    Limits table_type() {
        const std::size_t where = in_.offset();
        if (in_.byte() != kFunctionReference) {
            in_.fail_at(where, RejectionCode::kBadType, "no table of functions");
        }
        const Limits out = limits(UINT32_MAX);
        const std::uint32_t size =
            rules_.is_specification() ? out.min : std::max(out.min, out.max.value_or(0));
        if (in_.ok() && size > rules_.table_entries) {
            in_.fail_at(
                where,
                RejectionCode::kTableTooLarge,
                fmt::format("{} entries, at most {}", size, rules_.table_entries));
        }
        if (in_.ok() && out_.table) {
            in_.fail_at(where, RejectionCode::kTooManyTables);
        }
        return out;
    }

    void table() { out_.table = table_type(); }

    Limits memory_type() {
        const std::size_t where = in_.offset();
        const Limits out = limits(kPagesMax);
        const bool whole = rules_.profile == Profile::kContract;
        const std::uint32_t pages = whole ? std::max(out.min, out.max.value_or(0)) : out.min;
        if (in_.ok() && pages > rules_.memory_pages) {
            in_.fail_at(
                where,
                RejectionCode::kMemoryTooLarge,
                fmt::format("{} pages of 64 KiB, at most {}", pages, rules_.memory_pages));
        }
        if (in_.ok() && whole && !out.max) {
            in_.fail_at(where, RejectionCode::kNoMemoryMaximum);
        }
        if (in_.ok() && out_.memory) {
            in_.fail_at(where, RejectionCode::kTooManyMemories);
        }
        return out;
    }

    void memory() { out_.memory = memory_type(); }

    GlobalType global_type() {
        GlobalType out;
        out.type = value_type();
        const std::size_t where = in_.offset();
        const std::uint8_t flag = in_.byte();
        if (flag > 1) {
            in_.fail_at(where, RejectionCode::kBadFlag, "mutability");
        }
        out.is_mutable = flag == 1;
        return out;
    }

    void import() {
        const std::size_t where = in_.offset();
        Import out;
        out.module = in_.name(rules_.name_bytes);
        out.name = in_.name(rules_.name_bytes);
        const std::uint8_t kind = in_.byte();
        if (in_.ok() && kind > 3) {
            in_.fail_at(where, RejectionCode::kBadFlag, "kind of import");
        }
        out.kind = static_cast<ExternKind>(kind);
        if (in_.ok()) {
            import_type(where, out);
        }
        out_.imports.push_back(std::move(out));
    }

    void import_type(std::size_t where, Import& out) {
        if (!rules_.is_specification() && out.kind != ExternKind::kFunction) {
            in_.fail_at(
                where,
                RejectionCode::kImportKind,
                fmt::format("{} {}.{}", to_string(out.kind), out.module, out.name));
            return;
        }
        switch (out.kind) {
            case ExternKind::kFunction:
                out.type = type_index();
                out_.functions.push_back(out.type);
                out_.imported_functions += 1;
                if (in_.ok() && !rules_.is_specification()) {
                    check_host(where, out);
                }
                break;
            case ExternKind::kTable:
                out.limits = table_type();
                out_.table = out.limits;
                out_.table_imported = true;
                break;
            case ExternKind::kMemory:
                out.limits = memory_type();
                out_.memory = out.limits;
                out_.memory_imported = true;
                break;
            case ExternKind::kGlobal:
                out.global = global_type();
                out_.global_types.push_back(out.global);
                out_.imported_globals += 1;
                break;
        }
    }

    void check_host(std::size_t where, const Import& import) {
        const HostSignature* host =
            import.module == kHostModule ? find_host_function(import.name) : nullptr;
        if (host == nullptr) {
            in_.fail_at(
                where,
                RejectionCode::kUnknownImport,
                fmt::format("{}.{}", import.module, import.name));
        } else if (host->type != out_.types[import.type]) {
            in_.fail_at(
                where,
                RejectionCode::kImportType,
                fmt::format(
                    "{} is {}, imported as {}",
                    import.name,
                    to_string(host->type),
                    to_string(out_.types[import.type])));
        }
    }

    void function() {
        const std::size_t where = in_.offset();
        out_.functions.push_back(type_index());
        if (in_.ok() && out_.functions.size() > rules_.functions) {
            in_.fail_at(
                where,
                RejectionCode::kTooManyFunctions,
                fmt::format("at most {}", rules_.functions));
        }
    }

    /// A number or an imported, immutable global, then `end`.
    ConstantExpression constant(ValueType wanted) {
        const std::size_t where = in_.offset();
        const std::uint8_t op = in_.byte();
        ConstantExpression out;
        switch (static_cast<Op>(op)) {
            case Op::kI32Const:
                out.value = static_cast<std::uint32_t>(in_.s32());
                break;
            case Op::kI64Const:
                out.type = ValueType::kI64;
                out.value = static_cast<std::uint64_t>(in_.s64());
                break;
            case Op::kF32Const:
                out.type = float_type(where, ValueType::kF32);
                out.value = little_endian(in_.take(4));
                break;
            case Op::kF64Const:
                out.type = float_type(where, ValueType::kF64);
                out.value = little_endian(in_.take(8));
                break;
            case Op::kGlobalGet:
                out = constant_global(where);
                break;
            default:
                if (in_.ok()) {
                    in_.fail_at(where, RejectionCode::kNotConstant);
                }
        }
        if (in_.ok() && out.type != wanted) {
            in_.fail_at(where, RejectionCode::kTypeMismatch, "initialiser");
        }
        const std::size_t last = in_.offset();
        if (in_.ok() && in_.byte() != static_cast<std::uint8_t>(Op::kEnd)) {
            in_.fail_at(last, RejectionCode::kNotConstant, "more than one instruction");
        }
        return out;
    }

    ConstantExpression constant_global(std::size_t where) {
        ConstantExpression out;
        const std::uint32_t index = in_.u32();
        check_index(where, index, out_.imported_globals, "imported global");
        if (in_.ok()) {
            if (out_.global_types[index].is_mutable) {
                in_.fail_at(where, RejectionCode::kNotConstant, "a mutable global");
            }
            out.type = out_.global_types[index].type;
            out.global = index;
        }
        return out;
    }

    static std::uint64_t little_endian(ByteView bytes) {
        std::uint64_t out = 0;
        for (std::size_t i = bytes.size(); i > 0; --i) {
            out = (out << 8) | bytes[i - 1];
        }
        return out;
    }

    void global() {
        Global out;
        out.type = global_type();
        out.init = constant(out.type.type);
        if (in_.ok() && out_.global_types.size() >= rules_.globals) {
            fail(RejectionCode::kTooManyGlobals, fmt::format("at most {}", rules_.globals));
        }
        out_.global_types.push_back(out.type);
        out_.globals.push_back(out);
    }

    void exported() {
        const std::size_t where = in_.offset();
        Export out;
        out.name = in_.name(rules_.name_bytes);
        const std::uint8_t kind = in_.byte();
        out.index = in_.u32();
        if (!in_.ok()) {
            return;
        }
        if (kind > 3) {
            in_.fail_at(where, RejectionCode::kBadFlag, "kind of export");
            return;
        }
        out.kind = static_cast<ExternKind>(kind);
        const std::array<std::size_t, 4> counts{
            out_.functions.size(),
            out_.table.has_value() ? 1U : 0U,
            out_.memory.has_value() ? 1U : 0U,
            out_.global_types.size()};
        check_index(where, out.index, counts[kind], to_string(out.kind));
        if (!export_names_.insert(out.name).second) {
            in_.fail_at(where, RejectionCode::kDuplicateExport, out.name);
        }
        out_.exports.push_back(std::move(out));
    }

    void start() {
        const std::size_t where = in_.offset();
        const std::uint32_t index = in_.u32();
        check_index(where, index, out_.functions.size(), "function");
        if (!in_.ok()) {
            return;
        }
        if (!rules_.is_specification()) {
            in_.fail_at(where, RejectionCode::kStartFunction);
        } else if (out_.type_of(index) != FuncType{}) {
            in_.fail_at(where, RejectionCode::kBadStart);
        }
        out_.start = index;
    }

    void element() {
        const std::size_t where = in_.offset();
        const std::uint32_t table = in_.u32();
        check_index(where, table, out_.table ? 1 : 0, "table");
        ElementSegment out;
        out.offset = constant(ValueType::kI32);
        const std::uint32_t count = in_.count(UINT32_MAX, RejectionCode::kTableTooLarge);
        for (std::uint32_t i = 0; i < count && in_.ok(); ++i) {
            const std::size_t at = in_.offset();
            out.functions.push_back(in_.u32());
            check_index(at, out.functions.back(), out_.functions.size(), "function");
        }
        out_.elements.push_back(std::move(out));
    }

    void data() {
        const std::size_t where = in_.offset();
        const std::uint32_t memory = in_.u32();
        check_index(where, memory, out_.memory ? 1 : 0, "memory");
        DataSegment out;
        out.offset = constant(ValueType::kI32);
        out.size = in_.u32();
        out.begin = here();
        (void)in_.take(out.size);  // the reader remembers a failure
        out_.data.push_back(out);
    }

    void body() {
        const std::size_t where = in_.offset();
        const std::size_t function = out_.imported_functions + out_.bodies.size();
        if (function >= out_.functions.size()) {
            in_.fail_at(where, RejectionCode::kBodyCount);
            return;
        }
        const std::uint32_t size = in_.u32();
        if (in_.ok() && size > rules_.body_bytes && size <= in_.remaining()) {
            in_.fail_at(
                where,
                RejectionCode::kBodyTooLarge,
                fmt::format("{} bytes, at most {}", size, rules_.body_bytes));
        }
        const std::size_t outer = in_.enter(size);
        Body out;
        locals(out, out_.types[out_.functions[function]].params.size());
        out.begin = here();
        (void)in_.take(in_.remaining());
        out.end = here();
        in_.leave(outer, RejectionCode::kBadEnd);
        out_.bodies.push_back(std::move(out));
    }

    void locals(Body& out, std::size_t parameters) {
        const std::uint32_t groups = in_.count(UINT32_MAX, RejectionCode::kTooManyLocals);
        std::uint64_t total = parameters;
        for (std::uint32_t i = 0; i < groups && in_.ok(); ++i) {
            const std::size_t where = in_.offset();
            LocalGroup group;
            group.count = in_.u32();
            group.type = value_type();
            total +=
                group.count;  // cannot wrap: each addend has 32 bits, and it ends over the limit
            if (in_.ok() && total > rules_.locals) {
                in_.fail_at(
                    where,
                    RejectionCode::kTooManyLocals,
                    fmt::format("{}, at most {}", total, rules_.locals));
            }
            if (group.count > 0) {
                out.locals.push_back(group);
            }
        }
        out.local_count = static_cast<std::uint32_t>(total - parameters);
    }

    void finish() {
        if (out_.bodies.size() + out_.imported_functions != out_.functions.size()) {
            fail(RejectionCode::kBodyCount);
        }
        if (rules_.profile == Profile::kContract && !out_.memory) {
            fail(RejectionCode::kNoMemory);
        }
    }

    const Rules& rules_;
    Reader in_;
    Module out_;
    std::uint8_t last_section_ = 0;
    std::set<std::string> export_names_;
};

}  // namespace

VmResult<Module> decode(ByteView wasm, const Rules& rules) { return Decoder(wasm, rules).run(); }

}  // namespace polis::vm
