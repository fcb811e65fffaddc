#include <tools/bench/workload.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_records.hpp>
#include <tools/bench/token.hpp>
#include <tools/bench/zipf.hpp>

namespace polis::tools::bench {

namespace {

ledger::Payload transfer_to(const Address& to) {
    return ledger::Transfer{.to = to, .amount = Amount{1}};
}

/// Everybody pays anybody.
class UniformTransfers : public Workload {
  public:
    ledger::Payload next(
        std::size_t /*sender*/, const LoadAccounts& accounts, Random& random) override {
        return transfer_to(
            accounts.address(static_cast<std::size_t>(random.below(accounts.size()))));
    }
};

/// Everybody pays one account: all transactions write one record.
class HotTransfers : public Workload {
  public:
    ledger::Payload next(
        std::size_t /*sender*/, const LoadAccounts& accounts, Random& /*random*/) override {
        return transfer_to(accounts.address(0));
    }
};

class ZipfTransfers : public Workload {
  public:
    ledger::Payload next(
        std::size_t /*sender*/, const LoadAccounts& accounts, Random& random) override {
        if (!zipf_) {
            zipf_.emplace(accounts.size());
        }
        return transfer_to(accounts.address(zipf_->pick(random)));
    }

  private:
    std::optional<Zipf> zipf_;
};

/// Everybody sends units of a token that a contract keeps.
class TokenCalls : public Workload {
  public:
    Fallible<void> prepare(RpcClient& node, LoadAccounts& accounts) override {
        return token_.prepare(node, accounts);
    }

    ledger::Payload next(
        std::size_t /*sender*/, const LoadAccounts& accounts, Random& random) override {
        return token_.transfer(
            accounts.address(static_cast<std::size_t>(random.below(accounts.size()))));
    }

  private:
    TokenContract token_;
};

/// A few accounts offer a task and take it back, by turns; a chain lets only few tasks wait, so all
/// others pay each other.
class TaskOffers : public Workload {
  public:
    static constexpr std::size_t kOwners = 32;

    ledger::Payload next(
        std::size_t sender, const LoadAccounts& accounts, Random& random) override {
        if (sender >= kOwners) {
            return transfers_.next(sender, accounts, random);
        }
        std::optional<Hash>& open = open_[sender];
        if (open) {
            return ledger::CancelTask{.task = *std::exchange(open, std::nullopt)};
        }
        ledger::SubmitTask offer{.spec = spec(random)};
        open = ledger::tasks::task_id(accounts.address(sender), offer.spec.tag);
        return offer;
    }

  private:
    /// Blobs that nobody has: the task never opens.
    static ledger::TaskSpec spec(Random& random) {
        ledger::TaskSpec out;
        out.name = "benchmark";
        out.tag.resize(16);
        random.fill(out.tag);
        for (Hash* const blob : {&out.training, &out.test, &out.test_key_hash, &out.validation}) {
            random.fill(blob->data);
        }
        out.input = {.channels = 16, .height = 1, .width = 1};
        out.classes = 10;
        out.model_bytes_max = 100'000;
        out.multiply_adds_max = 100'000;
        out.target_ppm = 500'000;
        out.reward = Amount{1'000};
        out.bond = Amount{100};
        out.trainer_bond = Amount{100};
        out.training_ms = 10'000;
        out.reveal_ms = 10'000;
        out.scoring_ms = 10'000;
        return out;
    }

    std::array<std::optional<Hash>, kOwners> open_;
    UniformTransfers transfers_;
};

/// What a busy chain may look like: of twenty transactions one is about a task where the sender
/// owns one, three are calls, the others transfers by Zipf's law.
class Mixed : public Workload {
  public:
    Fallible<void> prepare(RpcClient& node, LoadAccounts& accounts) override {
        return calls_.prepare(node, accounts);
    }

    ledger::Payload next(
        std::size_t sender, const LoadAccounts& accounts, Random& random) override {
        const std::uint64_t draw = random.below(20);
        if (draw == 0) {
            return tasks_.next(sender, accounts, random);
        }
        if (draw <= 3) {
            return calls_.next(sender, accounts, random);
        }
        return transfers_.next(sender, accounts, random);
    }

  private:
    TaskOffers tasks_;
    TokenCalls calls_;
    ZipfTransfers transfers_;
};

template <class Kind>
std::unique_ptr<Workload> make() {
    return std::make_unique<Kind>();
}

constexpr std::array<WorkloadKind, 6> kKinds{{
    {"transfer", "transfers, everybody to anybody", &make<UniformTransfers>},
    {"transfer-hot", "transfers to one account", &make<HotTransfers>},
    {"transfer-zipf", "transfers, few accounts get most of them", &make<ZipfTransfers>},
    {"contract", "calls of a token contract", &make<TokenCalls>},
    {"task", "tasks offered and taken back by 32 accounts, transfers", &make<TaskOffers>},
    {"mixed", "transfers, 15 % calls, some tasks", &make<Mixed>},
}};

}  // namespace

std::span<const WorkloadKind> workload_kinds() { return kKinds; }

Fallible<std::unique_ptr<Workload>> make_workload(std::string_view name) {
    std::vector<std::string_view> names;
    for (const WorkloadKind& kind : kKinds) {
        if (kind.name == name) {
            return kind.make();
        }
        names.push_back(kind.name);
    }
    return wrong_usage(
        fmt::format("there is no workload '{}'; there are {}", name, fmt::join(names, ", ")));
}

}  // namespace polis::tools::bench
