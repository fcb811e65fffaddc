#include <ml/torch/network.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <fstream>
#include <functional>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <core/check.hpp>
#include <core/random.hpp>
#include <ml/torch/library_error.hpp>

namespace polis::trainer {

namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;
constexpr double kWeightDecay = 0.2;  ///< a step of rate r shrinks parameters by r times this

/// Forward passes without a gradient take this many samples at once: larger batches are slower on
/// one core (mechanisms.md E).
constexpr std::int64_t kForwardBatch = 100;

/// The way out of every call into the library: its exceptions end here.
template <class Function>
auto guarded(Function&& function) -> std::invoke_result_t<Function> {
    try {
        return std::forward<Function>(function)();
    } catch (const std::exception& error) {
        return std::unexpected(failure_of(error));
    }
}

std::vector<std::int64_t> sides_of(const exact::Shape& shape) {
    if (shape.is_flat()) {
        return {shape.channels};
    }
    return {shape.channels, shape.height, shape.width};
}

/// Where the numbers of a layer lie among all parameters.
struct Slot {
    std::int64_t begin = 0;
    std::vector<std::int64_t> weight_sides;
    std::int64_t weights = 0;
    std::int64_t outputs = 0;  ///< biases; 0: the layer has no parameters
};

Slot slot_of(const exact::Operation& operation, const exact::Shape& in) {
    Slot out;
    if (const auto* dense = std::get_if<exact::Dense>(&operation)) {
        out.outputs = dense->outputs;
        out.weight_sides = {dense->outputs, static_cast<std::int64_t>(in.elements())};
    } else if (const auto* conv = std::get_if<exact::Conv2d>(&operation)) {
        out.outputs = conv->outputs;
        out.weight_sides = {conv->outputs, in.channels, conv->kernel_height, conv->kernel_width};
    } else {
        return out;
    }
    out.weights = 1;
    for (const std::int64_t side : out.weight_sides) {
        out.weights *= side;
    }
    return out;
}

Result<at::Device, Failure> device_of(const std::string& name) {
    const auto gpus = static_cast<int>(torch::cuda::device_count());
    if (name == "cpu" || (name == "auto" && gpus == 0)) {
        return at::Device(at::kCPU);
    }
    if (name == "auto") {
        return at::Device(at::kCUDA, 0);
    }
    constexpr std::string_view kCuda = "cuda:";
    int index = 0;
    const char* end = name.data() + name.size();
    const bool named = name.starts_with(kCuda) && name.size() > kCuda.size();
    const auto parsed = std::from_chars(name.data() + (named ? kCuda.size() : 0), end, index);
    if (!named || parsed.ec != std::errc{} || parsed.ptr != end || index < 0 || index >= gpus) {
        return fail(FailureCode::kBadDevice, "'" + name + "'");
    }
    return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

std::vector<float> to_vector(const at::Tensor& tensor) {
    const at::Tensor cpu = tensor.to(at::kCPU).contiguous();
    const float* data = cpu.data_ptr<float>();
    return {data, data + cpu.numel()};
}

/// A tensor over memory that must outlive it; torch only reads it.
template <class T>
at::Tensor view_of(std::span<const T> values, at::IntArrayRef sides, at::ScalarType type) {
    return at::from_blob(const_cast<T*>(values.data()), sides, at::TensorOptions(type));
}

/// Which values of a sample share a mean: each its own where a dense layer reads them; those of a
/// plane where a convolution does. A convolution that moves by several pixels and has no border
/// sees each pixel at one place of its kernel modulo the stride, so these places have means of
/// their own: behind a map, some of them are inverted in every patch.
class MeanGroups {
  public:
    explicit MeanGroups(const Plan& plan) : shape_(plan.model.input) {
        const auto* conv = std::get_if<exact::Conv2d>(&plan.model.layers.front().operation);
        const auto readers = std::ranges::count(plan.model.layers, 0, &exact::Layer::source);
        flat_ = !plan.facts.begins_with_convolution;
        stride_ = conv != nullptr && conv->pad == 0 && readers == 1 ? conv->stride : 1;
    }

    [[nodiscard]] std::size_t count() const {
        return flat_ ? shape_.elements() : std::size_t{shape_.channels} * stride_ * stride_;
    }

    /// @param window height and width of what `index` counts in: the sample's or the kernel's
    [[nodiscard]] std::size_t of(std::size_t index, const exact::Shape& window) const {
        if (flat_) {
            return index;
        }
        const std::size_t x = index % window.width;
        const std::size_t row = index / window.width;
        const std::size_t y = row % window.height;
        return (row / window.height * stride_ + y % stride_) * stride_ + x % stride_;
    }

    /// Sides that broadcast over samples: one value a plane, or one a pixel.
    [[nodiscard]] bool a_value_a_plane() const { return !flat_ && stride_ == 1; }

  private:
    exact::Shape shape_;
    bool flat_ = false;
    std::size_t stride_ = 1;
};

/// Weights for (byte - mean) * gain become weights for byte / 255.
/// @param means of each value that an output sums over
void fold(FloatLayer& layer, const std::vector<float>& means, double gain) {
    const std::size_t depth = means.size();
    for (std::size_t o = 0; o < layer.bias.size(); ++o) {
        auto bias = static_cast<double>(layer.bias[o]);
        for (std::size_t i = 0; i < depth; ++i) {
            float& weight = layer.weights[o * depth + i];
            const double scaled = static_cast<double>(weight) * gain;
            bias -= scaled * static_cast<double>(means[i]);
            weight = static_cast<float>(scaled * 255);
        }
        layer.bias[o] = static_cast<float>(bias);
    }
}

std::uint64_t machine_memory() {
    std::ifstream file("/proc/meminfo");
    std::string word;
    std::uint64_t kibibytes = 0;
    file >> word >> kibibytes;
    return word == "MemTotal:" ? kibibytes * 1024 : 0;
}

}  // namespace

void set_up_torch() {
    at::set_num_threads(1);
    at::globalContext().setDeterministicCuDNN(true);
    at::globalContext().setBenchmarkCuDNN(false);
}

std::string torch_version() { return "libtorch " TORCH_VERSION; }

std::vector<Device> devices() {
    std::vector<Device> out{
        {.name = "cpu", .description = "one thread", .memory_bytes = machine_memory()}};
    const std::size_t count = std::min(torch::cuda::device_count(), kDevicesMax - 1);
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(
            {.name = "cuda:" + std::to_string(i), .description = "CUDA", .memory_bytes = 0});
    }
    return out;
}

