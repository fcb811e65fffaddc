#include <ml/data/digits.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <core/random.hpp>
#include <ml/data/limits.hpp>

namespace polis::data {

namespace {

constexpr std::uint32_t kSide = 28;
constexpr std::uint32_t kClasses = 10;

/// In strokes: percent of the box of a digit. In drawing: 1/256 pixel.
struct Point {
    std::int64_t x;
    std::int64_t y;
};

constexpr std::int64_t kPixel = 256;

// One polyline a digit, as a pen would go; x to the right, y down.
constexpr std::array kZero{
    Point{50, 8},
    Point{70, 16},
    Point{79, 35},
    Point{79, 65},
    Point{70, 84},
    Point{50, 92},
    Point{30, 84},
    Point{21, 65},
    Point{21, 35},
    Point{30, 16},
    Point{50, 8}};
constexpr std::array kOne{Point{35, 25}, Point{52, 8}, Point{52, 92}};
constexpr std::array kTwo{
    Point{22, 28},
    Point{32, 12},
    Point{52, 8},
    Point{72, 16},
    Point{76, 34},
    Point{62, 54},
    Point{38, 74},
    Point{22, 92},
    Point{80, 92}};
constexpr std::array kThree{
    Point{24, 14},
    Point{50, 8},
    Point{74, 18},
    Point{74, 36},
    Point{48, 48},
    Point{76, 60},
    Point{78, 78},
    Point{54, 92},
    Point{24, 86}};
constexpr std::array kFour{Point{64, 92}, Point{64, 8}, Point{20, 64}, Point{84, 64}};
constexpr std::array kFive{
    Point{76, 8},
    Point{30, 8},
    Point{26, 46},
    Point{54, 40},
    Point{78, 56},
    Point{76, 80},
    Point{50, 92},
    Point{22, 84}};
constexpr std::array kSix{
    Point{68, 10},
    Point{44, 24},
    Point{26, 52},
    Point{26, 76},
    Point{46, 92},
    Point{68, 86},
    Point{76, 68},
    Point{64, 52},
    Point{42, 52},
    Point{27, 66}};
constexpr std::array kSeven{Point{20, 8}, Point{80, 8}, Point{44, 92}};
constexpr std::array kEight{
    Point{50, 48},
    Point{28, 36},
    Point{28, 18},
    Point{50, 8},
    Point{72, 18},
    Point{72, 36},
    Point{50, 48},
    Point{26, 62},
    Point{24, 80},
    Point{50, 92},
    Point{76, 80},
    Point{74, 62},
    Point{50, 48}};
constexpr std::array kNine{
    Point{74, 34},
    Point{58, 48},
    Point{36, 46},
    Point{24, 32},
    Point{34, 14},
    Point{56, 8},
    Point{72, 16},
    Point{74, 34},
    Point{70, 62},
    Point{56, 92}};

constexpr std::array<std::span<const Point>, kClasses> kStrokes{
    kZero, kOne, kTwo, kThree, kFour, kFive, kSix, kSeven, kEight, kNine};

/// Uniform in [-reach, reach].
std::int64_t around(Random& random, std::int64_t reach) {
    const auto width = static_cast<std::uint64_t>(2 * reach + 1);
    return static_cast<std::int64_t>(random.below(width)) - reach;
}

/// One writer's version of a stroke, in 1/256 pixel: every joint moves a little, then the whole is
/// scaled, slanted, turned and moved.
std::vector<Point> written(std::span<const Point> stroke, Random& random) {
    const std::int64_t wide = 85 + around(random, 17);
    const std::int64_t high = 90 + around(random, 12);
    const std::int64_t slant = around(random, 24);
    const std::int64_t turn = around(random, 10);
    const Point move{around(random, 2 * kPixel), around(random, 2 * kPixel)};
    std::vector<Point> out;
    for (const Point& joint : stroke) {
        // Percent of the box, from its middle.
        const std::int64_t x = (joint.x - 50 + around(random, 4)) * wide;
        const std::int64_t y = (joint.y - 50 + around(random, 4)) * high;
        const std::int64_t slanted = x - slant * y / 100;
        const std::int64_t turned = y + turn * x / 100;
        // 10,000 are one box of 22 pixels.
        constexpr std::int64_t kBox = 22 * kPixel;
        constexpr std::int64_t kMiddle = kSide * kPixel / 2;
        out.push_back(
            {kMiddle + move.x + slanted * kBox / 10'000,
             kMiddle + move.y + turned * kBox / 10'000});
    }
    return out;
}

/// Square of the distance from a point to a segment.
std::int64_t distance_squared(const Point& point, const Point& from, const Point& to) {
    const Point along{to.x - from.x, to.y - from.y};
    const Point away{point.x - from.x, point.y - from.y};
    const std::int64_t length = along.x * along.x + along.y * along.y;
    const std::int64_t dot = away.x * along.x + away.y * along.y;
    Point nearest = from;
    if (dot >= length) {
        nearest = to;
    } else if (dot > 0) {
        nearest = {from.x + along.x * dot / length, from.y + along.y * dot / length};
    }
    const Point rest{point.x - nearest.x, point.y - nearest.y};
    return rest.x * rest.x + rest.y * rest.y;
}

std::int64_t square_root(std::int64_t value) {
    std::int64_t root = 0;
    for (std::int64_t bit = std::int64_t{1} << 15; bit > 0; bit >>= 1) {
        if ((root + bit) * (root + bit) <= value) {
            root += bit;
        }
    }
    return root;
}

/// 255 within the radius of the pen, fading over one pixel.
std::int64_t ink(std::int64_t squared, std::int64_t radius) {
    const std::int64_t end = radius + kPixel;
    if (squared >= end * end) {
        return 0;
    }
    return std::min<std::int64_t>(255, (end - square_root(squared)) * 255 / kPixel);
}

Bytes drawn(std::uint32_t digit, Random& random) {
    const std::vector<Point> joints = written(kStrokes[digit], random);
    const std::int64_t radius = 150 + around(random, 80);
    const std::int64_t strength = 225 + around(random, 30);
    Bytes out;
    out.reserve(std::size_t{kSide} * kSide);
    for (std::uint32_t y = 0; y < kSide; ++y) {
        for (std::uint32_t x = 0; x < kSide; ++x) {
            const Point middle{x * kPixel + kPixel / 2, y * kPixel + kPixel / 2};
            std::int64_t least = std::numeric_limits<std::int64_t>::max();
            for (std::size_t i = 1; i < joints.size(); ++i) {
                least = std::min(least, distance_squared(middle, joints[i - 1], joints[i]));
            }
            std::int64_t value = ink(least, radius) * strength / 255;
            if (random.chance(1, 64)) {
                value = std::clamp<std::int64_t>(value + around(random, 96), 0, 255);
            }
            out.push_back(static_cast<std::uint8_t>(value));
        }
    }
    return out;
}

}  // namespace

Result<Bytes, DataError> draw_digits(std::uint32_t count, std::uint64_t seed) {
    if (count < kClasses) {
        return fail(DataCode::kTooFewSamples, "digits");
    }
    if (count > kDigitsMax) {
        return fail(DataCode::kTooLarge, "digits: at most 200,000");
    }
    auto builder = exact::DatasetBuilder::create({1, kSide, kSide}, kClasses);
    if (!builder) {
        return fail(builder.error());
    }
    Random random(seed, "digits");
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t digit = i % kClasses;
        if (auto added = builder->add(drawn(digit, random), digit); !added) {
            return fail(added.error());
        }
    }
    auto file = builder->finish();
    if (!file) {
        return fail(file.error());
    }
    return *std::move(file);
}

}  // namespace polis::data
