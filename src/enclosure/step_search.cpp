#include "smoothbound/enclosure/step_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace smoothbound {
namespace {

// Rounded down.
double decrease_of(const Range& start, const Range& end) {
  const double difference = start.lower - end.upper;
  return difference - std::abs(difference) * 0x1p-50;
}

// Four decimal digits of it, rounded down: what is certified is that number, and people read it.
double with_few_digits(double t) {
  for (const double near : {t, t * 0.9995}) {
    const double few = std::stod(fmt::format("{:.4g}", near));
    if (few <= t && few > 0) return few;
  }
  return t;
}

ProvedStep step_at(const ObjectiveEnclosure& line, double t) {
  const Range start = line.at(0);
  const Range end = line.at(t);
  return {t, end.upper, end.lower, decrease_of(start, end), line.length(), line.order()};
}

// Evaluates f so often on [low, high], closer and closer around a minimum; returns its place.
template <class Function>
double golden_section(double low, double high, int evaluations, const Function& f) {
  const double ratio = 1 / std::numbers::phi;
  double a = high - ratio * (high - low);
  double b = low + ratio * (high - low);
  double of_a = f(a);
  double of_b = f(b);
  for (int i = 2; i < evaluations; ++i) {
    if (of_a < of_b) {
      high = std::exchange(b, a);
      of_b = of_a;
      a = high - ratio * (high - low);
      of_a = f(a);
    } else {
      low = std::exchange(a, b);
      of_a = of_b;
      b = low + ratio * (high - low);
      of_b = f(b);
    }
  }
  return (low + high) / 2;
}

// Golden section for the least u; all that is evaluated is certified, and the best is kept.
ProvedStep least_bound(const ObjectiveEnclosure& line) {
  constexpr int evaluations = 18;
  const double high = line.length();
  ProvedStep best = step_at(line, high);
  const auto look = [&](double t) {
    const double upper = line.at(t).upper;
    if (upper < best.upper) best = step_at(line, t);
    return upper;
  };
  (void)golden_section(0, high, evaluations, look);
  return best;
}

// Whether a step is certified to decrease F by its share of what the slope promises.
bool suffices(const ObjectiveEnclosure& line, double t, double of_slope) {
  const double share = of_slope * std::abs(line.derivatives().slope) * t * (1 + 0x1p-40);
  return line.at(t).upper <= line.at(0).lower - share * (1 + 0x1p-40);
}

// The longest of some steps that decrease F enough, then halves of what is left.
std::optional<ProvedStep> longest(const ObjectiveEnclosure& line, double share) {
  const double length = line.length();
  if (suffices(line, length, share)) return step_at(line, length);
  constexpr int pieces = 16;
  for (int i = pieces - 1; i > 0; --i) {
    double good = length * i / pieces;
    if (!suffices(line, good, share)) continue;
    double bad = length * (i + 1) / pieces;
    for (int step = 0; step < 6; ++step) {
      const double middle = (good + bad) / 2;
      (suffices(line, middle, share) ? good : bad) = middle;
    }
    return step_at(line, good);
  }
  return std::nullopt;
}

bool is_better(const ProvedStep& a, const ProvedStep& b, StepGoal goal) {
  return goal == StepGoal::least_bound ? a.upper < b.upper : a.t > b.t;
}

}  // namespace

std::optional<ProvedStep> best_on_interval(const ObjectiveEnclosure& line, StepGoal goal,
                                           double share) {
  std::optional<ProvedStep> step =
      goal == StepGoal::least_bound ? std::optional(least_bound(line)) : longest(line, share);
  // Not "<= 0": NaN is no decrease.
  if (!step || !(step->decrease > 0)) return std::nullopt;
  const ProvedStep shown = step_at(line, with_few_digits(step->t));
  const bool is_enough = goal == StepGoal::least_bound || suffices(line, shown.t, share);
  return shown.decrease > 0 && is_enough ? shown : step;
}

namespace {

// Up or down from there in quarters of an octave, as long as it gets better.
template <class Look>
void refine(const StepSearch& search, ProvedStep& best, const Look& look) {
  const double quarter = std::pow(2.0, 0.25);
  for (const double factor : {quarter, 1 / quarter}) {
    for (double at = best.length;;) {
      at = std::min(at * factor, search.longest);
      if (at == best.length) break;
      const std::optional<ProvedStep> step = look(at);
      if (!step || !is_better(*step, best, search.goal)) break;
      best = *step;
    }
  }
}

}  // namespace

