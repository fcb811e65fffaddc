#include <tests/fuzz/exact_seeds.hpp>

#include <core/random.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/model.hpp>
#include <ml/exact/safetensors.hpp>
#include <tests/ml/exact/models.hpp>

namespace polis::fuzz {

std::map<std::string, Bytes> exact_seeds() {
    using exact::tests::ModelMaker;
    std::map<std::string, Bytes> out;
    Random random(5);
    std::map<std::string, exact::Model> models;
    models["mlp"] = exact::tests::mlp(random, 5, 4, 3);
    ModelMaker maker(random, {1, 6, 6});
    maker.conv({.outputs = 2, .kernel = 3, .stride = 1, .pad = 1});
    const std::uint16_t trunk = maker.next();
    maker.conv({.outputs = 2, .kernel = 3, .stride = 1, .pad = 1}).add(trunk).pool();
    models["net"] = maker.logits(2);
    for (const auto& [name, model] : models) {
        out["model/seed_" + name] = exact::encode_model(model);
        out["safetensors/seed_" + name] = exact::export_safetensors(*exact::admit(model));
    }
    out["dataset/seed_bytes"] = exact::tests::random_dataset(random, {1, 3, 2}, 10, 4);
    out["dataset/seed_words"] = exact::tests::random_dataset(random, {2, 1, 1}, 300, 5);
    return out;
}

}  // namespace polis::fuzz
