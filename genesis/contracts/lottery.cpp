#include <vm/sdk/contract.hpp>

using namespace polis::sdk;

namespace {

struct Joined {
    Address player;
    u32 tickets;
    POLIS_STRUCT(Joined, player, tickets)
};

struct Revealed {
    Address player;
    POLIS_STRUCT(Revealed, player)
};

struct Drawn {
    Option<Address> winner;
    Amount prize;
    Amount slashed;
    POLIS_STRUCT(Drawn, winner, prize, slashed)
};

struct Player {
    Hash commitment;
    bool revealed;
    POLIS_STRUCT(Player, commitment, revealed)
};

struct Rules {
    Amount ticket;
    Amount deposit;    ///< lost by who commits and does not reveal
    u64 commit_until;  ///< last height to join
    u64 reveal_until;  ///< last height to reveal
    POLIS_STRUCT(Rules, ticket, deposit, commit_until, reveal_until)
};

/// A lottery whose number nobody chooses: every player commits to a secret, then reveals it, and
/// the number is the hash of all secrets. Who does not like the number that comes out can only
/// stay silent, and that costs the deposit, which the winner gets.
class Lottery {
  public:
    void init(Amount ticket, Amount deposit, u64 commit_blocks, u64 reveal_blocks) {
        require(deposit > 0, "without a deposit silence costs nothing");
        require(commit_blocks > 0 && reveal_blocks > 0, "each phase takes at least a block");
        const u64 commit_until = add(height(), commit_blocks);
        rules_ = Rules{ticket, deposit, commit_until, add(commit_until, reveal_blocks)};
    }

    /// Commits to SHA3-256(secret of 32 bytes, address of the player); pays ticket and deposit.
    void join(Hash commitment) {
        const Rules rules = rules_;
        require(height() <= rules.commit_until, "it is too late to join");
        require(value() == rules.ticket + rules.deposit, "the coins are not ticket and deposit");
        Entry<Player> player = players_[caller()];
        require(!player.exists(), "this player has joined already");
        player = Player{commitment, false};
        const u32 tickets = add(joined_.get(), u32{1});
        joined_ = tickets;
        emit(Joined{caller(), tickets});
    }

    /// Gives the deposit back.
    void reveal(Hash secret) {
        const Rules rules = rules_;
        require(height() > rules.commit_until, "others may still join; do not reveal yet");
        require(height() <= rules.reveal_until, "it is too late to reveal");
        Entry<Player> entry = players_[caller()];
        require(entry.exists(), "this player has not joined");
        Player player = entry;
        require(!player.revealed, "this player has revealed already");
        require(
            sha3_256(encode(secret, caller())) == player.commitment,
            "the secret is not the one of the commitment");
        player.revealed = true;
        entry = player;
        mixed_ = sha3_256(encode(mixed_.get(), secret));
        revealed_.push(caller());
        emit(Revealed{caller()});
        send(caller(), rules.deposit);
    }

    /// Pays all tickets and the deposits of the silent to one who revealed. Anyone may call it.
    Option<Address> draw() {
        const Rules rules = rules_;
        require(height() > rules.reveal_until, "others may still reveal");
        require(!drawn_.get(), "it is drawn already");
        drawn_ = true;
        const u32 players = joined_;
        const u32 honest = revealed_.size();
        const Amount slashed = rules.deposit * u64{players - honest};
        const Amount prize = rules.ticket * u64{players} + slashed;
        Option<Address> winner;
        if (honest > 0) {
            winner = revealed_.get(static_cast<u32>(number() % honest));
            send(*winner, prize);
        }
        emit(Drawn{winner, prize, slashed});
        return winner;
    }

    Rules rules() const { return rules_; }

    Option<Player> player(Address account) const { return players_[account].find(); }

  private:
    /// 64 of the hash's 256 bits: the bias of the remainder is below players / 2^64.
    u64 number() const {
        const Hash mixed = mixed_;
        return decode<u64>({mixed.data, sizeof(u64)}, "the number");
    }

    Value<Rules> rules_{"rules"};
    Map<Address, Player> players_{"player"};
    Value<u32> joined_{"joined"};
    Value<Hash> mixed_{"mixed"};
    List<Address> revealed_{"revealed"};
    Value<bool> drawn_{"drawn"};
};

}  // namespace

POLIS_CONTRACT(
    Lottery,
    POLIS_INIT(ticket, deposit, commit_blocks, reveal_blocks),
    POLIS_PAYABLE(join, commitment),
    POLIS_METHOD(reveal, secret),
    POLIS_METHOD(draw),
    POLIS_METHOD(rules),
    POLIS_METHOD(player, account),
    POLIS_EVENT(Joined),
    POLIS_EVENT(Revealed),
    POLIS_EVENT(Drawn))
