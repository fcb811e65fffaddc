// Body fetch: rule by rule, then among honest, silent, empty and lying sources from a seed.
#include <consensus/sync/body_fetch.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/random.hpp>

namespace polis::sync {
namespace {

/// A block whose transactions are made from a seed.
struct Body {
    explicit Body(std::uint8_t seed, std::size_t count = 10) {
        summary.header = {seed, 1, 2, 3};
        for (std::size_t i = 0; i < count; ++i) {
            txns.push_back({seed, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)});
            summary.txns.push_back(crypto::blake2b_256(crypto::kDomainTxnId, txns.back()));
        }
        digest = pbft::summary_hash(summary);
    }

    [[nodiscard]] std::vector<BodyItem> items(const std::vector<std::uint32_t>& indexes) const {
        std::vector<BodyItem> out;
        for (const std::uint32_t index : indexes) {
            out.push_back({.index = index, .bytes = txns[index]});
        }
        return out;
    }

    [[nodiscard]] BodyFetch::Wanted wanted(
        std::vector<PeerId> sources, bool with_summary, std::uint64_t height = 5) const {
        return {
            .height = Height{height},
            .digest = digest,
            .summary = with_summary ? std::optional{summary} : std::nullopt,
            .summary_from = std::nullopt,
            .sources = std::move(sources),
            .final = false};
    }

    pbft::Summary summary;
    std::vector<Bytes> txns;
    Hash digest;
};

template <class Effect>
std::vector<Effect> only(const BodyFetchEffects& effects) {
    std::vector<Effect> out;
    for (const BodyFetchEffect& effect : effects) {
        if (const auto* found = std::get_if<Effect>(&effect)) {
            out.push_back(*found);
        }
    }
    return out;
}

constexpr TimeMs kStart{10'000};

TEST(BodyFetch, fetches_the_summary_and_then_what_is_missing) {
    const Body body(1);
    BodyFetch fetch({});
    auto asked = only<AskBody>(fetch.obtain(body.wanted({7}, /*with_summary=*/false), kStart));
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_TRUE(asked[0].request.summary);
    const auto checks = only<CheckSummary>(
        fetch.summary_answered(7, {.digest = body.digest, .summary = body.summary}, kStart));
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].summary, body.summary);
    asked = only<AskBody>(fetch.missing(body.digest, {2, 4}, kStart));
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].request.indexes, (std::vector<std::uint32_t>{2, 4}));
    const auto complete = only<BodyComplete>(
        fetch.items_answered(7, {.digest = body.digest, .items = body.items({2, 4})}, kStart));
    ASSERT_EQ(complete.size(), 1U);
    EXPECT_EQ(complete[0].height, Height{5});
    EXPECT_EQ(complete[0].items, body.items({2, 4}));
    EXPECT_FALSE(fetch.open(body.digest));
    EXPECT_EQ(fetch.memory_bytes(), 0U);
}

TEST(BodyFetch, a_block_that_is_here_is_complete_at_once) {
    const Body body(1);
    BodyFetch fetch({});
    EXPECT_EQ(only<CheckSummary>(fetch.obtain(body.wanted({7}, true), kStart)).size(), 1U);
    EXPECT_EQ(only<BodyComplete>(fetch.missing(body.digest, {}, kStart)).size(), 1U);
}

TEST(BodyFetch, asks_two_at_once_after_the_first_time_out) {
    const Body body(1);
    BodyFetch fetch({});
    ASSERT_EQ(fetch.obtain(body.wanted({1, 2, 3, 4}, false), kStart).size(), 1U);
    EXPECT_EQ(fetch.next_timer(), TimeMs{kStart.value + 500});
    const auto asked = only<AskBody>(fetch.tick(TimeMs{kStart.value + 500}));
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[0].peer, 2U);
    EXPECT_EQ(asked[1].peer, 3U);
}

TEST(BodyFetch, goes_round_for_ever_while_the_height_is_open) {
    const Body body(1);
    BodyFetch fetch({});
    std::map<PeerId, int> asked;
    TimeMs now = kStart;
    auto out = fetch.obtain(body.wanted({1, 2, 3}, false), now);
    for (int round = 0; round < 100; ++round) {
        for (const AskBody& ask : only<AskBody>(out)) {
            ++asked[ask.peer];
        }
        const auto timer = fetch.next_timer();
        ASSERT_TRUE(timer.has_value());
        now = *timer;
        out = fetch.tick(now);
        ASSERT_TRUE(only<Blame>(out).empty()) << "silence is no fault";
    }
    EXPECT_GT(std::min({asked[1], asked[2], asked[3]}), 15);
    fetch.decided(Height{5});
    EXPECT_FALSE(fetch.next_timer().has_value());
    EXPECT_TRUE(fetch.obtain(body.wanted({1}, false), now).empty()) << "the height is closed";
}

