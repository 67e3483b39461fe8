// Where the swept network becomes better or worse than the other one.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "smoothbound/bounds/sweep.hpp"

namespace smoothbound {
namespace {

// A place on the swept axis with the bounds there.
struct Place {
  SweepValue value;
  Triple swept;
  Triple other;

  [[nodiscard]] double at() const { return value.real.nearest; }
};

constexpr std::array<TripleEntry, 2> compared{&Triple::lipschitz, &Triple::smoothness};

// Grids with fewer intervals are refined, so that crossings between their points do not hide.
constexpr std::size_t least_intervals = 64;

Standing standing(const Place& place, TripleEntry bound) {
  return standing_of(place.swept.*bound, place.other.*bound);
}

// How far the bounds are apart, in orders of magnitude; NaN or inf where one is infinite or 0.
double distance(const Place& place, TripleEntry bound) {
  return std::abs((place.swept.*bound).log10() - (place.other.*bound).log10());
}

// Evaluates between the points of one axis; the other settings stand still.
class Search {
 public:
  Search(const Sweep& sweep, SweptNetwork& swept, SweptNetwork& other)
      : axis_(sweep.axes[sweep.crossing_axis]), swept_(swept), other_(other) {}

  void choose(Method method) { method_ = method; }

  // The places with as many more between each two of them as make `least_intervals`.
  std::vector<Place> refine(std::vector<Place> places) {
    if (places.size() < 2 || places.size() > least_intervals) return places;
    const std::size_t pieces =
        (least_intervals + places.size() - 2) / (places.size() - 1);  // of each interval
    std::vector<Place> finer;
    for (std::size_t i = 0; i + 1 < places.size(); ++i) {
      finer.push_back(places[i]);
      for (std::size_t k = 1; k < pieces; ++k) {
        const double share = static_cast<double>(k) / static_cast<double>(pieces);
        const std::optional<SweepValue> value = between(places[i], places[i + 1], share);
        if (value && value->real.nearest > finer.back().at()) finer.push_back(evaluate(*value));
      }
    }
    finer.push_back(places.back());
    return finer;
  }

  // Where the bounds come closest to each other without a change of standing at the places, they
  // may cross and cross back between two of them: a place with the other standing, if any is met.
  std::optional<Place> dip(const std::vector<Place>& places, std::size_t lowest,
                           TripleEntry bound) {
    const Place& left = places[lowest == 0 ? 0 : lowest - 1];
    const Place& right = places[std::min(lowest + 1, places.size() - 1)];
    const Standing side = standing(places[lowest], bound);
    if (side == Standing::equal || standing(left, bound) != side ||
        standing(right, bound) != side) {
      return std::nullopt;
    }
    const double here = distance(places[lowest], bound);
    const double before = distance(left, bound);
    const double after = distance(right, bound);
    if (!(here <= before && here <= after)) return std::nullopt;
    // A smooth curve does not dip by more than its rise to the next places; this spares plateaus.
    constexpr double steepest = 16;
    if (!(here <= steepest * (std::max(before, after) - here))) return std::nullopt;
    return golden_section(left, right, side, bound);
  }

  // All changes of standing that bisection meets between two places of different standing.
  void bisect(const Place& from, const Place& to, TripleEntry bound, std::vector<Crossing>& found) {
    Place left = from;
    const Standing end = standing(to, bound);
    while (standing(left, bound) != end) {
      Place low = left;
      Place high = to;
      const Standing below = standing(low, bound);
      while (!agree(low, high, to)) {
        const std::optional<SweepValue> middle = between(low, high, half);
        if (!middle) break;
        Place at = evaluate(*middle);
        (standing(at, bound) == below ? low : high) = std::move(at);
      }
      found.push_back({low.value, high.value, below, standing(high, bound)});
      left = std::move(high);  // an exact tie on the way from better to worse, or the end
    }
  }

 private:
  static constexpr double half = 0.5;

  Place evaluate(const SweepValue& value) {
    swept_.set(axis_.setting, value);
    other_.set(axis_.setting, value);
    return {value, swept_.bounds(method_).network(), other_.bounds(method_).network()};
  }

