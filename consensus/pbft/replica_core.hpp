#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include <consensus/pbft/early_messages.hpp>
#include <consensus/pbft/io.hpp>
#include <consensus/pbft/pacemaker.hpp>
#include <consensus/pbft/replica.hpp>
#include <consensus/pbft/vote_table.hpp>
#include <core/types.hpp>

namespace polis::pbft {

/// The state behind Replica. Its functions lie by topic: replica_core.cpp has the life of a height,
/// normal_case.cpp proposal, prepare, commit and decision, view_changes.cpp timers and new views.
class ReplicaCore {
  public:
    explicit ReplicaCore(Replica::Setup setup);

    Effects step(const Input& input, TimeMs now);

    [[nodiscard]] const Schedule& schedule() const { return schedule_; }

    [[nodiscard]] View view() const { return view_; }

    [[nodiscard]] const Safety& safety() const { return safety_; }

    [[nodiscard]] bool halted() const { return halted_; }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    /// What is known of a block at this height.
    struct Knowledge {
        std::optional<View> asked_in;  ///< last view in which it was asked for
        std::optional<Verdict> verdict;
        Summary summary;
    };

    // The life of a height: replica_core.cpp
    void on(const Start& input);
    void on(const Received& input);
    void on(const TimerFired& input);
    void on(const Built& input);
    void on(const Obtained& input);
    void on(const Applied& input);
    void on(const Synced& input);
    void on(const Diverged& input);
    void enter_height();
    void repeat_own_votes();
    void receive(const Message& message);
    void receive_early(const Message& message);
    bool is_foreign_use_of_own_key(const Message& message);
    void promise(Message message);
    void accuse(std::optional<Evidence> evidence, MemberIndex member);

    void emit(Effect effect) { effects_.push_back(std::move(effect)); }

    // The normal case: normal_case.cpp
    void on_message(const Proposal& proposal);
    void on_message(const Ballot& ballot);
    void on_message(const Decided& decided);
    void accept(const Proposal& proposal);
    void prepare();
    void count(const Vote& vote);
    void try_commit(View view, const Hash& digest);
    void try_decide(View view, const Hash& digest);
    void decide(const Certificate& certificate);
    void obtain(const Hash& digest, std::vector<MemberIndex> sources);
    void ask(Obtain request);
    [[nodiscard]] bool is_valid(const Hash& digest) const;

    // Views: view_changes.cpp
    void on_message(const ViewChangeMessage& message);
    void start_view_change(View view);
    void enter_view(View view);
    void saw(MemberIndex member, View view);
    void pull_up();
    void arm_view_timer();
    void restart_view_timer();
    void lead();
    void lead_by_choice();
    void propose(const Hash& digest, const Summary& summary);
    void build();
    void resend();
    [[nodiscard]] bool leads() const;
    [[nodiscard]] bool waits_in_vain() const;
    [[nodiscard]] const PublicKey& leader_key() const;
    [[nodiscard]] Justification justification() const;

    [[nodiscard]] Height height() const { return schedule_.height; }

    [[nodiscard]] const consensus::Committee& committee() const { return schedule_.current; }

    Safety safety_;
    Schedule schedule_;
    std::optional<Certificate> head_certificate_;
    const Timing timing_;
    Pacemaker pacemaker_;
    /// Leaders that let a view pass without a proposal, until something comes from them.
    std::set<PublicKey> silent_;
    bool halted_ = false;
    bool reported_own_key_ = false;

    // Of the height being decided.
    std::optional<MemberIndex> self_;
    View view_;
    std::optional<Proposal> proposal_;    ///< accepted in view_
    std::optional<Certificate> decided_;  ///< waits for Applied
    VoteTable prepares_;
    VoteTable commits_;
    std::vector<std::optional<ViewChangeMessage>> changes_;  ///< the latest of each member
    std::vector<View> seen_;                                 ///< highest view of each member
    std::map<Hash, Knowledge> blocks_;
    std::set<MemberIndex> accused_;
    EarlyMessages early_;
    bool reported_behind_ = false;

    // Of the view.
    bool view_timer_armed_ = false;
    bool leading_ = false;             ///< build or obtain was asked for in view_
    Justification own_justification_;  ///< with which this node leads view_
    std::optional<Hash> bound_to_;     ///< the block that it obliges this leader to propose

    // Of the step.
    TimeMs now_;
    TimeMs proposed_at_;     ///< when the latest proposal was accepted
    bool progress_ = false;  ///< since the last resend timer
    Effects effects_;
    std::optional<Persist> persist_;
};

}  // namespace polis::pbft
