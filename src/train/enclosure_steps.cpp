#include "enclosure_steps.hpp"

#include <algorithm>
#include <limits>

namespace smoothbound {
namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();
// Products of a pass, with centres and with remainders, are worth this part of a gradient.
constexpr double worthwhile = 1.0 / 8;
// Two long steps, then one to where F is about least along the line: where F is a quadratic, the
// long ones go to and fro along its stiffest directions, and the third one ends there.
constexpr std::int64_t period = 3;
constexpr double share_at_the_end = 0.5;
// T grows by no more than this.
constexpr double growth = 16;

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

// Of a quadratic with the slope and the curvature at w, 2 (1 - share) Newton steps have that share.
EnclosureSteps::Wish EnclosureSteps::wish_of(std::int64_t iteration, double first_length) const {
  Wish wish;
  if (iteration % period == period - 1) wish.share = share_at_the_end;
  const LineDerivatives& f = line_->derivatives();
  wish.length = first_length;
  if (first_length > 0 && f.slope < 0 && f.curvature > 0) {
    const double newton = -f.slope / f.curvature;
    wish.length = std::min(2.1 * (1 - wish.share) * newton, growth * first_length);
  }
  return wish;
}

std::optional<EnclosureSteps::Step> EnclosureSteps::on_line(std::span<const double> w,
                                                            std::span<const double> d,
                                                            const Wish& wish, double longest) {
  const EnclosureMode mode = line_->pass_work() <= worthwhile * line_->work().gradient
                                 ? EnclosureMode::interval
                                 : EnclosureMode::norm;
  StepSearch search{mode, StepGoal::sufficient_decrease, wish.length, 25, false, longest};
  search.share = wish.share;
  const FoundStep found = find_step(*line_, search);
  if (!found.step) return std::nullopt;
  return Step{step_to(w, d, found.step->t), *found.step, found.next_length,
              found.step->t > 0.99 * longest, line_->work()};
}

std::optional<EnclosureSteps::Step> EnclosureSteps::find(
    std::span<const double> w, std::span<const double> d, std::span<const double> x,
    const Labels& labels, std::int64_t iteration, double first_length,
    const ProductOfBalls* balls) {
  std::ranges::copy(x, x_.begin());
  line_->set_labels(labels);
  line_->forget_work();
  line_->set_line(w, d, degree);
  const Wish wish = wish_of(iteration, first_length);
  const double wanted = wish.length > 0 ? wish.length : usual_length(line_->derivatives());
  const double room = balls == nullptr ? no_limit : balls->room(w, d);
  // A step far shorter than the one that is wanted would be of no use.
  if (room > wanted / 4) return on_line(w, d, wish, room);
  std::vector<double> end = step_to(w, d, wanted);
  balls->project(end);
  for (std::size_t i = 0; i < end.size(); ++i) end[i] = (end[i] - w[i]) / wanted;
  line_->set_line(w, end, degree);
  // Both ends are in the balls, up to rounding, and so is what lies between.
  std::optional<Step> step = on_line(w, end, wish, wanted);
  if (step) step->is_shortened = true;
  return step;
}

}  // namespace smoothbound
