// Aggregation of the labels of 10 workers for 40,000 samples of 10 classes, some not answered: hard
// labels, soft counts, agreement of each worker with each class, and the reward of each worker in
// the pair form, in fixed point.
#include <tools/vm/kernels/kernel.hpp>

namespace {

constexpr uint32_t kWorkers = 10;
constexpr uint32_t kSamples = 40'000;
constexpr uint32_t kClasses = 10;
constexpr uint8_t kNoAnswer = 255;
constexpr uint32_t kFractionBits = 20;

uint8_t labels[kWorkers][kSamples];
uint8_t hard[kSamples];
uint8_t soft[kSamples][kClasses];
uint32_t label_counts[kWorkers][kClasses];
uint32_t agreements[kWorkers][kClasses];
uint32_t pairs[kWorkers];

/// Workers that are right nine times in ten and do not answer one time in sixteen.
void answer(uint64_t seed) {
    polis::kernels::Numbers numbers(seed);
    for (uint32_t sample = 0; sample < kSamples; ++sample) {
        const uint64_t truth = numbers.next() % kClasses;
        for (uint32_t worker = 0; worker < kWorkers; ++worker) {
            const uint64_t draw = numbers.next();
            uint64_t label = (draw & 0xff) < 230 ? truth : (draw >> 8) % kClasses;
            if (((draw >> 40) & 0xf) == 0) {
                label = kNoAnswer;
            }
            labels[worker][sample] = static_cast<uint8_t>(label);
        }
    }
}

/// The votes of a sample, and the class with most of them: the first among equals.
uint32_t count_votes(uint32_t sample) {
    uint8_t* votes = soft[sample];
    uint32_t answered = 0;
    for (uint32_t c = 0; c < kClasses; ++c) {
        votes[c] = 0;
    }
    for (uint32_t worker = 0; worker < kWorkers; ++worker) {
        const uint32_t label = labels[worker][sample];
        if (label != kNoAnswer) {
            ++votes[label];
            ++label_counts[worker][label];
            ++answered;
        }
    }
    uint32_t best = 0;
    for (uint32_t c = 1; c < kClasses; ++c) {
        if (votes[c] > votes[best]) {
            best = c;
        }
    }
    hard[sample] = answered == 0 ? kNoAnswer : static_cast<uint8_t>(best);
    return answered;
}

void aggregate() {
    for (uint32_t worker = 0; worker < kWorkers; ++worker) {
        pairs[worker] = 0;
        for (uint32_t c = 0; c < kClasses; ++c) {
            label_counts[worker][c] = 0;
            agreements[worker][c] = 0;
        }
    }
    for (uint32_t sample = 0; sample < kSamples; ++sample) {
        const uint32_t answered = count_votes(sample);
        for (uint32_t worker = 0; worker < kWorkers; ++worker) {
            const uint32_t label = labels[worker][sample];
            if (label != kNoAnswer) {
                agreements[worker][label] += soft[sample][label] - 1U;
                pairs[worker] += answered - 1U;
            }
        }
    }
}

/// The sum of S_i(c) * T_-i / G_-i(c) over the classes, less N_i, by the number of peers.
int64_t reward(uint32_t worker) {
    uint64_t others[kClasses];
    uint64_t total = 0;
    for (uint32_t c = 0; c < kClasses; ++c) {
        others[c] = 0;
        for (uint32_t peer = 0; peer < kWorkers; ++peer) {
            others[c] += peer == worker ? 0 : label_counts[peer][c];
        }
        total += others[c];
    }
    int64_t out = -(static_cast<int64_t>(pairs[worker]) << kFractionBits);
    for (uint32_t c = 0; c < kClasses; ++c) {
        if (others[c] > 0) {
            const uint64_t weighted = agreements[worker][c] * total;
            out += static_cast<int64_t>((weighted << kFractionBits) / others[c]);
        }
    }
    return out / static_cast<int64_t>(kWorkers - 1);
}

}  // namespace

/// @param size aggregations; 0 only makes the labels
POLIS_KERNEL(ptsfd) {
    answer(7);
    uint64_t sum = labels[1][2];
    for (uint32_t round = 0; round < size; ++round) {
        aggregate();
        for (uint32_t worker = 0; worker < kWorkers; ++worker) {
            sum = polis::kernels::mix(sum, static_cast<uint64_t>(reward(worker)));
        }
        for (uint32_t sample = 0; sample < kSamples; sample += 37) {
            sum = polis::kernels::mix(sum, hard[sample] + 256U * soft[sample][3]);
        }
        labels[round % kWorkers][round % kSamples] = 3;
    }
    return sum;
}
