#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>

/// What nodes trained for a task, as task_curve tells it.
namespace polis::tools::learning {

/// A moment of a training. Fractions are millionths, losses micronats a sample.
struct CurvePoint {
    std::uint64_t elapsed_ms = 0;
    std::uint64_t epoch = 0;
    std::uint64_t samples = 0;
    std::uint64_t loss_micro = 0;
    std::uint64_t accuracy_ppm = 0;
    std::uint64_t samples_per_s = 0;

    bool operator==(const CurvePoint&) const = default;
};

struct CurveJob {
    std::uint64_t job = 0;
    std::uint64_t round = 0;
    std::string model;
    std::string device;
    std::uint64_t began_ms = 0;  ///< since 1970, the node's clock
    std::string end;             ///< running, model, cancelled, failed
    std::string cause;
    std::optional<std::uint64_t> correct;  ///< of the model on `count` validation samples
    std::uint64_t count = 0;
    std::vector<CurvePoint> points;
};

struct NodeCurve {
    std::string node;  ///< for people: "node 0"
    std::uint64_t now_ms = 0;
    std::vector<CurveJob> jobs;
};

/// @param answer of task_curve. @error it is none
[[nodiscard]] Fallible<NodeCurve> parse_curve(std::string node, const Json& answer);

}  // namespace polis::tools::learning
