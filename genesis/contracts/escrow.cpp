#include <vm/sdk/contract.hpp>

using namespace polis::sdk;

namespace {

struct Funded {
    Amount amount;
    POLIS_STRUCT(Funded, amount)
};

struct Settled {
    Address to;
    Amount amount;
    POLIS_STRUCT(Settled, to, amount)
};

struct Terms {
    Address buyer;
    Address seller;
    Amount price;
    u64 deadline;  ///< the last height at which the buyer cannot take the coins back
    bool funded;
    bool settled;
    POLIS_STRUCT(Terms, buyer, seller, price, deadline, funded, settled)
};

/// Holds a buyer's coins until the buyer releases them to the seller, the seller gives them back,
/// or a deadline passes and the buyer takes them back.
class Escrow {
  public:
    void init(Address seller, Amount price, u64 blocks) {
        require(price > 0, "the price is zero");
        require(blocks > 0, "the deadline would be now");
        terms_ = Terms{caller(), seller, price, add(height(), blocks), false, false};
    }

    /// The buyer pays the price, once.
    void fund() {
        Terms terms = terms_;
        require(caller() == terms.buyer, "only the buyer may fund it");
        require(!terms.funded, "it is funded already");
        require(value() == terms.price, "the coins are not the price");
        terms.funded = true;
        terms_ = terms;
        emit(Funded{terms.price});
    }

    /// The buyer has what was bought.
    void release() {
        require(caller() == terms_.get().buyer, "only the buyer may release the coins");
        settle(terms_.get().seller);
    }

    /// The seller gives the coins back.
    void refund() {
        require(caller() == terms_.get().seller, "only the seller may refund the coins");
        settle(terms_.get().buyer);
    }

    /// After the deadline the buyer takes the coins back.
    void expire() {
        require(caller() == terms_.get().buyer, "only the buyer may take the coins back");
        require(height() > terms_.get().deadline, "the deadline has not passed");
        settle(terms_.get().buyer);
    }

    Terms terms() const { return terms_; }

  private:
    /// Remembers before it pays: who is paid may call again.
    void settle(const Address& to) {
        Terms terms = terms_;
        require(terms.funded, "it is not funded");
        require(!terms.settled, "it is settled already");
        terms.settled = true;
        terms_ = terms;
        send(to, terms.price);
        emit(Settled{to, terms.price});
    }

    Value<Terms> terms_{"terms"};
};

}  // namespace

POLIS_CONTRACT(
    Escrow,
    POLIS_INIT(seller, price, blocks),
    POLIS_PAYABLE(fund),
    POLIS_METHOD(release),
    POLIS_METHOD(refund),
    POLIS_METHOD(expire),
    POLIS_METHOD(terms),
    POLIS_EVENT(Funded),
    POLIS_EVENT(Settled))