struct Network::Impl {
    Impl(const Plan& the_plan, at::Device the_device)
        : plan(the_plan), groups(the_plan), device(the_device) {}

    /// A place for all parameters, one tensor with views for each layer: the optimiser works on the
    /// whole at once.
    void allocate() {
        for (std::size_t i = 0; i < plan.model.layers.size(); ++i) {
            const exact::Layer& layer = plan.model.layers[i];
            slots.push_back(slot_of(layer.operation, plan.facts.shapes[layer.source]));
            slots.back().begin = total;
            total += slots.back().weights + slots.back().outputs;
        }
        const auto options = at::TensorOptions(at::kFloat).device(device);
        flat = at::zeros({total}, options);
        gradient = at::zeros({total}, options);
        first = at::zeros({total}, options);
        second = at::zeros({total}, options);
        scratch = at::zeros({total}, options);
        loss = at::zeros({}, options);
        weights.resize(slots.size());
        biases.resize(slots.size());
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const Slot& slot = slots[i];
            if (slot.outputs > 0) {
                weights[i] = leaf(slot.begin, slot.weight_sides);
                biases[i] = leaf(slot.begin + slot.weights, {slot.outputs});
            }
        }
    }

    /// A parameter whose gradient torch adds into its place of `gradient`.
    at::Tensor leaf(std::int64_t begin, std::vector<std::int64_t> sides) {
        const std::int64_t count =
            std::accumulate(sides.begin(), sides.end(), std::int64_t{1}, std::multiplies<>());
        at::Tensor out = flat.narrow(0, begin, count).view(sides).detach();
        out.set_requires_grad(true);
        out.mutable_grad() = gradient.narrow(0, begin, count).view(sides);
        return out;
    }

    void initialise(std::uint64_t seed) {
        Random random(seed, "init");
        std::vector<float> drawn(static_cast<std::size_t>(total), 0.0F);
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (slots[i].outputs == 0) {
                continue;
            }
            const auto inputs = static_cast<double>(slots[i].weights / slots[i].outputs);
            const double bound = std::sqrt((i + 1 == slots.size() ? 1.0 : 6.0) / inputs);
            const auto begin = static_cast<std::size_t>(slots[i].begin);
            for (std::size_t j = 0; j < static_cast<std::size_t>(slots[i].weights); ++j) {
                const double unit = static_cast<double>(random.next() >> 11) * 0x1p-53;
                drawn[begin + j] = static_cast<float>((2 * unit - 1) * bound);
            }
        }
        flat.copy_(view_of<float>(drawn, {total}, at::kFloat));
    }

    /// Sets means and deviation from the training samples.
    void measure(const Bytes& bytes) {
        const exact::Shape& shape = plan.model.input;
        const std::size_t elements = shape.elements();
        std::vector<std::size_t> group_at(elements);
        for (std::size_t i = 0; i < elements; ++i) {
            group_at[i] = groups.of(i, shape);
        }
        std::vector<std::uint64_t> sums(groups.count());
        std::vector<std::uint64_t> counts(groups.count());
        std::uint64_t squares = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const std::size_t group = group_at[i % elements];
            sums[group] += bytes[i];
            ++counts[group];
            squares += std::uint64_t{bytes[i]} * bytes[i];
        }
        means.clear();
        double square_of_means = 0;
        for (std::size_t group = 0; group < sums.size(); ++group) {
            const auto count = static_cast<double>(std::max<std::uint64_t>(counts[group], 1));
            const double average = static_cast<double>(sums[group]) / count;
            means.push_back(static_cast<float>(average));
            square_of_means += average * average * count / static_cast<double>(bytes.size());
        }
        const double variance =
            static_cast<double>(squares) / static_cast<double>(bytes.size()) - square_of_means;
        gain = 1 / std::sqrt(std::max(variance, 1.0));
        std::vector<float> image;
        for (const std::size_t group : group_at) {
            image.push_back(means[group]);
        }
        const bool planes = groups.a_value_a_plane();
        const std::vector<std::int64_t> sides =
            planes ? std::vector<std::int64_t>{shape.channels, 1, 1} : sides_of(shape);
        mean = view_of<float>(planes ? means : image, sides, at::kFloat)
                   .to(device, /*non_blocking=*/false, /*copy=*/true);
    }

    /// The mean of each value that an output of a layer that reads the sample sums over.
    [[nodiscard]] std::vector<float> means_of(const exact::Operation& operation) const {
        exact::Shape window = plan.model.input;
        if (const auto* conv = std::get_if<exact::Conv2d>(&operation)) {
            window.height = conv->kernel_height;
            window.width = conv->kernel_width;
        }
        std::vector<float> out;
        for (std::size_t i = 0; i < window.elements(); ++i) {
            out.push_back(means[groups.of(i, window)]);
        }
        return out;
    }

    /// Bytes as floats, centred. A border has the byte 0, as in ml/exact.
    [[nodiscard]] at::Tensor centred(const at::Tensor& raw, std::int64_t pad) const {
        at::Tensor x = pad > 0 ? at::constant_pad_nd(raw, {pad, pad, pad, pad}, 0) : raw;
        return x.to(at::kFloat).sub_(mean).mul_(gain);
    }

    /// raw: u8 [batch, C, H, W] or [batch, N]. Returns logits [batch, classes].
    /// @param largest where not null: raised to the largest value of each tensor
    at::Tensor forward(const at::Tensor& raw, std::vector<at::Tensor>* largest) const {
        std::vector<at::Tensor> tensors{raw};
        for (std::size_t i = 0; i < plan.model.layers.size(); ++i) {
            at::Tensor out = apply(i, tensors);
            const bool hidden = i + 1 < plan.model.layers.size();
            if (slots[i].outputs > 0 && hidden) {
                out.relu_();
            }
            if (largest != nullptr) {
                at::Tensor& most = (*largest)[i + 1];
                most = most.defined() ? at::maximum(most, out.max()) : out.max();
            }
            tensors.push_back(std::move(out));
        }
        return tensors.back();
    }

    [[nodiscard]] at::Tensor apply(std::size_t i, const std::vector<at::Tensor>& tensors) const {
        const exact::Layer& layer = plan.model.layers[i];
        const at::Tensor& in = tensors[layer.source];
        const bool sample = layer.source == 0;
        if (std::holds_alternative<exact::Dense>(layer.operation)) {
            const at::Tensor x = sample ? centred(in, 0) : in;
            return at::linear(x.flatten(1), weights[i], biases[i]);
        }
        if (const auto* conv = std::get_if<exact::Conv2d>(&layer.operation)) {
            const std::int64_t pad = conv->pad;
            const std::int64_t stride = conv->stride;
            const at::Tensor x = sample ? centred(in, pad) : in;
            return at::conv2d(x, weights[i], biases[i], stride, sample ? 0 : pad);
        }
        if (const auto* sum = std::get_if<exact::Add>(&layer.operation)) {
            return in + tensors[sum->other];
        }
        return at::max_pool2d(in, {2, 2});
    }

    void adam(double learning_rate) {
        ++steps;
        const auto count = static_cast<double>(steps);
        const double correction1 = 1 - std::pow(kBeta1, count);
        const double correction2 = 1 - std::pow(kBeta2, count);
        const at::NoGradGuard no_gradient;
        first.lerp_(gradient, 1 - kBeta1);
        second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
        at::sqrt_out(scratch, second);
        scratch.mul_(1 / std::sqrt(correction2)).add_(kEpsilon);
        flat.mul_(1 - learning_rate * kWeightDecay);
        flat.addcdiv_(first, scratch, -learning_rate / correction1);
    }

    /// Calls `use(raw, begin)` for batches of u8 samples on the device.
    template <class Use>
    void for_batches(const at::Tensor& samples, Use&& use) const {
        for (std::int64_t begin = 0; begin < samples.size(0); begin += kForwardBatch) {
            const std::int64_t count = std::min(kForwardBatch, samples.size(0) - begin);
            use(samples.narrow(0, begin, count).to(device), begin);
        }
    }

    [[nodiscard]] at::Tensor samples_view(const Samples& from) const {
        std::vector<std::int64_t> sides = sides_of(plan.model.input);
        sides.insert(sides.begin(), static_cast<std::int64_t>(from.labels.size()));
        return view_of<std::uint8_t>(from.values, sides, at::kByte);
    }

    // Constant after construction.
    const Plan plan;
    const MeanGroups groups;
    const at::Device device;
    std::string device_name;
    std::vector<Slot> slots;  ///< by layer
    std::int64_t total = 0;

    // Training samples and what is known of them.
    Samples held;  ///< the memory of `values` and `labels` on a CPU
    at::Tensor values;
    at::Tensor labels;
    std::vector<float> means;
    at::Tensor mean;
    double gain = 1;

    // What training changes.
    at::Tensor flat;
    at::Tensor gradient;
    at::Tensor first;
    at::Tensor second;
    at::Tensor scratch;
    std::vector<at::Tensor> weights;  ///< by layer, views of `flat`
    std::vector<at::Tensor> biases;
    std::uint64_t steps = 0;

    at::Tensor order;
    at::Tensor loss;  ///< sum over samples since take_loss
    std::uint64_t loss_count = 0;
};

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Result<Network, Failure> Network::create(
    const Plan& plan, const std::string& device, std::uint64_t seed) {
    return guarded([&]() -> Result<Network, Failure> {
        POLIS_TRY(const at::Device found, device_of(device));
        auto impl = std::make_unique<Impl>(plan, found);
        impl->device_name = found.str();
        impl->allocate();
        impl->initialise(seed);
        return Network(std::move(impl));
    });
}

