#include <ml/torch/checkpoint.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <ml/data/source.hpp>

namespace polis::trainer {

namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'P', 'O', 'L', 'I', 'S', 'C', 'K', 'P'};
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeadBytes = kMagic.size() + 1;

}  // namespace

Bytes pack_floats(const std::vector<float>& values) {
    Bytes out;
    out.reserve(values.size() * sizeof(float));
    for (const float value : values) {
        codec::encode_to(out, std::bit_cast<std::uint32_t>(value));
    }
    return out;
}

std::vector<float> unpack_floats(ByteView bytes) {
    codec::Reader reader(bytes);
    std::vector<float> out;
    out.reserve(bytes.size() / sizeof(float));
    while (reader.remaining() != 0) {
        out.push_back(std::bit_cast<float>(reader.integer<std::uint32_t>()));
    }
    return out;
}

Result<void, Failure> write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
    Bytes file = to_bytes(kMagic);
    file.push_back(kVersion);
    codec::encode_to(file, checkpoint);
    const std::string beside = path + ".new";
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(
        reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
    out.close();
    std::error_code error;
    if (out) {
        std::filesystem::rename(beside, path, error);
    }
    if (!out || error) {
        return fail(FailureCode::kBadSpec, "the checkpoint " + path + " cannot be written");
    }
    return {};
}

Result<std::optional<Checkpoint>, Failure> read_checkpoint(
    const std::string& path, const Hash& job, std::size_t parameter_count) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return std::optional<Checkpoint>();
    }
    const auto file = data::read_file(path);
    if (!file) {
        return fail(FailureCode::kBadSpec, file.error().text());
    }
    const bool head = file->size() > kHeadBytes &&
                      equal(ByteView{*file}.first(kMagic.size()), kMagic) &&
                      (*file)[kMagic.size()] == kVersion;
    auto out = head ? codec::decode<Checkpoint>(ByteView{*file}.subspan(kHeadBytes))
                    : std::unexpected(codec::DecodeError::kTruncated);
    const std::size_t bytes = parameter_count * sizeof(float);
    const bool fits = out && out->job == job && out->parameters.size() == bytes &&
                      out->first_moments.size() == bytes && out->second_moments.size() == bytes &&
                      (!out->best || out->best->parameters.size() == bytes);
    if (!fits) {
        return fail(
            FailureCode::kBadSpec,
            path + " is no checkpoint of this job; name another file or delete it");
    }
    return std::optional(*std::move(out));
}

}  // namespace polis::trainer
