#include <vm/sdk/contract.hpp>

using namespace polis::sdk;

namespace {

struct Increased {
    Address by;
    u64 count;
    POLIS_STRUCT(Increased, by, count)
};

/// Counts, never beyond a limit.
class Counter {
  public:
    void init(u64 limit) {
        require(limit > 0, "a limit of zero leaves nothing to count");
        limit_ = limit;
    }

    u64 increase(u64 by) {
        const u64 count = add(count_.get(), by);
        require(count <= limit_, "that is beyond the limit");
        count_ = count;
        shares_[caller()] += by;
        emit(Increased{caller(), count});
        return count;
    }

    u64 count() const { return count_; }

    u64 share_of(Address account) const { return shares_[account]; }

  private:
    Value<u64> limit_{"limit"};
    Value<u64> count_{"count"};
    Map<Address, u64> shares_{"share"};
};

}  // namespace

POLIS_CONTRACT(
    Counter,
    POLIS_INIT(limit),
    POLIS_METHOD(increase, by),
    POLIS_METHOD(count),
    POLIS_METHOD(share_of, account),
    POLIS_EVENT(Increased))
