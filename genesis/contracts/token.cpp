#include <vm/sdk/contract.hpp>

using namespace polis::sdk;

namespace {

struct Transferred {
    Address from;
    Address to;
    u128 amount;
    POLIS_STRUCT(Transferred, from, to, amount)
};

struct Approved {
    Address owner;
    Address spender;
    u128 amount;
    POLIS_STRUCT(Approved, owner, spender, amount)
};

struct Allowance {
    Address owner;
    Address spender;
    POLIS_STRUCT(Allowance, owner, spender)
};

/// Units of a fixed number that their owners send to each other.
class Token {
  public:
    /// Whoever deploys it owns them all.
    void init(String name, u128 supply) {
        require(!name.is_empty(), "a token needs a name");
        name_ = name;
        supply_ = supply;
        balances_[caller()] = supply;
    }

    bool transfer(Address to, u128 amount) {
        move(caller(), to, amount);
        return true;
    }

    /// Lets the spender send that many units of the caller; what was allowed before is replaced.
    void approve(Address spender, u128 amount) {
        allowances_[{caller(), spender}] = amount;
        emit(Approved{caller(), spender, amount});
    }

    /// Sends units of an owner who allowed it.
    bool transfer_from(Address owner, Address to, u128 amount) {
        Entry<u128> allowed = allowances_[{owner, caller()}];
        require(allowed.get() >= amount, "the owner has not allowed so much");
        allowed -= amount;
        move(owner, to, amount);
        return true;
    }

    String name() const { return name_; }

    u128 total_supply() const { return supply_; }

    u128 balance_of(Address account) const { return balances_[account]; }

    u128 allowance(Address owner, Address spender) const { return allowances_[{owner, spender}]; }

  private:
    void move(const Address& from, const Address& to, u128 amount) {
        require(balances_[from].get() >= amount, "the balance is too small");
        balances_[from] -= amount;
        balances_[to] += amount;
        emit(Transferred{from, to, amount});
    }

    Value<String> name_{"name"};
    Value<u128> supply_{"supply"};
    Map<Address, u128> balances_{"balance"};
    Map<Allowance, u128> allowances_{"allowance"};
};

}  // namespace

POLIS_CONTRACT(
    Token,
    POLIS_INIT(name, supply),
    POLIS_METHOD(transfer, to, amount),
    POLIS_METHOD(approve, spender, amount),
    POLIS_METHOD(transfer_from, owner, to, amount),
    POLIS_METHOD(name),
    POLIS_METHOD(total_supply),
    POLIS_METHOD(balance_of, account),
    POLIS_METHOD(allowance, owner, spender),
    POLIS_EVENT(Transferred),
    POLIS_EVENT(Approved))
