// The grids of a sweep: from texts to values.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "smoothbound/bounds/sweep.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

struct SettingRow {
  SweepSetting setting;
  std::string_view name;
  std::string_view description;
  text::RealRange range;
};

constexpr std::array rows{
    SettingRow{SweepSetting::bn_epsilon, "bn_epsilon", "epsilon of every batch norm",
               text::RealRange::non_negative},
    SettingRow{SweepSetting::radius, "radius", "||v_l|| <= radius, for layers that name none",
               text::RealRange::non_negative},
    SettingRow{SweepSetting::batch, "batch", "number of samples in a batch",
               text::RealRange::positive},
    SettingRow{SweepSetting::input_norm, "input_norm", "norm of the stacked batch of inputs",
               text::RealRange::non_negative},
    SettingRow{SweepSetting::softplus_scale, "softplus_scale", "beta of every softplus",
               text::RealRange::positive}};

constexpr std::array all_settings{SweepSetting::bn_epsilon, SweepSetting::radius,
                                  SweepSetting::batch, SweepSetting::input_norm,
                                  SweepSetting::softplus_scale};

const SettingRow& row_of(SweepSetting setting) { return rows[static_cast<std::size_t>(setting)]; }

constexpr std::string_view forms = "write 0.1:10:log:21, 0:1:lin:11, a list 1,8,128 or a number";
constexpr std::array<std::string_view, 2> spacings{"lin", "log"};

// A piece of a text, in its place.
text::ScalarText piece_of(const text::ScalarText& text, std::size_t begin, std::size_t size,
                          std::string_view what) {
  const std::string before = escape_controls(text.text.substr(0, begin));
  return {text.text.substr(begin, size),
          false,
          {text.location.line,
           text.location.column + static_cast<std::uint32_t>(character_count(before))},
          what};
}

std::vector<text::ScalarText> split(const text::ScalarText& text, char separator) {
  std::vector<text::ScalarText> pieces;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = std::min(text.text.find(separator, begin), text.text.size());
    pieces.push_back(piece_of(text, begin, end - begin, text.what));
    if (end == text.text.size()) return pieces;
    begin = end + 1;
  }
}

[[noreturn]] void refuse_count(Location place, std::string_view what, std::string_view count) {
  throw SpecError(place,
                  fmt::format("{} has {} points: a sweep has at most 1,000,000", what, count),
                  "take fewer points; crossings are found to 6 digits from a coarse grid, too");
}

std::int64_t parse_number_of_points(text::ScalarText text) {
  const std::string what = fmt::format("the number of points of {}", text.what);
  const std::string_view option = text.what;
  text.what = what;
  const std::int64_t count = text::parse_count(text);
  if (count > most_sweep_points) refuse_count(text.location, option, text.text);
  return count;
}

// The point at `t` of the way; long double, so that 0.1 and 1e-3 come out as such.
double interpolate(double a, double b, long double t, Spacing spacing) {
  if (spacing == Spacing::linear) {
    return static_cast<double>(static_cast<long double>(a) * (1 - t) +
                               static_cast<long double>(b) * t);
  }
  const long double from = std::log10(static_cast<long double>(a));
  const long double to = std::log10(static_cast<long double>(b));
  return static_cast<double>(std::pow(10.0L, from * (1 - t) + to * t));
}

class Range {
 public:
  Range(SweepSetting setting, const text::ScalarText& text,
        const std::vector<text::ScalarText>& parts)
      : setting_(setting), text_(text), parts_(parts) {}

  SweepAxis parse() {
    if (parts_.size() != 4) {
      refuse(text_, fmt::format("{} is not a range", text_.what),
             "a range is FIRST:LAST:lin:POINTS or FIRST:LAST:log:POINTS, as in 0.1:10:log:21");
    }
    SweepAxis axis{setting_, Spacing::linear, {}};
    const SweepValue first = parse_sweep_value(setting_, parts_[0]);
    const SweepValue last = parse_sweep_value(setting_, parts_[1]);
    const auto spacing = std::ranges::find(spacings, parts_[2].text);
    if (spacing == spacings.end()) {
      refuse(parts_[2],
             fmt::format("{}: unknown spacing '{}'", text_.what, escape_controls(parts_[2].text)),
             "lin for equal differences, log for equal ratios");
    }
    if (*spacing == "log") {
      axis.spacing = Spacing::logarithmic;
      for (const std::size_t end : {std::size_t{0}, std::size_t{1}}) {
        const SweepValue& value = end == 0 ? first : last;
        if (value.real.nearest > 0) continue;
        refuse(parts_[end], fmt::format("{}: a log range cannot hold 0", text_.what),
               "begin above 0, or write lin");
      }
    }
    const std::int64_t count = parse_number_of_points(parts_[3]);
    check_ends(first, last, count);
    fill(axis, first, last, count);
    return axis;
  }

