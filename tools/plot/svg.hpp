#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What pictures are made of: escaped text, scales with round ticks, elements of SVG.
namespace polis::tools::plot {

/// Text for HTML, SVG and attributes in quotes. Control characters become spaces.
[[nodiscard]] std::string escaped(std::string_view text);

/// A coordinate, with no more digits than a screen can show.
[[nodiscard]] std::string coordinate(double value);

/// "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t value);

/// "12,000", "0.25", "1.5e+12": as short as the number allows.
[[nodiscard]] std::string number_text(double value);

/// The width that a text takes, in pixels, at the size of the pictures' labels. An estimate: fonts
/// differ, so pictures leave some room.
[[nodiscard]] double text_width(std::string_view text);

/// A range of values on a stretch of pixels.
class Scale {
  public:
    /// Linear; begins at 0 and ends at a round number that is not below `most`.
    [[nodiscard]] static Scale from_zero(double most, std::size_t ticks_about);

    /// Linear, exactly from `least` to `most`. A range without width is widened.
    [[nodiscard]] static Scale exact(double least, double most, std::size_t ticks_about);

    /// Logarithmic, from and to round numbers. @pre 0 < least <= most
    [[nodiscard]] static Scale logarithmic(double least, double most);

    void put_on(double begin, double end);

    /// The pixel of a value; outside of the range, of the nearest end.
    [[nodiscard]] double at(double value) const;

    [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }

    [[nodiscard]] bool is_logarithmic() const { return logarithmic_; }

    [[nodiscard]] double least() const { return least_; }

    [[nodiscard]] double most() const { return most_; }

  private:
    Scale(double least, double most, bool logarithmic)
        : least_(least), most_(most), logarithmic_(logarithmic) {}

    double least_;
    double most_;
    bool logarithmic_;
    std::vector<double> ticks_;
    double begin_ = 0;
    double end_ = 1;
};

}  // namespace polis::tools::plot
