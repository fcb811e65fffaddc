#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <ml/protocol/messages.hpp>
#include <ml/torch/architecture.hpp>
#include <ml/torch/failure.hpp>
#include <ml/torch/float_model.hpp>

/// The only part that touches libtorch. Everything else of the trainer is plain C++.
namespace polis::trainer {

/// One thread for torch, deterministic algorithms on a GPU. Call it once, before anything else
/// here.
void set_up_torch();

[[nodiscard]] std::string torch_version();

/// The CPU and every GPU that libtorch can use.
[[nodiscard]] std::vector<Device> devices();

/// Samples and labels in memory, as training sees them.
struct Samples {
    Bytes values;                      ///< u8 [count, C, H, W]
    std::vector<std::int64_t> labels;  ///< [count]
};

/// All that changes in training, so that a checkpoint is a copy of it. Parameters are those that
/// torch trains, on centred samples: they are not the weights of the model.
struct NetworkState {
    std::vector<float> parameters;
    std::vector<float> first_moments;
    std::vector<float> second_moments;
    std::uint64_t steps = 0;
};

/// A network with its optimiser and its training samples on one device. Training sees samples less
/// their mean, divided by their deviation; float_model() takes that back, so that the integer model
/// gets bytes.
///
/// Adam with decoupled weight decay: Loshchilov and Hutter, 2019, algorithm 2; moments with the
/// constants of Kingma and Ba, 2015.
/// Nothing here draws random numbers but create(), from its seed: the same calls on the same device
/// of the same machine give the same bits. One thread at a time.
class Network {
  public:
    /// @param device auto (a GPU if there is one), cpu or cuda:N
    /// @param seed of the first weights: uniform within sqrt(6 / inputs), the logits sqrt(1 /
    /// inputs)
    /// @error kBadDevice, kOutOfMemory, kInternal
    [[nodiscard]] static Result<Network, Failure> create(
        const Plan& plan, const std::string& device, std::uint64_t seed);

    Network(Network&&) noexcept;
    Network& operator=(Network&&) noexcept;
    ~Network();

    /// Takes the training samples to the device. @pre labels.size() >= 1, sizes fit the plan
    /// @error kOutOfMemory, kInternal
    [[nodiscard]] Result<void, Failure> load(Samples samples);

    /// The order of the next samples. @pre every index is one of a loaded sample
    [[nodiscard]] Result<void, Failure> begin_epoch(std::span<const std::int64_t> order);

    /// One step on samples [begin, begin + count) of the order. Does not wait for a GPU.
    /// @error kOutOfMemory, kInternal
    [[nodiscard]] Result<void, Failure> step(
        std::size_t begin, std::size_t count, double learning_rate);

    /// Mean cross entropy of the samples since the last call, before their steps; nats. Nothing
    /// without a step in between.
    [[nodiscard]] Result<std::optional<double>, Failure> take_loss();

    /// The largest value of every tensor of the plan over some training samples, for quantise().
    [[nodiscard]] Result<std::vector<float>, Failure> largest(
        std::span<const std::int64_t> indexes);

    /// How many samples the float network gets right; the index of the largest logit.
    [[nodiscard]] Result<std::uint64_t, Failure> correct(const Samples& samples);

    [[nodiscard]] Result<NetworkState, Failure> state() const;

    /// @pre sizes as of state()
    [[nodiscard]] Result<void, Failure> restore(const NetworkState& state);

    /// The weights for samples divided by 255. @param parameters as in NetworkState
    [[nodiscard]] FloatModel float_model(std::span<const float> parameters) const;

    /// cpu or cuda:N.
    [[nodiscard]] const std::string& device() const;

  private:
    struct Impl;
    explicit Network(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::trainer
