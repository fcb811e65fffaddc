#include <ledger/params.hpp>

#include <ledger/state/record.hpp>

namespace polis::ledger {

namespace {

StateKey params_key() { return StateKey(RecordKind::kParams, {}); }

}  // namespace

std::string_view to_string(ElectionKind kind) {
    switch (kind) {
        case ElectionKind::kDpos:
            return "dpos";
        case ElectionKind::kPole:
            return "pole";
        case ElectionKind::kPoc:
            return "poc";
    }
    return "unknown";
}

StoreResult<std::optional<Params>> load_params(StateView& state) {
    return load_record<Params>(state, params_key());
}

StoreResult<void> save_params(Journal& state, const Params& params) {
    return save_record(state, params_key(), params);
}

}  // namespace polis::ledger
