#include "smoothbound/bounds/decimal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace smoothbound {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

[[noreturn]] void refuse() { throw std::invalid_argument("not a decimal number >= 0"); }

std::string_view take_digits(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  if (digits.empty()) refuse();
  text.remove_prefix(digits.size());
  return digits;
}

}  // namespace

Decimal::Decimal(std::string_view text) {
  if (text == "inf") {
    infinite_ = true;
    return;
  }
  digits_ = take_digits(text);
  if (digits_.size() > 1 && digits_.front() == '0') refuse();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::string_view fraction = take_digits(text);
    digits_ += fraction;
    exponent_ = -static_cast<std::int64_t>(fraction.size());
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    // Far from the ends of int64, so that sums of exponents are.
    constexpr std::int64_t largest = std::int64_t{1} << 62U;
    std::int64_t given = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), given);
    if (error != std::errc() || given > largest || given < -largest) refuse();
    exponent_ += given;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!text.empty()) refuse();
  normalize();
}

void Decimal::normalize() {
  const std::size_t last = digits_.find_last_not_of('0');
  if (last == std::string::npos) {
    digits_.clear();
    exponent_ = 0;
    return;
  }
  exponent_ += static_cast<std::int64_t>(digits_.size() - last - 1);
  digits_.erase(last + 1);
  digits_.erase(0, digits_.find_first_not_of('0'));
}

Decimal Decimal::plus_one() const {
  if (is_zero()) return Decimal("1");
  Decimal sum = *this;
  if (sum.exponent_ > 0) {
    sum.digits_.append(static_cast<std::size_t>(sum.exponent_), '0');
    sum.exponent_ = 0;
  }
  const auto place = static_cast<std::size_t>(-sum.exponent_);  // digits behind the point
  if (sum.digits_.size() <= place) sum.digits_.insert(0, place + 1 - sum.digits_.size(), '0');
  std::size_t i = sum.digits_.size() - place - 1;
  while (sum.digits_[i] == '9') {
    sum.digits_[i] = '0';
    if (i == 0) {
      sum.digits_.insert(0, 1, '0');
    } else {
      --i;
    }
  }
  ++sum.digits_[i];
  sum.normalize();
  return sum;
}

Decimal operator*(const Decimal& a, const Decimal& b) {
  if (a.is_infinite() || b.is_infinite()) return Decimal("inf");
  Decimal product;
  std::vector<int> places(a.digits_.size() + b.digits_.size(), 0);
  for (std::size_t i = a.digits_.size(); i-- > 0;) {
    int carry = 0;
    for (std::size_t j = b.digits_.size(); j-- > 0;) {
      const int sum = places[i + j + 1] + (a.digits_[i] - '0') * (b.digits_[j] - '0') + carry;
      places[i + j + 1] = sum % 10;
      carry = sum / 10;
    }
    places[i] += carry;
  }
  for (const int digit : places) product.digits_ += static_cast<char>('0' + digit);
  product.exponent_ = a.exponent_ + b.exponent_;
  product.normalize();
  return product;
}

bool operator<(const Decimal& a, const Decimal& b) {
  if (a.infinite_ || b.infinite_) return !a.infinite_ && b.infinite_;
  if (a.digits_.empty() || b.digits_.empty()) return a.digits_.empty() && !b.digits_.empty();
  const auto place = [](const Decimal& d) {
    return d.exponent_ + static_cast<std::int64_t>(d.digits_.size());
  };
  if (place(a) != place(b)) return place(a) < place(b);
  return a.digits_ < b.digits_;
}

std::string shorten(std::string_view text, int digits, Rounding direction) {
  const std::size_t mark = text.find('e');
  if (mark == std::string_view::npos || text.size() < 2 || text[1] != '.') return std::string(text);
  std::string kept(text.substr(0, mark));
  const std::size_t size = static_cast<std::size_t>(digits) + 1;  // with the point
  if (kept.size() <= size) return std::string(text);
  const bool inexact = kept.find_first_not_of('0', size) != std::string::npos;
  kept.resize(size);
  std::string exponent(text.substr(mark));
  if (!inexact || direction == Rounding::down) return kept + exponent;
  std::size_t i = kept.size();
  while (i-- > 0) {
    if (kept[i] == '.') continue;
    if (kept[i] != '9') {
      ++kept[i];
      return kept + exponent;
    }
    kept[i] = '0';
  }
  kept.front() = '1';  // 9.99 has become 0.00
  std::string_view number = std::string_view(exponent).substr(1);
  if (number.starts_with('+')) number.remove_prefix(1);
  std::int64_t power = 0;
  std::from_chars(number.data(), number.data() + number.size(), power);
  return fmt::format("{}e{:+}", kept, power + 1);
}

std::string ratio_text(std::string_view before, std::string_view after) {
  if (before == after) return "1";
  if (before == "0" || after == "inf") return "inf";
  if (before == "inf" || after == "0") return "0";
  const Magnitude ratio = Magnitude::from_decimal(after) / LowerBound::from_decimal(before);
  constexpr double huge = 6;
  const double power = ratio.log10();
  if (std::abs(power) >= huge) return fmt::format("10^{:+.2f}", power);
  const double value = ratio.to_double();
  constexpr double visible = 1e-5;
  if (std::abs(value - 1) < visible) return fmt::format("1{:+.1e}", value - 1);
  return fmt::format("{:.6g}", value);
}

}  // namespace smoothbound
