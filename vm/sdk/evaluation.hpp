#pragma once

#include <vm/sdk/chain.hpp>

/// Jobs for the validators: what takes longer than a block, and is the same integers everywhere.
/// The answer comes as a call in a later block; a method (Hash request, Option<Bytes> answer) takes
/// it, and asks require_evaluator() first.
namespace polis::sdk {

/// How well does a model do on samples? Both are blobs that validators can fetch.
struct ScoreJob {
    Hash model;
    Hash data;     ///< a dataset that is open to all
    u32 channels;  ///< shape of a sample, as the dataset has it
    u32 height;
    u32 width;
    u32 classes;
    u32 model_bytes_max;
    u64 multiply_adds_max;  ///< of all samples together: part of the price
    Option<Hash> seed;      ///< of the input map that the model was trained behind
    POLIS_STRUCT(
        ScoreJob,
        model,
        data,
        channels,
        height,
        width,
        classes,
        model_bytes_max,
        multiply_adds_max,
        seed)
};

/// The answer to a ScoreJob.
struct Score {
    u8 verdict;         ///< 0: scored; 1: a bad model; 2: bad data
    u64 correct;        ///< samples whose largest logit is the label's
    u64 cross_entropy;  ///< sum over the samples, 2^-16 nats
    u64 count;
    POLIS_STRUCT(Score, verdict, correct, cross_entropy, count)
};

/// @param method of this contract that gets the answer  @param gas for that call, paid now
/// @return the request's id
inline Hash request_score(const ScoreJob& job, String method, u64 gas) {
    constexpr u8 kScoreTag = 0;
    return request_evaluation(encode(kScoreTag, job), method, gas);
}

/// Reverts unless the chain itself brings an answer: nobody has a key of this address.
inline void require_evaluator() { require(caller() == Address{}, "only the chain brings answers"); }

}  // namespace polis::sdk