TEST(BodyFetch, a_wrong_item_is_blamed_and_the_right_one_asked_elsewhere) {
    const Body body(1);
    BodyFetch fetch({});
    EXPECT_FALSE(fetch.obtain(body.wanted({1, 2}, true), kStart).empty());
    ASSERT_EQ(only<AskBody>(fetch.missing(body.digest, {3}, kStart))[0].peer, 1U);
    for (const BodyItem& wrong :
         {BodyItem{.index = 3, .bytes = {9}}, BodyItem{.index = 1'000'000, .bytes = {9}}}) {
        BodyFetch copy = fetch;
        const auto out = copy.items_answered(1, {.digest = body.digest, .items = {wrong}}, kStart);
        EXPECT_EQ(only<Blame>(out), (std::vector<Blame>{{.peer = 1, .fault = Fault::kWrongItem}}));
        ASSERT_EQ(only<AskBody>(out).size(), 1U);
        EXPECT_EQ(only<AskBody>(out)[0].peer, 2U);
    }
}

TEST(BodyFetch, a_summary_of_another_block_is_blamed) {
    const Body body(1);
    BodyFetch fetch({});
    EXPECT_FALSE(fetch.obtain(body.wanted({1, 2}, false), kStart).empty());
    const auto out =
        fetch.summary_answered(1, {.digest = body.digest, .summary = Body(2).summary}, kStart);
    EXPECT_EQ(only<Blame>(out), (std::vector<Blame>{{.peer = 1, .fault = Fault::kWrongSummary}}));
    EXPECT_EQ(only<AskBody>(out)[0].peer, 2U);
}

TEST(BodyFetch, a_summary_whose_ids_do_not_lead_to_the_root_is_refused_by_the_driver) {
    const Body body(1);
    BodyFetch fetch({});
    EXPECT_FALSE(fetch.obtain(body.wanted({1, 2}, false), kStart).empty());
    pbft::Summary other = body.summary;
    other.txns.pop_back();  // the header, and so the digest, stays
    ASSERT_EQ(
        only<CheckSummary>(
            fetch.summary_answered(1, {.digest = body.digest, .summary = other}, kStart))
            .size(),
        1U);
    const auto out = fetch.reject_summary(body.digest, kStart);
    EXPECT_EQ(only<Blame>(out), (std::vector<Blame>{{.peer = 1, .fault = Fault::kWrongSummary}}));
    ASSERT_EQ(only<AskBody>(out).size(), 1U);
    EXPECT_EQ(only<AskBody>(out)[0].peer, 2U);
    EXPECT_TRUE(only<AskBody>(out)[0].request.summary);
}

TEST(BodyFetch, having_nothing_is_no_fault) {
    const Body body(1);
    BodyFetch fetch({});
    EXPECT_FALSE(fetch.obtain(body.wanted({1}, false), kStart).empty());
    EXPECT_TRUE(fetch.summary_answered(1, {.digest = body.digest, .summary = std::nullopt}, kStart)
                    .empty());
    EXPECT_EQ(fetch.next_timer(), TimeMs{kStart.value + 200});
    EXPECT_EQ(only<AskBody>(fetch.tick(TimeMs{kStart.value + 200})).size(), 1U);
}

TEST(BodyFetch, answers_not_asked_for_are_ignored) {
    const Body body(1);
    BodyFetch fetch({});
    EXPECT_FALSE(fetch.obtain(body.wanted({1, 2}, false), kStart).empty());
    const BodySummary wrong{.digest = body.digest, .summary = Body(2).summary};
    EXPECT_TRUE(fetch.summary_answered(2, wrong, kStart).empty());
    EXPECT_TRUE(fetch.summary_answered(9, wrong, kStart).empty());
    EXPECT_TRUE(fetch.items_answered(1, {.digest = body.digest, .items = {}}, kStart).empty());
    EXPECT_TRUE(fetch.items_answered(1, {.digest = Hash{}, .items = {}}, kStart).empty());
}

