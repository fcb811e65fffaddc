#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <core/crypto/ed25519.hpp>
#include <core/crypto/hash.hpp>
#include <core/fixed_point.hpp>
#include <core/integer.hpp>
#include <core/random.hpp>
#include <tests/support/contract_world.hpp>
#include <vm/limits.hpp>

/// Goal: the headers that contracts are written with do what core does: the same encodings, the
/// same sums, and a revert where core has no result. Method: tests/contracts/probe.cpp, natively
/// and in the VM, against core's own functions, at the edges and at random.
namespace polis::tests {

namespace {

using namespace std::string_literals;

constexpr u128 kMax = ~u128{0};

class Probe : public ContractTest {
  public:
    void SetUp() override {
        ContractTest::SetUp();
        if (!IsSkipped()) {
            probe = world().deploy(alice, "probe", {});
        }
    }

    template <class T, class... Args>
    T query(std::string_view method, const Args&... arguments) {
        return world().query<T>(probe, method, args(arguments...));
    }

    template <class... Args>
    std::string reverts(std::string_view method, const Args&... arguments) {
        return world().reverts(alice, probe, method, args(arguments...));
    }

    const Address alice = person("alice");
    Address probe;
};

/// An encoding of the struct Everything, with `count` Inner.
Bytes everything(std::uint32_t count, const std::string& text) {
    Bytes out = args(
        std::uint8_t{200},
        std::int8_t{-100},
        std::uint16_t{60'000},
        std::int16_t{-30'000},
        std::uint32_t{4'000'000'000},
        std::int32_t{-2'000'000'000},
        std::uint64_t{1} << 63,
        std::numeric_limits<std::int64_t>::min(),
        kMax - 5,
        true,
        text,
        Bytes{0, 255, 1},
        person("somebody"),
        crypto::sha3_256({}),
        std::optional<std::uint32_t>{7});
    codec::encode_to(out, count);
    for (std::uint32_t i = 0; i < count; ++i) {
        append(out, args(static_cast<std::uint16_t>(i)));
        append(out, args(i % 2 == 0 ? std::optional{std::to_string(i)} : std::nullopt));
    }
    return out;
}

TEST_P(Probe, decodes_and_encodes_every_type) {
    for (const std::uint32_t count : {0U, 1U, 5U, 300U}) {
        const Bytes value = everything(count, "\u00e4\u20ac\U0001F600 ok");
        EXPECT_EQ(world().call(alice, probe, "echo", value).output, value);
    }
}

TEST_P(Probe, refuses_every_encoding_that_is_cut_off) {
    const Bytes value = everything(2, "text");
    for (std::size_t size = 0; size < value.size(); ++size) {
        const Bytes part(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(size));
        const std::string why = world().reverts(alice, probe, "echo", part);
        EXPECT_TRUE(why == "value: truncated" || why == "value: count over limit") << why;
    }
}

TEST_P(Probe, is_as_strict_as_the_codec_of_the_core) {
    EXPECT_EQ(
        world().reverts(alice, probe, "kept", args("\xed\xa0\x80"s)), "key: string is not UTF-8");
    for (const std::string& text :
         {"\xc1\xbf"s, "\xf4\x90\x80\x80"s, "\xe0\x9f\xbf"s, "\x80"s, "a\xff"s, "\xe2\x82"s}) {
        EXPECT_FALSE(codec::decode<std::string>(args(text)).has_value());
        EXPECT_EQ(reverts("kept", text), "key: string is not UTF-8");
    }
    Bytes bytes = everything(0, "");
    const std::size_t flag = 1 + 1 + 2 + 2 + 4 + 4 + 8 + 8 + 16;
    bytes[flag] = 2;
    EXPECT_EQ(world().reverts(alice, probe, "echo", bytes), "value: bool is neither 0 nor 1");
    bytes[flag] = 1;
    const std::size_t tag = bytes.size() - 4 - 5;
    bytes[tag] = 9;
    EXPECT_EQ(world().reverts(alice, probe, "echo", bytes), "value: tag out of range");
    EXPECT_EQ(reverts("kept", std::uint32_t{0xffff'ffff}), "key: count over limit");
}

TEST_P(Probe, counts_in_128_bits_as_the_core_does) {
    Random random(7);
    const auto number = [&] {
        const unsigned bits = static_cast<unsigned>(random.below(129));
        const u128 wide = (u128{random.next()} << 64) | random.next();
        return bits == 0 ? u128{0} : wide >> (128 - bits);
    };
    std::vector<std::pair<u128, u128>> pairs = {
        {0, 0}, {kMax, 0}, {kMax, 1}, {1, kMax}, {kMax, kMax}, {u128{1} << 64, u128{1} << 63}};
    for (int i = 0; i < 200; ++i) {
        pairs.emplace_back(number(), number());
    }
    const auto expect = [&](std::string_view method, u128 a, u128 b, std::optional<u128> result) {
        const Ended ended = world().try_call(alice, probe, method, args(a, b), {});
        EXPECT_EQ(ended.is_done(), result.has_value()) << method << ended.message;
        if (result) {
            EXPECT_EQ(ended.output, args(*result)) << method;
        }
    };
    for (const auto& [a, b] : pairs) {
        u128 out = 0;
        const auto unless = [&](bool overflow) {
            return overflow ? std::nullopt : std::optional{out};
        };
        expect("add", a, b, unless(__builtin_add_overflow(a, b, &out)));
        expect("subtract", a, b, unless(__builtin_sub_overflow(a, b, &out)));
        expect("multiply", a, b, unless(__builtin_mul_overflow(a, b, &out)));
        expect("divide", a, b, b == 0 ? std::nullopt : std::optional{a / b});
        expect("remainder", a, b, b == 0 ? std::nullopt : std::optional{a % b});
    }
}

TEST_P(Probe, reverts_where_64_bits_do_not_suffice) {
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    EXPECT_EQ(query<std::uint64_t>("multiply_64", kAll, std::uint64_t{1}), kAll);
    EXPECT_EQ(
        reverts("multiply_64", std::uint64_t{1} << 32, std::uint64_t{1} << 32),
        "a product does not fit");
    EXPECT_EQ(query<std::uint64_t>("subtract_64", kAll, kAll - 3), 3);
    EXPECT_EQ(
        reverts("subtract_64", std::uint64_t{1}, std::uint64_t{2}), "a difference does not fit");
    EXPECT_EQ(query<std::uint64_t>("wide", kAll, kAll), kAll - 1) << "the compiler's own product";
}

TEST_P(Probe, scales_through_256_bits) {
    EXPECT_EQ(query<u128>("scale", kMax, kMax, kMax), kMax);
    EXPECT_EQ(query<u128>("scale", kMax, u128{6}, u128{7}), kMax / 7 * 6 + kMax % 7 * 6 / 7);
    EXPECT_EQ(reverts("scale", kMax, u128{2}, u128{1}), "a quotient does not fit");
    EXPECT_EQ(reverts("scale", u128{1}, u128{1}, u128{0}), "a division by zero");
}

TEST_P(Probe, rounds_fixed_numbers_as_the_core_does) {
    Random random(11);
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs = {
        {0, 1},
        {1, 0},
        {-1, 1},
        {std::numeric_limits<std::int64_t>::min(), -1},
        {std::numeric_limits<std::int64_t>::min(), std::int64_t{1} << 32},
        {std::numeric_limits<std::int64_t>::max(), std::int64_t{1} << 32}};
    for (int i = 0; i < 200; ++i) {
        const auto number = [&] {
            return static_cast<std::int64_t>(random.next()) >> random.below(64);
        };
        const std::int64_t a = number();
        pairs.emplace_back(a, number());
    }
    const auto expect = [&](std::string_view method, const auto& pair, std::optional<Fixed> wants) {
        const auto ended =
            world().try_call(alice, probe, method, args(pair.first, pair.second), {});
        EXPECT_EQ(ended.is_done(), wants.has_value())
            << method << ' ' << pair.first << ' ' << pair.second << ' ' << ended.message;
        if (wants) {
            EXPECT_EQ(ended.output, args(wants->raw)) << pair.first << ' ' << pair.second;
        }
    };
    for (const auto& pair : pairs) {
        const Fixed a = Fixed::from_raw(pair.first);
        const Fixed b = Fixed::from_raw(pair.second);
        expect("fixed_multiply", pair, checked_mul(a, b));
        expect("fixed_divide", pair, checked_div(a, b));
    }
}

TEST_P(Probe, hashes_and_verifies) {
    const Bytes message = {1, 2, 3};
    EXPECT_EQ(query<Hash>("sha3", message), crypto::sha3_256(message));
    EXPECT_EQ(query<Hash>("blake2b", message), crypto::blake2b_256(message));
    const crypto::SigningKey key(crypto::Seed(Hash{}.view()));
    const Signature signature = key.sign(message);
    const Bytes signed_bytes = to_bytes(signature.view());
    EXPECT_TRUE(query<bool>("verify", key.public_key(), signed_bytes, message));
    EXPECT_FALSE(query<bool>("verify", key.public_key(), signed_bytes, Bytes{1, 2}));
    EXPECT_FALSE(query<bool>("verify", key.public_key(), Bytes(63), message));
}

TEST_P(Probe, sees_the_chain) {
    world().fund(alice, Amount{50});
    world().block = {Height{77}, TimeMs{123'456}, crypto::sha3_256(as_bytes("beacon"))};
    EXPECT_EQ(
        world().call(alice, probe, "look", {}, {.value = Amount{20}}).output,
        args(
            alice,
            probe,
            std::uint64_t{20},
            std::uint64_t{20},
            std::uint64_t{77},
            std::uint64_t{123'456},
            world().block.beacon));
    EXPECT_EQ(world().balance(alice), Amount{30});
}

TEST_P(Probe, sends_its_coins) {
    const Address bob = person("bob");
    world().fund(probe, Amount{9});
    EXPECT_EQ(reverts("pay", bob, std::uint64_t{10}), "the contract has not so many coins");
    world().call(alice, probe, "pay", args(bob, std::uint64_t{9}));
    EXPECT_EQ(world().balance(bob), Amount{9});
}

TEST_P(Probe, keeps_lists_and_maps) {
    using Numbers = std::vector<std::uint64_t>;
    EXPECT_EQ(reverts("pop"), "a difference does not fit");
    for (std::uint64_t i = 1; i <= 3; ++i) {
        world().call(alice, probe, "push", args(i * 10));
    }
    EXPECT_EQ(query<Numbers>("list"), (Numbers{10, 20, 30}));
    EXPECT_EQ(query<std::uint64_t>("pop"), 30);
    EXPECT_EQ(query<Numbers>("list"), (Numbers{10, 20}));

    using Found = std::optional<Bytes>;
    const Bytes large(5'000, 7);
    EXPECT_EQ(query<Found>("kept", "a"s), Found{});
    world().call(alice, probe, "keep", args("a"s, Bytes{}));
    world().call(alice, probe, "keep", args("b"s, large));
    EXPECT_EQ(query<Found>("kept", "a"s), Found{Bytes{}}) << "empty is not absent";
    EXPECT_EQ(query<Found>("kept", "b"s), Found{large});
    world().call(alice, probe, "drop", args("b"s));
    EXPECT_EQ(query<Found>("kept", "b"s), Found{});
}

TEST_P(Probe, grows_its_memory) {
    constexpr std::uint32_t kBytes = 300'000;
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < kBytes; ++i) {
        sum += i & 0xff;
    }
    EXPECT_EQ(query<std::uint64_t>("fill", kBytes), sum);
}

TEST_P(Probe, undoes_what_reverts) {
    EXPECT_EQ(reverts("fail", "because \u00fc"s), "because \u00fc");
    EXPECT_EQ(query<std::uint64_t>("count"), 0);
}

TEST_P(Probe, calls_others_and_survives_their_failures) {
    const Address other = world().deploy(alice, "probe", {});
    const auto ask = [&](const std::string& method, std::uint64_t argument) {
        return world().call(alice, probe, "ask", args(other, method, argument)).output;
    };
    using std::uint64_t;
    EXPECT_EQ(ask("bump", 5), args(std::uint8_t{0}, uint64_t{5}, ""s));
    EXPECT_EQ(ask("bump", 2), args(std::uint8_t{0}, uint64_t{7}, ""s));
    EXPECT_EQ(ask("count", 2), args(std::uint8_t{1}, uint64_t{0}, "arguments: trailing bytes"s));
    EXPECT_EQ(ask("none", 2), args(std::uint8_t{3}, uint64_t{0}, ""s));
    EXPECT_EQ(ask("init", 2), args(std::uint8_t{3}, uint64_t{0}, ""s));
    EXPECT_EQ(world().query<uint64_t>(other, "count"), 7);
    EXPECT_EQ(reverts("pass", other, "count"s, uint64_t{1}), "arguments: trailing bytes");
    EXPECT_EQ(
        reverts("pass", person("nobody"), "count"s, uint64_t{1}),
        "the called contract trapped or refused");
    EXPECT_EQ(query<uint64_t>("count"), 0) << "what it wrote before is undone with the rest";
}

TEST_P(Probe, is_called_again_while_it_calls) {
    EXPECT_EQ(
        ContractWorld::decoded<std::uint64_t>(world().call(alice, probe, "reenter").output), 111)
        << "it reads what the inner call wrote";
}

TEST_P(Probe, dives_as_deep_as_contracts_may) {
    const Ended ended = world().call(alice, probe, "dive", args(std::uint64_t{1}));
    EXPECT_EQ(ended.output, args(std::uint64_t{vm::kContractDepthMax}));
}

TEST_P(Probe, passes_coins_on) {
    const Address other = world().deploy(alice, "probe", {});
    world().fund(alice, Amount{40});
    const Ended ended =
        world().call(alice, probe, "fund_other", args(other), {.value = Amount{33}});
    EXPECT_EQ(ended.output, args(std::uint64_t{33}));
    EXPECT_EQ(world().balance(other), Amount{33});
    EXPECT_EQ(world().balance(probe), Amount{0});
    EXPECT_EQ(world().balance(alice), Amount{7});
}

POLIS_CONTRACT_TEST(Probe);

}  // namespace

}  // namespace polis::tests
