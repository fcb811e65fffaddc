#include <vm/sdk/contract.hpp>

using namespace polis::sdk;

namespace {

struct Inner {
    u16 number;
    Option<String> name;
    POLIS_STRUCT(Inner, number, name)
};

struct Everything {
    u8 a;
    i8 b;
    u16 c;
    i16 d;
    u32 e;
    i32 f;
    u64 g;
    i64 h;
    u128 i;
    bool j;
    String k;
    Bytes l;
    Address m;
    Hash n;
    Option<u32> o;
    Vec<Inner> p;
    POLIS_STRUCT(Everything, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
};

struct Seen {
    Address caller;
    Address self;
    Amount value;
    Amount balance;
    u64 height;
    u64 time;
    Hash beacon;
    POLIS_STRUCT(Seen, caller, self, value, balance, height, time, beacon)
};

struct Asked {
    u8 end;
    u64 result;
    String message;
    POLIS_STRUCT(Asked, end, result, message)
};

/// What the tests of the headers call: a little of everything.
class Probe {
  public:
    Everything echo(Everything value) const { return value; }

    u128 add(u128 a, u128 b) const { return a + b; }

    u128 subtract(u128 a, u128 b) const { return a - b; }

    u128 multiply(u128 a, u128 b) const { return a * b; }

    u128 divide(u128 a, u128 b) const { return a / b; }

    u128 remainder(u128 a, u128 b) const { return a % b; }

    u128 scale(u128 a, u128 b, u128 c) const { return mul_div(a, b, c); }

    u64 multiply_64(u64 a, u64 b) const { return mul(a, b); }

    u64 subtract_64(Amount a, Amount b) const { return (a - b).value; }

    i64 fixed_multiply(i64 a, i64 b) const { return (Fixed::from_raw(a) * Fixed::from_raw(b)).raw; }

    i64 fixed_divide(i64 a, i64 b) const { return (Fixed::from_raw(a) / Fixed::from_raw(b)).raw; }

    u64 wide(u64 a, u64 b) const {
        __extension__ using Wide = unsigned __int128;
        return static_cast<u64>((Wide{a} * b) >> 64);
    }

    Hash sha3(Bytes data) const { return sha3_256(data); }

    Hash blake2b(Bytes data) const { return blake2b_256(data); }

    bool verify(Hash key, Bytes signature, Bytes message) const {
        return ed25519_verify(key, signature, message);
    }

    Seen look() {
        return {caller(), self(), value(), balance(self()), height(), time_ms(), beacon()};
    }

    void push(u64 number) { list_.push(number); }

    u64 pop() { return list_.pop(); }

    Vec<u64> list() const {
        Vec<u64> out;
        for (u32 i = 0; i < list_.size(); ++i) {
            out.push(list_.get(i));
        }
        return out;
    }

    void keep(String key, Bytes value) { map_[key] = value; }

    void drop(String key) { map_[key].remove(); }

    Option<Bytes> kept(String key) const { return map_[key].find(); }

    /// Memory beyond the first page.
    u64 fill(u32 bytes) const {
        Vec<u8> all;
        all.reserve(bytes);
        for (u32 i = 0; i < bytes; ++i) {
            all.push(static_cast<u8>(i));
        }
        u64 sum = 0;
        for (const u8 byte : all) {
            sum += byte;
        }
        return sum;
    }

    void pay(Address to, Amount amount) { send(to, amount); }

    void fail(String message) {
        count_ = count_.get() + 1;
        require(false, message);
    }

    u64 count() const { return count_; }

    u64 bump(u64 by) {
        count_ += by;
        return count_;
    }

    /// Calls another probe and goes on whatever comes of it.
    Asked ask(Address other, String method, u64 argument) {
        const auto answer = Contract(other).try_call<u64>(method, argument);
        return {static_cast<u8>(answer.end), answer.result, answer.message};
    }

    /// Calls another probe's method and ends as it does.
    u64 pass(Address other, String method, u64 argument) {
        count_ += 1;
        return Contract(other).call<u64>(method, argument);
    }

    /// Itself, as deep as it goes. @return how many calls deeper that was
    u64 dive(u64 from) {
        const auto deeper = Contract(self()).try_call<u64>("dive", from + 1);
        return deeper.is_done() ? deeper.result : from;
    }

    /// The other one calls back between the writes of this one.
    u64 reenter() {
        count_ = 1;
        Contract(self()).call<u64>("bump", u64{10});
        count_ += 100;
        return count_;
    }

    u64 fund_other(Address other) {
        return Contract(other).with_value(value()).call<u64>("accept");
    }

    u64 accept() { return value().value; }

  private:
    List<u64> list_{"list"};
    Map<String, Bytes> map_{"map"};
    Value<u64> count_{"count"};
};

}  // namespace

POLIS_CONTRACT(
    Probe,
    POLIS_METHOD(echo, value),
    POLIS_METHOD(add, a, b),
    POLIS_METHOD(subtract, a, b),
    POLIS_METHOD(multiply, a, b),
    POLIS_METHOD(divide, a, b),
    POLIS_METHOD(remainder, a, b),
    POLIS_METHOD(scale, a, b, c),
    POLIS_METHOD(multiply_64, a, b),
    POLIS_METHOD(subtract_64, a, b),
    POLIS_METHOD(fixed_multiply, a, b),
    POLIS_METHOD(fixed_divide, a, b),
    POLIS_METHOD(wide, a, b),
    POLIS_METHOD(sha3, data),
    POLIS_METHOD(blake2b, data),
    POLIS_METHOD(verify, key, signature, message),
    POLIS_PAYABLE(look),
    POLIS_METHOD(push, number),
    POLIS_METHOD(pop),
    POLIS_METHOD(list),
    POLIS_METHOD(keep, key, value),
    POLIS_METHOD(drop, key),
    POLIS_METHOD(kept, key),
    POLIS_METHOD(fill, bytes),
    POLIS_METHOD(pay, to, amount),
    POLIS_METHOD(fail, message),
    POLIS_METHOD(count),
    POLIS_METHOD(bump, by),
    POLIS_METHOD(ask, other, method, argument),
    POLIS_METHOD(pass, other, method, argument),
    POLIS_METHOD(dive, from),
    POLIS_METHOD(reenter),
    POLIS_PAYABLE(fund_other, other),
    POLIS_PAYABLE(accept))
