#include <tools/learning/offer.hpp>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/payload.hpp>
#include <tools/learning/submit.hpp>

namespace polis::tools::learning {

namespace {

/// The key that a node keeps for a task that is on chain must not be replaced by another one.
Fallible<void> refuse_second(RpcClient& node, const std::string& id, const std::string& tag) {
    const auto known = node.call("task_get", {{"task", id}});
    if (!known) {
        return std::unexpected(to_failure(known.error()));
    }
    if (!known->is_null()) {
        return std::unexpected(Failure(fmt::format(
            "this account has a task with the tag \"{}\" already: {}; choose another --tag",
            tag,
            id)));
    }
    return {};
}

}  // namespace

Fallible<Offered> offer(
    const OfferParties& parties,
    const TaskFile& file,
    const std::string& tag,
    const std::function<void(std::string_view line)>& say) {
    if (tag.size() > ledger::kTaskTagBytesMax) {
        return wrong_usage(fmt::format(
            "the tag \"{}\" has {} bytes; choose a --tag of at most {}",
            tag,
            tag.size(),
            ledger::kTaskTagBytesMax));
    }
    const Hash id =
        ledger::tasks::task_id(crypto::address_of(parties.owner.public_key()), as_bytes(tag));
    Offered out;
    out.task = to_hex_prefixed(id.view());
    POLIS_TRY_VOID(refuse_second(parties.node, out.task, tag));
    say("reading " + file.source);
    POLIS_TRY(Prepared task, prepare(file, tag));
    out.training_samples = task.training_samples;
    out.test_samples = task.test_samples;
    say(fmt::format(
        "storing {} samples to learn from and {} sealed ones",
        task.training_samples,
        task.test_samples));
    const HttpAddress& node = parties.node.address();
    POLIS_TRY(task.spec.training, upload(node, task.training, say));
    POLIS_TRY(task.spec.validation, upload(node, task.validation, say));
    POLIS_TRY(task.spec.test, upload(node, task.sealed_test, say));
    const auto kept = parties.admin.call(
        "admin_keepTaskKey", {{"task", out.task}, {"key", to_hex_prefixed(task.key.view())}});
    if (!kept) {
        return std::unexpected(to_failure(kept.error()));
    }
    POLIS_TRY(
        out.sent, send_payload(parties.node, parties.owner, ledger::SubmitTask{task.spec}, {}));
    return out;
}

}  // namespace polis::tools::learning
