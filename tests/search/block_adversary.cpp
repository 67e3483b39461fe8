#include "search/block_adversary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/check.hpp"
#include "smoothbound/rules/unsaturated.hpp"

namespace smoothbound::search {
namespace {

// A square below it has lost its digits, and nothing can be divided by it.
constexpr double tiny = 1e-200;

double inner_product_of(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

BlockAdversary::BlockAdversary(const support::Network& network, const Region& region,
                               Network<double>& run, std::uint64_t seed)
    : region_(&region),
      run_(&run),
      trajectory_(run),
      random_(seed),
      norms_(run.values()[run.output()].shape),
      value_(network.bounds(Method::sharp).value(network.graph.output())) {
  if (value_.classes() != nullptr) cells_ = cells_by_position(*value_.classes());
  for (std::size_t level = 0; level < levels.size(); ++level) {
    const bool has_slots = !levels[level].centred && !levels[level].of_matrices;
    if (value_.level_set().has(level) && has_slots) levels_.push_back(level);
  }
}

BlockFindings BlockAdversary::search(const Effort& effort) {
  for (int start = 0; start < effort.starts; ++start) {
    for (const Aim aim : {Aim::l, Aim::o, Aim::gradient, Aim::gradient}) climb(aim, effort);
  }
  return found_;
}

void BlockAdversary::climb(Aim aim, const Effort& effort) {
  const auto start = static_cast<Region::Start>(random_() % Region::starts);
  SearchPoint at = region_->draw(start, random_);
  double value = evaluate(aim, at, effort.power_steps);
  double share = 0.5;
  std::normal_distribution<double> normal;
  for (int i = 0; i < effort.ascents; ++i) {
    SearchPoint next = at;
    if (aim == Aim::gradient && random_() % 3 == 0) {
      next = with_zero(at);
    } else {
      SearchPoint direction = at;
      for (double& entry : direction.w) entry = normal(random_);
      for (double& entry : direction.x) entry = random_() % 2 == 0 ? normal(random_) : 0;
      next = region_->moved(at, std::move(direction), share);
    }
    const double reached = evaluate(aim, next, effort.power_steps);
    if (reached > value) {
      value = reached;
      at = std::move(next);
      share = std::min(1.5 * share, 1.0);
    } else {
      share = std::max(share / 1.2, 1e-3);
    }
  }
}

double BlockAdversary::evaluate(Aim aim, const SearchPoint& point, int power_steps) {
  at_ = point;
  run_->set_parameters(point.w);
  forward<double>(point.x, trajectory_);
  double best = 0;
  if (aim == Aim::gradient) {
    for (const std::size_t level : levels_) {
      if (level != maximum) best = std::max(best, look_at_gradients(level, power_steps));
    }
    return best;
  }
  for (std::size_t k = 0; k < value_.blocks().size(); ++k) {
    best = std::max(best, look_at_block(aim, k, power_steps));
  }
  return best;
}

double BlockAdversary::look_at_block(Aim aim, std::size_t k, int power_steps) {
  const std::size_t block = value_.blocks()[k].block;
  const std::span<const double> output = trajectory_.output();
  Numbers image(output.size());
  Numbers d(at_.w.size());
  const std::span<double> in_block = block_of(d, block);
  if (aim == Aim::o) {
    // The frozen network is affine in the block.
    std::ranges::copy(block_of(at_.w, block), in_block.begin());
    jvp<double>(trajectory_, d, {}, image);
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = output[i] - image[i];
    return compare(aim, k, image);
  }
  std::normal_distribution<double> normal;
  for (double& entry : in_block) entry = normal(random_);
  double best = 0;
  const std::size_t level = levels_[random_() % levels_.size()];
  for (int step = 0; step <= power_steps && set_norm(d, 1); ++step) {
    jvp<double>(trajectory_, d, {}, image);
    best = std::max(best, compare(aim, k, image));
    Numbers unit;
    norms_(image, level, unit);
    Numbers gradient(d.size());
    vjp<double>(trajectory_, unit, gradient);
    std::ranges::copy(block_of(gradient, block), in_block.begin());
  }
  return best;
}

double BlockAdversary::compare(Aim aim, std::size_t k, std::span<const double> image) {
  double best = 0;
  double& found = aim == Aim::l ? found_.l : found_.o;
  const auto bound_of = [&](const rules::Value& value, std::size_t level) {
    const rules::BlockBound& block = value.blocks()[k];
    return aim == Aim::l ? block.l[level] : block.o[level];
  };
  for (const std::size_t level : levels_) {
    best = std::max(best, note(found, norms_(image.data(), level), bound_of(value_, level)));
    if (!tells_positions(level) || cells_.empty()) continue;
    Numbers by_position;
    norms_.raise(level, by_position);
    for (std::size_t p = 0; p < by_position.size(); ++p) {
      const rules::Value& cell = value_.cells()[cells_[p]];
      best = std::max(best, note(found, by_position[p], bound_of(cell, level)));
    }
  }
  return best;
}

double BlockAdversary::look_at_gradients(std::size_t level, int power_steps) {
  double best = 0;
  for (const bool is_orthogonal : {false, true}) {
    Numbers y = draw_scalar(level);
    for (int step = 0; step <= power_steps; ++step) {
      best = std::max(best, look_at_gradient(level, y, is_orthogonal));
      if (!set_norm(y, 1)) break;
    }
  }
  return best;
}

double BlockAdversary::look_at_gradient(std::size_t level, Numbers& y, bool is_orthogonal) {
  const std::span<const double> z = trajectory_.output();
  const std::vector<std::size_t>& slots = norms_.slots(level);
  const auto place = std::ranges::find_if(y, [](double entry) { return entry != 0; });
  if (place == y.end()) return 0;
  const std::size_t slot = slots[static_cast<std::size_t>(place - y.begin())];
  if (is_orthogonal) {
    double squares = 0;
    for (std::size_t i = 0; i < z.size(); ++i) squares += slots[i] == slot ? z[i] * z[i] : 0;
    const double along = squares > tiny ? inner_product_of(y, z) / squares : 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      if (slots[i] == slot) y[i] -= along * z[i];
    }
    if (!set_norm(y, 1)) return 0;
  }
  const double sigma = std::abs(inner_product_of(y, z));
  Numbers gradient(at_.w.size());
  vjp<double>(trajectory_, y, gradient);
  const rules::Value& value = value_in(level, slot);
  const double found = inner_product_of(gradient, gradient);
  const Magnitude bound =
      rules::squared_gradient(value.blocks(), level, value.m[level], Magnitude::from_double(sigma));
  const double ratio = note(found_.gradient, found, bound);
  Numbers image(z.size());
  jvp<double>(trajectory_, gradient, {}, image);
  for (std::size_t i = 0; i < z.size(); ++i) y[i] = slots[i] == slot ? image[i] : 0;
  return ratio;
}

SearchPoint BlockAdversary::with_zero(const SearchPoint& point) {
  run_->set_parameters(point.w);
  forward<double>(point.x, trajectory_);
  const Numbers y = draw_scalar(levels_[random_() % levels_.size()]);
  const double sigma = inner_product_of(y, trajectory_.output());
  SearchPoint step{Numbers(point.w.size()), Numbers(point.x.size())};
  Numbers gradient(point.w.size());
  vjp<double>(trajectory_, y, gradient);
  const std::size_t block = value_.blocks()[random_() % value_.blocks().size()].block;
  const std::span<const double> along = block_of(gradient, block);
  SearchPoint next = point;
  const std::span<double> into = block_of(next.w, block);
  const double squares = inner_product_of(along, along);
  if (squares > tiny) {
    for (std::size_t i = 0; i < into.size(); ++i) into[i] -= sigma / squares * along[i];
  }
  return region_->moved(next, step, 0);
}

Numbers BlockAdversary::draw_scalar(std::size_t level) {
  const std::size_t slot = random_() % norms_.slot_count(level);
  const std::vector<std::size_t>& slots = norms_.slots(level);
  std::normal_distribution<double> normal;
  Numbers y(slots.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (slots[i] == slot) y[i] = normal(random_);
  }
  set_norm(y, 1);
  return y;
}

const rules::Value& BlockAdversary::value_in(std::size_t level, std::size_t slot) const {
  if (cells_.empty() || !tells_positions(level)) return value_;
  return value_.cells()[cells_[norms_.position_of(slot)]];
}

double BlockAdversary::note(double& best, double found, const Magnitude& bound) {
  if (bound.is_infinite()) return 0;
  constexpr double noise = 1e-12;  // of rounding, where there is nothing to find
  const double ratio = found <= noise ? 0 : found / bound.to_double();
  if (exceeds(ratio, best)) best = ratio;
  return ratio;
}

std::span<double> BlockAdversary::block_of(std::span<double> w, std::size_t block) const {
  const ParameterBlock& b = run_->parameter_layout().blocks[block];
  return w.subspan(static_cast<std::size_t>(b.offset), static_cast<std::size_t>(b.elements));
}

}  // namespace smoothbound::search
