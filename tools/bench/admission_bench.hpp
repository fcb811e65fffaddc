#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace polis::tools {

/// Admission of signed transfers: decoding, stateless checks and signature.
struct AdmissionFigures {
    struct Parallel {
        std::size_t threads = 0;
        double txns_per_second = 0;
    };

    double verify_us = 0;     ///< one raw libsodium verification of a 32-byte message
    double admission_us = 0;  ///< decode + checks + signature of one transfer
    std::vector<Parallel> parallel;
};

/// Interleaves raw verifications and admissions, so that noise of the machine hits both alike.
[[nodiscard]] AdmissionFigures measure_admission(std::uint64_t seed, std::size_t txns);

}  // namespace polis::tools
