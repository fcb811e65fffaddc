#include <ml/torch/float_file.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <core/codec/borsh.hpp>
#include <ml/exact/safetensors.hpp>

namespace polis::trainer {

namespace {

std::string joined(const std::vector<std::size_t>& numbers) {
    std::string out;
    for (const std::size_t number : numbers) {
        out += (out.empty() ? "" : ",") + std::to_string(number);
    }
    return out;
}

class Writer {
  public:
    void put(
        const std::string& name,
        const std::vector<std::size_t>& sides,
        const std::vector<float>& values) {
        const std::size_t begin = data_.size();
        for (const float value : values) {
            codec::encode_to(data_, std::bit_cast<std::uint32_t>(value));
        }
        entries_ += ",\"" + name + R"(":{"dtype":"F32","shape":[)" + joined(sides) +
                    R"(],"data_offsets":[)" + joined({begin, data_.size()}) + "]}";
    }

    /// @param architecture JSON, which becomes a string of the header
    Bytes finish(const std::string& architecture) {
        std::string header = R"({"__metadata__":{"format":"polis-float-1","architecture":")";
        for (const char c : architecture) {
            header += c == '"' ? "\\\"" : std::string(1, c);
        }
        header += "\"}" + entries_ + "}";
        // The format asks for data at a multiple of eight.
        header.resize((header.size() + 7) / 8 * 8, ' ');
        Bytes out = codec::encode(std::uint64_t{header.size()});
        append(out, as_bytes(header));
        append(out, data_);
        return out;
    }

  private:
    std::string entries_;
    Bytes data_;
};

std::vector<std::size_t> weight_sides(const exact::Operation& operation, std::size_t weights) {
    if (const auto* conv = std::get_if<exact::Conv2d>(&operation)) {
        const std::size_t area = std::size_t{conv->kernel_height} * conv->kernel_width;
        return {
            conv->outputs, weights / conv->outputs / area, conv->kernel_height, conv->kernel_width};
    }
    const std::size_t outputs = std::get<exact::Dense>(operation).outputs;
    return {outputs, weights / outputs};
}

}  // namespace

Bytes float_safetensors(const exact::Model& model, const FloatModel& weights) {
    Writer writer;
    for (std::size_t i = 0; i < weights.layers.size(); ++i) {
        const FloatLayer& layer = weights.layers[i];
        if (layer.bias.empty()) {
            continue;
        }
        const std::string name = "layers." + std::to_string(i);
        writer.put(
            name + ".weight",
            weight_sides(model.layers[i].operation, layer.weights.size()),
            layer.weights);
        writer.put(name + ".bias", {layer.bias.size()}, layer.bias);
    }
    return writer.finish(exact::architecture_json(model));
}

}  // namespace polis::trainer