  // Looks for the least distance, and stops at the first place with another standing.
  std::optional<Place> golden_section(const Place& left, const Place& right, Standing side,
                                      TripleEntry bound) {
    constexpr double golden = 0.6180339887498949;
    constexpr int most_steps = 40;
    Place low = left;
    Place high = right;
    std::optional<Place> inner;  // between the two, the least so far
    for (int step = 0; step < most_steps && !agree(low, high, right); ++step) {
      // The larger of the two parts is divided.
      const bool above = !inner || fraction(low, inner->value, high) < half;
      const Place& a = inner && above ? *inner : low;
      const Place& b = inner && !above ? *inner : high;
      const double share = !inner ? golden : above ? 1 - golden : golden;
      const std::optional<SweepValue> value = between(a, b, share);
      if (!value) break;
      Place next = evaluate(*value);
      if (standing(next, bound) != side) return next;
      if (!inner) {
        inner = std::move(next);
      } else if (distance(next, bound) < distance(*inner, bound)) {
        (above ? low : high) = *std::exchange(inner, std::move(next));
      } else {
        (above ? high : low) = std::move(next);
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool logarithmic() const { return axis_.spacing == Spacing::logarithmic; }

  // Where a value lies between two places: 0 at the first, 1 at the second.
  [[nodiscard]] double fraction(const Place& low, const SweepValue& value,
                                const Place& high) const {
    const double at = value.real.nearest;
    if (logarithmic()) return std::log(at / low.at()) / std::log(high.at() / low.at());
    return (at - low.at()) / (high.at() - low.at());
  }

  // To 6 digits, with a margin; `end` tells what is as good as 0.
  [[nodiscard]] bool agree(const Place& low, const Place& high, const Place& end) const {
    constexpr double six_digits = 1e-7;
    constexpr double next_to_zero = 1e-12;
    if (axis_.is_count()) return high.value.count - low.value.count <= 1;
    return high.at() - low.at() <= six_digits * low.at() || high.at() <= next_to_zero * end.at();
  }

  // A value inside, at that share of the way from `low` to `high`, if there is one.
  [[nodiscard]] std::optional<SweepValue> between(const Place& low, const Place& high,
                                                  double share) const {
    const double a = low.at();
    const double b = high.at();
    double value = share == half ? std::midpoint(a, b) : a + share * (b - a);
    if (logarithmic()) {
      value = share == half ? std::sqrt(a) * std::sqrt(b) : a * std::pow(b / a, share);
    }
    SweepValue inside;
    if (axis_.is_count()) {
      const std::int64_t first = low.value.count;
      const std::int64_t last = high.value.count;
      if (last - first < 2) return std::nullopt;
      inside.count = share == half
                         ? std::midpoint(first, last)
                         : std::clamp(static_cast<std::int64_t>(value), first + 1, last - 1);
      inside.literal = std::to_string(inside.count);
    } else {
      constexpr int digits = 10;
      inside.literal = decimal_literal(value, digits);
    }
    inside.real = Real::from_decimal(inside.literal);
    if (!(a < inside.real.nearest && inside.real.nearest < b)) return std::nullopt;
    return inside;
  }

  const SweepAxis& axis_;
  SweptNetwork& swept_;
  SweptNetwork& other_;
  Method method_ = Method::sharp;
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

  [[nodiscard]] std::vector<Place> places(std::size_t method) const {
    std::vector<Place> all;
    all.reserve(points_.size());
    for (const std::size_t point : points_) {
      all.push_back({sweep_.value(point, sweep_.crossing_axis), sweep_.at(point, method).network,
                     sweep_.other_at(point, method).network});
    }
    return all;
  }

 private:
  const Sweep& sweep_;
  std::size_t first_ = 0;
  std::vector<std::size_t> points_;  // by increasing value
};

CrossingList list_crossings(const std::vector<Place>& places, TripleEntry bound, Search& search) {
  CrossingList list;
  list.bound = bound;
  list.at_lowest = standing(places.front(), bound);
  std::vector<Place> dips;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (std::optional<Place> dip = search.dip(places, i, bound)) dips.push_back(*std::move(dip));
  }
  std::vector<const Place*> all;
  all.reserve(places.size() + dips.size());
  for (const Place& place : places) all.push_back(&place);
  for (const Place& place : dips) all.push_back(&place);
  std::ranges::stable_sort(all, {}, &Place::at);
  std::vector<Crossing> found;
  for (std::size_t i = 1; i < all.size(); ++i) search.bisect(*all[i - 1], *all[i], bound, found);
  list.crossings = join_at_ties(found);
  return list;
}

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
      Search search(sweep, *swept, *other);
      for (std::size_t combination = begin; combination < end; ++combination) {
        const Line line(sweep, combination);
        for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
          const SweepValue& value = sweep.value(line.first(), axis);
          swept->set(sweep.axes[axis].setting, value);
          other->set(sweep.axes[axis].setting, value);
        }
        for (std::size_t method = 0; method < sweep.methods.size(); ++method) {
          search.choose(sweep.methods[method]);
          const std::vector<Place> places = search.refine(line.places(method));
          for (std::size_t i = 0; i < compared.size(); ++i) {
            CrossingList list = list_crossings(places, compared[i], search);
            list.first_point = line.first();
            list.method = method;
            sweep.crossings[combination * each + method * compared.size() + i] = std::move(list);
          }
        }
      }
    };
  });
}

}  // namespace smoothbound