Result<void, Failure> Network::load(Samples samples) {
    POLIS_ASSERT_OP(
        samples.values.size(), ==, samples.labels.size() * impl_->plan.model.input.elements());
    return guarded([&]() -> Result<void, Failure> {
        Impl& self = *impl_;
        self.held = std::move(samples);
        self.measure(self.held.values);
        self.values = self.samples_view(self.held).to(self.device);
        self.labels =
            view_of<std::int64_t>(
                self.held.labels, {static_cast<std::int64_t>(self.held.labels.size())}, at::kLong)
                .to(self.device);
        if (self.device.is_cuda()) {
            self.held = {};
        }
        return {};
    });
}

Result<void, Failure> Network::begin_epoch(std::span<const std::int64_t> order) {
    return guarded([&]() -> Result<void, Failure> {
        impl_->order =
            view_of<std::int64_t>(order, {static_cast<std::int64_t>(order.size())}, at::kLong)
                .to(impl_->device, /*non_blocking=*/false, /*copy=*/true);
        return {};
    });
}

Result<void, Failure> Network::step(std::size_t begin, std::size_t count, double learning_rate) {
    return guarded([&]() -> Result<void, Failure> {
        Impl& self = *impl_;
        const at::Tensor indexes = self.order.narrow(
            0, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(count));
        const at::Tensor logits =
            self.forward(self.values.index_select(0, indexes), /*largest=*/nullptr);
        const at::Tensor loss =
            at::cross_entropy_loss(logits, self.labels.index_select(0, indexes));
        self.gradient.zero_();
        loss.backward();
        self.adam(learning_rate);
        self.loss.add_(loss.detach(), static_cast<double>(count));
        self.loss_count += count;
        return {};
    });
}