double usual_length(const LineDerivatives& f) {
  return f.slope < 0 && f.curvature > 0 ? -1.2 * f.slope / f.curvature : 1;
}

namespace {

// `prove` makes a pass for a T, and gives the best step.
template <class Prove>
FoundStep search_steps(const LineDerivatives& f, const StepSearch& search, const Prove& prove) {
  FoundStep found;
  if (!(f.slope < 0)) return found;
  double length = search.first_length > 0 ? search.first_length : usual_length(f);
  length = std::min(length, search.longest);
  int& passes = found.passes;
  const auto look = [&](double at) -> std::optional<ProvedStep> {
    ++passes;
    if (search.before_pass) search.before_pass();
    return prove(at);
  };
  while (passes < search.most_passes) {
    const std::optional<ProvedStep> step = look(length);
    if (step && (!found.step || is_better(*step, *found.step, search.goal))) found.step = step;
    if (step && step->t > 0.15 * length) break;
    length = step ? std::max(length / 3, 1.5 * step->t) : length / 3;
  }
  if (!found.step) return found;
  if (search.refines) {
    refine(search, *found.step,
           [&](double at) { return passes < search.most_passes ? look(at) : std::nullopt; });
  }
  const ProvedStep& best = *found.step;
  // Somewhat longer than the step, so that steps can grow.
  found.next_length =
      best.t > 0.97 * best.length ? 1.3 * best.length : std::max(1.17 * best.t, best.length / 2);
  return found;
}

}  // namespace

FoundStep find_step(ObjectiveEnclosure& line, const StepSearch& search) {
  return search_steps(line.derivatives(), search, [&](double at) -> std::optional<ProvedStep> {
    line.foresee({{with_few_digits(at / 3), search.mode}});
    if (!line.bound(with_few_digits(at), search.mode)) return std::nullopt;
    return best_on_interval(line, search.goal, search.share);
  });
}

namespace {

// Of a power of 2^(1/4), and no farther than `longest`.
double length_near(double at, double longest) {
  return with_few_digits(std::min(std::exp2(std::round(4 * std::log2(at)) / 4), longest));
}

}  // namespace

const StepFinder::Proved& StepFinder::pass(double length, EnclosureMode mode) {
  const auto [place, is_new] = known_.try_emplace({mode, length});
  if (is_new && line_->bound(length, mode)) {
    for (const StepGoal goal : {StepGoal::least_bound, StepGoal::sufficient_decrease}) {
      place->second[static_cast<std::size_t>(goal)] = best_on_interval(*line_, goal);
    }
  }
  return place->second;
}

// What a search may ask for next: shorter T, or those beside it.
void StepFinder::foresee(double at, const StepSearch& search) {
  const double quarter = std::pow(2.0, 0.25);
  std::vector<EnclosurePass> passes;
  for (const double factor : {quarter, 1 / quarter, 1.0 / 3, 1.0 / 9}) {
    passes.push_back({length_near(at * factor, search.longest), search.mode});
  }
  line_->foresee(std::move(passes));
}

FoundStep StepFinder::find(const StepSearch& search) {
  return search_steps(line_->derivatives(), search, [&](double at) {
    // Those of neighbouring T are found again, whatever search has come by them.
    const double length = length_near(at, search.longest);
    if (line_->has_micro_batches()) foresee(at, search);
    return pass(length, search.mode)[static_cast<std::size_t>(search.goal)];
  });
}

std::optional<double> first_minimum(const std::function<double(double)>& value, double first) {
  constexpr double growth = 1.25;
  double before = 0;
  double middle = 0;
  double of_middle = value(0);
  for (double t = first / 8; std::isfinite(t) && t < first * 1e6; t *= growth) {
    const double of_t = value(t);
    if (!(of_t < of_middle)) {
      constexpr int evaluations = 16;
      return golden_section(before, t, evaluations, value);
    }
    before = middle;
    middle = t;
    of_middle = of_t;
  }
  return std::nullopt;
}

}  // namespace smoothbound
