// Decimals of certified numbers of either sign.
#pragma once

#include <string>

#include "shared/words.hpp"
#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// A number with `digits` significant digits that is not below `value` (up), or not above it;
/// without an exponent where that is short.
std::string directed(double value, Rounding rounding, int digits = words::digits_for_people);

inline std::string at_most(double value, int digits = words::digits_for_people) {
  return directed(value, Rounding::up, digits);
}
inline std::string at_least(double value, int digits = words::digits_for_people) {
  return directed(value, Rounding::down, digits);
}

/// A number as somebody can type it again, who then gets one that is not above `value`: the decimal
/// of 6 digits that is next to it, if that is read so, else the next one below.
std::string not_beyond(double value);

/// "[1.02345670, 1.02345681]": with as many digits as tell the ends apart, and one more.
std::string interval(double lower, double upper);

}  // namespace smoothbound