Result<std::optional<double>, Failure> Network::take_loss() {
    return guarded([&]() -> Result<std::optional<double>, Failure> {
        if (impl_->loss_count == 0) {
            return std::nullopt;
        }
        const auto count = static_cast<double>(impl_->loss_count);
        const std::optional mean = static_cast<double>(impl_->loss.item<float>()) / count;
        impl_->loss.zero_();
        impl_->loss_count = 0;
        return mean;
    });
}

Result<std::vector<float>, Failure> Network::largest(std::span<const std::int64_t> indexes) {
    return guarded([&]() -> Result<std::vector<float>, Failure> {
        const Impl& self = *impl_;
        const at::NoGradGuard no_gradient;
        const at::Tensor which =
            view_of<std::int64_t>(indexes, {static_cast<std::int64_t>(indexes.size())}, at::kLong)
                .to(self.device);
        std::vector<at::Tensor> most(self.plan.facts.shapes.size());
        self.for_batches(
            self.values.index_select(0, which),
            [&](const at::Tensor& raw, std::int64_t /*begin*/) { self.forward(raw, &most); });
        std::vector<float> out{0.0F};
        for (std::size_t i = 1; i < most.size(); ++i) {
            out.push_back(most[i].item<float>());
        }
        return out;
    });
}

Result<std::uint64_t, Failure> Network::correct(const Samples& samples) {
    return guarded([&]() -> Result<std::uint64_t, Failure> {
        const Impl& self = *impl_;
        const at::NoGradGuard no_gradient;
        std::int64_t out = 0;
        self.for_batches(
            self.samples_view(samples), [&](const at::Tensor& raw, std::int64_t begin) {
                const at::Tensor found = self.forward(raw, nullptr).argmax(1).to(at::kCPU);
                const auto* classes = found.data_ptr<std::int64_t>();
                for (std::int64_t i = 0; i < found.numel(); ++i) {
                    out +=
                        classes[i] == samples.labels[static_cast<std::size_t>(begin + i)] ? 1 : 0;
                }
            });
        return static_cast<std::uint64_t>(out);
    });
}

