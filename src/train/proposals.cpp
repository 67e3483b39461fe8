// Steps of Gauss-Newton and Newton, steps that are proved first, and what is certified of a step.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "enclosure_steps.hpp"
#include "proposal.hpp"
#include "smoothbound/runtime/bound_check.hpp"

namespace smoothbound {
namespace {

// The part of the model's decrease that a Gauss-Newton or Newton step has to reach.
constexpr double sufficient_decrease = 1e-4;

}  // namespace

template <class Scalar>
steps::Direction Training<Scalar>::direction(double gamma) {
  if constexpr (std::is_same_v<Scalar, double>) {
    return second_order_->direction(*objective_, is_stochastic() ? batch_x_ : samples_.x,
                                    {settings_.regularizer.nearest}, gamma);
  } else {
    throw std::logic_error("second-order steps are computed in float64");
  }
}

template <class Scalar>
typename Training<Scalar>::Proposal Training<Scalar>::propose_second_order(
    IterationRecord& record) {
  Proposal proposal;
  const bool searches = options_.rule == StepRule::line_search;
  double gamma = searches && state_.gamma > 0 ? state_.gamma : options_.gamma;
  const double slack = 4 * std::numeric_limits<double>::epsilon() * std::abs(record.objective);
  while (true) {
    set_point(state_.w);
    const steps::Direction step = direction(gamma);
    record.step = step.gamma;
    record.halvings += step.halvings;
    proposal.w = state_.w;
    for (std::size_t i = 0; i < proposal.w.size(); ++i) proposal.w[i] += step.step[i];
    if (!searches) return proposal;
    proposal.objective = value_at(proposal.w);
    if (*proposal.objective <=
        record.objective - sufficient_decrease * step.predicted_decrease + slack) {
      proposal.next_gamma = record.halvings == 0 ? longer(step.gamma) : step.gamma;
      return proposal;
    }
    if (++record.halvings > steps::most_halvings) {
      fail(fmt::format("no step decreases the objective enough, after {} halvings down to {:.3g}",
                       steps::most_halvings, step.gamma));
    }
    gamma = step.gamma / 2;
  }
}

// What is certified of a step against what it did. Theorem 4.1: with gamma <= 1/L_F it decreases F
// by gamma ||g||^2 / 2 at least.
template <class Scalar>
void Training<Scalar>::verify(IterationRecord& record, const Proposal& proposal) {
  const bool by_theorem = record.smoothness && !is_stochastic();
  if (!record.proof && (!by_theorem || state_.violation >= 0)) return;
  const double after = value_at(proposal.w);
  const double slack = rounding_tolerance<Scalar> * std::max(1.0, std::abs(record.objective));
  double most =
      record.objective - record.step / 2 * record.gradient_mapping * record.gradient_mapping;
  if (record.proof) {
    record.proof->obtained = record.objective - after;
    most = record.proof->bound;
  }
  if (!(after <= most + slack) && state_.violation < 0) state_.violation = state_.iteration;
}

template <class Scalar>
typename Training<Scalar>::Proposal Training<Scalar>::propose_enclosed(IterationRecord& record) {
  std::vector<double> d;
  if (options_.oracle == steps::StepKind::gradient) {
    d.reserve(gradient_.size());
    for (const double entry : gradient_) d.push_back(-entry);
  } else {
    d = direction(options_.gamma).step;
  }
  const std::vector<Scalar>& samples = is_stochastic() ? batch_x_ : samples_.x;
  std::vector<double> wide;
  std::span<const double> x;
  if constexpr (std::is_same_v<Scalar, double>) {
    x = samples;
  } else {
    convert<double, Scalar>(samples, wide);
    x = wide;
  }
  const double length = state_.gamma;
  const std::optional<EnclosureSteps::Step> step = enclosure_->find(
      state_.w, d, x, objective_->labels(), record.iteration, length, balls_ ? &*balls_ : nullptr);
  if (!step) {
    fail(
        fmt::format("no step is proved to decrease the objective of {:.6g}, whose gradient has "
                    "the norm {:.3g}",
                    record.objective, record.gradient_mapping));
  }
  record.step = step->proof.t;
  record.proof = IterationRecord::Proof{step->proof.upper, step->proof.decrease, 0,
                                        step->work.gradients(), step->work.pass_count};
  if (balls_) record.gradient_mapping = mapping_norm(step->proof.t);
  if (step->is_shortened) ++state_.shortened;
  Proposal proposal;
  proposal.w = step->w;
  proposal.next_gamma = step->next_length;
  return proposal;
}

template steps::Direction Training<float>::direction(double);
template steps::Direction Training<double>::direction(double);
template Training<float>::Proposal Training<float>::propose_second_order(IterationRecord&);
template Training<double>::Proposal Training<double>::propose_second_order(IterationRecord&);
template Training<float>::Proposal Training<float>::propose_enclosed(IterationRecord&);
template Training<double>::Proposal Training<double>::propose_enclosed(IterationRecord&);
template void Training<float>::verify(IterationRecord&, const Proposal&);
template void Training<double>::verify(IterationRecord&, const Proposal&);

}  // namespace smoothbound
