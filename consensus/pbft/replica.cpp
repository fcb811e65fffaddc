#include <consensus/pbft/replica.hpp>

#include <utility>

#include <consensus/pbft/replica_core.hpp>

namespace polis::pbft {

/// Keeps the state out of the header.
class Replica::Impl : public ReplicaCore {
  public:
    using ReplicaCore::ReplicaCore;
};

std::string_view to_string(AlarmKind kind) {
    switch (kind) {
        case AlarmKind::kOwnKeyElsewhere:
            return "this node's consensus key signs somewhere else";
        case AlarmKind::kDiverged:
            return "a finalized block disagrees with this node's state";
        case AlarmKind::kTwoDecisions:
            return "two blocks are certified at one height";
        case AlarmKind::kQuarantined:
            return "the vote record is older than the chain: waits before it votes";
    }
    return "unknown alarm";
}

Replica::Replica(Setup setup) : impl_(std::make_unique<Impl>(std::move(setup))) {}

Replica::~Replica() = default;
Replica::Replica(Replica&&) noexcept = default;
Replica& Replica::operator=(Replica&&) noexcept = default;

Effects Replica::step(const Input& input, TimeMs now) { return impl_->step(input, now); }

const Schedule& Replica::schedule() const { return impl_->schedule(); }

Height Replica::height() const { return impl_->schedule().height; }

View Replica::view() const { return impl_->view(); }

const SafetyRecord& Replica::record() const { return impl_->safety().record(); }

bool Replica::halted() const { return impl_->halted(); }

Result<consensus::FactVote, Refusal> Replica::attest(const consensus::Fact& fact) const {
    return impl_->safety().sign_fact(impl_->schedule().current, fact);
}

std::size_t Replica::memory_bytes() const { return impl_->memory_bytes(); }

}  // namespace polis::pbft
