#include "smoothbound/bounds/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>

namespace smoothbound {
namespace {

// Few texts explain the infinities of many points.
class Reasons {
 public:
  const std::string* keep(std::string text) {
    const std::scoped_lock lock(mutex_);
    return &*texts_.insert(std::move(text)).first;
  }

 private:
  std::mutex mutex_;
  std::unordered_set<std::string> texts_;
};

SweepBounds evaluate(const SweptNetwork& network, Method method, Reasons& reasons) {
  const Graph& graph = network.graph();
  const ResolvedSettings& settings = network.settings();
  const BoundTable table = network.bounds(method);
  SweepBounds result;
  result.network = table.network();
  const auto is_infinite = [&](TripleEntry entry) { return (result.network.*entry).is_infinite(); };
  if (std::ranges::any_of(triple_entries, is_infinite)) {
    const CauseTable causes(graph, inputs_of(settings), table);
    for (std::size_t i = 0; i < triple_entries.size(); ++i) {
      const Cause* cause = causes.find(graph.output(), triple_entries[i]);
      if (cause != nullptr) result.reasons[i] = reasons.keep(describe(graph, *cause));
    }
  }
  if (settings.loss == nullptr) return result;
  const ObjectiveBounds objective = bound_objective(graph, settings, table);
  result.objective_lipschitz = objective.lipschitz;
  result.objective_smoothness = objective.smoothness;
  result.route = objective.route;
  result.iterations = gradient_descent(objective, settings).iterations;
  if (!objective.infinite_reason.empty()) {
    result.objective_reason = reasons.keep(objective.infinite_reason);
  }
  return result;
}

std::size_t size_of(std::span<const SweepAxis> axes) {
  std::size_t size = 1;
  for (const SweepAxis& axis : axes) size *= axis.values.size();
  return size;
}

// All points and methods of one network over `axes`.
std::vector<SweepBounds> evaluate_grid(const Report& report, std::span<const SweepAxis> axes,
                                       std::span<const Method> methods, const SweepRun& run,
                                       Reasons& reasons) {
  const std::size_t points = size_of(axes);
  std::vector<SweepBounds> results(points * methods.size());
  run_in_parallel(points, run, [&]() -> RangeTask {
    auto network = std::make_shared<SweptNetwork>(report);
    return [&, network](std::size_t begin, std::size_t end) {
      for (std::size_t point = begin; point < end; ++point) {
        std::size_t rest = point;
        for (std::size_t axis = axes.size(); axis-- > 0;) {
          const auto& values = axes[axis].values;
          network->set(axes[axis].setting, values[rest % values.size()]);
          rest /= values.size();
        }
        for (std::size_t i = 0; i < methods.size(); ++i) {
          results[point * methods.size() + i] = evaluate(*network, methods[i], reasons);
        }
      }
    };
  });
  return results;
}

}  // namespace

SweptNetwork::SweptNetwork(const Report& report)
    : graph_(report.graph), settings_(report.settings) {
  for (Layer& layer : graph_.layers) {
    for (PlacedComponent& part : layer.components) {
      if (Real* epsilon = batch_norm_epsilon(part.component)) epsilons_.push_back(epsilon);
      if (Real* scale = softplus_scale(part.component)) scales_.push_back(scale);
    }
  }
}

void SweptNetwork::set(SweepSetting setting, const SweepValue& value) {
  switch (setting) {
    case SweepSetting::bn_epsilon:
      for (Real* epsilon : epsilons_) *epsilon = value.real;
      break;
    case SweepSetting::radius:
      settings_.radius = value.real;
      break;
    case SweepSetting::batch:
      settings_.batch = value.count;
      break;
    case SweepSetting::input_norm:
      settings_.input_norm = value.real;
      if (settings_.sample_norm_is_default) settings_.sample_norm = value.real;
      break;
    case SweepSetting::softplus_scale:
      for (Real* scale : scales_) *scale = value.real;
      break;
  }
}

BoundTable SweptNetwork::bounds(Method method) const {
  return evaluate_bounds(graph_, inputs_of(settings_), method);
}

bool depends_on(const Graph& graph, SweepSetting setting) {
  const auto any_part = [&](const auto& predicate) {
    return std::ranges::any_of(graph.layers, [&](const Layer& layer) {
      return std::ranges::any_of(
          layer.components, [&](const PlacedComponent& part) { return predicate(part.component); });
    });
  };
  switch (setting) {
    case SweepSetting::bn_epsilon:
      return any_part([](const Component& c) { return std::holds_alternative<BatchNorm>(c); });
    case SweepSetting::softplus_scale:
      return any_part([](Component c) { return softplus_scale(c) != nullptr; });
    default:
      return true;
  }
}

Standing standing_of(const Magnitude& swept, const Magnitude& other) {
  if (swept == other) return Standing::equal;
  return swept < other ? Standing::better : Standing::worse;
}

std::size_t Sweep::point_count() const { return size_of(axes); }

const SweepValue& Sweep::value(std::size_t point, std::size_t axis) const {
  for (std::size_t i = axes.size(); --i > axis;) point /= axes[i].values.size();
  return axes[axis].values[point % axes[axis].values.size()];
}

const SweepBounds& Sweep::other_at(std::size_t point, std::size_t method) const {
  std::size_t index = 0;
  for (const std::size_t axis : against_axes) {
    std::size_t position = point;
    for (std::size_t i = axes.size(); --i > axis;) position /= axes[i].values.size();
    const std::size_t size = axes[axis].values.size();
    index = index * size + position % size;
  }
  return against_results[index * methods.size() + method];
}

bool Sweep::has_finite_answer() const {
  return std::ranges::any_of(results, [](const SweepBounds& bounds) {
    return std::ranges::any_of(
        triple_entries, [&](TripleEntry entry) { return (bounds.network.*entry).is_finite(); });
  });
}

ReportOptions options_for(ReportOptions options, std::span<const SweepAxis> axes) {
  options.methods.clear();
  for (const SweepAxis& axis : axes) {
    const auto by_value = [](const SweepValue& a, const SweepValue& b) {
      return a.real.upper < b.real.upper;
    };
    const auto [smallest, largest] = std::ranges::minmax_element(axis.values, by_value);
    switch (axis.setting) {
      case SweepSetting::bn_epsilon:
        options.batch_norm_epsilon = smallest->real;
        break;
      case SweepSetting::radius:
        options.overrides.radius = smallest->real;
        break;
      case SweepSetting::batch:
        options.overrides.batch = largest->count;
        break;
      case SweepSetting::input_norm:
        options.overrides.input_norm = smallest->real;
        break;
      case SweepSetting::softplus_scale:
        options.softplus_scale = smallest->real;
        break;
    }
  }
  return options;
}

void run_in_parallel(std::size_t count, const SweepRun& run,
                     const std::function<RangeTask()>& make_task) {
  constexpr std::size_t largest_piece = 64;
  const std::size_t wanted =
      run.threads > 0 ? run.threads : std::max(1U, std::thread::hardware_concurrency());
  const std::size_t piece = std::clamp<std::size_t>(count / (8 * wanted), 1, largest_piece);
  const std::size_t threads = std::min(wanted, (count + piece - 1) / piece);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&](bool reports_progress) {
    try {
      const RangeTask task = make_task();
      for (;;) {
        const std::size_t begin = next.fetch_add(piece);
        if (begin >= count) return;
        task(begin, std::min(begin + piece, count));
        if (reports_progress && run.progress) {
          run.progress(std::min(next.load(), count), count);
        }
      }
    } catch (...) {
      next = count;  // the others stop, too
      const std::scoped_lock lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (std::size_t i = 1; i < threads; ++i) {
        others.emplace_back([&] {
          const ThreadCaches released_at_the_end;
          work(false);
        });
      }
    } catch (const std::system_error&) {  // those that there are do it, too
    }
    work(true);
  }
  if (failure) std::rethrow_exception(failure);
}

