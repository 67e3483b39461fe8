// Bounds along grids of settings, and where they cross those of another network.
#pragma once

#include <array>
#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/bounds/report.hpp"

namespace smoothbound {

/// What can be swept. A new one is one row in src/bounds/sweep_grid.cpp and one case in sweep.cpp.
enum class SweepSetting : std::uint8_t { bn_epsilon, radius, batch, input_norm, softplus_scale };

/// "bn_epsilon"
std::string_view name_of(SweepSetting setting);
std::string_view description_of(SweepSetting setting);
/// All of them.
std::span<const SweepSetting> sweep_settings();

/// A point of a grid: a decimal literal, and what it says.
struct SweepValue {
  std::string literal;
  Real real;
  std::int64_t count = 0;  // of a batch
};

enum class Spacing : std::uint8_t { linear, logarithmic };

/// A setting with the values that it takes, in the order given.
struct SweepAxis {
  SweepSetting setting = SweepSetting::bn_epsilon;
  Spacing spacing = Spacing::linear;  // of a list: logarithmic if no value is 0
  std::vector<SweepValue> values;

  [[nodiscard]] bool is_count() const { return setting == SweepSetting::batch; }
};

constexpr std::int64_t most_sweep_points = 1'000'000;

/// "a:b:lin:n", "a:b:log:n", a list "a,b,c" or a single number. Throws SpecError at the part that
/// is wrong.
SweepAxis parse_axis(SweepSetting setting, const text::ScalarText& text);

/// A value that a literal spells; throws SpecError.
SweepValue parse_sweep_value(SweepSetting setting, const text::ScalarText& text);

/// The shortest literal of a double, with up to `digits` significant digits.
std::string decimal_literal(double value, int digits = 17);

/// A network whose swept settings change in place, as cheap as their number. One for each thread.
class SweptNetwork {
 public:
  explicit SweptNetwork(const Report& report);
  SweptNetwork(const SweptNetwork&) = delete;
  SweptNetwork& operator=(const SweptNetwork&) = delete;
  ~SweptNetwork() = default;

  void set(SweepSetting setting, const SweepValue& value);
  [[nodiscard]] BoundTable bounds(Method method) const;
  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] const ResolvedSettings& settings() const { return settings_; }

 private:
  Graph graph_;
  ResolvedSettings settings_;
  std::vector<Real*> epsilons_;
  std::vector<Real*> scales_;
};

/// Whether a network's bounds depend on a setting at all.
bool depends_on(const Graph& graph, SweepSetting setting);

/// What one method says of one point.
struct SweepBounds {
  Triple network;
  std::array<const std::string*, 3> reasons{};  // why m, l, L are infinite; null if they are not
  // If there is a loss:
  Magnitude objective_lipschitz;
  Magnitude objective_smoothness;
  Magnitude iterations;  // of gradient descent
  Route route = Route::stacked;
  const std::string* objective_reason = nullptr;  // why one of the three is infinite
};

/// How the swept network compares with the other one: a smaller bound is better.
enum class Standing : std::uint8_t { better, equal, worse };

constexpr std::string_view name_of(Standing standing) {
  return standing == Standing::better ? "better" : standing == Standing::equal ? "equal" : "worse";
}

Standing standing_of(const Magnitude& swept, const Magnitude& other);

/// An interval of the swept setting in which the standing changes, so short that its ends agree to
/// 6 digits (of a batch: two neighbouring integers). With a tie in its middle it may have the same
/// standing at both ends.
struct Crossing {
  SweepValue low;
  SweepValue high;
  Standing below = Standing::equal;  // at `low`
  Standing above = Standing::equal;  // at `high`
};

/// All crossings along the first swept setting, for one method, bound and combination of the
/// other settings.
struct CrossingList {
  std::size_t first_point = 0;  // a point with that combination
  std::size_t method = 0;       // index in Sweep::methods
  TripleEntry bound = &Triple::lipschitz;
  Standing at_lowest = Standing::equal;
  std::vector<Crossing> crossings;  // by increasing value
};

struct Sweep {
  Report base;                    // without results
  std::optional<Report> against;  // likewise
  std::vector<SweepAxis> axes;
  std::vector<Method> methods;
  /// Of every point all methods; the last axis is the fastest.
  std::vector<SweepBounds> results;
  /// Of the other network, for the axes that it depends on.
  std::vector<SweepBounds> against_results;
  std::vector<std::size_t> against_axes;
  std::size_t crossing_axis = 0;
  std::vector<CrossingList> crossings;
  std::vector<std::string> assumptions;
  std::shared_ptr<const void> reasons;  // owns the texts that the results point to

  [[nodiscard]] std::size_t point_count() const;
  /// The value of `axis` at a point.
  [[nodiscard]] const SweepValue& value(std::size_t point, std::size_t axis) const;
  [[nodiscard]] const SweepBounds& at(std::size_t point, std::size_t method) const {
    return results[point * methods.size() + method];
  }
  /// The other network at a point.
  [[nodiscard]] const SweepBounds& other_at(std::size_t point, std::size_t method) const;
  [[nodiscard]] bool has_finite_answer() const;
};

/// Options with which `make_report` reads and checks a network for every point at once, without
/// evaluating any: the largest batch, the smallest input norm.
ReportOptions options_for(ReportOptions options, std::span<const SweepAxis> axes);

/// How a sweep is run; nothing of it changes the results.
struct SweepRun {
  unsigned threads = 0;  // 0: as many as there are cores
  /// Called now and then with the number of evaluations done, and of all.
  std::function<void(std::size_t, std::size_t)> progress;
};

/// Throws SpecError (at no place) for more than `most_sweep_points` combinations.
void refuse_too_many_points(std::span<const SweepAxis> axes);

/// Evaluates every point and finds every crossing. The reports come from `options_for`, and
/// there are not too many points.
Sweep run_sweep(Report base, std::optional<Report> against, std::vector<SweepAxis> axes,
                std::vector<Method> methods, const SweepRun& run);

/// Calls `task(begin, end)` for pieces of [0, count) on several threads and waits for all. Each
/// call of `make_task` gives a task that belongs to one thread. Rethrows the first exception.
using RangeTask = std::function<void(std::size_t begin, std::size_t end)>;
void run_in_parallel(std::size_t count, const SweepRun& run,
                     const std::function<RangeTask()>& make_task);

/// Fills `sweep.crossings` from its results.
void find_crossings(Sweep& sweep, const SweepRun& run);

}  // namespace smoothbound
