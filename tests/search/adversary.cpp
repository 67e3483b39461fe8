#include "search/adversary.hpp"

#include <algorithm>
#include <cmath>

namespace smoothbound::search {

class Adversary::Recorder final : public Observer<double> {
 public:
  explicit Recorder(Adversary& adversary) : adversary_(adversary) {
    adversary_.trajectory_.set_observer(this);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder() override { adversary_.trajectory_.set_observer(nullptr); }

  void on_layer(std::uint32_t layer, const BatchShape& /*shape*/, const double* values) override {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      double& best = adversary_.found_.layers[layer][level];
      const double norm = adversary_.layer_norms_[layer](values, level);
      if (exceeds(norm, best)) best = norm;
      if (!tells_positions(level)) continue;
      adversary_.layer_norms_[layer].raise(level, adversary_.found_.layer_positions[layer][level]);
    }
  }

 private:
  Adversary& adversary_;
};

Adversary::Adversary(const support::Network& network, const Region& region, Network<double>& run,
                     std::uint64_t seed)
    : region_(&region),
      run_(&run),
      trajectory_(run),
      random_(seed),
      norms_(run.values()[run.output()].shape) {
  centres_ = network.bounds(Method::sharp).level_set.has(centred_euclidean);
  found_.layers.resize(network.graph.layers.size());
  found_.layer_positions.resize(network.graph.layers.size());
  for (std::uint32_t layer = 0; layer < network.graph.layers.size(); ++layer) {
    layer_norms_.emplace_back(run.values()[run.output_of(layer)].shape);
  }
}

Findings Adversary::search(const Effort& effort) {
  for (int start = 0; start < effort.starts; ++start) {
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (levels[level].centred && !centres_) continue;
      for (int order = 0; order < 3; ++order) ascend(order, level, effort);
    }
  }
  return found_;
}

void Adversary::draw_direction() {
  std::normal_distribution<double> normal;
  direction_.resize(run_->parameters().size());
  for (double& entry : direction_) entry = normal(random_);
}

void Adversary::forward_to(const SearchPoint& point) {
  const Recorder recorder(*this);
  run_->set_parameters(point.w);
  forward<double>(point.x, trajectory_);
}

void Adversary::record(int order, std::span<const double> image) {
  for (std::size_t level = 0; level < levels.size(); ++level) {
    double& best = found_.output[level][static_cast<std::size_t>(order)];
    const double norm = norms_(image.data(), level);
    if (exceeds(norm, best)) best = norm;
    if (!tells_positions(level)) continue;
    norms_.raise(level, found_.output_positions[static_cast<std::size_t>(order)][level]);
  }
}

// The largest value that power steps from `direction_` meet, which becomes that direction.
double Adversary::evaluate(int order, std::size_t level, const SearchPoint& point,
                           int power_steps) {
  forward_to(point);
  const std::span<const double> output = trajectory_.output();
  if (order == 0 || direction_.empty()) {
    record(0, output);
    return norms_(output, level, unit_, aim_);
  }
  Numbers image(output.size());
  Numbers next = direction_;
  Numbers unit;
  double best = -1;
  for (int step = 0; step <= power_steps; ++step) {
    if (!set_norm(next, 1)) break;
    if (order == 1) jvp<double>(trajectory_, next, {}, image);
    if (order == 2) second_directional<double>(trajectory_, next, image);
    record(order, image);
    const double value = norms_(image, level, unit, aim_);
    if (exceeds(value, best)) {
      best = value;
      direction_ = next;
      unit_ = unit;
    }
    if (value == 0) break;
    if (order == 1) {
      vjp<double>(trajectory_, unit, next);
    } else {
      // The shift keeps the iteration from changing between eigenvectors of opposite eigenvalues.
      Numbers product(next.size());
      hvp<double>(trajectory_, unit, next, product);
      const double shift = norm_of(product) / 2;
      for (std::size_t i = 0; i < next.size(); ++i) next[i] = shift * next[i] + product[i];
    }
  }
  return std::max(best, 0.0);
}

void Adversary::ascend(int order, std::size_t level, const Effort& effort) {
  const auto start = static_cast<Region::Start>(random_() % Region::starts);
  SearchPoint at = region_->draw(start, random_);
  const auto positions = static_cast<std::uint64_t>(run_->output_shape().positions());
  aim_.reset();
  if (tells_positions(level) && positions > 1 && random_() % 2 == 0) {
    aim_ = static_cast<std::size_t>(random_() % positions);
  }
  draw_direction();
  double value = evaluate(order, level, at, effort.power_steps);
  double share = 1;
  for (int i = 0; i < effort.ascents && value > 0; ++i) {
    const Numbers unit = unit_;
    const Numbers direction = direction_;
    SearchPoint next = region_->moved(
        at, derivative_gradient(*run_, trajectory_, order, at, direction_, unit_), share);
    const double reached = evaluate(order, level, next, effort.power_steps);
    if (reached > value) {
      value = reached;
      at = std::move(next);
      share *= 1.5;
    } else {
      share /= 4;
      unit_ = unit;
      direction_ = direction;
    }
  }
}

}  // namespace smoothbound::search