void refuse_too_many_points(std::span<const SweepAxis> axes) {
  std::size_t size = 1;
  std::string factors;
  for (const SweepAxis& axis : axes) {
    factors += fmt::format("{}{}", factors.empty() ? "" : " x ", axis.values.size());
    // No overflow: an axis has at most as many values.
    size = std::min<std::size_t>(size, most_sweep_points + 1) * axis.values.size();
  }
  if (size <= static_cast<std::size_t>(most_sweep_points)) return;
  throw SpecError({}, fmt::format("{} points: a sweep has at most 1,000,000", factors),
                  "take fewer points; crossings are found to 6 digits from a coarse grid, too");
}

Sweep run_sweep(Report base, std::optional<Report> against, std::vector<SweepAxis> axes,
                std::vector<Method> methods, const SweepRun& run) {
  refuse_too_many_points(axes);
  Sweep sweep;
  sweep.base = std::move(base);
  sweep.against = std::move(against);
  sweep.axes = std::move(axes);
  sweep.methods = std::move(methods);
  auto reasons = std::make_shared<Reasons>();
  sweep.reasons = reasons;
  sweep.assumptions = sweep.base.assumptions;
  sweep.results = evaluate_grid(sweep.base, sweep.axes, sweep.methods, run, *reasons);
  // The first setting that moves at all.
  const auto moving = std::ranges::find_if(
      sweep.axes, [](const SweepAxis& axis) { return axis.values.size() > 1; });
  if (moving != sweep.axes.end()) {
    sweep.crossing_axis = static_cast<std::size_t>(moving - sweep.axes.begin());
  }
  if (!sweep.against) return sweep;
  std::vector<SweepAxis> relevant;
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    if (!depends_on(sweep.against->graph, sweep.axes[i].setting)) continue;
    sweep.against_axes.push_back(i);
    relevant.push_back(sweep.axes[i]);
  }
  sweep.against_results = evaluate_grid(*sweep.against, relevant, sweep.methods, run, *reasons);
  for (const std::string& note : sweep.against->assumptions) {
    sweep.assumptions.push_back(fmt::format("{}: {}", sweep.against->graph.name, note));
  }
  find_crossings(sweep, run);
  return sweep;
}

}  // namespace smoothbound
