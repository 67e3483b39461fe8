#include "enclosure_steps.hpp"

#include <algorithm>
#include <limits>

namespace smoothbound {
namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();
static int degree = getenv("DEG") ? 2 : 3;
static EnclosureMode mode = getenv("MODE") ? EnclosureMode::norm : EnclosureMode::interval;

}  // namespace

EnclosureSteps::EnclosureSteps(const Graph& graph, const ResolvedSettings& settings,
                               std::int64_t batch, const ObjectiveOptions& options)
    : graph_(graph),
      loss_(*settings.loss),
      batch_(batch),
      options_(options),
      x_(static_cast<std::size_t>(batch * graph.input.elements())) {
  line_ = std::make_unique<ObjectiveEnclosure>(graph_, loss_, x_, batch_, options_);
}

std::optional<EnclosureSteps::Step> EnclosureSteps::on_line(std::span<const double> w,
                                                            std::span<const double> d,
                                                            double first_length, double longest) {
  const FoundStep found =
      find_step(*line_, {mode, StepGoal::sufficient_decrease, first_length, 25, false, longest});
  if (!found.step) return std::nullopt;
  return Step{step_to(w, d, found.step->t), *found.step, found.next_length,
              found.step->t > 0.99 * longest};
}

std::optional<EnclosureSteps::Step> EnclosureSteps::find(std::span<const double> w,
                                                         std::span<const double> d,
                                                         std::span<const double> x,
                                                         const Labels& labels, double first_length,
                                                         const ProductOfBalls* balls) {
  std::ranges::copy(x, x_.begin());
  line_->set_labels(labels);
  line_->set_line(w, d, degree);
  const double wanted = first_length > 0 ? first_length : usual_length(line_->derivatives());
  const double room = balls == nullptr ? no_limit : balls->room(w, d);
  // A step far shorter than the one that is wanted would be of no use.
  if (room > wanted / 4) return on_line(w, d, first_length, room);
  std::vector<double> end = step_to(w, d, wanted);
  balls->project(end);
  for (std::size_t i = 0; i < end.size(); ++i) end[i] = (end[i] - w[i]) / wanted;
  line_->set_line(w, end, degree);
  // Both ends are in the balls, up to rounding, and so is what lies between.
  std::optional<Step> step = on_line(w, end, first_length, wanted);
  if (step) step->is_shortened = true;
  return step;
}

}  // namespace smoothbound
