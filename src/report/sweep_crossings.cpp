// Where the swept network becomes better or worse than the other one.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "smoothbound/report/sweep.hpp"

namespace smoothbound {
namespace {

// A place on the swept axis with the standing there.
struct Stand {
  SweepValue value;
  Standing standing = Standing::equal;
};

constexpr std::array<Magnitude Triple::*, 2> compared{&Triple::lipschitz, &Triple::smoothness};

// Bisects the intervals of one axis; the other settings stand still.
class Bisector {
 public:
  Bisector(const Sweep& sweep, SweptNetwork& swept, SweptNetwork& other)
      : axis_(sweep.axes[sweep.crossing_axis]), swept_(swept), other_(other) {}

  void choose(Method method, Magnitude Triple::*bound) {
    method_ = method;
    bound_ = bound;
  }

  // All changes of standing that bisection meets between two places of different standing.
  void find(const Stand& from, const Stand& to, std::vector<Crossing>& found) {
    Stand left = from;
    while (left.standing != to.standing) {
      Stand low = left;
      Stand high = to;
      while (const std::optional<SweepValue> middle = between(low, high, to)) {
        const Stand at{*middle, standing_at(*middle)};
        (at.standing == low.standing ? low : high) = at;
      }
      found.push_back({low.value, high.value, low.standing, high.standing});
      left = high;  // an exact tie on the way from better to worse, or the end
    }
  }

 private:
  Standing standing_at(const SweepValue& value) {
    swept_.set(axis_.setting, value);
    other_.set(axis_.setting, value);
    return compare(swept_.bounds(method_).network().*bound_,
                   other_.bounds(method_).network().*bound_);
  }

  // A value between the two, unless they agree to 6 digits.
  std::optional<SweepValue> between(const Stand& low, const Stand& high, const Stand& end) const {
    const double a = low.value.real.nearest;
    const double b = high.value.real.nearest;
    SweepValue middle;
    if (axis_.is_count()) {
      middle.count = std::midpoint(low.value.count, high.value.count);
      if (middle.count == low.value.count) return std::nullopt;
      middle.literal = std::to_string(middle.count);
    } else {
      constexpr double six_digits = 1e-7;     // with a margin
      constexpr double next_to_zero = 1e-12;  // of the interval's end
      constexpr int digits = 10;
      if (b - a <= six_digits * a || b <= next_to_zero * end.value.real.nearest) {
        return std::nullopt;
      }
      const double value =
          axis_.spacing == Spacing::logarithmic ? std::sqrt(a) * std::sqrt(b) : std::midpoint(a, b);
      middle.literal = decimal_literal(value, digits);
    }
    middle.real = Real::from_decimal(middle.literal);
    if (!(a < middle.real.nearest && middle.real.nearest < b)) return std::nullopt;
    return middle;
  }

  const SweepAxis& axis_;
  SweptNetwork& swept_;
  SweptNetwork& other_;
  Method method_ = Method::sharp;
  Magnitude Triple::*bound_ = &Triple::lipschitz;
};

// A tie at a single place is not two crossings: the two intervals around it are one.
std::vector<Crossing> join_at_ties(const std::vector<Crossing>& found) {
  std::vector<Crossing> joined;
  for (const Crossing& crossing : found) {
    if (!joined.empty() && crossing.below == Standing::equal &&
        joined.back().high.literal == crossing.low.literal) {
      joined.back().high = crossing.high;
      joined.back().above = crossing.above;
    } else {
      joined.push_back(crossing);
    }
  }
  return joined;
}

// One combination of the settings besides the swept one.
class Line {
 public:
  Line(const Sweep& sweep, std::size_t combination) : sweep_(sweep) {
    const std::size_t axis = sweep.crossing_axis;
    std::size_t fast = 1;  // the number of combinations of the faster axes
    for (std::size_t i = axis + 1; i < sweep.axes.size(); ++i) fast *= sweep.axes[i].values.size();
    const std::size_t size = sweep.axes[axis].values.size();
    first_ = combination / fast * fast * size + combination % fast;
    for (std::size_t i = 0; i < size; ++i) points_.push_back(first_ + i * fast);
    const auto value = [&](std::size_t point) { return sweep_.value(point, axis).real.nearest; };
    std::ranges::stable_sort(points_, {}, value);
    const auto same = [&](std::size_t a, std::size_t b) { return value(a) == value(b); };
    points_.erase(std::unique(points_.begin(), points_.end(), same), points_.end());
  }

  [[nodiscard]] std::size_t first() const { return first_; }

  [[nodiscard]] std::vector<Stand> stands(std::size_t method, Magnitude Triple::*bound) const {
    std::vector<Stand> all;
    for (const std::size_t point : points_) {
      all.push_back({sweep_.value(point, sweep_.crossing_axis),
                     compare(sweep_.at(point, method).network.*bound,
                             sweep_.other_at(point, method).network.*bound)});
    }
    return all;
  }

 private:
  const Sweep& sweep_;
  std::size_t first_ = 0;
  std::vector<std::size_t> points_;  // by increasing value
};

}  // namespace

void find_crossings(Sweep& sweep, const SweepRun& run) {
  const std::size_t combinations =
      sweep.point_count() / sweep.axes[sweep.crossing_axis].values.size();
  const std::size_t each = sweep.methods.size() * compared.size();
  sweep.crossings.resize(combinations * each);
  run_in_parallel(combinations, run, [&]() -> RangeTask {
    auto swept = std::make_shared<SweptNetwork>(sweep.base);
    auto other = std::make_shared<SweptNetwork>(*sweep.against);
    return [&, swept, other](std::size_t begin, std::size_t end) {
      Bisector bisector(sweep, *swept, *other);
      for (std::size_t combination = begin; combination < end; ++combination) {
        const Line line(sweep, combination);
        for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
          const SweepValue& value = sweep.value(line.first(), axis);
          swept->set(sweep.axes[axis].setting, value);
          other->set(sweep.axes[axis].setting, value);
        }
        for (std::size_t i = 0; i < each; ++i) {
          CrossingList list;
          list.first_point = line.first();
          list.method = i / compared.size();
          list.bound = compared[i % compared.size()];
          const std::vector<Stand> stands = line.stands(list.method, list.bound);
          list.at_lowest = stands.front().standing;
          bisector.choose(sweep.methods[list.method], list.bound);
          std::vector<Crossing> found;
          for (std::size_t s = 1; s < stands.size(); ++s) {
            bisector.find(stands[s - 1], stands[s], found);
          }
          list.crossings = join_at_ties(found);
          sweep.crossings[combination * each + i] = std::move(list);
        }
      }
    };
  });
}

}  // namespace smoothbound
