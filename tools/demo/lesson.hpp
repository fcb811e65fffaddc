#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <core/types.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>

namespace polis::tools {

/// How a learning task of the demo ended.
struct LessonResult {
    std::string task;         ///< its id, 0x...
    std::uint64_t round = 0;  ///< of the chain
    std::uint64_t training_samples = 0;
    std::size_t trainers = 0;           ///< that committed to a model
    std::optional<std::size_t> winner;  ///< number of its node
    std::uint64_t correct = 0;          ///< of the winner's model, by all nodes alike
    std::uint64_t count = 0;
    Amount paid;                ///< reward and bond
    std::uint64_t took_ms = 0;  ///< from the offer to the settled round
    Height settled;
};

/// A learning task of the demo, from the offer to the settled round. Its owner is the devnet's last
/// public account; its questions go to the first node.
class Lesson {
  public:
    using Say = std::function<void(std::string_view step, std::string_view what)>;

    struct Options {
        std::string source;  ///< as data::load_source reads it
        std::string name;    ///< also the tag
        std::uint64_t window_ms = 0;
        std::uint64_t seed = 1;  ///< of the division of the data
        Say say;
    };

    /// @pre the devnet outlives this and its election is pole
    Lesson(const devnet::Devnet& devnet, Options options);

    [[nodiscard]] Fallible<void> offer();

    /// Until validators train. @pre offer()
    [[nodiscard]] Fallible<void> wait_for_training();

    /// Until the round is settled. @pre offer()
    [[nodiscard]] Fallible<LessonResult> settle();

  private:
    [[nodiscard]] Fallible<Json> ask(std::string_view method);
    [[nodiscard]] Fallible<LessonResult> read(const Json& result);
    [[nodiscard]] std::optional<std::size_t> node_of(std::string_view address) const;
    void say_entry(const Json& entry) const;

    const devnet::Devnet& devnet_;
    const Options options_;
    RpcClient client_;
    std::uint64_t began_ms_ = 0;  ///< steady
    std::string task_;
    std::uint64_t training_samples_ = 0;
};

}  // namespace polis::tools
