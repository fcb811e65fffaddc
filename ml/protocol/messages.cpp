#include <ml/protocol/messages.hpp>

#include <algorithm>
#include <cstddef>

#include <core/codec/utf8.hpp>
#include <core/crypto/hmac_sha256.hpp>

namespace polis::trainer {

std::string_view to_string(FailureCode code) {
    switch (code) {
        case FailureCode::kUnknownArchitecture:
            return "the trainer does not know this architecture or it does not fit the samples; "
                   "use logistic, mlp, lenet, cnn or resnet8, convolutions for images only";
        case FailureCode::kBadSpec:
            return "a number of the job is outside of its limits; see docs/formats/trainer.md";
        case FailureCode::kBadData:
            return "a dataset is absent, damaged or does not fit the job";
        case FailureCode::kBadDevice:
            return "there is no such device; `polis-trainer devices` lists them";
        case FailureCode::kOutOfMemory:
            return "out of memory; train a smaller model, or on another device";
        case FailureCode::kDiverged:
            return "training diverged: the weights cannot be expressed in integers; try another "
                   "seed";
        case FailureCode::kNothingLearned:
            return "the window was over before there was a model; give more time";
        case FailureCode::kCancelled:
            return "cancelled";
        case FailureCode::kBusy:
            return "another job runs on this trainer; wait or cancel it";
        case FailureCode::kInternal:
            return "the training library failed";
    }
    return "unknown";
}

std::string fitting(std::string text) {
    text.resize(std::min(text.size(), kTextBytesMax));
    while (!text.empty() && !codec::is_utf8(as_bytes(text))) {
        text.pop_back();
    }
    return text;
}

Proof prove(ByteView token, const HelloNonce& nonce) {
    const auto mac = crypto::hmac_sha256(token, {as_bytes("polis-trainer"), nonce.view()});
    return Proof::from_view(mac.view());
}

}  // namespace polis::trainer