TEST(BodyFetch, gossip_completes_a_block) {
    const Body body(1);
    BodyFetch fetch({});
    EXPECT_FALSE(fetch.obtain(body.wanted({1}, true), kStart).empty());
    EXPECT_FALSE(fetch.missing(body.digest, {0, 9}, kStart).empty());
    EXPECT_TRUE(fetch.item_found(body.summary.txns[0], Bytes{1}, kStart).empty()) << "not it";
    EXPECT_TRUE(fetch.item_found(body.summary.txns[0], body.txns[0], kStart).empty());
    const auto out = fetch.item_found(body.summary.txns[9], body.txns[9], kStart);
    ASSERT_EQ(only<BodyComplete>(out).size(), 1U);
    EXPECT_EQ(only<BodyComplete>(out)[0].items, body.items({0, 9}));
}

TEST(BodyFetch, the_oldest_block_gives_way_but_never_a_final_one) {
    BodyFetch fetch({});
    const Body final_body(200);
    BodyFetch::Wanted wanted = final_body.wanted({1}, false);
    wanted.final = true;
    EXPECT_FALSE(fetch.obtain(wanted, kStart).empty());
    for (std::uint8_t seed = 1; seed <= 50; ++seed) {
        EXPECT_FALSE(fetch.obtain(Body(seed).wanted({1}, false), kStart).empty());
    }
    EXPECT_TRUE(fetch.open(final_body.digest));
    EXPECT_TRUE(fetch.open(Body(50).digest));
    EXPECT_TRUE(fetch.open(Body(48).digest));
    EXPECT_FALSE(fetch.open(Body(47).digest));
}

TEST(BodyFetch, a_block_with_more_bytes_than_a_block_has_is_given_up) {
    const Body body(1, 100);
    BodyFetch::Options options;
    options.items_bytes_max = 50;
    BodyFetch fetch(options);
    EXPECT_FALSE(fetch.obtain(body.wanted({1}, true), kStart).empty());
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < 100; ++i) {
        all.push_back(i);
    }
    EXPECT_FALSE(fetch.missing(body.digest, all, kStart).empty());
    const auto out =
        fetch.items_answered(1, {.digest = body.digest, .items = body.items(all)}, kStart);
    EXPECT_EQ(
        only<BodyTooLarge>(out),
        (std::vector<BodyTooLarge>{{.height = Height{5}, .digest = body.digest}}));
    EXPECT_FALSE(fetch.open(body.digest));
}

// ---- many sources -------------------------------------------------------------------------------

enum class Kind : std::uint8_t { kHonest, kTrickle, kSilent, kEmpty, kVanishing, kForger, kLiar };

