#include "shared/directed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace smoothbound {
namespace {

// "1.50000e-02" as "0.015", where no more than a few zeros stand in front.
std::string plain(const std::string& scientific, int digits) {
  const std::size_t mark = scientific.find('e');
  if (mark == std::string::npos) return scientific;
  const int exponent = std::stoi(scientific.substr(mark + 1));
  std::string text = scientific.substr(0, mark);
  std::erase(text, '.');
  constexpr int most_zeros = 4;
  const bool fits = -most_zeros <= exponent && exponent < digits;
  if (fits && exponent < 0) {
    text = "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + text;
  } else {
    const std::size_t whole = fits ? static_cast<std::size_t>(exponent) + 1 : 1;
    if (text.size() > whole) text.insert(whole, 1, '.');
  }
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return fits ? text : text + scientific.substr(mark);
}

}  // namespace

std::string directed(double value, Rounding rounding, int digits) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  if (value == 0) return "0";
  const bool up = (rounding == Rounding::up) == (value > 0);  // of the magnitude
  const double size = std::abs(value);
  const std::string text = up ? Magnitude::from_double(size).to_text(digits)
                              : LowerBound::from_double(size).to_text(digits);
  return (value < 0 ? "-" : "") + plain(text, digits);
}

std::string not_beyond(double value) {
  const std::string near = fmt::format("{:.{}g}", value, words::digits_for_people);
  return std::stod(near) <= value ? near : at_least(value);
}

std::string interval(double lower, double upper) {
  const double size = std::max(std::abs(lower), std::abs(upper));
  const double width = upper - lower;
  int digits = words::digits_for_machines;
  if (width > 0 && std::isfinite(width)) {
    const double told = std::ceil(std::log10(size / width)) + 2;
    digits = static_cast<int>(std::clamp(told, 3.0, double{words::digits_for_machines}));
  }
  return fmt::format("[{}, {}]", at_least(lower, digits), at_most(upper, digits));
}

}  // namespace smoothbound
