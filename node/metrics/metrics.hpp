#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <core/types.hpp>
#include <node/drivers/p2p_driver.hpp>
#include <node/drivers/validator_driver.hpp>
#include <node/learning/fact_finder.hpp>
#include <node/learning/training_log.hpp>
#include <node/metrics/process_use.hpp>
#include <node/metrics/stages.hpp>
#include <node/rpc/backend.hpp>
#include <node/trainer/trainer_host.hpp>

namespace polis::node {

/// Of a chain with learning tasks.
struct LearningMeasures {
    const TrainingCounters& training;
    const FactFinderCounters& facts;
    std::size_t evaluations_waiting = 0;
    TrainerHost::Status trainer;
};

/// Everything that is measured, at one moment.
struct Measures {
    const rpc::Snapshot& snapshot;
    const ValidatorCounters& validator;
    const P2pCounters& p2p;
    const StageTimes& stages;
    std::array<std::size_t, ValidatorDriver::kLanes> waiting{};
    std::size_t crypto_waiting = 0;
    std::uint64_t signatures_verified = 0;
    std::uint64_t txns_repeated = 0;
    std::uint64_t txns_dropped = 0;
    std::uint64_t store_bytes = 0;
    TimeMs now;
    TimeMs started;
    ProcessUse process;
    std::optional<LearningMeasures> learning;
};

/// Prometheus text: base units, _total for counters, labels of a fixed set of values.
[[nodiscard]] std::string metrics_text(const Measures& measures);

}  // namespace polis::node