 private:
  [[noreturn]] static void refuse(const text::ScalarText& where, const std::string& message,
                                  std::string hint) {
    throw SpecError(where.location, message, std::move(hint));
  }

  void check_ends(const SweepValue& first, const SweepValue& last, std::int64_t count) const {
    if (last.real.nearest < first.real.nearest) {
      refuse(text_,
             fmt::format("{}: the range goes down, from {} to {}", text_.what, first.literal,
                         last.literal),
             fmt::format("write {}:{}:{}:{}", last.literal, first.literal, parts_[2].text,
                         parts_[3].text));
    }
    if (first.real.nearest == last.real.nearest && count > 1) {
      refuse(text_,
             fmt::format("{}: the range is empty, from {} to {}", text_.what, first.literal,
                         last.literal),
             fmt::format("write {} for a single point", first.literal));
    }
    if (first.real.nearest != last.real.nearest && count < 2) {
      refuse(parts_[3], fmt::format("{}: a range has at least 2 points", text_.what),
             fmt::format("write {} for a single point", first.literal));
    }
  }

  void fill(SweepAxis& axis, const SweepValue& first, const SweepValue& last,
            std::int64_t count) const {
    axis.values.reserve(static_cast<std::size_t>(count));
    axis.values.push_back(first);
    for (std::int64_t i = 1; i + 1 < count; ++i) {
      const double value = interpolate(
          first.real.nearest, last.real.nearest,
          static_cast<long double>(i) / static_cast<long double>(count - 1), axis.spacing);
      const std::string literal = axis.is_count() ? integer_literal(value) : decimal_literal(value);
      text::ScalarText text = text_;
      text.text = literal;
      append(axis, parse_sweep_value(setting_, text));
    }
    if (count > 1) append(axis, last);
  }

  void append(SweepAxis& axis, SweepValue value) const {
    if (!(axis.values.back().real.nearest < value.real.nearest)) {
      refuse(text_, fmt::format("{}: the points are too close to tell them apart", text_.what),
             "take fewer points or a wider range");
    }
    axis.values.push_back(std::move(value));
  }

  // A batch holds whole samples; what rounding did is forgiven.
  [[nodiscard]] std::string integer_literal(double value) const {
    const double nearest = std::round(value);
    constexpr double rounding = 1e-12;
    if (std::abs(value - nearest) > rounding * value) {
      refuse(text_,
             fmt::format("{} must be integers, not {}", text_.what, decimal_literal(value, 6)),
             "write a list of integers such as 1,8,128");
    }
    return fmt::format("{:.0f}", nearest);
  }

  SweepSetting setting_;
  const text::ScalarText& text_;
  const std::vector<text::ScalarText>& parts_;
};

}  // namespace

std::string_view name_of(SweepSetting setting) { return row_of(setting).name; }
std::string_view description_of(SweepSetting setting) { return row_of(setting).description; }
std::span<const SweepSetting> sweep_settings() { return all_settings; }

std::string decimal_literal(double value, int digits) {
  constexpr int shortest = 17;
  std::string text =
      digits >= shortest ? fmt::format("{}", value) : fmt::format("{:.{}g}", value, digits);
  // "1e-05" as "1e-5", "1e+20" as "1e20"
  std::size_t mark = text.find('e');
  if (mark == std::string::npos) return text;
  if (text[++mark] == '+') text.erase(mark, 1);
  if (text[mark] == '-') ++mark;
  while (text[mark] == '0') text.erase(mark, 1);
  return text;
}

SweepValue parse_sweep_value(SweepSetting setting, const text::ScalarText& text) {
  SweepValue value;
  if (setting == SweepSetting::batch) {
    value.count = text::parse_count(text);
    value.literal = std::to_string(value.count);
    value.real = Real::from_decimal(value.literal);
    return value;
  }
  value.real = text::parse_real(text, row_of(setting).range);
  value.literal = text.text;
  return value;
}

SweepAxis parse_axis(SweepSetting setting, const text::ScalarText& text) {
  if (text.text.find(':') != std::string_view::npos) {
    const std::vector<text::ScalarText> parts = split(text, ':');
    return Range(setting, text, parts).parse();
  }
  SweepAxis axis{setting, Spacing::logarithmic, {}};
  const std::vector<text::ScalarText> items = split(text, ',');
  if (items.size() > static_cast<std::size_t>(most_sweep_points)) {
    refuse_count(text.location, text.what, std::to_string(items.size()));
  }
  for (const text::ScalarText& item : items) {
    if (item.text.empty()) {
      throw SpecError(item.location, fmt::format("{} has an empty item", text.what),
                      std::string(forms));
    }
    axis.values.push_back(parse_sweep_value(setting, item));
    if (axis.values.back().real.nearest == 0) axis.spacing = Spacing::linear;
  }
  return axis;
}

}  // namespace smoothbound