Result<NetworkState, Failure> Network::state() const {
    return guarded([&]() -> Result<NetworkState, Failure> {
        return NetworkState{
            .parameters = to_vector(impl_->flat),
            .first_moments = to_vector(impl_->first),
            .second_moments = to_vector(impl_->second),
            .steps = impl_->steps};
    });
}

Result<void, Failure> Network::restore(const NetworkState& state) {
    Impl& self = *impl_;
    const auto total = static_cast<std::size_t>(self.total);
    POLIS_ASSERT_OP(state.parameters.size(), ==, total);
    POLIS_ASSERT_OP(state.first_moments.size(), ==, total);
    POLIS_ASSERT_OP(state.second_moments.size(), ==, total);
    return guarded([&]() -> Result<void, Failure> {
        const at::NoGradGuard no_gradient;
        self.flat.copy_(view_of<float>(state.parameters, {self.total}, at::kFloat));
        self.first.copy_(view_of<float>(state.first_moments, {self.total}, at::kFloat));
        self.second.copy_(view_of<float>(state.second_moments, {self.total}, at::kFloat));
        self.steps = state.steps;
        return {};
    });
}

FloatModel Network::float_model(std::span<const float> parameters) const {
    const Impl& self = *impl_;
    FloatModel out;
    out.layers.resize(self.slots.size());
    for (std::size_t i = 0; i < self.slots.size(); ++i) {
        const Slot& slot = self.slots[i];
        if (slot.outputs == 0) {
            continue;
        }
        const auto begin = static_cast<std::size_t>(slot.begin);
        const auto count = static_cast<std::size_t>(slot.weights);
        const auto outputs = static_cast<std::size_t>(slot.outputs);
        const auto weights = parameters.subspan(begin, count);
        const auto bias = parameters.subspan(begin + count, outputs);
        FloatLayer& layer = out.layers[i];
        layer.weights.assign(weights.begin(), weights.end());
        layer.bias.assign(bias.begin(), bias.end());
        if (self.plan.model.layers[i].source == 0) {
            fold(layer, self.means_of(self.plan.model.layers[i].operation), self.gain);
        }
    }
    return out;
}

const std::string& Network::device() const { return impl_->device_name; }

}  // namespace polis::trainer
