#include <genesis/preset_code.hpp>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <core/bytes.hpp>
#include <core/hex.hpp>
#include <genesis/table_reader.hpp>

namespace polis::genesis {

namespace {

constexpr std::string_view kFileKey = "code_file";

/// A line of the text that names a file.
struct FileLine {
    std::uint32_t line = 0;  ///< from 1
    std::string key;         ///< "contracts[2].code_file"
    std::string name;
};

class Inliner {
  public:
    Inliner(std::string text, const std::filesystem::path& preset)
        : text_(std::move(text)), preset_(preset) {}

    PresetResult<std::string> run() {
        toml::table root;
        try {
            root = toml::parse(text_, preset_.string());
        } catch (const toml::parse_error&) {
            return std::move(text_);  // parse_preset() says what is wrong
        }
        const auto* const contracts = root.get_as<toml::array>("contracts");
        std::vector<FileLine> lines;
        for (std::size_t i = 0; contracts != nullptr && i < contracts->size(); ++i) {
            const auto* const entry = (*contracts)[i].as_table();
            const auto* const file =
                entry != nullptr ? entry->get_as<std::string>(kFileKey) : nullptr;
            if (file != nullptr) {
                lines.push_back(
                    {.line = file->source().begin.line,
                     .key = "contracts[" + std::to_string(i) + "]." + std::string(kFileKey),
                     .name = file->get()});
            }
        }
        return lines.empty() ? std::move(text_) : replace(lines);
    }

  private:
    PresetError fault(const FileLine& place, std::string cause, std::string cure) const {
        return {
            .file = preset_.string(),
            .line = place.line,
            .key = place.key,
            .cause = std::move(cause),
            .cure = std::move(cure)};
    }

    PresetResult<std::string> replace(const std::vector<FileLine>& places) const {
        std::istringstream in(text_);
        std::string out;
        std::string line;
        auto next = places.begin();
        for (std::uint32_t number = 1; std::getline(in, line); ++number) {
            if (next != places.end() && next->line == number) {
                POLIS_TRY(line, code_line(*next, line));
                ++next;
            }
            out += line;
            out += '\n';
        }
        return out;
    }

    PresetResult<std::string> code_line(const FileLine& place, const std::string& line) const {
        const std::size_t begin = line.find_first_not_of(" \t");
        if (begin == std::string::npos || line.compare(begin, kFileKey.size(), kFileKey) != 0) {
            return std::unexpected(
                fault(place, "does not stand on a line of its own", "write one key to a line"));
        }
        POLIS_TRY(const Bytes code, read_code(place));
        return "code = \"" + to_hex_prefixed(code) + "\"  # " + place.name;
    }

    PresetResult<Bytes> read_code(const FileLine& place) const {
        const std::filesystem::path file = preset_.parent_path() / place.name;
        std::error_code failed;
        const auto size = std::filesystem::file_size(file, failed);
        if (failed) {
            return std::unexpected(fault(
                place,
                "cannot read " + file.string() + ": " + failed.message(),
                "name a file beside the preset"));
        }
        if (size > ledger::kGenesisCodeBytesMax) {
            return std::unexpected(fault(
                place,
                file.string() + " has " + std::to_string(size) + " bytes",
                "code has at most " + std::to_string(ledger::kGenesisCodeBytesMax)));
        }
        std::ifstream in(file, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        if (!in && !in.eof()) {
            return std::unexpected(
                fault(place, "cannot read " + file.string(), "check owner and permissions"));
        }
        return to_bytes(as_bytes(bytes));
    }

    std::string text_;
    const std::filesystem::path& preset_;
};

}  // namespace

PresetResult<std::string> inline_code(std::string text, const std::filesystem::path& preset) {
    return Inliner(std::move(text), preset).run();
}

}  // namespace polis::genesis
