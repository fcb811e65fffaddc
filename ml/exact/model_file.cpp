#include <algorithm>

#include <ml/exact/model.hpp>

namespace polis::exact {

namespace {

ModelError from_codec(codec::DecodeError error) {
    switch (error) {
        case codec::DecodeError::kTruncated:
            return ModelError::kTruncated;
        case codec::DecodeError::kTrailingBytes:
            return ModelError::kTrailingBytes;
        case codec::DecodeError::kCountOverLimit:
            return ModelError::kCountOverLimit;
        case codec::DecodeError::kBadTag:
            return ModelError::kBadOperation;
        // A model has no bool, no text, no map and no set.
        case codec::DecodeError::kBadBool:
        case codec::DecodeError::kBadUtf8:
        case codec::DecodeError::kUnsorted:
            break;
    }
    POLIS_ASSERT(false);
    return ModelError::kBadOperation;
}

}  // namespace

Bytes encode_model(const Model& model) {
    Bytes out(kModelMagic.begin(), kModelMagic.end());
    out.push_back(kModelVersion);
    codec::encode_to(out, model);
    return out;
}

Result<AdmittedModel, ModelError> decode_model(ByteView file) {
    if (file.size() > kModelBytesMax) {
        return std::unexpected(ModelError::kTooLarge);
    }
    const std::size_t head = std::min(file.size(), kModelMagic.size());
    if (!equal(file.first(head), ByteView{kModelMagic}.first(head))) {
        return std::unexpected(ModelError::kBadMagic);
    }
    if (file.size() <= kModelMagic.size()) {
        return std::unexpected(ModelError::kTruncated);
    }
    if (file[kModelMagic.size()] != kModelVersion) {
        return std::unexpected(ModelError::kBadVersion);
    }
    auto model = codec::decode<Model>(file.subspan(kModelMagic.size() + 1));
    if (!model) {
        return std::unexpected(from_codec(model.error()));
    }
    return admit(*std::move(model));
}

std::string_view to_string(ModelError error) {
    switch (error) {
        case ModelError::kTooLarge:
            return "the model is larger than 8 MiB: use fewer or smaller layers";
        case ModelError::kBadMagic:
            return "this is no model: the file does not begin with POLISMDL";
        case ModelError::kBadVersion:
            return "the model is of another version: export it again with this release";
        case ModelError::kTruncated:
            return "the file ends inside the model: fetch it again";
        case ModelError::kTrailingBytes:
            return "bytes follow the model: remove them, a model has one spelling";
        case ModelError::kCountOverLimit:
            return "a list of the model is longer than its limit or than the file";
        case ModelError::kBadOperation:
            return "a layer is of an unknown kind: export the model with this release";
        case ModelError::kBadInputShape:
            return "the input is empty or too large: at most 65536 numbers, sides up to 1024";
        case ModelError::kNoLayers:
            return "the model has no layer: it needs one that gives logits";
        case ModelError::kTooManyLayers:
            return "the model has more than 64 layers: use fewer";
        case ModelError::kBadSource:
            return "a layer reads a tensor that does not exist yet: number them in order";
        case ModelError::kUnusedOutput:
            return "nothing reads the result of a layer, or the sample: remove that layer";
        case ModelError::kBadChannels:
            return "a layer has no output or more than 4096: choose 1 to 4096";
        case ModelError::kBadKernel:
            return "a kernel is not of 1 to 15 by 1 to 15, its stride not 1 to 4, or its padding "
                   "not less than the kernel";
        case ModelError::kKernelOverInput:
            return "a kernel or a pool is larger than its padded input: pool less often";
        case ModelError::kWrongCount:
            return "the weights, biases, multipliers or shifts of a layer do not fit its shape";
        case ModelError::kBadMultiplier:
            return "a multiplier is zero or not normalised: it must be in [2^30, 2^31)";
        case ModelError::kBadShift:
            return "a shift is outside of 1 to 62: scale the layer differently";
        case ModelError::kBadActivationMax:
            return "a hidden layer clamps at 1 to 255, the last layer does not clamp (0)";
        case ModelError::kShapeMismatch:
            return "an addition joins tensors of different shapes: project the shortcut";
        case ModelError::kLastNotWeighted:
            return "the last layer gives no logits: end with a dense layer or a convolution";
        case ModelError::kBadClasses:
            return "the model has fewer than 2 logits or more than 1024";
        case ModelError::kSumOverflow:
            return "a sum could leave 32 bits: use smaller weights or fewer inputs";
        case ModelError::kLogitOverflow:
            return "a logit could leave 32 bits: use a larger shift in the last layer";
        case ModelError::kTooManyMultiplyAdds:
            return "a sample takes more than 2^27 multiply-adds: use a smaller model";
        case ModelError::kTooMuchMemory:
            return "the activations of a sample take more than 4 MiB: use a smaller model";
    }
    return "unknown";
}

}  // namespace polis::exact