class World {
  public:
    explicit World(std::uint64_t seed)
        : random_(seed), body_(static_cast<std::uint8_t>(seed), random_.between(1, 6'000)) {
        kinds_.assign(random_.below(9), Kind::kHonest);
        for (Kind& kind : kinds_) {
            kind = static_cast<Kind>(random_.below(7));
        }
        kinds_.push_back(Kind::kHonest);
        random_.shuffle(kinds_);
        for (std::uint32_t i = 0; i < body_.txns.size(); ++i) {
            if (random_.chance(1, 2)) {
                missing_.push_back(i);
            }
        }
    }

    bool run() {
        std::vector<PeerId> sources;
        for (PeerId peer = 0; peer < kinds_.size(); ++peer) {
            sources.push_back(peer);
        }
        perform(fetch_.obtain(body_.wanted(sources, false), TimeMs{now_}));
        while (!complete_ && now_ < 120'000) {
            const auto timer = fetch_.next_timer();
            if (timer && (events_.empty() || timer->value <= events_.begin()->first)) {
                now_ = timer->value;
                perform(fetch_.tick(TimeMs{now_}));
            } else if (!events_.empty()) {
                auto event = events_.extract(events_.begin());
                now_ = event.key();
                event.mapped()();
            } else {
                return false;
            }
        }
        return complete_;
    }

  private:
    void perform(const BodyFetchEffects& effects) {
        for (const BodyFetchEffect& effect : effects) {
            std::visit([this](const auto& item) { perform_one(item); }, effect);
        }
        const auto timer = fetch_.next_timer();
        EXPECT_TRUE(!timer || timer->value > now_);
    }

    void perform_one(const Blame& blame) {
        EXPECT_GE(kinds_[blame.peer], Kind::kForger) << to_string(blame.fault);
    }

    void perform_one(const BodyTooLarge& /*effect*/) { ADD_FAILURE(); }

    void perform_one(const CheckSummary& check) {
        events_.emplace(now_, [this, valid = check.summary == body_.summary] {
            perform(
                valid ? fetch_.missing(body_.digest, missing_, TimeMs{now_})
                      : fetch_.reject_summary(body_.digest, TimeMs{now_}));
        });
    }

    void perform_one(const BodyComplete& complete) {
        EXPECT_EQ(complete.items, body_.items(missing_));
        complete_ = true;
    }

    void perform_one(const AskBody& ask) {
        const Kind kind = kinds_[ask.peer];
        if (kind == Kind::kSilent) {
            return;
        }
        const std::uint64_t at = now_ + random_.between(1, kind == Kind::kTrickle ? 900 : 80);
        events_.emplace(at, [this, ask] { answer(ask.peer, ask.request); });
        if (kind == Kind::kVanishing) {
            events_.emplace(
                at - 1, [this, ask] { perform(fetch_.peer_left(ask.peer, TimeMs{now_})); });
        }
    }

    void answer(PeerId peer, const BodyRequest& request) {
        const Kind kind = kinds_[peer];
        if (request.summary) {
            BodySummary out{.digest = request.digest, .summary = body_.summary};
            if (kind == Kind::kEmpty) {
                out.summary.reset();
            } else if (kind == Kind::kForger) {
                out.summary->txns.push_back({});
            } else if (kind == Kind::kLiar) {
                out.summary->header.push_back(1);
            }
            perform(fetch_.summary_answered(peer, std::move(out), TimeMs{now_}));
            return;
        }
        BodyItems out{.digest = request.digest, .items = body_.items(request.indexes)};
        if (kind == Kind::kEmpty) {
            out.items.clear();
        } else if (kind == Kind::kTrickle) {
            out.items.resize(1);
        } else if (kind >= Kind::kForger) {
            random_.pick(out.items).bytes.push_back(1);
        }
        perform(fetch_.items_answered(peer, std::move(out), TimeMs{now_}));
    }

    Random random_;
    Body body_;
    std::vector<Kind> kinds_;
    std::vector<std::uint32_t> missing_;
    BodyFetch fetch_{{}};
    std::uint64_t now_ = 0;
    bool complete_ = false;
    std::multimap<std::uint64_t, std::function<void()>> events_;
};

TEST(BodyFetchWorld, completes_with_one_honest_source) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        World world(seed);
        ASSERT_TRUE(world.run()) << "seed " << seed;
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
    }
}

/// Inputs without any sense, about a few blocks of different digests, some of which lie.
TEST(BodyFetchFuzz, random_inputs_do_no_harm) {
    const std::vector<Body> bodies{Body(1), Body(2), Body(3), Body(4), Body(5), Body(6)};
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        Random random(seed, "fuzz");
        BodyFetch fetch({});
        TimeMs now{random.next() >> 1};
        for (int i = 0; i < 200; ++i) {
            now.value += random.below(400);
            const auto peer = static_cast<PeerId>(random.below(4));
            const Body& body = random.pick(bodies);
            const Body& other = random.chance(3, 4) || peer == 0 ? body : random.pick(bodies);
            const auto index = static_cast<std::uint32_t>(random.below(10));
            const std::vector<std::function<BodyFetchEffects()>> inputs{
                [&] {
                    return fetch.obtain(body.wanted({0, peer}, random.chance(1, 2), index), now);
                },
                [&] { return fetch.missing(body.digest, {index}, now); },
                [&] {
                    return fetch.summary_answered(
                        peer, {.digest = body.digest, .summary = other.summary}, now);
                },
                [&] {
                    return fetch.items_answered(
                        peer, {.digest = body.digest, .items = other.items({index})}, now);
                },
                [&] { return fetch.item_found(body.summary.txns[index], other.txns[index], now); },
                [&] { return peer == 0 ? fetch.tick(now) : fetch.peer_left(peer, now); },
                [&] { return fetch.tick(now); }};
            for (const BodyFetchEffect& effect : random.pick(inputs)()) {
                const auto* blame = std::get_if<Blame>(&effect);
                EXPECT_TRUE(blame == nullptr || blame->peer != 0);
                if (const auto* complete = std::get_if<BodyComplete>(&effect)) {
                    for (const BodyItem& item : complete->items) {
                        EXPECT_EQ(
                            crypto::blake2b_256(crypto::kDomainTxnId, item.bytes),
                            complete->summary.txns[item.index]);
                    }
                }
            }
            const auto timer = fetch.next_timer();
            EXPECT_TRUE(!timer || *timer > now);
            EXPECT_LT(fetch.memory_bytes(), 10'000U);
        }
        ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace polis::sync
